//! JSON that is none, or more than one wants, over the WebSocket and in bodies of requests.

use colloquy_client::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::{
    TIMES, at_once, is_empty, often,
    raw::{FIN, Raw, TEXT, close, frame},
    still_serves,
    support::{Server, agent, chat},
};

/// How often one connection sends each message.
const EACH: usize = 10;

/// Deeper than anybody can read by recursion on a small stack.
const DEPTH: usize = 10_000;

/// Beyond what a double can count.
const LARGE: u64 = (1 << 53) + 1;

fn deep_array() -> String {
    format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH))
}

fn deep_object() -> String {
    format!("{}1{}", r#"{"":"#.repeat(DEPTH), "}".repeat(DEPTH))
}

/// Messages, and the code of the error that each is answered with; `ok` for none.
fn messages(epoch: &str) -> Vec<(String, &'static str)> {
    let (array, object) = (deep_array(), deep_object());
    let subscribe =
        |payload: &str| format!(r#"{{"event":"subscribe:agent","payload":{payload},"id":7}}"#);
    let since = |offset: &str| {
        subscribe(&format!(r#"{{"id":"a","since":{{"epoch":"{epoch}","offset":{offset}}}}}"#))
    };
    vec![
        (array.clone(), "invalid_message"),
        (object.clone(), "invalid_message"),
        ("[".repeat(DEPTH), "invalid_json"),
        (r#"{"a":"#.repeat(DEPTH), "invalid_json"),
        (subscribe(&array), "invalid_payload"),
        (subscribe(&object), "invalid_payload"),
        (subscribe(&format!(r#"{{"id":"a","since":{object}}}"#)), "invalid_payload"),
        (format!(r#"{{"event":{array},"id":7}}"#), "invalid_message"),
        (format!(r#"{{"event":"subscribe:agent","payload":"a","id":{array}}}"#), "invalid_message"),
        (format!(r#"{{"event":"subscribe:agent","payload":"a","more":{array},"id":7}}"#), "ok"),
        //
        (r#"{"event":"client:ready","event":"client:disconnect"}"#.to_owned(), "invalid_message"),
        (
            r#"{"event":"subscribe:agent","payload":"a","payload":"b"}"#.to_owned(),
            "invalid_message",
        ),
        (
            r#"{"event":"subscribe:agent","payload":"a","id":7,"id":7}"#.to_owned(),
            "invalid_message",
        ),
        (subscribe(r#"{"id":"a","id":"b"}"#), "invalid_payload"),
        //
        (since("1e400"), "invalid_payload"),
        (since("18446744073709551616"), "invalid_payload"),
        (since("-1"), "invalid_payload"),
        (since(&LARGE.to_string()), "ok"),
        (since(&u64::MAX.to_string()), "ok"),
        (subscribe("1e400"), "invalid_payload"),
        //
        (subscribe(r#""\ud800""#), "invalid_payload"),
        (subscribe(r#""\udc00\ud800""#), "invalid_payload"),
        (r#"{"event":"\ud800"}"#.to_owned(), "invalid_message"),
        (r#"{"event":"client:ready","\ud800":1}"#.to_owned(), "invalid_message"),
        //
        (subscribe(r#""a\u0000b""#), "invalid_payload"),
        (subscribe("\"a\0b\""), "invalid_json"),
        (r#"{"event":"client:ready\u0000"}"#.to_owned(), "unknown_event"),
        ("\0".to_owned(), "invalid_json"),
        ("{\"event\":\"client:ready\"}\0".to_owned(), "invalid_json"),
        //
        (r#"{"event":"__proto__","payload":{"__proto__":{"a":1}}}"#.to_owned(), "unknown_event"),
        (r#"{"event":"constructor"}"#.to_owned(), "unknown_event"),
        (subscribe(r#"{"id":"a","__proto__":{"since":1}}"#), "invalid_payload"),
        (subscribe(r#""__proto__""#), "ok"),
    ]
}

/// Sends the message: it is answered so, and the next one is as if nothing had been.
async fn answered(raw: &mut Raw, message: &str, code: &str) {
    raw.send(&frame(FIN | TEXT, message.as_bytes())).await;
    let shown: String = message.chars().take(100).collect();
    let answer: Value = serde_json::from_str(&raw.text().await).unwrap();
    match answer.get("error").or_else(|| answer.get("payload")) {
        None => assert_eq!("ok", code, "{shown}: {answer}"),
        Some(error) => assert_eq!(error["code"], *code, "{shown}: {answer}"),
    }
    let fence = br#"{"event":"unsubscribe:chat","payload":"*","id":8}"#;
    raw.send(&frame(FIN | TEXT, fence)).await;
    assert_eq!(raw.text().await, r#"{"reply":8,"ok":{}}"#, "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_refused_by_its_code_and_the_connection_goes_on() {
    let server = Server::start().await;
    let epoch = server.state.hub.position().epoch;
    for (message, code) in &messages(&epoch) {
        at_once(TIMES / EACH, || async {
            let mut raw = Raw::welcomed(&server).await;
            for _ in 0..EACH {
                answered(&mut raw, message, code).await;
            }
            raw.send(&close(1000, b"")).await;
            assert_eq!(raw.closed().await, Some(1000));
        })
        .await;
    }
    is_empty(&server).await;
    still_serves(&server).await;
}

/// Nobody can have seen what has not happened yet: that is a position to load afresh at.
#[tokio::test]
async fn a_position_beyond_what_a_double_can_count_is_not_recovered() {
    let server = Server::start().await;
    let epoch = server.state.hub.position().epoch;
    for offset in [LARGE, u64::MAX] {
        let since = json!({ "epoch": epoch, "offset": offset });
        let mut peer = crate::support::peer::Peer::connect(&server.client()).await;
        let ready = peer.ok("client:ready", json!({ "since": since })).await;
        assert_eq!(ready, json!({ "epoch": epoch, "offset": 0, "recovered": false }));
    }
}

/// What is refused, wherever it is sent: the body, its status and the field at fault.
fn bodies() -> Vec<(Vec<u8>, u16, &'static str)> {
    let (array, object) = (deep_array(), deep_object());
    let name = |value: &str| format!(r#"{{"name":{value},"title":{value},"content":{value}}}"#);
    let metadata = |value: &str| format!(r#"{{"metadata":{value}}}"#);
    let mut all: Vec<(Vec<u8>, u16, &str)> = [
        (array.clone(), 400, "body"),
        (object.clone(), 400, "body"),
        ("[".repeat(DEPTH), 400, "body"),
        (name(&array), 400, "body"),
        (metadata(&array), 400, "body"),
        (metadata(&object), 400, "body"),
        (metadata(r#"{"a":1e400}"#), 400, "body"),
        (metadata(r#"{"a":-1e400}"#), 400, "body"),
        (name(r#""\ud800""#), 400, "body"),
        (name(r#""\udc00\ud800""#), 400, "body"),
        (metadata(r#"{"\ud800":1}"#), 400, "body"),
        (name("\"a\0b\""), 400, "body"),
        ("{}\0".to_owned(), 400, "body"),
        ("\0{}".to_owned(), 400, "body"),
        (r#"{"__proto__":{"name":"a"}}"#.to_owned(), 422, "__proto__"),
        (r#"{"constructor":{"prototype":{}}}"#.to_owned(), 422, "constructor"),
    ]
    .map(|(body, status, field)| (body.into_bytes(), status, field))
    .into();
    all.push((b"{\"name\":\"\xff\"}".to_vec(), 400, "body"));
    all.push((b"\xff\xfe{\0}\0".to_vec(), 400, "body"));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_refused_by_its_status_and_field() {
    let server = Server::start().await;
    agent(&server, "a").await;
    chat(&server, "c").await;
    let before = server.state.hub.position();
    let http = reqwest::Client::new();
    let routes = [
        (Method::POST, "/agents"),
        (Method::PATCH, "/agents/a"),
        (Method::PUT, "/agents/a/status"),
        (Method::POST, "/chats"),
        (Method::POST, "/chats/c/messages"),
        (Method::POST, "/notifications"),
        (Method::POST, "/session"),
    ];
    for (body, status, field) in &bodies() {
        for (method, path) in &routes {
            // Of who signs in less is read.
            let is_too_large = *path == "/session" && body.len() > 16 * 1024;
            let status = if is_too_large { 413 } else { *status };
            at_once(TIMES.div_ceil(routes.len()), || async {
                let request = http.request(method.clone(), format!("{}/api/v1{path}", server.url));
                let request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
                let answer = request.send().await.unwrap();
                let shown: String = String::from_utf8_lossy(body).chars().take(100).collect();
                assert_eq!(answer.status(), status, "{method} {path} {shown}");
                let problem: Value = answer.json().await.unwrap();
                assert_eq!(problem["errors"][0]["field"], *field, "{path} {shown}: {problem}");
            })
            .await;
        }
    }
    assert_eq!(server.state.hub.position(), before, "nothing happened");
    drop(http);
    is_empty(&server).await;
    still_serves(&server).await;
}

/// What is unusual and no mistake comes back as it was sent, from the row and from the log alike.
#[tokio::test]
async fn what_is_unusual_and_allowed_is_kept_as_it_is() {
    let server = Server::start().await;
    let http = reqwest::Client::new();
    let url = format!("{}/api/v1/agents", server.url);
    for (name, metadata) in [
        (r#""a\u0000b""#, "{}"),
        (r#""\u202e\ufeff""#, "{}"),
        (r#""a""#, r#"{"n":9007199254740993}"#),
        (r#""a""#, r#"{"n":18446744073709551615}"#),
        (r#""a""#, r#"{"n":-9007199254740993}"#),
        (r#""a""#, r#"{"__proto__":{"admin":true},"constructor":1}"#),
        (r#""a""#, r#"{"":{"\u0000":"\u0000"}}"#),
    ] {
        let body = format!(r#"{{"name":{name},"metadata":{metadata}}}"#);
        let sent: Value = serde_json::from_str(&body).unwrap();
        at_once(TIMES.div_ceil(7), || async {
            let post = http.post(&url).header(CONTENT_TYPE, "application/json");
            let answer = post.body(body.clone()).send().await.unwrap();
            assert_eq!(answer.status(), 201, "{body}");
            let made: Value = answer.json().await.unwrap();
            let one = format!("{url}/{}", made["id"].as_str().unwrap());
            let again: Value = http.get(&one).send().await.unwrap().json().await.unwrap();
            let log = format!(
                "{}/api/v1/events?topic=agent:{}",
                server.url,
                made["id"].as_str().unwrap()
            );
            let log: Value = http.get(log).send().await.unwrap().json().await.unwrap();
            for agent in [&made, &again, &log["items"][0]["payload"]["agent"]] {
                let kept = (&agent["name"], &agent["metadata"]);
                assert_eq!(kept, (&sent["name"], &sent["metadata"]));
            }
        })
        .await;
    }
    drop(http);
    is_empty(&server).await;
    still_serves(&server).await;
}

/// Of members that have the same name the last one counts, as for every reader of JSON that takes
/// both: what is checked is what is kept.
#[tokio::test]
async fn of_doubled_members_in_a_body_the_last_counts() {
    let server = Server::start().await;
    let http = reqwest::Client::new();
    let post = |body: &'static str| {
        let request = http.post(format!("{}/api/v1/agents", server.url));
        request.header(CONTENT_TYPE, "application/json").body(body).send()
    };
    often(|| async {
        let made: Value =
            post(r#"{"name":"","name":"b","metadata":{"a":1},"metadata":{"a":2,"a":3}}"#)
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
        assert_eq!((&made["name"], &made["metadata"]), (&json!("b"), &json!({ "a": 3 })));
        assert_eq!(post(r#"{"name":"b","name":""}"#).await.unwrap().status(), 422);
    })
    .await;
    drop(http);
    is_empty(&server).await;
    still_serves(&server).await;
}
