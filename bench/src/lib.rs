//! What Colloquy is measured with.
//!
//! - [`fan_out`]: what is measured, server by server; `main.rs` is its command
//! - [`peer`]: the servers, one adapter each; `bin/ceiling.rs` is the ceiling, a bare epoll loop
//! - [`subscriber`], [`publisher`]: the load; [`tally`]: what was sent and what has come
//! - [`stamp`]: the payload; [`wire`]: as little WebSocket and HTTP as that needs
//! - [`report`]: the tables and the plot in `docs`
//! - [`process`]: CPU time, memory and cores; [`figures`]: percentiles and medians
//!
//! `bin/write` measures how fast messages are stored, `bin/read.rs` what a large hub costs to read.
//!
//! Server and generator each have a core of their own. *Invariant*: a figure is worth something
//! only if every subscriber received every publish exactly once; else the measurement fails.

pub mod fan_out;
pub mod figures;
pub mod peer;
pub mod process;
pub mod publisher;
pub mod report;
pub mod stamp;
pub mod subscriber;
pub mod tally;
pub mod wire;
