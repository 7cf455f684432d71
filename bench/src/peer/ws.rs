//! `ws`, the usual WebSocket server of Node; rooms are sets of sockets.

use std::process::Command;

use anyhow::Result;

use super::{Peer, Place, script};

#[derive(Debug)]
pub(super) struct Ws;

impl Peer for Ws {
    fn name(&self) -> &'static str {
        "ws"
    }

    fn command(&self, place: &Place) -> Result<Command> {
        Ok(script("node", "ws.js", place))
    }
}
