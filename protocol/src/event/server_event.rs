//! Every event of the server.

use serde::{
    Serialize,
    de::{DeserializeOwned, Error},
};

use super::payload::{
    AgentChanged, AgentRemoved, ChatChanged, ChatRemoved, CollectionChanged, CollectionRemoved,
    MessageCreated, Notification, ParticipantChanged, Payload, ReceiptUpdated,
};
use crate::{time::Timestamp, topic::Topic};

/// Declares the events of the server: the enum on the wire, and one marker type per event that
/// ties its name to its payload, so that listening is typed.
macro_rules! server_events {
    ($($(#[$doc:meta])* $name:ident($payload:ty) = $wire:literal;)*) => {
        /// What the hub tells its clients, as `{"event": NAME, "payload": {...}}`.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(tag = "event", content = "payload")]
        pub enum ServerEvent {
            $($(#[$doc])* #[serde(rename = $wire)] $name($payload),)*
        }

        impl ServerEvent {
            /// Every event's name.
            pub const NAMES: &'static [&'static str] = &[$($wire),*];

            /// The event of that name, with the payload read from its JSON.
            ///
            /// # Errors
            /// When there is no such event, or the payload is not what it carries.
            pub fn from_parts(name: &str, payload: &str) -> serde_json::Result<Self> {
                match name {
                    $($wire => serde_json::from_str(payload).map(Self::$name),)*
                    _ => Err(Error::custom(format_args!("there is no event {name}"))),
                }
            }

            /// The event's name on the wire.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $wire,)*
                }
            }

            /// The payload alone, as JSON.
            ///
            /// # Errors
            /// Those of serialising it; there are none for payloads made of this crate's types.
            pub fn payload_json(&self) -> serde_json::Result<String> {
                match self {
                    $(Self::$name(payload) => serde_json::to_string(payload),)*
                }
            }

            /// The topic of the entity that it is about; none: it goes to everybody.
            pub fn topic(&self) -> Option<Topic> {
                match self {
                    $(Self::$name(payload) => payload.topic(),)*
                }
            }

            /// When it happened.
            pub fn timestamp(&self) -> Timestamp {
                match self {
                    $(Self::$name(payload) => payload.timestamp(),)*
                }
            }
        }

        /// One marker type per server event: `on::<AgentCreated>(|payload| ...)`.
        pub mod server {
            use super::*;
            $(
                $(#[$doc])*
                #[derive(Debug, Clone, Copy, PartialEq, Eq)]
                pub struct $name;

                impl ServerEventKind for $name {
                    const NAME: &'static str = $wire;
                    type Payload = $payload;
                }
            )*
        }
    };
}

/// Ties a server event's name to its payload's type. See [`server`].
pub trait ServerEventKind: 'static {
    /// The event's name on the wire.
    const NAME: &'static str;
    /// What it carries.
    type Payload: DeserializeOwned + 'static;
}

server_events! {
    /// An agent was created.
    AgentCreated(AgentChanged) = "agent:created";
    /// An agent was updated.
    AgentUpdated(AgentChanged) = "agent:updated";
    /// An agent was deleted.
    AgentDeleted(AgentRemoved) = "agent:deleted";
    /// An agent's status changed.
    AgentStatusChanged(AgentChanged) = "agent:statusChanged";
    /// A chat was created.
    ChatCreated(ChatChanged) = "chat:created";
    /// A chat was updated.
    ChatUpdated(ChatChanged) = "chat:updated";
    /// A chat was deleted.
    ChatDeleted(ChatRemoved) = "chat:deleted";
    /// A message was added to a chat.
    ChatMessageCreated(MessageCreated) = "chat:messageCreated";
    /// A participant joined a chat.
    ChatParticipantJoined(ParticipantChanged) = "chat:participantJoined";
    /// A participant left a chat.
    ChatParticipantLeft(ParticipantChanged) = "chat:participantLeft";
    /// A message was received or read.
    ChatReceiptUpdated(ReceiptUpdated) = "chat:receiptUpdated";
    /// A collection was created.
    CollectionCreated(CollectionChanged) = "collection:created";
    /// A collection was updated.
    CollectionUpdated(CollectionChanged) = "collection:updated";
    /// A collection was deleted.
    CollectionDeleted(CollectionRemoved) = "collection:deleted";
    /// System notification.
    SystemNotification(Notification) = "system:notification";
}
