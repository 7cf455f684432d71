//! Colloquy: the hub alone, fed by a POST that stores nothing (the server's example `fan_out`), and the executable
//! with everything that belongs to it: REST, checks, SQLite.

use std::{net::SocketAddr, process::Command};

use anyhow::Result;
use colloquy_protocol::position::{Offset, Position};
use serde::Deserialize;
use serde_json::json;

use super::{Peer, Place, Turn, built, local, post};
use crate::wire::websocket::{TEXT, client_frame};

/// The `id` of `client:ready`, and how its reply begins.
const READY: u8 = 1;
const READY_REPLY: &[u8] = br#"{"reply":1,"ok""#;
/// How it ends for whoever will be sent everything that they missed.
const RECOVERED: &[u8] = br#""recovered":true}}"#;

/// The hub, fed by a POST that stores nothing.
#[derive(Debug)]
pub(super) struct Unstored {
    /// Without what makes recovery possible: positions, and the log's end in memory.
    forgetful: bool,
}

pub(super) const REMEMBERING: Unstored = Unstored { forgetful: false };
pub(super) const FORGETFUL: Unstored = Unstored { forgetful: true };

#[derive(Debug)]
pub(super) struct Durable;

impl Peer for Unstored {
    fn name(&self) -> &'static str {
        if self.forgetful { "ours-forgetful" } else { "ours" }
    }

    fn command(&self, place: &Place) -> Result<Command> {
        let mut command = built("examples/fan_out")?;
        command.arg(place.port.to_string()).arg(place.publish_port.to_string());
        command.arg(&place.folder).args(self.forgetful.then_some("--forgetful"));
        Ok(command)
    }

    fn publish_address(&self, place: &Place) -> SocketAddr {
        local(place.publish_port)
    }

    fn path(&self, _rooms: &[usize]) -> String {
        "/ws".to_owned()
    }

    fn converse(
        &self,
        heard: Option<(u8, &[u8])>,
        rooms: &[usize],
        since: Option<&Position>,
    ) -> Turn {
        converse(heard, rooms, since)
    }

    fn publish(&self, room: usize, payload: &str) -> Vec<u8> {
        post(&format!("/{}", chat(room)), "application/json", payload)
    }
}

impl Peer for Durable {
    fn name(&self) -> &'static str {
        "ours-durable"
    }

    fn command(&self, place: &Place) -> Result<Command> {
        let mut command = built("colloquy")?;
        command.arg("serve").arg("--data-dir").arg(&place.folder);
        command.arg(format!("--listen={}", local(place.port)));
        command.args(["--max-connections=12000", "--log-format=text"]).env("RUST_LOG", "warn");
        Ok(command)
    }

    fn preparation(&self, rooms: usize) -> Vec<Vec<u8>> {
        let new = |room| json!({ "id": chat(room), "title": chat(room) }).to_string();
        (0..rooms).map(|room| post("/api/v1/chats", "application/json", &new(room))).collect()
    }

    fn path(&self, _rooms: &[usize]) -> String {
        "/ws".to_owned()
    }

    fn converse(
        &self,
        heard: Option<(u8, &[u8])>,
        rooms: &[usize],
        since: Option<&Position>,
    ) -> Turn {
        converse(heard, rooms, since)
    }

    fn position(&self, reply: &[u8]) -> Option<Position> {
        let reply: Reply = serde_json::from_slice(reply).ok()?;
        Some(Position { epoch: reply.ok.epoch, offset: reply.ok.offset })
    }

    fn place(&self, delivery: &[u8]) -> Option<(Offset, bool)> {
        place(delivery)
    }

    fn publish(&self, room: usize, payload: &str) -> Vec<u8> {
        let path = format!("/api/v1/chats/{}/messages", chat(room));
        post(&path, "application/json", &json!({ "content": payload }).to_string())
    }
}

/// Subscribes to everything at once and is ready; the reply to that comes last.
fn converse(heard: Option<(u8, &[u8])>, rooms: &[usize], since: Option<&Position>) -> Turn {
    let say = |message: serde_json::Value| client_frame(TEXT, message.to_string().as_bytes());
    match heard {
        None => {
            let subscribe =
                |room: &usize| json!({ "event": "subscribe:chat", "payload": chat(*room) });
            let mut words: Vec<u8> = rooms.iter().map(subscribe).flat_map(say).collect();
            let payload = since.map_or(json!(null), |since| json!({ "since": since }));
            words.extend(say(json!({ "event": "client:ready", "id": READY, "payload": payload })));
            Turn::Say(words)
        }
        Some((_, heard)) if heard.starts_with(READY_REPLY) => match since {
            Some(_) if !heard.ends_with(RECOVERED) => Turn::Refused,
            _ => Turn::Subscribed,
        },
        Some(_) => Turn::Wait,
    }
}

/// What `client:ready` was answered with.
#[derive(Deserialize)]
struct Reply {
    ok: Ready,
}

#[derive(Deserialize)]
struct Ready {
    epoch: String,
    offset: Offset,
}

/// What an event ends with: its offset, and whether it was replayed.
fn place(event: &[u8]) -> Option<(Offset, bool)> {
    let event = event.strip_suffix(b"}")?;
    let live = event.strip_suffix(br#","replay":true"#);
    let text = live.unwrap_or(event);
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let offset = std::str::from_utf8(&text[text.len() - digits..]).ok()?;
    Some((offset.parse().ok()?, live.is_some()))
}

/// Of one length, so that the payload is always in the same place.
fn chat(room: usize) -> String {
    format!("room-{room:05}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_an_event_is_at_its_end() {
        let event = |end: &str| format!(r#"{{"event":"e","payload":{{"n":1}},"offset":{end}}}"#);
        assert_eq!(place(event("12").as_bytes()), Some((12, false)));
        assert_eq!(place(event(r#"9,"replay":true"#).as_bytes()), Some((9, true)));
        assert_eq!(place(b"{}"), None);
    }

    #[test]
    fn whoever_is_not_sent_what_they_missed_is_not_back() {
        let since = Position { epoch: "e".to_owned(), offset: 3 };
        let reply = |recovered| {
            format!(r#"{{"reply":1,"ok":{{"epoch":"e","offset":7,"recovered":{recovered}}}}}"#)
        };
        let turn = |reply: &str| converse(Some((TEXT, reply.as_bytes())), &[], Some(&since));
        assert!(matches!(turn(&reply(true)), Turn::Subscribed));
        assert!(matches!(turn(&reply(false)), Turn::Refused));
        assert_eq!(Durable.position(reply(true).as_bytes()).map(|at| at.offset), Some(7));
    }
}
