//! Rows of chats and of who is in them.

use std::collections::HashMap;

use colloquy_protocol::{
    id::{ChatId, Principal, PrincipalId, PrincipalKind},
    model::{Chat, Participant},
    position::Offset,
};
use futures_util::stream;
use serde_json::Value;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    list::{self, Keys, Listed, Paging},
    row, search, visibility,
};
use crate::error::Result;

/// The most messages and receipts that are removed while others wait for it: some 20 ms.
pub(crate) const AT_ONCE: u32 = 4_000;

/// Of how many chats of a page the participants are read at once: some have very many.
const PEOPLED_AT_ONCE: usize = 50;

impl Listed for Chat {
    const NAME: &'static str = "title";

    fn keys(&self) -> Keys<'_> {
        Keys {
            id: self.id.as_str(),
            name: &self.title,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The chat of that id, with its participants, if it exists for the viewer.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    id: &ChatId,
    viewer: &Principal,
) -> sqlx::Result<Option<Chat>> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM chats WHERE id = ");
    sql.push_bind(id.as_str().to_owned()).push(" AND ");
    visibility::push_chat(&mut sql, viewer);
    let found = sql.build().try_map(|found| chat(&found)).fetch_optional(&mut *connection);
    let mut found = found.await?;
    add_participants(connection, found.as_mut_slice()).await?;
    Ok(found)
}

/// Whether there is a chat of that id, whoever sees it.
pub(crate) async fn exists(connection: &mut SqliteConnection, id: &ChatId) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM chats WHERE id = ?1)")
        .bind(id.as_str())
        .fetch_one(connection)
        .await
}

/// Whether a chat of that id was deleted, and its messages are still being removed.
pub(crate) async fn is_being_emptied(
    connection: &mut SqliteConnection,
    id: &ChatId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM emptied_chats WHERE id = ?1)")
        .bind(id.as_str())
        .fetch_one(connection)
        .await
}

/// A deleted chat that still has messages.
pub(super) async fn any_being_emptied(
    connection: &mut SqliteConnection,
) -> sqlx::Result<Option<ChatId>> {
    sqlx::query("SELECT id FROM emptied_chats LIMIT 1")
        .try_map(|found| row::text(&found, "id"))
        .fetch_optional(connection)
        .await
}

/// Removes messages of a deleted chat with their receipts, for as long as there is `room` for so many rows;
/// at least one message, unless there is none.
pub(super) async fn empty(
    connection: &mut SqliteConnection,
    id: &ChatId,
    room: &mut u32,
) -> sqlx::Result<()> {
    if exists(&mut *connection, id).await? {
        // The messages are those of a chat that lives.
        return forget_emptied(connection, id).await;
    }
    let first = sqlx::query_as::<_, (i64, u32)>(
        "WITH first AS (SELECT seq, id FROM messages WHERE chat_id = ?1 ORDER BY seq LIMIT ?2), \
         summed AS (SELECT seq, sum(1 + (SELECT count(*) FROM receipts WHERE message_id = id)) \
         OVER (ORDER BY seq) AS total FROM first) \
         SELECT seq, total FROM summed WHERE total <= ?2 OR seq = (SELECT min(seq) FROM first) \
         ORDER BY seq DESC LIMIT 1",
    )
    .bind(id.as_str())
    .bind(*room)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some((last, total)) = first {
        sqlx::query("DELETE FROM messages WHERE chat_id = ?1 AND seq <= ?2")
            .bind(id.as_str())
            .bind(last)
            .execute(&mut *connection)
            .await?;
        *room = room.saturating_sub(total);
    }
    let any = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM messages WHERE chat_id = ?1)");
    if !any.bind(id.as_str()).fetch_one(&mut *connection).await? {
        return forget_emptied(connection, id).await;
    }
    sqlx::query("INSERT OR IGNORE INTO emptied_chats (id) VALUES (?1)")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn forget_emptied(connection: &mut SqliteConnection, id: &ChatId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM emptied_chats WHERE id = ?1")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// One page of the chats that exist for the viewer, those of one participant if it is given, and
/// the cursor of the next.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    paging: &Paging,
    participant: Option<&PrincipalId>,
    viewer: &Principal,
) -> Result<(Vec<Chat>, Option<String>)> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM chats WHERE ");
    visibility::push_chat(&mut sql, viewer);
    if let Some(participant) = participant {
        sql.push(" AND id IN (SELECT chat_id FROM participants WHERE participant_id = ")
            .push_bind(participant.as_str().to_owned())
            .push(")");
    }
    if let Some(text) = paging.text() {
        search::push_contains(&mut sql, &["id", "title"], &[text]);
    }
    paging.push(&mut sql);
    let mut chats = sql.build().try_map(|found| chat(&found)).fetch_all(&mut *connection).await?;
    let mut size = 0;
    for some in chats.chunks_mut(PEOPLED_AT_ONCE) {
        add_participants(connection, some).await?;
        size += some.iter().map(list::bytes).sum::<usize>();
        if size > list::PAGE_BYTES {
            // Those that follow are on no page with these.
            break;
        }
    }
    paging.page(stream::iter(chats.into_iter().map(Ok))).await
}

