//! One visible thing per file.
//!
//! A view is one type, nested as deep as what it shows. Components of some size end in `into_any`,
//! so that the types of pages stay within what the compiler takes.

pub mod connection_bar;
pub mod create_agent;
pub mod event_row;
pub mod history;
pub mod life_hint;
pub mod site_header;
pub mod subscribe_form;
pub mod subscriptions;
