//! What is inside one WebSocket message (docs/protocol.md, "Frames").

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Number, Value, value::RawValue};

use crate::{
    error::WireError,
    event::{ClientEvent, ServerEvent, ServerEventKind},
    id::{ConnectionId, PrincipalId},
    model::LogEntry,
    position::Offset,
    topic::{Kind, Topic},
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
#[serde(expecting = "an object with an event")]
pub struct RawClientFrame<'a> {
    /// The event's name, known or not.
    pub event: String,
    /// The payload, unread.
    #[serde(borrow, default)]
    pub payload: Option<&'a RawValue>,
    /// Echoed by the reply as it is written, so that no number is too long for it.
    #[serde(borrow, default, deserialize_with = "number")]
    pub id: Option<&'a RawValue>,
}

/// Reads a number, or `null`, and leaves it as it is written.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    match Option::<&RawValue>::deserialize(from)? {
        Some(value) if !is_number(value) => Err(D::Error::custom("id: expected a number")),
        id => Ok(id),
    }
}

/// Whether that JSON is a number.
pub fn is_number(value: &RawValue) -> bool {
    value.get().starts_with(|first: char| first == '-' || first.is_ascii_digit())
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
///
/// The payload is kept as it came. Whoever wants it reads it, as the type that its name tells: a
/// client that follows a thousand events a second spends nothing on those that it does not look at.
#[derive(Debug, Clone, Serialize)]
pub struct EventFrame {
    /// The event's name.
    #[serde(rename = "event")]
    pub name: &'static str,
    /// What it carries, unread.
    pub payload: Box<RawValue>,
    /// Its place in the log.
    pub offset: Offset,
    /// Whether it comes from a replay.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
}

impl EventFrame {
    /// The frame of an event that is not replayed.
    ///
    /// # Errors
    /// Those of writing the payload; there are none for payloads made of this crate's types.
    pub fn new(event: &ServerEvent, offset: Offset) -> serde_json::Result<Self> {
        let payload = RawValue::from_string(event.payload_json()?)?;
        Ok(Self { name: event.name(), payload, offset, replay: false })
    }

    /// The frame of a row of the log.
    ///
    /// # Errors
    /// When there is no such event.
    pub fn of_log(entry: &LogEntry) -> serde_json::Result<Self> {
        let payload = RawValue::from_string(entry.payload.to_string())?;
        Ok(Self { name: known(&entry.event)?, payload, offset: entry.offset, replay: false })
    }

    /// The event, with its payload read.
    ///
    /// # Errors
    /// When the payload is not what such an event carries.
    pub fn event(&self) -> serde_json::Result<ServerEvent> {
        ServerEvent::from_parts(self.name, self.payload.get())
    }

    /// The payload, when it is an event of that kind.
    ///
    /// # Errors
    /// When the payload is not what such an event carries.
    pub fn payload_of<K: ServerEventKind>(&self) -> Option<serde_json::Result<K::Payload>> {
        (self.name == K::NAME).then(|| serde_json::from_str(self.payload.get()))
    }

    /// What kind of entity it is about; none: it goes to everybody.
    pub fn kind(&self) -> Option<Kind> {
        let (kind, _) = self.name.split_once(':')?;
        kind.parse().ok()
    }

    /// The topic of the entity that it is about; none: it goes to everybody, or its payload names none.
    pub fn topic(&self) -> Option<Topic> {
        #[derive(Deserialize)]
        struct About {
            #[serde(alias = "agentId", alias = "chatId", alias = "collectionId")]
            id: String,
        }
        let about: About = serde_json::from_str(self.payload.get()).ok()?;
        Topic::of(self.kind()?, &about.id).ok()
    }
}

impl<'de> Deserialize<'de> for EventFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Envelope::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

/// The same event in the same place: how its JSON is spaced makes no difference.
impl PartialEq for EventFrame {
    fn eq(&self, other: &Self) -> bool {
        let payload = |frame: &Self| serde_json::from_str::<Value>(frame.payload.get()).ok();
        (self.name, self.offset, self.replay) == (other.name, other.offset, other.replay)
            && payload(self) == payload(other)
    }
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
    /// Done: the event's reply, [`ClientEventKind::Reply`](crate::event::ClientEventKind::Reply).
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
/// which made the browser's program larger by a tenth.
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
        let name = known(envelope.event()?.0)?;
        let payload = envelope.payload.ok_or_else(|| Error::missing_field("payload"))?;
        let offset = envelope.offset.ok_or_else(|| Error::missing_field("offset"))?;
        Ok(Self { name, payload, offset, replay: envelope.replay })
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
            _ => Err(no_such_event(name)),
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

/// The name of an event that there is.
fn known(name: &str) -> serde_json::Result<&'static str> {
    let known = ServerEvent::NAMES.iter().find(|known| **known == name);
    known.copied().ok_or_else(|| no_such_event(name))
}

fn no_such_event(name: &str) -> serde_json::Error {
    Error::custom(format_args!("there is no event {name}"))
}
