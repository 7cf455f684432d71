//! How much each may ask.

use std::{net::IpAddr, num::NonZeroU32};

use colloquy_client::{
    Client, Method, Response,
    protocol::request::{NewAgent, NewChat},
    raw::RawSocket,
};
use colloquy_server::{access::Caller, error::Error, service::Change, settings::Settings};
use serde_json::{Value, json};

use crate::{
    ask, connect, get, limited, rest_of,
    support::{Server, closed, token_of},
};

const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// A hub with those limits, where somebody has an identity.
async fn strict(change: impl FnOnce(&mut Settings)) -> Server {
    let server = Server::start_with(change).await;
    server.state.mode.end_local();
    server
}

/// A program that is the agent `ada`.
async fn ada(server: &Server) -> Client {
    let new = NewAgent {
        id: Some("ada".parse().unwrap()),
        name: "Ada".to_owned(),
        ..NewAgent::default()
    };
    server.state.services.create_agent(Change::by(Caller::control()), new).await.unwrap();
    server.client().with_token(&token_of(server, "ada", None).await.secret)
}

/// Creates the chat `c`.
async fn create_chat(client: &Client) {
    let new =
        NewChat { id: Some("c".parse().unwrap()), title: "c".to_owned(), ..NewChat::default() };
    client.create_chat(&new).await.unwrap();
}

/// Says something in the chat `c`.
async fn say(client: &Client, content: &str) -> Response {
    let call = client.request(Method::POST, "/api/v1/chats/c/messages");
    call.json(&json!({ "content": content })).send().await.unwrap()
}

/// A refusal must say when to come back.
async fn refused(response: Response) -> u64 {
    assert_eq!(response.status(), 429);
    let seconds = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("try again in"), "{problem}");
    seconds
}

#[tokio::test]
async fn requests_are_limited_and_health_is_always_told() {
    let server = strict(|settings| settings.limit_requests = TWO).await;
    for _ in 0..2 {
        assert_ne!(ask(&server, Method::GET, "/api/v1/agents", &[]).await.status(), 429);
    }
    for path in ["/api/v1/agents", "/agents", "/nowhere", "/api/nowhere"] {
        let wait = refused(ask(&server, Method::GET, path, &[]).await).await;
        assert!((20..=30).contains(&wait), "{wait}");
    }
    assert_eq!(limited("requests"), 4);
    for path in ["/health", "/ready"] {
        assert_eq!(ask(&server, Method::GET, path, &[]).await.status(), 200);
    }
}

