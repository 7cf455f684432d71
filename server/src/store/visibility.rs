//! Who sees what: chats that only their participants see, and what the log tells of them.
//!
//! For everybody else such a chat does not exist. Participants see all of its events, the ones
//! from before they joined too; who left sees that they left, and nothing else. An id that is used
//! again, by a chat or by an agent, is another chat or another agent, and inherits nothing.
//!
//! *Invariant*: what is read of chats, of their messages and of the log is read through the
//! conditions of this file, by every query there is.

use std::{collections::HashSet, sync::Arc};

use colloquy_protocol::{
    id::{ChatId, Principal},
    position::Offset,
};
use serde_json::Value;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::row;

/// Who sees an event of a private chat: those who are in it once the event has happened, or were
/// until it was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audience {
    /// The offset of the chat's `chat:created`.
    pub(crate) born: Offset,
    participants: Arc<HashSet<Principal>>,
    /// Whose place in the chat the event is about.
    pub(crate) turn: Option<Turn>,
}

/// What became of somebody's place in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    /// They are in it now.
    Joined(Principal),
    /// They are not in it any more.
    Left(Principal),
}

impl Audience {
    /// Whether somebody sees the event: who left sees that, too.
    pub(crate) fn contains(&self, who: &Principal) -> bool {
        self.participants.contains(who) || self.left() == Some(who)
    }

    /// Who left with the event.
    pub(crate) fn left(&self) -> Option<&Principal> {
        match &self.turn {
            Some(Turn::Left(who)) => Some(who),
            _ => None,
        }
    }
}

/// Who sees what happens in a chat now.
#[derive(Debug, Clone)]
pub(super) enum ChatAudience {
    /// Everybody.
    Open,
    /// Those who are in it.
    Private {
        /// The offset of the chat's `chat:created`.
        born: Offset,
        /// Who they are.
        participants: Arc<HashSet<Principal>>,
    },
}

impl ChatAudience {
    /// That of a chat; none: there is no such chat.
    pub(super) async fn read(
        connection: &mut SqliteConnection,
        chat: &ChatId,
    ) -> sqlx::Result<Option<Self>> {
        // An open chat has one row, and so has one that everybody left.
        let rows = sqlx::query(
            "SELECT visibility = 'open' AS open, born, participant_id, kind FROM chats \
             LEFT JOIN participants ON participants.chat_id = chats.id AND visibility <> 'open' \
             WHERE chats.id = ?1",
        )
        .bind(chat.as_str())
        .try_map(|found: SqliteRow| {
            let id = row::optional_text(&found, "participant_id")?;
            let kind = row::optional_text(&found, "kind")?;
            let who = id.zip(kind).map(|(id, kind)| Principal { id, kind });
            Ok((found.try_get("open")?, row::number(&found, "born")?, who))
        })
        .fetch_all(connection)
        .await?;
        Ok(match rows.first() {
            None => None,
            Some((true, ..)) => Some(Self::Open),
            Some(&(false, born, _)) => {
                let participants = rows.into_iter().filter_map(|(.., who)| who).collect();
                Some(Self::Private { born, participants: Arc::new(participants) })
            }
        })
    }

    /// Whether the chat exists for somebody.
    pub(super) fn is_seen_by(&self, viewer: &Principal) -> bool {
        match self {
            Self::Open => true,
            Self::Private { participants, .. } => participants.contains(viewer),
        }
    }

    /// Who sees an event that happens in the chat; none: everybody.
    pub(super) fn of_event(self, turn: Option<Turn>) -> Option<Audience> {
        match self {
            Self::Open => None,
            Self::Private { born, participants } => Some(Audience { born, participants, turn }),
        }
    }

    /// How much has to be remembered: the participants, and the chat itself.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Open => 1,
            Self::Private { participants, .. } => participants.len() + 1,
        }
    }
}

/// Adds the condition that a row of `chats` exists for somebody.
pub(super) fn push_chat(sql: &mut QueryBuilder<Sqlite>, viewer: &Principal) {
    sql.push(
        "(chats.visibility = 'open' OR EXISTS (SELECT 1 FROM participants \
         WHERE participants.chat_id = chats.id AND ",
    );
    push_is(sql, "participants", viewer);
    sql.push("))");
}

/// Adds the condition that somebody sees a row of `events`.
pub(super) fn push_event(sql: &mut QueryBuilder<Sqlite>, viewer: &Principal) {
    sql.push("(NOT events.private OR (events.subject = ")
        .push_bind(viewer.id.as_str().to_owned())
        .push(" AND events.subject_kind = ")
        .push_bind(viewer.kind.as_str())
        .push(") OR ");
    push_was_in(sql, "events.entity", "events.offset", viewer);
    sql.push(")");
}

