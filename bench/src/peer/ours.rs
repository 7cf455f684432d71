//! Colloquy: the hub alone, fed by a POST that stores nothing (the server's example `fan_out`), and the executable
//! with everything that belongs to it: REST, checks, SQLite.

use std::{net::SocketAddr, process::Command};

use anyhow::Result;
use serde_json::json;

use super::{Peer, Place, Turn, built, local, post};
use crate::wire::websocket::{TEXT, client_frame};

/// The `id` of `client:ready`, and how its reply begins.
const READY: u8 = 1;
const READY_REPLY: &[u8] = br#"{"reply":1,"ok""#;

#[derive(Debug)]
pub(super) struct Unstored;

#[derive(Debug)]
pub(super) struct Durable;

impl Peer for Unstored {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn command(&self, place: &Place) -> Result<Command> {
        let mut command = built("examples/fan_out")?;
        command.arg(place.port.to_string()).arg(place.publish_port.to_string());
        command.arg(&place.folder);
        Ok(command)
    }

    fn publish_address(&self, place: &Place) -> SocketAddr {
        local(place.publish_port)
    }

    fn path(&self, _rooms: &[usize]) -> String {
        "/ws".to_owned()
    }

    fn converse(&self, heard: Option<(u8, &[u8])>, rooms: &[usize]) -> Turn {
        converse(heard, rooms)
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

    fn converse(&self, heard: Option<(u8, &[u8])>, rooms: &[usize]) -> Turn {
        converse(heard, rooms)
    }

    fn publish(&self, room: usize, payload: &str) -> Vec<u8> {
        let path = format!("/api/v1/chats/{}/messages", chat(room));
        post(&path, "application/json", &json!({ "content": payload }).to_string())
    }
}

/// Subscribes to everything at once and is ready; the reply to that comes last.
fn converse(heard: Option<(u8, &[u8])>, rooms: &[usize]) -> Turn {
    let say = |message: serde_json::Value| client_frame(TEXT, message.to_string().as_bytes());
    match heard {
        None => {
            let subscribe =
                |room: &usize| json!({ "event": "subscribe:chat", "payload": chat(*room) });
            let mut words: Vec<u8> = rooms.iter().map(subscribe).flat_map(say).collect();
            words.extend(say(json!({ "event": "client:ready", "id": READY })));
            Turn::Say(words)
        }
        Some((_, heard)) if heard.starts_with(READY_REPLY) => Turn::Subscribed,
        Some(_) => Turn::Wait,
    }
}

/// Of one length, so that the payload is always in the same place.
fn chat(room: usize) -> String {
    format!("room-{room:05}")
}
