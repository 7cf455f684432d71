//! Every event: one variant per row of the seed's tables, and `chat:receiptUpdated` (design).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    id::{AgentId, ChatId, CollectionId, MessageId, PrincipalId},
    model::{Agent, Chat, Collection, Message, Metadata, NotificationType, Receipt},
    position::{Offset, Position},
    time::Timestamp,
    topic::{Kind, Topic},
};

/// An agent was created or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentChanged {
    /// Which.
    pub agent_id: AgentId,
    /// What it is now.
    pub agent: Agent,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// An agent is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentRemoved {
    /// Which.
    pub agent_id: AgentId,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// A chat was created or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatChanged {
    /// Which.
    pub chat_id: ChatId,
    /// What it is now.
    pub chat: Chat,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// A chat is gone, and with it its messages and their receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatRemoved {
    /// Which.
    pub chat_id: ChatId,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// Something was said in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageCreated {
    /// In which chat.
    pub chat_id: ChatId,
    /// Which message.
    pub message_id: MessageId,
    /// The message itself (beyond the seed: state + events is state).
    pub message: Message,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// Somebody joined or left a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantChanged {
    /// Which chat.
    pub chat_id: ChatId,
    /// Who joined or left.
    pub participant_id: PrincipalId,
    /// What the chat is now (beyond the seed).
    pub chat: Chat,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// Somebody received or read a message (beyond the seed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptUpdated {
    /// In which chat.
    pub chat_id: ChatId,
    /// Which message.
    pub message_id: MessageId,
    /// What is known now.
    pub receipt: Receipt,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// A collection was created or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionChanged {
    /// Which.
    pub collection_id: CollectionId,
    /// Its metadata field.
    pub metadata: Metadata,
    /// What it is now (beyond the seed).
    pub collection: Collection,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// A collection is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionRemoved {
    /// Which.
    pub collection_id: CollectionId,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// Something that everybody should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notification {
    /// How serious it is.
    #[serde(rename = "type")]
    pub notification_type: NotificationType,
    /// For people.
    pub message: String,
    /// For programs: any JSON, `null` when there is none.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub details: Value,
    /// When.
    pub timestamp: Timestamp,
}

/// Declares the events of the server: the enum on the wire, and one marker type per event that
/// ties its name to its payload, so that listening is typed.
macro_rules! server_events {
    ($($(#[$doc:meta])* $name:ident($payload:ty) = $wire:literal;)*) => {
        /// What the hub tells its clients, as `{"event": NAME, "payload": {...}}`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "event", content = "payload")]
        pub enum ServerEvent {
            $($(#[$doc])* #[serde(rename = $wire)] $name($payload),)*
        }

        impl ServerEvent {
            /// Every event's name.
            pub const NAMES: &'static [&'static str] = &[$($wire),*];

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

                    fn payload(event: &ServerEvent) -> Option<&$payload> {
                        match event {
                            ServerEvent::$name(payload) => Some(payload),
                            _ => None,
                        }
                    }
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
    type Payload: Clone + 'static;

    /// The payload, when it is this event.
    fn payload(event: &ServerEvent) -> Option<&Self::Payload>;
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

impl ServerEvent {
    /// The topic of the entity that it is about; none: it goes to everybody.
    pub fn topic(&self) -> Option<Topic> {
        match self {
            Self::AgentCreated(p) | Self::AgentUpdated(p) | Self::AgentStatusChanged(p) => {
                Some(Topic::Agent(p.agent_id.clone()))
            }
            Self::AgentDeleted(p) => Some(Topic::Agent(p.agent_id.clone())),
            Self::ChatCreated(p) | Self::ChatUpdated(p) => Some(Topic::Chat(p.chat_id.clone())),
            Self::ChatDeleted(p) => Some(Topic::Chat(p.chat_id.clone())),
            Self::ChatMessageCreated(p) => Some(Topic::Chat(p.chat_id.clone())),
            Self::ChatParticipantJoined(p) | Self::ChatParticipantLeft(p) => {
                Some(Topic::Chat(p.chat_id.clone()))
            }
            Self::ChatReceiptUpdated(p) => Some(Topic::Chat(p.chat_id.clone())),
            Self::CollectionCreated(p) | Self::CollectionUpdated(p) => {
                Some(Topic::Collection(p.collection_id.clone()))
            }
            Self::CollectionDeleted(p) => Some(Topic::Collection(p.collection_id.clone())),
            Self::SystemNotification(_) => None,
        }
    }

    /// When it happened.
    pub fn timestamp(&self) -> Timestamp {
        match self {
            Self::AgentCreated(p) | Self::AgentUpdated(p) | Self::AgentStatusChanged(p) => {
                p.timestamp
            }
            Self::AgentDeleted(p) => p.timestamp,
            Self::ChatCreated(p) | Self::ChatUpdated(p) => p.timestamp,
            Self::ChatDeleted(p) => p.timestamp,
            Self::ChatMessageCreated(p) => p.timestamp,
            Self::ChatParticipantJoined(p) | Self::ChatParticipantLeft(p) => p.timestamp,
            Self::ChatReceiptUpdated(p) => p.timestamp,
            Self::CollectionCreated(p) | Self::CollectionUpdated(p) => p.timestamp,
            Self::CollectionDeleted(p) => p.timestamp,
            Self::SystemNotification(p) => p.timestamp,
        }
    }
}

/// What a subscribe event asks for: the id or `"*"`, or `{"id", "since"}` to catch up first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected an id, \"*\" or {\"id\", \"since\": {\"epoch\", \"offset\"}}"
)]
pub enum Subscribe {
    /// Events from now on.
    Live(String),
    /// Events after that position, then those from now on.
    Since(SubscribeSince),
}

/// The long form of [`Subscribe`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscribeSince {
    /// The id, or `*`.
    pub id: String,
    /// Where to go on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Position>,
}

/// What `client:ready` may carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// Where to go on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Position>,
}

/// Which message is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acknowledge {
    /// The message.
    pub message_id: MessageId,
}

/// The answer to `client:ready` and to subscribing: from this position on, everything covered
/// arrives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The log's epoch.
    pub epoch: String,
    /// Live events come after this offset.
    pub offset: Offset,
    /// Present when the client gave a `since`: whether what came after it is replayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered: Option<bool>,
}

