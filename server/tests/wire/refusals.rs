//! What the hub refuses, and that the connection goes on.

use serde_json::{Value, json};

use crate::{Peer, support::Server};

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
        ("subscribe:chat", json!({ "id": "c", "since": 7 }), "invalid_payload", "payload"),
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
