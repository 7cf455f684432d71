//! Every event of clients, what they carry and what they are answered.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use crate::{
    id::MessageId,
    model::Receipt,
    object,
    position::{Offset, Position},
    topic::{Kind, Topic},
};

/// What a subscribe event asks for: the id or `"*"`, or `{"id", "since"}` to catch up first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Subscribe {
    /// Events from now on.
    Live(String),
    /// Events after that position, then those from now on.
    Since(SubscribeSince),
}

/// As if it were derived, but for errors: they are those of the form that was meant, and name its field.
impl<'de> Deserialize<'de> for Subscribe {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Subscribe;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"an id, "*" or {"id", "since": {"epoch", "offset"}}"#)
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<Subscribe, E> {
                Ok(Subscribe::Live(id.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Subscribe, A::Error> {
                let long = MapAccessDeserializer::new(members);
                SubscribeSince::deserialize(long).map(Subscribe::Since)
            }
        }

        from.deserialize_any(Either)
    }
}

/// The long form of [`Subscribe`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscribeSince {
    /// The id, or `*`.
    pub id: String,
    /// Where to go on from.
    #[serde(
        default,
        deserialize_with = "object::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub since: Option<Position>,
}

/// What `client:ready` may carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object, perhaps with a since")]
pub struct Ready {
    /// Where to go on from.
    #[serde(
        default,
        deserialize_with = "object::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub since: Option<Position>,
}

/// Which message is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object with a messageId")]
pub struct Acknowledge {
    /// The message.
    pub message_id: MessageId,
}

/// Whether a message was received, or also read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Acknowledgement {
    /// It arrived.
    Received,
    /// Somebody read it; implies that it arrived.
    Read,
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
    /// The event that acknowledges a message.
    pub fn acknowledge(message: MessageId, what: Acknowledgement) -> Self {
        let payload = Acknowledge { message_id: message };
        match what {
            Acknowledgement::Received => Self::MessageReceived(payload),
            Acknowledgement::Read => Self::MessageRead(payload),
        }
    }

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
