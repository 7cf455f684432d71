//! Rows of messages.

use colloquy_protocol::{
    id::{ChatId, MessageId, Principal},
    model::Message,
    position::Offset,
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{batch::Batch, list, row, search, visibility};

/// Which messages of a chat are listed: the newest, the newest before one, or the next after one.
#[derive(Debug, Clone, Default)]
pub struct MessageQuery {
    /// Those before this message.
    pub before: Option<MessageId>,
    /// Those after this message.
    pub after: Option<MessageId>,
    /// At most that many.
    pub limit: u32,
    /// Those whose content contains this text.
    pub q: Option<String>,
}

/// The message of that id, if its chat exists for the viewer.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    id: &MessageId,
    viewer: &Principal,
) -> sqlx::Result<Option<Message>> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT messages.* FROM messages JOIN chats ON chats.id = chat_id WHERE messages.id = ",
    );
    sql.push_bind(id.as_str().to_owned()).push(" AND ");
    visibility::push_chat(&mut sql, viewer);
    sql.build().try_map(|found| message(&found)).fetch_optional(connection).await
}

/// Whether there is a message of that id, whoever sees it. One that a deleted chat left behind makes way.
pub(crate) async fn is_taken(
    connection: &mut SqliteConnection,
    id: &MessageId,
) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar::<_, bool>(
        "SELECT EXISTS (SELECT 1 FROM chats WHERE id = chat_id) FROM messages WHERE id = ?1",
    );
    let has_chat = found.bind(id.as_str()).fetch_optional(&mut *connection).await?;
    if has_chat == Some(false) {
        let left = sqlx::query("DELETE FROM messages WHERE id = ?1");
        left.bind(id.as_str()).execute(connection).await?;
    }
    Ok(has_chat == Some(true))
}

/// The place of a message in its chat, if it is in that chat.
pub(crate) async fn place(
    connection: &mut SqliteConnection,
    chat: &ChatId,
    id: &MessageId,
) -> sqlx::Result<Option<Offset>> {
    sqlx::query("SELECT seq FROM messages WHERE id = ?1 AND chat_id = ?2")
        .bind(id.as_str())
        .bind(chat.as_str())
        .try_map(|found: SqliteRow| row::number(&found, "seq"))
        .fetch_optional(connection)
        .await
}

/// The messages of a chat, which exists for who asks, between two places, newest last, and whether
/// there are more: older ones when there is no `after`, newer ones otherwise.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    chat: &ChatId,
    before: Option<Offset>,
    after: Option<Offset>,
    query: &MessageQuery,
) -> sqlx::Result<(Vec<Message>, bool)> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM messages WHERE chat_id = ");
    sql.push_bind(chat.as_str().to_owned());
    if let Some(before) = before {
        sql.push(" AND seq < ").push_bind(row::integer(before));
    }
    if let Some(after) = after {
        sql.push(" AND seq > ").push_bind(row::integer(after));
    }
    if let Some(q) = &query.q {
        search::push_message(&mut sql, connection, chat, q).await?;
    }
    sql.push(if after.is_some() { " ORDER BY seq" } else { " ORDER BY seq DESC" });
    sql.push(" LIMIT ").push_bind(i64::from(query.limit) + 1);
    let found = sql.build().try_map(|found| message(&found)).fetch(connection);
    let (mut messages, more) = list::page_of(found, query.limit).await?;
    if after.is_none() {
        messages.reverse();
    }
    Ok((messages, more))
}

/// Has messages added, each at its place of the log.
pub(super) fn insert(
    batch: &mut Batch,
    messages: impl ExactSizeIterator<Item = (Offset, Message)>,
) {
    let into = "INSERT INTO messages (seq, id, chat_id, sender_id, sender_kind, content, reply_to, \
                created_at)";
    batch.insert(into, 8, messages, |columns, (place, message)| {
        columns
            .push_bind(row::integer(place))
            .push_bind(String::from(message.id))
            .push_bind(String::from(message.chat_id))
            .push_bind(String::from(message.sender_id))
            .push_bind(message.sender_kind.as_str())
            .push_bind(message.content)
            .push_bind(message.reply_to.map(String::from))
            .push_bind(message.created_at.as_millis());
    });
}

fn message(found: &SqliteRow) -> sqlx::Result<Message> {
    Ok(Message {
        id: row::text(found, "id")?,
        chat_id: row::text(found, "chat_id")?,
        sender_id: row::text(found, "sender_id")?,
        sender_kind: row::text(found, "sender_kind")?,
        content: found.try_get("content")?,
        reply_to: row::optional_text(found, "reply_to")?,
        created_at: row::moment(found, "created_at")?,
    })
}
