//! One visible thing per file.

pub mod connection_bar;
pub mod create_agent;
pub mod event_row;
pub mod history;
pub mod life_hint;
pub mod site_header;
pub mod subscribe_form;
pub mod subscriptions;
