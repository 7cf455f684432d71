//! Handshakes that are none, or too much of one.

use crate::{
    is_empty, often,
    raw::{FIN, Raw, TEXT, close, frame, hello_with},
    still_serves,
    support::{Server, hello},
};

const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// What it says of itself and of what it offers, and how the answer begins.
fn handshakes() -> Vec<(&'static str, String, &'static str)> {
    let subprotocols = |all: Vec<String>| {
        hello_with(&format!("{VERSION}{KEY}Sec-WebSocket-Protocol: {}\r\n", all.join(", ")))
    };
    let names = |number| (0..number).map(|number| format!("p{number}")).collect::<Vec<_>>();
    let with_ours = [names(5_000), vec!["colloquy.v1".to_owned()]].concat();
    let tokens = (0..500).map(|number| format!("colloquy.bearer.{number}")).collect();
    let lines = "Sec-WebSocket-Protocol: x\r\n".repeat(50);
    let with = |lines: &str| hello_with(lines);
    vec![
        ("no version", with(KEY), "426"),
        ("version 8", with(&format!("Sec-WebSocket-Version: 8\r\n{KEY}")), "426"),
        ("version 14", with(&format!("Sec-WebSocket-Version: 14\r\n{KEY}")), "426"),
        ("no version but a word", with(&format!("Sec-WebSocket-Version: x\r\n{KEY}")), "426"),
        ("no key", with(VERSION), "426"),
        ("an empty key", with(&format!("{VERSION}Sec-WebSocket-Key:\r\n")), "426"),
        ("a short key", with(&format!("{VERSION}Sec-WebSocket-Key: c2hvcnQ=\r\n")), "426"),
        (
            "a key that is no base64",
            { with(&format!("{VERSION}Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n")) },
            "426",
        ),
        (
            "a key of 40 KB",
            { with(&format!("{VERSION}Sec-WebSocket-Key: {}\r\n", "A".repeat(40_000))) },
            "426",
        ),
        ("two keys", with(&format!("{VERSION}{KEY}{KEY}")), "426"),
        ("another method", hello("").replacen("GET", "POST", 1), "405"),
        ("another version of HTTP", hello("").replacen("HTTP/1.1", "HTTP/1.0", 1), "426"),
        ("no upgrade", hello("").replacen("Upgrade: websocket\r\n", "", 1), "426"),
        ("an upgrade to something else", hello("").replacen("websocket", "h2c", 1), "426"),
        (
            "a connection that is to be closed",
            { hello("").replacen("Connection: Upgrade", "Connection: close", 1) },
            "426",
        ),
        (
            "two lines that say what becomes of the connection",
            { hello("").replacen("Connection: ", "Connection: keep-alive\r\nConnection: ", 1) },
            "101",
        ),
        ("a choice of upgrades", hello("").replacen("websocket", "h2c, WebSocket", 1), "101"),
        ("5,000 subprotocols, ours among them", subprotocols(with_ours), "101"),
        ("5,000 subprotocols, none of them ours", subprotocols(names(5_000)), "101"),
        ("50 lists of subprotocols", with(&format!("{VERSION}{KEY}{lines}")), "101"),
        ("500 tokens among the subprotocols", subprotocols(tokens), "401"),
        ("more subprotocols than headers may have bytes", subprotocols(names(100_000)), "431"),
    ]
}

#[tokio::test]
async fn what_is_no_handshake_is_told_so() {
    let server = Server::start().await;
    for (what, hello, status) in &handshakes() {
        often(|| async {
            let mut raw = Raw::connect(&server).await;
            let was_taken = raw.send(hello.as_bytes()).await;
            if *status == "431" && !was_taken {
                // Who is still writing when it is cut off may not get to read why.
                return;
            }
            let head = raw.head().await;
            assert!(
                head.starts_with(&format!("HTTP/1.1 {status} "))
                    || *status == "426" && head.starts_with("HTTP/1.0 426 "),
                "{what}: {head}"
            );
            assert_eq!(
                head.contains("sec-websocket-protocol: colloquy.v1\r\n"),
                what.ends_with("ours among them"),
                "{what}: {head}"
            );
            if *status == "426" {
                assert!(head.contains("sec-websocket-version: 13\r\n"), "{what}: {head}");
            }
        })
        .await;
    }
    is_empty(&server).await;
    still_serves(&server).await;
}

/// Shaking hands again on a connection that is a WebSocket is no frame, whether it comes with the
/// first handshake or later.
#[tokio::test]
async fn shaking_hands_again_breaks_the_protocol() {
    let server = Server::start().await;
    often(|| async {
        let mut raw = Raw::welcomed(&server).await;
        raw.send(hello("").as_bytes()).await;
        assert_eq!(raw.closed().await, Some(1002));
    })
    .await;
    often(|| async {
        let mut raw = Raw::connect(&server).await;
        raw.send(hello("").repeat(2).as_bytes()).await;
        raw.welcome().await;
        assert_eq!(raw.closed().await, Some(1002));
    })
    .await;
    is_empty(&server).await;
    still_serves(&server).await;
}

/// Frames may follow at once: what comes with the handshake counts.
#[tokio::test]
async fn frames_may_come_with_the_handshake() {
    let server = Server::start().await;
    often(|| async {
        let mut raw = Raw::connect(&server).await;
        let ready = br#"{"event":"client:ready","id":1}"#;
        let all = [hello("").into_bytes(), frame(FIN | TEXT, ready), close(1000, b"")];
        raw.send(&all.concat()).await;
        raw.welcome().await;
        assert!(raw.text().await.starts_with(r#"{"reply":1,"ok":"#));
        assert_eq!(raw.closed().await, Some(1000));
        assert_eq!(raw.next().await, None);
    })
    .await;
    is_empty(&server).await;
    still_serves(&server).await;
}