#[tokio::test]
async fn addresses_are_told_apart_behind_a_trusted_proxy() {
    let server = strict(|settings| {
        settings.limit_requests = NonZeroU32::MIN;
        settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let status = async |address| {
        let headers = [("x-forwarded-for", address)];
        ask(&server, Method::GET, "/api/v1/session", &headers).await.status().as_u16()
    };
    assert_ne!(status("192.0.2.1").await, 429);
    assert_eq!(status("192.0.2.1").await, 429);
    assert_ne!(status("192.0.2.2").await, 429);
    assert_ne!(status("2001:db8::1").await, 429);
    assert_eq!(status("2001:db8::2").await, 429, "one network of IPv6 is one address");
    assert_ne!(status("2001:db8:0:1::1").await, 429);
}

#[tokio::test]
async fn messages_are_limited_over_rest_and_sockets_together() {
    // An agent may send ten times as many as a person.
    let server = strict(|settings| settings.limit_messages = NonZeroU32::MIN).await;
    let ada = ada(&server).await;
    create_chat(&ada).await;
    let mut socket = RawSocket::connect(&ada).await.unwrap();
    // What a client says until it is ready is not counted.
    for _ in 0..20 {
        let reply = socket.request("subscribe:agent", json!("*")).await.unwrap();
        assert!(reply.get("ok").is_some(), "{reply}");
    }
    socket.request("client:ready", Value::Null).await.unwrap();
    for _ in 0..5 {
        assert_eq!(say(&ada, "one").await.status(), 201);
        let reply = socket.request("subscribe:chat", json!("c")).await.unwrap();
        assert!(reply.get("ok").is_some(), "{reply}");
    }

    let wait = refused(say(&ada, "one too many").await).await;
    assert!((1..=6).contains(&wait), "{wait}");
    let reply = socket.request("subscribe:chat", json!("c")).await.unwrap();
    assert_eq!(reply["error"]["code"], "too_many_messages");
    assert_eq!(reply["error"]["retryable"], true);
    assert!(reply["error"]["message"].as_str().unwrap().contains("try again in"), "{reply}");
    assert_eq!(limited("messages"), 2);
    // Who goes on all the same is closed, and may come back.
    for _ in 0..110 {
        // It may be closed before it has said all of it.
        let _ = socket.send(&json!({"event": "client:ready"})).await;
    }
    assert_eq!(closed(&mut socket).await, Some(4006));
}

#[tokio::test]
async fn who_said_too_much_may_still_say_goodbye() {
    let server = strict(|settings| settings.limit_messages = NonZeroU32::MIN).await;
    let mut socket = RawSocket::connect(&ada(&server).await).await.unwrap();
    socket.request("client:ready", Value::Null).await.unwrap();
    while socket.request("unsubscribe:agent", json!("*")).await.unwrap().get("ok").is_some() {}
    socket.send(&json!({"event": "client:disconnect"})).await.unwrap();
    assert_eq!(closed(&mut socket).await, Some(1000));
}

/// Who reads a long chat acknowledges much at once, and may still say something; but nobody does so
/// without end, whether they are ready or not.
#[tokio::test]
async fn acknowledgements_have_a_quota_of_their_own() {
    let server = strict(|settings| settings.limit_messages = NonZeroU32::MIN).await;
    let ada = ada(&server).await;
    create_chat(&ada).await;
    let said: Value = say(&ada, "one").await.json().await.unwrap();
    let message = json!({ "messageId": said["id"] });
    let mut socket = RawSocket::connect(&ada).await.unwrap();
    let mut acknowledged = 0;
    let refusal = loop {
        let reply = socket.request("message:read", message.clone()).await.unwrap();
        if reply.get("ok").is_none() {
            break reply;
        }
        acknowledged += 1;
        assert!(acknowledged < 10_000, "they are not limited");
    };
    assert!(acknowledged >= 100, "ten times what an agent may say: {acknowledged}");
    assert_eq!(refusal["error"]["code"], "too_many_messages");
    assert_eq!(limited("acknowledgements"), 1);
    assert_eq!(say(&ada, "two").await.status(), 201);
}

#[tokio::test]
async fn sockets_are_limited_by_principal() {
    let server = strict(|settings| settings.max_connections_per_principal = 2).await;
    let ada = ada(&server).await;
    let first = RawSocket::connect(&ada).await.unwrap();
    let _second = RawSocket::connect(&ada).await.unwrap();
    let refused = RawSocket::connect(&ada).await.unwrap_err().to_string();
    assert!(refused.contains("429"), "{refused}");
    assert_eq!(limited("sockets_of_principal"), 1);
    drop(first);
    while RawSocket::connect(&ada).await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// However many sockets there are, a hub that is full can still be asked how it is.
#[tokio::test]
async fn sockets_leave_places_to_requests() {
    let server = Server::start_with(|settings| settings.max_connections = 40).await;
    let mut sockets = Vec::new();
    for _ in 0..38 {
        sockets.push(RawSocket::connect(&server.client()).await.unwrap());
    }
    let refused = RawSocket::connect(&server.client()).await.unwrap_err().to_string();
    assert!(refused.contains("503"), "{refused}");
    assert_eq!(limited("connections"), 1);
    assert!(crate::exchange(&server, &get("/health", "")).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn connections_are_limited_by_address() {
    let server = strict(|settings| settings.max_connections_per_address = 2).await;
    let first = connect(&server).await;
    let _second = connect(&server).await;
    let mut third = connect(&server).await;
    let request = get("/health", "");
    tokio::io::AsyncWriteExt::write_all(&mut third, request.as_bytes()).await.unwrap();
    let answer = rest_of(third).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 429"), "{answer}");
    assert!(answer.contains("retry-after: ") && answer.contains("connections from this address"));
    assert_eq!(limited("connections_of_address"), 1);
    drop(first);
    while !crate::exchange(&server, &request).await.starts_with("HTTP/1.1 200") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn subscriptions_are_limited_by_connection() {
    let server = Server::start_with(|settings| settings.max_subscriptions = 2).await;
    let mut socket = RawSocket::connect(&server.client()).await.unwrap();
    for (id, code) in [
        ("a", Value::Null),
        ("b", Value::Null),
        ("a", Value::Null),
        ("c", json!("too_many_subscriptions")),
    ] {
        let reply = socket.request("subscribe:agent", json!(id)).await.unwrap();
        assert_eq!(reply["error"]["code"], code, "{id}");
    }
    assert_eq!(limited("subscriptions"), 1);
}

#[tokio::test]
async fn attempts_to_sign_in_are_limited_by_account_and_by_address() {
    let server = strict(|settings| settings.limit_sign_ins = TWO).await;
    let limits = &server.state.limits;
    let from = |address: u8| limits.sign_in_from(Some(IpAddr::from([192, 0, 2, address])));
    // Ten addresses may try as often as each of them may.
    for _ in 0..20 {
        limits.sign_in_as("ada@example.org").unwrap();
    }
    let again = limits.sign_in_as(" ADA@Example.org ");
    assert!(matches!(again, Err(Error::TooMany { .. })), "however it is written");
    limits.sign_in_as("bob@example.org").unwrap();
    assert_eq!([1, 1, 1, 2].map(|address| from(address).is_err()), [false, false, true, false]);
    assert_eq!((limited("sign_ins_of_account"), limited("sign_ins_of_address")), (1, 1));
}

/// A stranger makes the hub hold little before it knows that they may ask.
#[tokio::test]
async fn who_may_not_try_to_sign_in_is_not_listened_to() {
    let server = strict(|settings| settings.limit_sign_ins = TWO).await;
    let large = json!({"email": "ada@example.org", "password": "x".repeat(16 * 1024)});
    for path in ["/api/v1/session", "/api/v1/welcome"] {
        let call = server.client().request(Method::POST, path).json(&large);
        assert_eq!(call.send().await.unwrap().status(), 413, "{path}");
    }
    for path in ["/api/v1/session", "/api/v1/welcome"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\
             Content-Type: application/json\r\n\r\n"
        );
        let answer = crate::exchange(&server, &head).await;
        assert!(answer.starts_with("HTTP/1.1 429"), "its body is not waited for: {answer}");
    }
}

#[tokio::test]
async fn wrong_passwords_and_links_are_refused_like_right_ones_once_there_were_too_many() {
    let server = strict(|settings| settings.limit_sign_ins = TWO).await;
    let post = async |path: &str, body: Value| {
        let call = server.client().request(Method::POST, path).json(&body);
        call.send().await.unwrap()
    };
    let sign_in = json!({"email": "ada@example.org", "password": "wrong horse"});
    assert_eq!(post("/api/v1/session", sign_in.clone()).await.status(), 401);
    let welcome = json!({"link": "nonsense", "password": "wrong horse"});
    assert_eq!(post("/api/v1/welcome", welcome.clone()).await.status(), 422);
    refused(post("/api/v1/session", sign_in).await).await;
    refused(post("/api/v1/welcome", welcome).await).await;
}

#[tokio::test]
async fn nobody_is_limited_in_local_mode() {
    let server = Server::start_with(|settings| {
        settings.limit_requests = NonZeroU32::MIN;
        settings.limit_messages = NonZeroU32::MIN;
        settings.limit_sign_ins = NonZeroU32::MIN;
        settings.max_connections_per_address = 1;
        settings.max_connections_per_principal = 1;
    })
    .await;
    create_chat(&server.client()).await;
    let mut sockets = Vec::new();
    for text in ["one", "two", "three"] {
        assert_eq!(say(&server.client(), text).await.status(), 201);
        let mut socket = RawSocket::connect(&server.client()).await.unwrap();
        socket.request("client:ready", Value::Null).await.unwrap();
        for _ in 0..5 {
            socket.request("subscribe:chat", json!("c")).await.unwrap();
        }
        sockets.push(socket);
        server.state.limits.sign_in_from(Some([127, 0, 0, 1].into())).unwrap();
        server.state.limits.sign_in_as("a@example.org").unwrap();
    }
}
