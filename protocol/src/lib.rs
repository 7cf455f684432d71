//! The wire contract of Colloquy: what agents, browsers and the server say to each other. For clients
//! in other languages it is written down in docs/protocol.md.
//!
//! No I/O and no framework lives here, so a program that speaks to the hub needs nothing else.
//!
//! In reading order:
//!
//! - [`id`]: one newtype per id, and who may act ([`id::Principal`])
//! - [`access`]: who may do what: the one table
//! - [`account`]: people, their login sessions, and the tokens of programs
//! - [`time`]: the timestamp of every payload
//! - [`model`]: agents, chats, messages, collections and receipts as they are sent
//! - [`request`]: the bodies of REST requests; [`rest`]: where they go, and the headers of their own
//! - [`problem`]: why one of them was not done
//! - `object`: reading objects, and only objects
//! - [`topic`]: what can be subscribed to
//! - [`position`]: a place in the log
//! - [`event`]: every server event and client event
//! - [`frame`]: what is inside one WebSocket message
//! - [`error`]: the typed errors of the socket
//! - [`close`]: every close code, and whether to come back after it
//! - [`session`]: the state machine that every client drives

pub mod access;
pub mod account;
pub mod close;
pub mod error;
pub mod event;
pub mod frame;
pub mod id;
pub mod model;
mod object;
#[cfg(feature = "openapi")]
mod openapi;
pub mod position;
pub mod problem;
pub mod request;
pub mod rest;
pub mod session;
pub mod time;
pub mod topic;
mod word;

/// The version of the wire protocol, announced in `hub:welcome`.
pub const PROTOCOL_VERSION: u32 = 1;

/// The most characters that a message in a chat has.
pub const MAX_MESSAGE_CHARS: usize = 65_536;

/// The largest message that the hub accepts on a WebSocket, in bytes.
pub const MAX_INBOUND_BYTES: usize = 64 * 1024;
