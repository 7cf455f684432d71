//! The bodies of REST requests (docs/protocol.md, "REST"): what is created, changed and sent.
//!
//! An unknown field is an error everywhere. A patch is a JSON merge patch (RFC 7396): an absent
//! field stays, `null` clears, and `metadata` is merged member by member.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    id::{AgentId, ChatId, CollectionId, MessageId, PrincipalId, PrincipalKind},
    model::{AgentStatus, Metadata, NotificationType, Visibility},
    object,
};

/// The body of `POST /agents`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAgent {
    /// Chosen by the client; the server makes one when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AgentId>,
    /// 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// At most 10,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 10000))]
    pub description: Option<String>,
    /// At most 100, each of 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(
        feature = "openapi",
        schema(max_items = 100, value_type = Vec<crate::openapi::Capability>)
    )]
    pub capabilities: Vec<String>,
    /// At most 64 KiB as JSON.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
}

/// The body of `PATCH /agents/{id}`. The status has a path of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentPatch {
    /// As in `NewAgent`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200, nullable = false))]
    pub name: Option<String>,
    /// As in `NewAgent`; `null` clears it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 10000))]
    pub description: Option<Option<String>>,
    /// As in `NewAgent`; `null` empties it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(max_items = 100, value_type = Option<Vec<crate::openapi::Capability>>)
    )]
    pub capabilities: Option<Option<Vec<String>>>,
    /// Merged into what is there; `null` empties it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Option<Metadata>>,
}

/// The body of `PUT /agents/{id}/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusChange {
    /// What the agent is doing now.
    pub status: AgentStatus,
    /// More about it, at most 1,000 characters; absent clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 1000))]
    pub status_detail: Option<String>,
}

/// The body of `POST /chats`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewChat {
    /// Chosen by the client; the server makes one when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ChatId>,
    /// 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub title: String,
    /// Who sees it; it cannot be changed later. Whoever creates a chat with `participants` is in it
    /// without being named.
    #[serde(default, skip_serializing_if = "Visibility::is_open")]
    pub visibility: Visibility,
    /// Who is in it from the start, at most 1,000.
    #[serde(default, deserialize_with = "object::list", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 1000))]
    pub participants: Vec<NewParticipant>,
    /// At most 64 KiB as JSON.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
}

/// The body of `PATCH /chats/{id}`. Participants have a path of their own; who sees it stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatPatch {
    /// As in `NewChat`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200, nullable = false))]
    pub title: Option<String>,
    /// Merged into what is there; `null` empties it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Option<Metadata>>,
}

/// Somebody who is to join: the body of `POST /chats/{id}/participants`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewParticipant {
    /// An agent that exists, or a person.
    pub participant_id: PrincipalId,
    /// Agent or person.
    pub kind: PrincipalKind,
}

/// The body of `POST /chats/{id}/messages`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewMessage {
    /// Chosen by the client; the server makes one when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// 1 to 65,536 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 65536))]
    pub content: String,
    /// The message of the same chat that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
}

/// The body of `POST /collections`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewCollection {
    /// Chosen by the client; the server makes one when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CollectionId>,
    /// 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// At most 10,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 10000))]
    pub description: Option<String>,
    /// At most 64 KiB as JSON.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
}

/// The body of `PATCH /collections/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CollectionPatch {
    /// As in `NewCollection`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200, nullable = false))]
    pub name: Option<String>,
    /// As in `NewCollection`; `null` clears it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 10000))]
    pub description: Option<Option<String>>,
    /// Merged into what is there; `null` empties it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Option<Metadata>>,
}

/// The body of `POST /notifications`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewNotification {
    /// How serious it is.
    #[serde(rename = "type")]
    pub notification_type: NotificationType,
    /// 1 to 2,000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 2000))]
    pub message: String,
    /// Any JSON, at most 64 KiB of it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

/// Reads a field that is there: `null` is a value of `T`, or an error, but never "absent".
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}
