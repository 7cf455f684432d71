//! Agents, chats, messages, collections and receipts, as they are sent.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    id::{AgentId, ChatId, CollectionId, MessageId, Principal, PrincipalId, PrincipalKind},
    position::Offset,
    time::Timestamp,
    word::read_as_word,
};

/// What an entity carries for its users; the hub does not look inside.
pub type Metadata = Map<String, Value>;

read_as_word!(AgentStatus, Visibility, NotificationType);

/// What an agent is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AgentStatus {
    /// Ready for work.
    Idle,
    /// At work.
    Working,
    /// Waiting for somebody or something.
    Waiting,
    /// Stuck.
    Error,
    /// Not there; every agent begins so.
    Offline,
}

impl AgentStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Idle, Self::Working, Self::Waiting, Self::Error, Self::Offline];

    /// The status as it is written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Error => "error",
            Self::Offline => "offline",
        }
    }
}

/// A text that is no [`AgentStatus`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a status is idle, working, waiting, error or offline")]
pub struct InvalidStatus;

impl FromStr for AgentStatus {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, InvalidStatus> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(InvalidStatus)
    }
}

/// A program that takes part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agent {
    /// Made by the server (UUID v7) or chosen by the client.
    pub id: AgentId,
    /// 1 to 200 characters.
    pub name: String,
    /// What it is for.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub description: Option<String>,
    /// What it is doing.
    pub status: AgentStatus,
    /// More about what it is doing.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub status_detail: Option<String>,
    /// What it can do, in its own words.
    pub capabilities: Vec<String>,
    /// Anything else.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The offset of its last event: never the same twice in one history.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub version: Offset,
}

/// Somebody in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Participant {
    /// The agent's or person's id.
    pub participant_id: PrincipalId,
    /// Agent or person.
    pub kind: PrincipalKind,
    /// When they joined.
    pub joined_at: Timestamp,
}

/// Who sees a chat: `open`, whoever may read at all; `participants`, only those who are in it, and
/// for everybody else, administrators included, it does not exist. It never changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Visibility {
    /// Whoever may read at all.
    #[default]
    Open,
    /// Only who is in it: for everybody else, administrators included, it does not exist.
    Participants,
}

impl Visibility {
    /// Every visibility.
    pub const ALL: [Self; 2] = [Self::Open, Self::Participants];

    /// The visibility as it is written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Participants => "participants",
        }
    }

    /// Whether it is [`Visibility::Open`], which is not written.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// A text that is no [`Visibility`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a visibility is open or participants")]
pub struct InvalidVisibility;

impl FromStr for Visibility {
    type Err = InvalidVisibility;

    fn from_str(text: &str) -> Result<Self, InvalidVisibility> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(InvalidVisibility)
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chat {
    /// Made by the server (UUID v7) or chosen by the client.
    pub id: ChatId,
    /// 1 to 200 characters.
    pub title: String,
    /// Who sees it; absent: `open`.
    #[serde(default, skip_serializing_if = "Visibility::is_open")]
    pub visibility: Visibility,
    /// Who is in it, in the order in which they joined.
    pub participants: Vec<Participant>,
    /// Anything else.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it, or who is in it, was last changed.
    pub updated_at: Timestamp,
    /// The offset of its last event but messages and receipts: joins and leaves change it.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub version: Offset,
}

impl Chat {
    /// Whether somebody is in it. An agent and a person may have the same id.
    pub fn has(&self, who: &Principal) -> bool {
        self.participants.iter().any(|one| one.participant_id == who.id && one.kind == who.kind)
    }

    /// Whether it exists for somebody.
    pub fn is_visible_to(&self, who: &Principal) -> bool {
        self.visibility.is_open() || self.has(who)
    }
}

/// What somebody said in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Made by the server (UUID v7) or chosen by the client.
    pub id: MessageId,
    /// The chat it is in.
    pub chat_id: ChatId,
    /// Who said it.
    pub sender_id: PrincipalId,
    /// Agent or person.
    pub sender_kind: PrincipalKind,
    /// What was said; Markdown by convention.
    pub content: String,
    /// The message of the same chat that it answers.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub reply_to: Option<MessageId>,
    /// When it was said.
    pub created_at: Timestamp,
}

/// A named set of things that agents share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Collection {
    /// Made by the server (UUID v7) or chosen by the client.
    pub id: CollectionId,
    /// 1 to 200 characters.
    pub name: String,
    /// What it holds.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub description: Option<String>,
    /// Anything else; its events carry it, too.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The offset of its last event.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub version: Offset,
}

