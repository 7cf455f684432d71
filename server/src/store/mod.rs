//! SQL and nothing else.
//!
//! - [`database`]: opening, migrations, the pool of readers, snapshots
//! - [`history`]: the epoch; [`copy`]: the whole database in another file
//! - [`writer`]: the one task that changes anything, in groups; [`transaction`]: what it hands
//!   out to each change; [`audiences`]: who sees which chat, as it remembers it
//! - [`events`]: the log; [`gaps`]: where its offsets do not follow one another
//! - [`agents`], [`chats`], [`messages`], [`collections`], [`receipts`]: rows of entities
//! - [`people`], [`logins`], [`tokens`], [`links`]: rows of those who may come in
//! - [`search`]: finding what contains a text
//! - [`visibility`]: who sees what, for every query there is
//! - [`overview`]: counting what there is
//! - [`idempotency`]: answers that are given again
//! - [`list`]: paging through entities; [`row`]: reading columns; [`batch`]: writing many rows

pub(crate) mod agents;
mod audiences;
mod batch;
pub(crate) mod chats;
mod clock;
pub(crate) mod collections;
mod copy;
mod database;
pub(crate) mod events;
mod gaps;
mod history;
pub(crate) mod idempotency;
pub(crate) mod links;
pub(crate) mod list;
pub(crate) mod logins;
pub(crate) mod messages;
pub(crate) mod overview;
pub(crate) mod people;
pub(crate) mod receipts;
mod row;
pub(crate) mod search;
pub(crate) mod tokens;
mod transaction;
pub(crate) mod visibility;
mod writer;

/// The database's file in the data folder.
pub(crate) const FILE: &str = "colloquy.db";

pub use copy::CopyError;
pub(crate) use copy::{begin_history, check, copy, fold};
pub(crate) use database::{Database, OpenError, Search, Snapshot};
pub(crate) use history::Mark;
pub(crate) use transaction::WriteTx;
pub(crate) use writer::{Logged, Writer};