/// The answer to unsubscribing: `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

/// Declares the events of clients: their names, the enum on the wire, and one marker type per
/// event that ties its name to its payload and reply, so that handlers are typed.
macro_rules! client_events {
    ($($(#[$doc:meta])* $name:ident($payload:ty) -> $reply:ty = $wire:literal;)*) => {
        /// The name of a client event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ClientEventName {
            $($(#[$doc])* #[serde(rename = $wire)] $name,)*
        }

        impl ClientEventName {
            /// Every name.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }
        }

        /// What clients tell the hub, as `{"event": NAME, "payload": ANY}`.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "event", content = "payload")]
        pub enum ClientEvent {
            $($(#[$doc])* #[serde(rename = $wire)] $name($payload),)*
        }

        impl ClientEvent {
            /// The event's name.
            pub fn name(&self) -> ClientEventName {
                match self {
                    $(Self::$name(_) => ClientEventName::$name,)*
                }
            }
        }

        /// One marker type per client event: `register::<SubscribeAgent, _>(handler)`.
        pub mod client {
            use super::*;
            $(
                $(#[$doc])*
                #[derive(Debug, Clone, Copy, PartialEq, Eq)]
                pub struct $name;

                impl ClientEventKind for $name {
                    const NAME: ClientEventName = ClientEventName::$name;
                    type Payload = $payload;
                    type Reply = $reply;
                }
            )*
        }
    };
}

/// Ties a client event's name to the types of its payload and reply. See [`client`].
pub trait ClientEventKind: 'static {
    /// The event's name.
    const NAME: ClientEventName;
    /// What it carries; an absent payload reads as `null`.
    type Payload: DeserializeOwned + Send + 'static;
    /// What the reply's `ok` holds.
    type Reply: Serialize + DeserializeOwned + Send + 'static;
}

client_events! {
    /// Subscribe to agent events.
    SubscribeAgent(Subscribe) -> Started = "subscribe:agent";
    /// Unsubscribe from agent events.
    UnsubscribeAgent(String) -> Done = "unsubscribe:agent";
    /// Subscribe to chat events.
    SubscribeChat(Subscribe) -> Started = "subscribe:chat";
    /// Unsubscribe from chat events.
    UnsubscribeChat(String) -> Done = "unsubscribe:chat";
    /// Subscribe to collection events.
    SubscribeCollection(Subscribe) -> Started = "subscribe:collection";
    /// Unsubscribe from collection events.
    UnsubscribeCollection(String) -> Done = "unsubscribe:collection";
    /// The client is ready to receive events.
    ClientReady(Option<Ready>) -> Started = "client:ready";
    /// The client is disconnecting.
    ClientDisconnect(Option<Value>) -> Done = "client:disconnect";
    /// Acknowledge that a message was received.
    MessageReceived(Acknowledge) -> Receipt = "message:received";
    /// Acknowledge that a message was read.
    MessageRead(Acknowledge) -> Receipt = "message:read";
}

impl ClientEvent {
    /// The event that subscribes to a topic.
    pub fn subscribe(topic: &Topic, since: Option<Position>) -> Self {
        let id = topic.id().to_owned();
        let payload = match since {
            None => Subscribe::Live(id),
            Some(since) => Subscribe::Since(SubscribeSince { id, since: Some(since) }),
        };
        match topic.kind() {
            Kind::Agent => Self::SubscribeAgent(payload),
            Kind::Chat => Self::SubscribeChat(payload),
            Kind::Collection => Self::SubscribeCollection(payload),
        }
    }

    /// The event that ends a subscription.
    pub fn unsubscribe(topic: &Topic) -> Self {
        let id = topic.id().to_owned();
        match topic.kind() {
            Kind::Agent => Self::UnsubscribeAgent(id),
            Kind::Chat => Self::UnsubscribeChat(id),
            Kind::Collection => Self::UnsubscribeCollection(id),
        }
    }
}

/// A text that is no client event's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such event")]
pub struct UnknownEvent;

impl FromStr for ClientEventName {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        Self::ALL.iter().copied().find(|name| name.as_str() == text).ok_or(UnknownEvent)
    }
}

impl fmt::Display for ClientEventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
