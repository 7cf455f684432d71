//! What the hub survives: faults and load.
//!
//! Each fault is one test, which has two forms: here its counts are small; where `SOAK` names a
//! folder they are large, and the test leaves its line of a table there ([`fault`]).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

#[path = "../support/mod.rs"]
mod support;

mod backup;
mod day;
mod disconnect;
mod disk;
mod fault;
mod kill;
mod load;
mod once;
mod proxy;
mod reader;
mod retention;
mod slow;
mod subscribe;
