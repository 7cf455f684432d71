//! Socket.IO on Node: WebSocket only, no compression.
//!
//! Its protocol is Engine.IO's around its own: `0` opens, `2` pings, `3` pongs, `4` is a message; of
//! those, `40` connects, `42` is an event, `43` its acknowledgement.

use std::process::Command;

use anyhow::Result;
use colloquy_protocol::position::Position;
use serde_json::json;

use super::{Peer, Place, Turn, script};
use crate::wire::websocket::{TEXT, client_frame};

#[derive(Debug)]
pub(super) struct SocketIo;

impl Peer for SocketIo {
    fn name(&self) -> &'static str {
        "socket.io"
    }

    fn command(&self, place: &Place) -> Result<Command> {
        Ok(script("node", "socket-io.js", place))
    }

    fn path(&self, _rooms: &[usize]) -> String {
        "/socket.io/?EIO=4&transport=websocket".to_owned()
    }

    fn converse(
        &self,
        heard: Option<(u8, &[u8])>,
        rooms: &[usize],
        _since: Option<&Position>,
    ) -> Turn {
        match heard {
            Some((_, [b'0', ..])) => Turn::Say(client_frame(TEXT, b"40")),
            Some((_, [b'4', b'0', ..])) => {
                let names: Vec<String> = rooms.iter().map(usize::to_string).collect();
                let join = format!("420{}", json!(["join", names]));
                Turn::Say(client_frame(TEXT, join.as_bytes()))
            }
            Some((_, [b'4', b'3', ..])) => Turn::Subscribed,
            _ => Turn::Wait,
        }
    }

    fn keep_alive(&self, heard: &[u8]) -> Option<Vec<u8>> {
        (heard == b"2").then(|| client_frame(TEXT, b"3"))
    }
}
