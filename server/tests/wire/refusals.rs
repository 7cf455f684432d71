//! What the hub refuses, and that the connection goes on.

use std::pin::pin;

use colloquy_client::protocol::request::NewMessage;
use futures_util::future::select;
use serde_json::{Value, json};

use crate::{
    Peer,
    support::{Server, Stalled, chat, database},
};

#[tokio::test]
async fn what_is_wrong_is_told_by_its_code_and_field() {
    let server = Server::start().await;
    let mut peer = Peer::connect(&server.client()).await;
    let cases = [
        ("subscribe:robot", json!("*"), "unknown_event", "event"),
        ("subscribe:agent", json!(7), "invalid_payload", "payload"),
        ("subscribe:agent", Value::Null, "invalid_payload", "payload"),
        ("subscribe:agent", json!(["ada"]), "invalid_payload", "payload"),
        ("client:ready", json!([]), "invalid_payload", "payload"),
        ("client:ready", json!({ "since": ["e", 1] }), "invalid_payload", "payload.since"),
        ("subscribe:agent", json!("no spaces"), "invalid_payload", "payload"),
        ("subscribe:chat", json!({ "id": "" }), "invalid_payload", "payload.id"),
        ("subscribe:chat", json!({ "id": "c", "since": 7 }), "invalid_payload", "payload.since"),
        (
            "subscribe:chat",
            json!({ "id": "c", "since": { "epoch": "e", "offset": -1 } }),
            "invalid_payload",
            "payload.since.offset",
        ),
        ("subscribe:chat", json!({ "id": "c", "sinse": 7 }), "invalid_payload", "payload.sinse"),
        ("unsubscribe:chat", json!({ "id": "c" }), "invalid_payload", "payload"),
        ("client:ready", json!({ "since": { "epoch": "e" } }), "invalid_payload", "offset"),
        ("client:ready", json!({ "sinse": {} }), "invalid_payload", "sinse"),
        ("message:read", json!({}), "invalid_payload", "messageId"),
        ("message:read", json!({ "messageId": "a b" }), "invalid_payload", "payload.messageId"),
    ];
    for (event, payload, code, field) in cases {
        let error = peer.error(event, payload.clone()).await;
        assert_eq!(error["code"], code, "{event} {payload}");
        assert!(error["message"].as_str().unwrap().contains(field), "{event}: {error}");
        assert_eq!(error["retryable"], false);
    }
    peer.ok("client:ready", Value::Null).await;
}

