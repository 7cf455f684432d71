//! What is inside one WebSocket message.

use serde::{Deserialize, Serialize, de::Error};
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

/// What the hub sends. Read from JSON only: which type a payload has is told by the event's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Envelope")]
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
#[serde(try_from = "Envelope")]
pub struct EventFrame {
    /// The event and its payload.
    #[serde(flatten)]
    pub event: ServerEvent,
    /// Its place in the log.
    pub offset: Offset,
    /// Whether it comes from a replay.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
}

/// `{"reply": ID, "ok": {...}}` or `{"reply": ID, "error": {...}}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reply {
    /// The id that asked for it.
    pub reply: Number,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The answer in a [`Reply`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Done: what the event's row in the design's table says.
    Ok(Value),
    /// Not done.
    Error(WireError),
}

/// What the hub says by itself, without a place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// Any message of the hub, its payload unread.
///
/// Serde's own `untagged` and `flatten` read every payload's type through several deserializers,
/// which made the browser's program larger by a tenth. Here each is read by one.
#[derive(Deserialize)]
struct Envelope {
    event: Option<String>,
    payload: Option<Box<RawValue>>,
    offset: Option<Offset>,
    #[serde(default)]
    replay: bool,
    reply: Option<Number>,
    ok: Option<Value>,
    error: Option<WireError>,
}

impl TryFrom<Envelope> for ServerFrame {
    type Error = serde_json::Error;

    fn try_from(envelope: Envelope) -> serde_json::Result<Self> {
        if let Some(reply) = envelope.reply {
            let outcome = match (envelope.ok, envelope.error) {
                (_, Some(error)) => Outcome::Error(error),
                (Some(ok), None) => Outcome::Ok(ok),
                (None, None) => return Err(Error::missing_field("ok")),
            };
            return Ok(Self::Reply(Reply { reply, outcome }));
        }
        if envelope.offset.is_some() {
            return envelope.try_into().map(Self::Event);
        }
        envelope.try_into().map(Self::Hub)
    }
}

impl TryFrom<Envelope> for EventFrame {
    type Error = serde_json::Error;

    fn try_from(envelope: Envelope) -> serde_json::Result<Self> {
        let (name, payload) = envelope.event()?;
        let event = ServerEvent::from_parts(name, payload)?;
        let offset = envelope.offset.ok_or_else(|| Error::missing_field("offset"))?;
        Ok(Self { event, offset, replay: envelope.replay })
    }
}

impl TryFrom<Envelope> for HubEvent {
    type Error = serde_json::Error;

    fn try_from(envelope: Envelope) -> serde_json::Result<Self> {
        let (name, payload) = envelope.event()?;
        match name {
            "hub:welcome" => serde_json::from_str(payload).map(Self::Welcome),
            "hub:heartbeat" => serde_json::from_str(payload).map(Self::Heartbeat),
            "hub:error" => serde_json::from_str(payload).map(Self::Error),
            "hub:unsubscribed" => serde_json::from_str(payload).map(Self::Unsubscribed),
            _ => Err(Error::custom(format_args!("there is no event {name}"))),
        }
    }
}

impl Envelope {
    /// The event's name and its payload's JSON.
    fn event(&self) -> serde_json::Result<(&str, &str)> {
        let name = self.event.as_deref().ok_or_else(|| Error::missing_field("event"))?;
        let payload = self.payload.as_ref().ok_or_else(|| Error::missing_field("payload"))?;
        Ok((name, payload.get()))
    }
}
