//! `/chats/{id}/messages`, and who received and who read them.

use colloquy_protocol::{
    id::{ChatId, MessageId},
    model::{Chat, Message, Page, Receipt},
    request::NewMessage,
};
use serde::{Deserialize, Serialize};

use super::{ApiError, RequestKey, Seen, entity, get, post, together, with_query};

/// How many messages are read at a time.
const LIMIT: &str = "50";

/// Of how many messages the receipts are read. It is more than [`LIMIT`], because what is the newest
/// may have moved on between the two reads.
const RECEIPTS_LIMIT: &str = "100";

/// Messages that follow each other, and their receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The oldest first.
    pub messages: Vec<Message>,
    /// Whether there are more in the direction in which was read: older ones, or with
    /// [`Place::After`] newer ones.
    pub more: bool,
    /// The receipts of these messages, perhaps with some of other messages.
    pub receipts: Vec<Receipt>,
}

/// Which messages of a chat to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// The newest.
    Newest,
    /// Those before a message, up to it.
    Before(&'a MessageId),
    /// Those after a message, from it on.
    After(&'a MessageId),
}

/// Some messages of a chat.
///
/// # Errors
/// As [`get`].
pub async fn part(chat: &ChatId, place: Place<'_>) -> Result<Seen<Part>, ApiError> {
    let parameter = match place {
        Place::Newest => ("before", None),
        Place::Before(id) => ("before", Some(id.as_str())),
        Place::After(id) => ("after", Some(id.as_str())),
    };
    let path = |of: &str, place: Option<&str>, limit: &str| {
        with_query(&format!("/chats/{chat}/{of}"), &[(parameter.0, place), ("limit", Some(limit))])
    };
    let messages = get::<Page<Message>>(&path("messages", parameter.1, LIMIT)).await?;
    let mut part = messages.map(|messages| Part {
        more: messages.next_cursor.is_some(),
        messages: messages.items,
        receipts: Vec::new(),
    });
    let mut next = parameter.1.map(str::to_owned);
    loop {
        let path = path("receipts", next.as_deref(), RECEIPTS_LIMIT);
        let receipts = get::<Page<Receipt>>(&path).await?;
        let Seen { value: (read, receipts), position } = together(part, receipts)?;
        part = Seen { value: read, position };
        part.value.receipts.extend(receipts.items);
        next = receipts.next_cursor;
        // There were too many for one answer when it ends at one of these messages, and not the last.
        let ends_at = |message: &Message| next.as_deref() == Some(message.id.as_str());
        let messages = &part.value.messages;
        let last = if let Place::After(_) = place { messages.last() } else { messages.first() };
        if !messages.iter().any(ends_at) || last.is_some_and(ends_at) {
            return Ok(part);
        }
    }
}

/// One message.
///
/// # Errors
/// As [`get`].
pub async fn read(id: &MessageId) -> Result<Seen<Message>, ApiError> {
    get(&format!("/messages/{id}")).await
}

/// A chat and its newest messages.
///
/// # Errors
/// As [`get`].
pub async fn open(chat: &ChatId) -> Result<Seen<(Chat, Part)>, ApiError> {
    together(entity::read(chat.as_str()).await?, part(chat, Place::Newest).await?)
}

/// Says something in a chat.
///
/// # Errors
/// As [`get`].
pub async fn send(
    chat: &ChatId,
    key: &RequestKey,
    message: &NewMessage,
) -> Result<Message, ApiError> {
    post(&format!("/chats/{chat}/messages"), key, message).await
}
