//! Every event: fifteen of the hub, ten of clients (docs/protocol.md, "What the hub says" and "What a
//! client says").
//!
//! - [`ServerEvent`]: what the hub tells, with one marker type per event in [`server`]
//! - [`ClientEvent`]: what clients tell, with one marker type per event in [`client`]

mod client_event;
mod payload;
mod server_event;

pub use client_event::{
    Acknowledge, Acknowledgement, ClientEvent, ClientEventKind, ClientEventName, Done, Ready,
    Started, Subscribe, SubscribeSince, UnknownEvent, client,
};
pub use payload::{
    AgentChanged, AgentRemoved, ChatChanged, ChatRemoved, CollectionChanged, CollectionRemoved,
    MessageCreated, Notification, ParticipantChanged, ReceiptUpdated,
};
pub use server_event::{ServerEvent, ServerEventKind, server};
