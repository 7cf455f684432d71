//! The servers that are measured, one adapter each.
//!
//! - [`ours`]: our hub fed by a POST that stores nothing, with and without what recovery needs; and
//!   the whole durable way
//! - [`ceiling`]: a bare epoll loop, batched and unbatched
//! - [`ws`], [`socket_io`], [`bun`]: from npm, their servers in `bench/peers`
//! - [`nchan`], [`mosquitto`]: from Debian

mod bun;
mod ceiling;
mod mosquitto;
mod nchan;
mod ours;
mod socket_io;
mod ws;

use std::{
    ffi::OsStr,
    fmt::Debug,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use colloquy_protocol::position::{Offset, Position};

use crate::wire::Wire;

/// Every server.
pub const ALL: [&dyn Peer; 10] = [
    &ceiling::UNBATCHED,
    &ceiling::BATCHED,
    &ours::REMEMBERING,
    &ours::FORGETFUL,
    &ours::Durable,
    &nchan::Nchan,
    &bun::Bun,
    &ws::Ws,
    &socket_io::SocketIo,
    &mosquitto::Mosquitto,
];

/// The folder in which Debian's packages were unpacked.
pub const DEBIAN: &str = "BENCH_DEBIAN";

/// Where a server is to run.
#[derive(Debug)]
pub struct Place {
    /// An empty folder of its own.
    pub folder: PathBuf,
    /// Where its subscribers connect.
    pub port: u16,
    /// Where publishers connect, if it is not the same.
    pub publish_port: u16,
}

/// A server that fans messages out, as the generator sees it.
pub trait Peer: Debug + Sync {
    /// Its name in tables and arguments.
    fn name(&self) -> &'static str;

    /// What starts it.
    ///
    /// # Errors
    /// When it is not installed, or its configuration cannot be written.
    fn command(&self, place: &Place) -> Result<Command>;

    /// Where it is published to.
    fn publish_address(&self, place: &Place) -> SocketAddr {
        local(place.port)
    }

    /// The requests that make the rooms before anybody subscribes.
    fn preparation(&self, _rooms: usize) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// What it speaks. With WebSocket goes HTTP for publishing, where each publish is answered; over
    /// MQTT none is.
    fn wire(&self) -> Wire {
        Wire::WebSocket
    }

    /// The path of a subscriber's handshake, if its wire has one.
    fn path(&self, rooms: &[usize]) -> String {
        format!("/{}", list(rooms))
    }

    /// What a subscriber does next: at first, and on each message (its kind and content) until it
    /// has subscribed. Where the handshake's path subscribes, nothing. `since` is how far in the log
    /// one has got who comes back; only a server that has told positions is given one.
    fn converse(
        &self,
        _heard: Option<(u8, &[u8])>,
        _rooms: &[usize],
        _since: Option<&Position>,
    ) -> Turn {
        Turn::Subscribed
    }

    /// The position that the message tells with which somebody has subscribed, if the server has a log.
    fn position(&self, _reply: &[u8]) -> Option<Position> {
        None
    }

    /// A delivery's place in the log, and whether it was read from there.
    fn place(&self, _delivery: &[u8]) -> Option<(Offset, bool)> {
        None
    }

    /// The answer to a message that is no delivery, if it wants one.
    fn keep_alive(&self, _heard: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// A whole publish, as it is sent.
    fn publish(&self, room: usize, payload: &str) -> Vec<u8> {
        post(&format!("/{room}"), "application/json", payload)
    }
}

/// What a subscriber does next.
#[derive(Debug)]
pub enum Turn {
    /// Waits for the next message.
    Wait,
    /// Sends these bytes.
    Say(Vec<u8>),
    /// Nothing: it has subscribed.
    Subscribed,
    /// Nothing: what it asked for was refused.
    Refused,
}

/// An address of this machine.
pub fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// An executable that was built beside this one.
fn built(name: &str) -> Result<Command> {
    let own = std::env::current_exe()?;
    Ok(Command::new(own.parent().unwrap_or(Path::new(".")).join(name)))
}

/// A request with a body.
fn post(path: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The numbers of rooms with commas between them.
fn list(rooms: &[usize]) -> String {
    rooms.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

/// A server in `bench/peers`, to be run by `program`.
fn script(program: impl AsRef<OsStr>, name: &str, place: &Place) -> Command {
    let mut command = Command::new(program);
    command.arg(peers().join(name)).arg(place.port.to_string()).env("NODE_ENV", "production");
    command
}

/// The folder of what comes from npm.
fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// A file of Debian's packages.
fn debian(path: &str) -> Result<PathBuf> {
    let folder = std::env::var_os(DEBIAN).with_context(|| format!("{DEBIAN} is not set"))?;
    Ok(Path::new(&folder).join(path))
}
