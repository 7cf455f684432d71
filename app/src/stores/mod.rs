//! What pages hold, kept up to date by events.
//!
//! [`live::Live`] is the rule for all of them: load, then follow from the position that was
//! loaded.

pub mod choices;
pub mod conversation;
pub mod history;
pub mod live;
pub mod log;
pub mod names;
pub mod open_chat;
pub mod part;
pub mod people;
mod polled;
pub mod rate;

pub(crate) use self::polled::poll;
