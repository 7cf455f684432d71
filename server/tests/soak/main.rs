//! What the hub survives: faults and load. `docs/soak.md` says in which numbers.
//!
//! Each fault is one test, which has two forms: here its counts are small; where `SOAK` names a
//! folder, as `cargo xtask soak` sets it, they are large, and the test leaves its line of the table
//! there ([`fault`]).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

#[path = "../support/mod.rs"]
mod support;

mod backup;
mod clock;
mod day;
mod disconnect;
mod disk;
mod fault;
mod kill;
mod load;
mod network;
mod once;
mod proxy;
mod reader;
mod retention;
mod slow;
mod subscribe;
