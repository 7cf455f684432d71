//! What is inside one WebSocket message.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, value::RawValue};

use crate::{
    error::WireError,
    event::{ClientEvent, ServerEvent},
    id::{ConnectionId, PrincipalId},
    position::Offset,
    topic::Topic,
};

/// What a client sends: `{"event", "payload"?, "id"?}`. An `id` asks for a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFrame {
    /// The event and its payload.
    #[serde(flatten)]
    pub event: ClientEvent,
    /// Echoed by the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Number>,
}

/// What the hub reads of a client's message before it knows who handles it.
#[derive(Debug, Deserialize)]
pub struct RawClientFrame<'a> {
    /// The event's name, known or not.
    pub event: String,
    /// The payload, unread.
    #[serde(borrow, default)]
    pub payload: Option<&'a RawValue>,
    /// Echoed by the reply.
    #[serde(default)]
    pub id: Option<Number>,
}

/// What the hub sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ServerFrame {
    /// An answer to a message that had an id.
    Reply(Reply),
    /// An event of the log.
    Event(EventFrame),
    /// The hub's own.
    Hub(HubEvent),
}

/// An event of the log: `{"event", "payload", "offset"}`, and `"replay": true` when replayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventFrame {
    /// The event and its payload.
    #[serde(flatten)]
    pub event: ServerEvent,
    /// Its place in the log.
    pub offset: Offset,
    /// Whether it comes from a replay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
}

/// `{"reply": ID, "ok": {...}}` or `{"reply": ID, "error": {...}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The id that asked for it.
    pub reply: Number,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The answer in a [`Reply`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Done: what the event's row in the design's table says.
    Ok(Value),
    /// Not done.
    Error(WireError),
}

/// What the hub says by itself, without a place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "payload")]
pub enum HubEvent {
    /// The first message of every connection.
    #[serde(rename = "hub:welcome")]
    Welcome(Welcome),
    /// Everything covered up to its offset was sent before.
    #[serde(rename = "hub:heartbeat")]
    Heartbeat(Heartbeat),
    /// An error in a message that had no id.
    #[serde(rename = "hub:error")]
    Error(WireError),
    /// The server took a subscription away.
    #[serde(rename = "hub:unsubscribed")]
    Unsubscribed(Unsubscribed),
}

/// The payload of `hub:welcome`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The connection's id in `/connections`.
    pub connection_id: ConnectionId,
    /// [`crate::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The log's epoch.
    pub epoch: String,
    /// The log's head.
    pub offset: Offset,
    /// Seconds between heartbeats.
    pub heartbeat_seconds: u64,
    /// Who acts through this connection.
    pub user_id: PrincipalId,
}

/// The payload of `hub:heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Everything covered up to it was sent before.
    pub offset: Offset,
}

/// The payload of `hub:unsubscribed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsubscribed {
    /// What is no longer subscribed to.
    pub topic: Topic,
    /// Why.
    pub reason: String,
}