/// All the chats that an agent is in, with all their participants, the oldest first.
pub(crate) async fn of_agent(
    connection: &mut SqliteConnection,
    agent: &PrincipalId,
) -> sqlx::Result<Vec<Chat>> {
    let mut chats = sqlx::query(
        "SELECT chats.* FROM chats JOIN participants ON chat_id = id \
         WHERE participant_id = ?1 AND kind = ?2 ORDER BY seq",
    )
    .bind(agent.as_str())
    .bind(PrincipalKind::Agent.as_str())
    .try_map(|found| chat(&found))
    .fetch_all(&mut *connection)
    .await?;
    add_participants(connection, &mut chats).await?;
    Ok(chats)
}

/// Adds a chat, or puts it in the place of the one with its id. Participants are rows apart; who
/// sees it, and the offset at which it began, stay.
pub(crate) async fn put(connection: &mut SqliteConnection, chat: &Chat) -> Result<()> {
    sqlx::query(
        "INSERT INTO chats (id, title, metadata, created_at, updated_at, version, visibility, born) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6) \
         ON CONFLICT (id) DO UPDATE SET title = ?2, metadata = ?3, updated_at = ?5, version = ?6",
    )
    .bind(chat.id.as_str())
    .bind(&chat.title)
    .bind(serde_json::to_string(&chat.metadata)?)
    .bind(chat.created_at.as_millis())
    .bind(chat.updated_at.as_millis())
    .bind(row::integer(chat.version))
    .bind(chat.visibility.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the chat of that id, and with it its participants, messages and receipts; when they are many,
/// the rest of them later ([`empty`]): nobody sees them any more, for want of a chat. `died` is the offset
/// of its `chat:deleted`, and `room` how many rows may be removed at once, of which there is less then.
pub(crate) async fn delete(
    connection: &mut SqliteConnection,
    id: &ChatId,
    died: Offset,
    room: &mut u32,
) -> sqlx::Result<()> {
    visibility::remember(&mut *connection, id, died).await?;
    sqlx::query("DELETE FROM chats WHERE id = ?1")
        .bind(id.as_str())
        .execute(&mut *connection)
        .await?;
    empty(connection, id, room).await
}

/// Puts somebody into a chat.
pub(crate) async fn join(
    connection: &mut SqliteConnection,
    id: &ChatId,
    who: &Participant,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO participants (chat_id, participant_id, kind, joined_at) \
         VALUES (?1, ?2, ?3, ?4)",
    )
    .bind(id.as_str())
    .bind(who.participant_id.as_str())
    .bind(who.kind.as_str())
    .bind(who.joined_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes somebody out of a chat.
pub(crate) async fn leave(
    connection: &mut SqliteConnection,
    id: &ChatId,
    who: &PrincipalId,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM participants WHERE chat_id = ?1 AND participant_id = ?2")
        .bind(id.as_str())
        .bind(who.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds who is in these chats, with one query for all of them.
async fn add_participants(
    connection: &mut SqliteConnection,
    chats: &mut [Chat],
) -> sqlx::Result<()> {
    let ids: Vec<&str> = chats.iter().map(|chat| chat.id.as_str()).collect();
    let found = sqlx::query(
        "SELECT * FROM participants WHERE chat_id IN (SELECT value FROM json_each(?1)) \
         ORDER BY seq",
    )
    .bind(Value::from(ids).to_string())
    .try_map(|found: SqliteRow| Ok((row::text::<ChatId>(&found, "chat_id")?, participant(&found)?)))
    .fetch_all(connection)
    .await?;
    let mut of_chats: HashMap<ChatId, Vec<Participant>> = HashMap::new();
    for (chat, participant) in found {
        of_chats.entry(chat).or_default().push(participant);
    }
    for chat in chats {
        chat.participants = of_chats.remove(&chat.id).unwrap_or_default();
    }
    Ok(())
}

fn participant(found: &SqliteRow) -> sqlx::Result<Participant> {
    Ok(Participant {
        participant_id: row::text(found, "participant_id")?,
        kind: row::text(found, "kind")?,
        joined_at: row::moment(found, "joined_at")?,
    })
}

fn chat(found: &SqliteRow) -> sqlx::Result<Chat> {
    Ok(Chat {
        id: row::text(found, "id")?,
        title: found.try_get("title")?,
        visibility: row::text(found, "visibility")?,
        participants: Vec::new(),
        metadata: row::json(found, "metadata")?,
        created_at: row::moment(found, "created_at")?,
        updated_at: row::moment(found, "updated_at")?,
        version: row::number(found, "version")?,
    })
}
