//! The Colloquy hub: agents, chats and collections, and everything that happens to them, live.
//!
//! In reading order:
//!
//! - [`settings`]: what can be set; [`origin`]: an origin that is let in
//! - [`data_dir`], [`control`], [`logging`]: the folder, its control socket, the logs
//! - [`backup`]: everything in one file, and back
//! - [`serve()`]: accepting connections until told to stop; [`tls`]: HTTPS without a proxy
//! - [`access`]: who asks, and whether they may; [`mode`]: whether anybody has an identity
//! - [`limits`]: how much each may ask; [`open_files`]: how many connections the system lets there be
//! - [`router`]: every route; [`http`]: what answers them
//! - [`service`]: the rules of each entity; [`error`]: why something was not done
//! - [`store`]: SQL and the log
//! - [`hub`]: who is connected, and how events reach them; [`ws`]: frames and sockets
//! - [`metrics`]: what is counted

// The type of a whole page nests more deeply than rustc follows by default.
#![recursion_limit = "256"]

pub mod access;
pub mod backup;
pub mod control;
pub mod data_dir;
pub mod error;
mod http;
pub mod hub;
pub mod limits;
pub mod logging;
pub mod metrics;
pub mod mode;
pub mod open_files;
pub mod origin;
pub mod router;
mod serve;
pub mod service;
pub mod settings;
mod state;
mod store;
pub mod tls;
pub mod ws;

pub use self::{
    serve::serve,
    state::{AppState, OpenError},
};

/// What a request allocates is often freed by another thread, which the system's allocator is slow
/// at. Here, so that every program with the hub in it is like the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