/// Whether there is a chat of that id for somebody.
pub(crate) async fn sees_chat(
    connection: &mut SqliteConnection,
    chat: &ChatId,
    viewer: &Principal,
) -> sqlx::Result<bool> {
    Ok(!seen_chats(connection, [chat], viewer).await?.is_empty())
}

/// Which of these chats there are for somebody.
pub(crate) async fn seen_chats(
    connection: &mut SqliteConnection,
    chats: impl IntoIterator<Item = &ChatId>,
    viewer: &Principal,
) -> sqlx::Result<HashSet<ChatId>> {
    let ids: Vec<&str> = chats.into_iter().map(ChatId::as_str).collect();
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT chats.id FROM json_each(");
    sql.push_bind(Value::from(ids).to_string());
    sql.push(") AS listed JOIN chats ON chats.id = listed.value WHERE ");
    push_chat(&mut sql, viewer);
    let seen = sql.build().try_map(|found: SqliteRow| row::text(&found, "id"));
    Ok(seen.fetch_all(connection).await?.into_iter().collect())
}

/// Whether somebody sees what happened in a private chat of that id at that offset.
pub(crate) async fn sees_private(
    connection: &mut SqliteConnection,
    chat: &str,
    offset: Offset,
    viewer: &Principal,
) -> sqlx::Result<bool> {
    let mut sql = QueryBuilder::<Sqlite>::new("WITH happened (chat, place) AS (VALUES (");
    sql.push_bind(chat.to_owned()).push(", ").push_bind(row::integer(offset));
    sql.push(")) SELECT 1 FROM happened WHERE ");
    push_was_in(&mut sql, "happened.chat", "happened.place", viewer);
    Ok(sql.build().fetch_optional(connection).await?.is_some())
}

/// Remembers who is in a chat, if it is private, because it is about to be deleted: its
/// `chat:deleted` has that offset.
pub(super) async fn remember(
    connection: &mut SqliteConnection,
    chat: &ChatId,
    died: Offset,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO former_participants (chat_id, participant_id, kind, born, died) \
         SELECT chats.id, participant_id, kind, born, ?2 FROM chats \
         JOIN participants ON participants.chat_id = chats.id \
         WHERE chats.id = ?1 AND chats.visibility <> 'open'",
    )
    .bind(chat.as_str())
    .bind(row::integer(died))
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what somebody who is no more might still see: whoever gets their id is somebody else.
pub(crate) async fn forget(connection: &mut SqliteConnection, who: &Principal) -> sqlx::Result<()> {
    for forget in [
        "DELETE FROM former_participants WHERE participant_id = ?1 AND kind = ?2",
        "UPDATE events SET subject = NULL, subject_kind = NULL \
         WHERE subject = ?1 AND subject_kind = ?2",
    ] {
        sqlx::query(forget)
            .bind(who.id.as_str())
            .bind(who.kind.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Forgets who was in chats of which the log knows nothing any more, at most `limit` of them; how
/// many they were.
pub(crate) async fn forget_old(connection: &mut SqliteConnection, limit: u32) -> sqlx::Result<u64> {
    let start = super::events::start(&mut *connection).await?;
    let done = sqlx::query(
        "DELETE FROM former_participants WHERE (chat_id, participant_id, kind, died) IN \
         (SELECT chat_id, participant_id, kind, died FROM former_participants \
         WHERE died <= ?1 ORDER BY died LIMIT ?2)",
    )
    .bind(row::integer(start))
    .bind(limit)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Adds the condition that somebody is in the private chat that had that id at that offset, or was
/// until it was deleted.
fn push_was_in(
    sql: &mut QueryBuilder<Sqlite>,
    chat: &'static str,
    offset: &'static str,
    viewer: &Principal,
) {
    sql.push(
        "(EXISTS (SELECT 1 FROM participants JOIN chats ON chats.id = participants.chat_id WHERE ",
    );
    push_is(sql, "participants", viewer);
    sql.push(format!(" AND chats.id = {chat} AND chats.born <= {offset})"));
    sql.push(" OR EXISTS (SELECT 1 FROM former_participants AS former WHERE ");
    push_is(sql, "former", viewer);
    sql.push(format!(
        " AND former.chat_id = {chat} AND {offset} BETWEEN former.born AND former.died))"
    ));
}

/// Adds the condition that a row of participants is about somebody: an agent and a person may have
/// the same id.
fn push_is(sql: &mut QueryBuilder<Sqlite>, table: &'static str, who: &Principal) {
    sql.push(format!("{table}.participant_id = "))
        .push_bind(who.id.as_str().to_owned())
        .push(format!(" AND {table}.kind = "))
        .push_bind(who.kind.as_str());
}
