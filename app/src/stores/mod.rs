//! What pages hold, kept up to date by events.

pub mod choices;
pub mod history;
