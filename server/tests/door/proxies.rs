//! What a proxy says counts when the settings trust it, and from nobody else.

use colloquy_client::{
    Method,
    protocol::{model::ConnectionInfo, request::NewAgent},
};
use colloquy_server::{
    access::Caller,
    service::Change,
    settings::{Auth, Settings},
};
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::{
    ask, connect, exchange, get,
    support::{Server, hello, token_of},
};

/// A socket's handshake by hand; the connection's address as `/connections` shows it.
async fn seen_address(server: &Server, forwarded: &str) -> String {
    let new = NewAgent {
        id: Some("ada".parse().unwrap()),
        name: "Ada".to_owned(),
        ..NewAgent::default()
    };
    server.state.services.create_agent(Change::by(Caller::control()), new).await.unwrap();
    let token = token_of(server, "ada", None).await.secret;
    let mut stream = connect(server).await;
    let lines = format!("Authorization: Bearer {token}\r\nX-Forwarded-For: {forwarded}\r\n");
    stream.write_all(hello(&lines).as_bytes()).await.unwrap();
    let own = stream.local_addr().unwrap().to_string();
    loop {
        if let Some(ConnectionInfo { address, .. }) =
            server.state.hub.connections(0, |_| true).next()
        {
            return address.replace(&own, "its own");
        }
        tokio::task::yield_now().await;
    }
}

fn trusting(settings: &mut Settings) {
    settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
}

#[tokio::test]
async fn nobody_says_where_they_come_from_unless_they_are_trusted() {
    let server = Server::start_with(|settings| settings.auth = Auth::Required).await;
    assert_eq!(seen_address(&server, "127.0.0.9").await, "its own");
    let server = Server::start_with(trusting).await;
    assert_eq!(seen_address(&server, "6.6.6.6, 127.0.0.9").await, "127.0.0.9");
}

/// Whoever comes through a proxy that nobody named is not on this machine, as far as the hub knows.
#[tokio::test]
async fn in_local_mode_what_came_through_a_proxy_is_refused_and_told_what_to_do() {
    let server = Server::start().await;
    for header in ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"] {
        let answer = ask(&server, Method::GET, "/api/v1/agents", &[(header, "192.0.2.1")]).await;
        assert_eq!(answer.status(), 403, "{header}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["errors"][0]["field"], header);
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("--trusted-proxy") && message.contains("--auth required"));
    }
    assert_eq!(ask(&server, Method::GET, "/api/v1/agents", &[]).await.status(), 200);
}

#[tokio::test]
async fn who_forges_a_host_or_a_scheme_is_judged_by_their_own() {
    let forged = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n";
    let server = Server::start().await;
    assert!(exchange(&server, &get("/health", forged)).await.starts_with("HTTP/1.1 200"));
    let named = |settings: &mut Settings| {
        trusting(settings);
        settings.public_url = Some("https://hub.example.org".parse().unwrap());
    };
    let server = Server::start_with(named).await;
    let asked = get("/api/v1/openapi.json", forged);
    assert!(exchange(&server, &asked).await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_hub_is_what_the_browser_sees() {
    let server = Server::start_with(trusting).await;
    assert!(!server.state.mode.is_local(), "whoever the proxy lets through is not on this machine");
    let write = async |origin: &str| {
        let headers = [
            ("x-forwarded-host", "hub.example.org"),
            ("x-forwarded-proto", "https"),
            ("origin", origin),
        ];
        ask(&server, Method::POST, "/api/v1/agents", &headers).await
    };
    let own = write("https://hub.example.org").await;
    assert_ne!(own.status(), 403);
    assert!(own.headers().contains_key("strict-transport-security"));
    assert_eq!(write("http://hub.example.org").await.status(), 403);
    assert_eq!(write(&server.url).await.status(), 403);
}
