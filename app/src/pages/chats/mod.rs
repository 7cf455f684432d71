//! `/chats` and `/chats/{id}`.

pub mod add_participant;
mod chat;
pub mod composer;
pub mod create;
mod draft;
pub mod edit;
pub mod list;
pub mod manage;
pub mod message;
pub mod messages;
pub mod participants;
pub mod presence;
pub mod receipts;

pub use self::{chat::CHAT, list::CHATS};