#[tokio::test]
async fn without_an_id_the_error_is_the_hub_s_own_event() {
    let server = Server::start().await;
    let mut peer = Peer::connect(&server.client()).await;
    let cases = [
        ("not json", "invalid_json"),
        ("[", "invalid_json"),
        ("{\"event\":\"client:ready\"", "invalid_json"),
        ("7", "invalid_message"),
        ("{}", "invalid_message"),
        (r#"["client:ready",null,5]"#, "invalid_message"),
        (r#"{"event":"client:ready","id":"text"}"#, "invalid_message"),
        (r#"{"event":"subscribe:nothing"}"#, "unknown_event"),
        (r#"{"event":"subscribe:agent"}"#, "invalid_payload"),
    ];
    for (text, code) in cases {
        peer.socket.send_text(text).await.unwrap();
        let error = peer.next().await;
        assert_eq!(error["event"], "hub:error", "{text}");
        assert_eq!(error["payload"]["code"], code, "{text}");
        assert!(error["payload"]["message"].is_string());
        assert_eq!(error["payload"]["retryable"], false);
    }
    peer.ok("client:ready", Value::Null).await;
}

#[tokio::test]
async fn any_number_is_an_id() {
    let server = Server::start().await;
    let mut peer = Peer::connect(&server.client()).await;
    for id in [json!(0), json!(-1), json!(1.5), json!(u64::MAX)] {
        let message = json!({ "event": "unsubscribe:agent", "payload": "*", "id": id });
        peer.socket.send(&message).await.unwrap();
        assert_eq!(peer.next().await, json!({ "reply": id, "ok": {} }));
    }
}

/// An id comes back as it was written, however long it is, from what is refused too.
#[tokio::test]
async fn an_id_is_echoed_digit_by_digit() {
    let server = Server::start().await;
    let mut peer = Peer::connect(&server.client()).await;
    for id in ["123456789012345678901234567890", "-0", "1.10", "1E5", "1e400"] {
        for (message, outcome) in [
            (format!(r#"{{"event":"unsubscribe:agent","payload":"*","id":{id}}}"#), r#""ok":{}"#),
            (format!(r#"{{"id": {id}, "event":7}}"#), r#""error":{"code":"invalid_message""#),
        ] {
            peer.socket.send_text(message.clone()).await.unwrap();
            let reply = peer.socket.next_text().await.unwrap();
            assert!(
                reply.starts_with(&format!(r#"{{"reply":{id},{outcome}"#)),
                "{message}: {reply}"
            );
        }
    }
}

#[tokio::test]
async fn a_hundred_refusals_are_borne_and_one_more_is_not() {
    let server = Server::start().await;
    let mut peer = Peer::connect(&server.client()).await;
    for _ in 0..100 {
        peer.socket.send_text("nonsense").await.unwrap();
        assert_eq!(peer.next().await["event"], "hub:error");
    }
    peer.ok("unsubscribe:agent", json!("*")).await;
    peer.socket.send_text("nonsense").await.unwrap();
    assert_eq!(peer.next().await["event"], "hub:error", "it is told why, too");
    assert_eq!(peer.closed().await, Some(4002));
}

/// What the hub cannot do now is no fault of who asks: they are told so, and may go on.
#[tokio::test]
async fn what_may_succeed_later_is_not_counted_as_refused() {
    let server = Server::start().await;
    let one = Peer::connect(&server.client()).await;
    let another = Peer::connect(&server.client()).await;
    let stalled = Stalled::begin(&server).await;
    // The writer may have taken one in hand meanwhile: then one of these waits in its place.
    let (one, another) = (pin!(acknowledge_much(one)), pin!(acknowledge_much(another)));
    let ((mut peer, first), _) = select(one, another).await.factor_first();
    assert_eq!(first["error"]["code"], "unavailable");
    assert_eq!(first["error"]["retryable"], true);
    stalled.end().await;
    for _ in 1..101 {
        assert!(peer.next().await["error"].is_object());
    }
    peer.ok("unsubscribe:agent", json!("*")).await;
}

/// Asks for one change more than may be refused, and waits for the first reply.
async fn acknowledge_much(mut peer: Peer) -> (Peer, Value) {
    for id in 0..101 {
        let payload = json!({ "messageId": "none" });
        let message = json!({ "event": "message:read", "payload": payload, "id": id });
        peer.socket.send(&message).await.unwrap();
    }
    let first = peer.next().await;
    (peer, first)
}

/// What fails inside the hub is no fault of who asks either: they are told that it failed, and its
/// log says what.
#[tokio::test]
async fn what_fails_inside_is_told_without_details_and_not_counted_as_refused() {
    let server = Server::start().await;
    let chat = chat(&server, "c").await;
    let new = NewMessage { content: "Hello.".to_owned(), ..NewMessage::default() };
    let message = server.client().send_message(&chat.id, &new).await.unwrap();
    let elsewhere = "ALTER TABLE receipts RENAME TO elsewhere";
    sqlx::query(elsewhere).execute(&mut database(&server).await).await.unwrap();
    let mut peer = Peer::connect(&server.client()).await;
    for _ in 0..101 {
        let error = peer.error("message:read", json!({ "messageId": message.id })).await;
        assert_eq!(error["code"], "internal");
        assert_eq!(error["retryable"], true);
        assert!(!error["message"].as_str().unwrap().contains("receipts"), "{error}");
    }
    peer.ok("unsubscribe:agent", json!("*")).await;
}
