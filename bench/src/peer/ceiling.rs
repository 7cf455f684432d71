//! The ceiling: an epoll loop that does nothing but write (`bin/ceiling.rs`).

use std::process::Command;

use anyhow::Result;

use super::{Peer, Place, built};

/// Each publish is one write for each subscriber.
pub(super) const UNBATCHED: Ceiling = Ceiling { name: "ceiling", how: "unbatched" };
/// What comes in one turn of the loop is one write for each subscriber.
pub(super) const BATCHED: Ceiling = Ceiling { name: "ceiling-batched", how: "batched" };

#[derive(Debug)]
pub(super) struct Ceiling {
    name: &'static str,
    how: &'static str,
}

impl Peer for Ceiling {
    fn name(&self) -> &'static str {
        self.name
    }

    fn command(&self, place: &Place) -> Result<Command> {
        let mut command = built("ceiling")?;
        command.arg(place.port.to_string()).arg(self.how);
        Ok(command)
    }
}
