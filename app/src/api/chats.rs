//! `/chats`.

use colloquy_protocol::{
    id::{ChatId, PrincipalId},
    model::{Chat, Page, Participant},
    position::Offset,
    request::{ChatPatch, NewChat, NewParticipant},
};

use super::{ApiError, RequestKey, Seen, delete, delete_if_there, get, patch, post, with_query};

/// One page of the chats that fit; each parameter as the REST API takes it.
///
/// # Errors
/// As [`get`].
pub async fn list(parameters: &[(&str, Option<&str>)]) -> Result<Seen<Page<Chat>>, ApiError> {
    get(&with_query("/chats", parameters)).await
}

/// One chat.
///
/// # Errors
/// As [`get`].
pub async fn read(id: &ChatId) -> Result<Seen<Chat>, ApiError> {
    get(&format!("/chats/{id}")).await
}

/// Creates a chat and returns it.
///
/// # Errors
/// As [`get`].
pub async fn create(key: &RequestKey, chat: &NewChat) -> Result<Chat, ApiError> {
    post("/chats", key, chat).await
}

/// Changes a chat that still has that version, and returns it.
///
/// # Errors
/// As [`patch`].
pub async fn change(id: &ChatId, version: Offset, change: &ChatPatch) -> Result<Chat, ApiError> {
    patch(&format!("/chats/{id}"), Some(version), change).await
}

/// Deletes a chat with its messages.
///
/// # Errors
/// As [`get`].
pub async fn remove(id: &ChatId) -> Result<(), ApiError> {
    delete_if_there(&format!("/chats/{id}")).await
}

/// Lets somebody join.
///
/// # Errors
/// As [`get`].
pub async fn join(
    id: &ChatId,
    key: &RequestKey,
    who: &NewParticipant,
) -> Result<Participant, ApiError> {
    post(&format!("/chats/{id}/participants"), key, who).await
}

/// Lets somebody leave.
///
/// # Errors
/// As [`get`].
pub async fn leave(id: &ChatId, who: &PrincipalId) -> Result<(), ApiError> {
    delete(&format!("/chats/{id}/participants/{who}")).await
}
