//! How much each may ask.

use std::{net::IpAddr, num::NonZeroU32};

use colloquy_client::{
    Method, Response,
    raw::{RawError, RawSocket},
};
use colloquy_server::{error::Error, settings::Settings};
use serde_json::{Value, json};

use crate::{
    ask, connect, get, limited, rest_of,
    support::{Server, chat},
};

const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// A hub with those limits, where somebody has an identity.
async fn strict(change: impl FnOnce(&mut Settings)) -> Server {
    let server = Server::start_with(change).await;
    server.state.mode.end_local();
    server
}

/// Says something in the chat `c`.
async fn say(server: &Server, content: &str) -> Response {
    let call = server.client().request(Method::POST, "/api/v1/chats/c/messages");
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
async fn messages_are_limited_over_rest_and_sockets_together() {
    let server = Server::start_with(|settings| settings.limit_messages = TWO).await;
    chat(&server, "c").await;
    let mut socket = RawSocket::connect(&server.client()).await.unwrap();
    socket.next().await.unwrap();
    server.state.mode.end_local();
    // What a client says before it is ready is not counted.
    for _ in 0..5 {
        socket.request("subscribe:agent", json!("*")).await.unwrap();
    }
    socket.request("client:ready", Value::Null).await.unwrap();
    assert_eq!(say(&server, "one").await.status(), 201);
    let reply = socket.request("subscribe:chat", json!("c")).await.unwrap();
    assert!(reply.get("ok").is_some(), "{reply}");

    refused(say(&server, "two").await).await;
    let reply = socket.request("subscribe:chat", json!("c")).await.unwrap();
    assert_eq!(reply["error"]["code"], "too_many_messages");
    assert_eq!(reply["error"]["retryable"], true);
    assert!(reply["error"]["message"].as_str().unwrap().contains("try again in"), "{reply}");
    assert_eq!(limited("messages"), 2);
    // Who goes on all the same is closed, and may come back.
    for _ in 0..100 {
        socket.send(&json!({"event": "client:ready"})).await.unwrap();
    }
    let code = loop {
        match socket.next().await {
            Ok(_) => {}
            Err(RawError::Closed { code, .. }) => break code,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(code, Some(4006));
}

#[tokio::test]
async fn sockets_are_limited_by_principal() {
    let server = strict(|settings| settings.max_connections_per_principal = 2).await;
    let mut first = RawSocket::connect(&server.client()).await.unwrap();
    first.next().await.unwrap();
    let _second = RawSocket::connect(&server.client()).await.unwrap();
    let handshake = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    refused(ask(&server, Method::GET, "/ws", &handshake).await).await;
    assert_eq!(limited("sockets_of_principal"), 1);
    drop(first);
    while RawSocket::connect(&server.client()).await.is_err() {
        tokio::task::yield_now().await;
    }
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
    let attempt = |account, address: u8| {
        let address = IpAddr::from([192, 0, 2, address]);
        let taken = server.state.limits.sign_in(account, Some(address));
        matches!(taken, Err(Error::TooMany { .. }))
    };
    assert_eq!(
        [1, 2, 3].map(|address| attempt(Some("ada@example.org"), address)),
        [false, false, true]
    );
    assert!(attempt(Some(" ADA@Example.org "), 4), "however it is written");
    assert_eq!([1, 1].map(|address| attempt(Some("bob@example.org"), address)), [false, true]);
    assert!(attempt(None, 1));
    assert_eq!((limited("sign_ins_of_account"), limited("sign_ins_of_address")), (2, 2));
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
    chat(&server, "c").await;
    let mut sockets = Vec::new();
    for text in ["one", "two", "three"] {
        assert_eq!(say(&server, text).await.status(), 201);
        let mut socket = RawSocket::connect(&server.client()).await.unwrap();
        socket.request("client:ready", Value::Null).await.unwrap();
        for _ in 0..5 {
            socket.request("subscribe:chat", json!("c")).await.unwrap();
        }
        sockets.push(socket);
        server.state.limits.sign_in(Some("a@example.org"), Some([127, 0, 0, 1].into())).unwrap();
    }
}