/// That somebody received, and perhaps read, a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// Which message.
    pub message_id: MessageId,
    /// Who has it.
    pub principal_id: PrincipalId,
    /// Agent or person.
    pub principal_kind: PrincipalKind,
    /// When it was received.
    pub received_at: Timestamp,
    /// When it was read; reading implies having received.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub read_at: Option<Timestamp>,
}

/// How serious a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NotificationType {
    /// For your information.
    Info,
    /// Something may need attention.
    Warning,
    /// Something went wrong.
    Error,
    /// Something went well.
    Success,
}

impl NotificationType {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Success];

    /// The type as it is written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Success => "success",
        }
    }
}

/// A text that is no [`NotificationType`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a type is info, warning, error or success")]
pub struct InvalidNotificationType;

impl FromStr for NotificationType {
    type Err = InvalidNotificationType;

    fn from_str(text: &str) -> Result<Self, InvalidNotificationType> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(InvalidNotificationType)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Asks for the next page; none: this was the last.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next_cursor: Option<String>,
}

/// One row of the log, as `/events` lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogEntry {
    /// Its place in the log.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub offset: Offset,
    /// The event's name, such as `agent:created`.
    pub event: String,
    /// The event's payload, as it was sent.
    pub payload: Value,
    /// The entity's topic; none for a notification, which goes to everybody.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub topic: Option<crate::topic::Topic>,
    /// Who acted.
    pub actor_id: PrincipalId,
    /// Agent or person.
    pub actor_kind: PrincipalKind,
    /// When it happened.
    pub timestamp: Timestamp,
}

/// A connection with more events than that between it and the log's head is far behind.
pub const FAR_BEHIND: Offset = 100;

/// One WebSocket connection, as `/connections` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionInfo {
    /// As in its `hub:welcome`.
    pub id: crate::id::ConnectionId,
    /// Who acts through it.
    pub user_id: PrincipalId,
    /// Agent or person.
    pub user_kind: PrincipalKind,
    /// When it was opened.
    pub connected_at: Timestamp,
    /// Where it comes from: an address, with its port unless a proxy says it, or `control socket`.
    pub address: String,
    /// What the peer says that it is.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub user_agent: Option<String>,
    /// Whether it said `client:ready`.
    pub ready: bool,
    /// What it is subscribed to.
    pub subscriptions: Vec<crate::topic::Topic>,
    /// How many messages wait in its queue.
    pub queued_messages: u64,
    /// How many bytes they have.
    pub queued_bytes: u64,
    /// Everything that it is subscribed to, up to here, was handed to its socket.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub offset: Offset,
    /// How many events of the log (covered or not) that is behind the head.
    pub behind: u64,
}

/// What there is, and how the hub is, in one read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// How many agents there are.
    pub agents: AgentCounts,
    /// How many chats there are.
    pub chats: u64,
    /// How many collections there are.
    pub collections: u64,
    /// How many messages the chats have together.
    pub messages: u64,
    /// What the log holds.
    pub events: LogSpan,
    /// How many are connected.
    pub connections: ConnectionCounts,
    /// Where people reach the server, as far as it knows: its public URL, or an address that can be
    /// opened on its own machine.
    pub url: String,
    /// The server's version.
    pub version: String,
    /// When the server started.
    pub started_at: Timestamp,
    /// The size of the database's file; its journal comes on top.
    pub database_bytes: u64,
}

/// How many agents there are, and what they are doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentCounts {
    /// All of them.
    pub total: u64,
    /// Those that are ready for work.
    pub idle: u64,
    /// Those at work.
    pub working: u64,
    /// Those that wait for somebody or something.
    pub waiting: u64,
    /// Those that are stuck.
    pub error: u64,
    /// Those that are not there.
    pub offline: u64,
}

/// Which part of the log is kept: the oldest events are forgotten in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogSpan {
    /// The oldest event that is kept; none: the log is empty.
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<u64>))]
    pub first: Option<Offset>,
    /// The newest event.
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<u64>))]
    pub last: Option<Offset>,
    /// How many events are kept.
    pub count: u64,
}

/// How many WebSocket connections are open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionCounts {
    /// All of them.
    pub total: u64,
    /// Those that are more than 100 events behind the log's head.
    pub behind: u64,
}
