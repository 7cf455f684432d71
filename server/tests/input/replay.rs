//! A reader that is slow, and steady: that is no mistake.

use std::time::Duration;

use colloquy_client::protocol::request::NewMessage;
use futures_util::future::try_join_all;
use serde_json::Value;
use tokio::time::interval;

use crate::{
    raw::{FIN, PONG, Raw, TEXT, frame},
    support::{Server, chat, hello},
};

const PING: u8 = 0x9;

/// How much is replayed: that many messages of that many bytes.
const MESSAGES: usize = 160;
const BYTES: usize = 60_000;

/// How much is taken of it at a time, and how often: all of it takes six seconds, six heartbeats.
const PIECE: usize = 16 * 1024;
const EVERY: Duration = Duration::from_millis(10);

/// A replay that takes far longer than a peer may be silent or take nothing: whoever reads it
/// steadily gets all of it, in order, and stays.
#[tokio::test]
async fn who_takes_a_long_replay_slowly_but_steadily_stays() {
    let server = Server::start_with(|settings| settings.heartbeat = Duration::from_secs(1)).await;
    let client = server.client();
    let chat = chat(&server, "c").await;
    let new = NewMessage { content: "x".repeat(BYTES), ..NewMessage::default() };
    let sending = (0..MESSAGES).map(|_| client.send_message(&chat.id, &new).into_future());
    try_join_all(sending).await.unwrap();

    let mut raw = Raw::connect_small(&server, 1 << 16).await;
    raw.send(hello("").as_bytes()).await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let epoch = server.state.hub.position().epoch;
    let since = format!(r#"{{"since":{{"epoch":"{epoch}","offset":0}}}}"#);
    for message in [
        r#"{"event":"subscribe:chat","payload":"*"}"#.to_owned(),
        format!(r#"{{"event":"client:ready","payload":{since}}}"#),
    ] {
        raw.send(&frame(FIN | TEXT, message.as_bytes())).await;
    }
    let mut steadily = interval(EVERY);
    let mut next = 1;
    while next <= MESSAGES as u64 + 1 {
        steadily.tick().await;
        raw.read_at_most(PIECE).await;
        while let Some((opcode, payload)) = raw.here() {
            match opcode {
                TEXT => {
                    let message: Value = serde_json::from_slice(&payload).unwrap();
                    if message["replay"] == true {
                        assert_eq!(message["offset"], next);
                        next += 1;
                    }
                }
                PING => assert!(raw.send(&frame(FIN | PONG, &payload)).await),
                _ => panic!("closed at {next}: {opcode} {payload:?}"),
            }
        }
    }
    let fence = br#"{"event":"unsubscribe:chat","payload":"*","id":8}"#;
    raw.send(&frame(FIN | TEXT, fence)).await;
    while raw.next().await.unwrap() != (TEXT, br#"{"reply":8,"ok":{}}"#.to_vec()) {}
}
