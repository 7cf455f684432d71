//! Bun: its server is uWebSockets, its rooms are topics.

use std::process::Command;

use anyhow::Result;

use super::{Peer, Place, peers, script};

#[derive(Debug)]
pub(super) struct Bun;

impl Peer for Bun {
    fn name(&self) -> &'static str {
        "bun"
    }

    fn command(&self, place: &Place) -> Result<Command> {
        // The package `bun` would link it there, but only with a script.
        let bun = peers().join("node_modules/@oven/bun-linux-x64/bin/bun");
        Ok(script(bun, "bun.js", place))
    }
}
