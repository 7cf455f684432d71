//! Finding what contains a text, whatever its case (ASCII).
//!
//! An index (migrations/0006_search.sql) tells which rows have every three characters in a row of
//! the text. If they are few, only they are looked at; otherwise what is listed is looked at one
//! after the other, as far as the page needs. Either way the row itself decides, so an index that
//! is behind, or knows too much, makes a search slow at worst.
//!
//! Names are put into their index as they are written. Messages, which are many more, come into
//! theirs, and out of it, some seconds later and in portions, so that nobody who posts waits for
//! it; those that are not in it yet are looked at.

use std::collections::BTreeSet;

use colloquy_protocol::{id::ChatId, position::Offset};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{chats, row};
use crate::error::{INTERRUPT, Result, primary_code};

/// Rows that are looked at one by one because an index has them, or because it does not have them
/// yet. With more of them, looking at what is listed in its order takes hardly longer.
const FEW: usize = 1_000;

/// The most pieces of a text that are asked for: enough to tell texts apart.
const PIECES: usize = 16;

/// The most messages, and about how many bytes of them, that come into their index at once, or out
/// of it: a change that comes meanwhile waits for that.
const PORTION: u32 = 256;
const PORTION_BYTES: i64 = 128 * 1024;

/// The most messages and receipts of a deleted chat that are removed at once.
const PORTION_ROWS: u32 = 1_024;

/// Of 45 bits of a chat's number, a message's index has 15 as one character each, from a plane that
/// Unicode leaves to private use (SQL; `born` is the number).
const CHAT_PIECE: &str = "char(983040 + (born >> 30 & 32767), 983040 + (born >> 15 & 32767), \
                          983040 + (born & 32767))";

/// What is searched of an entity, whose number in the index is the column `born`.
pub(super) struct Searched {
    pub(super) index: &'static str,
    pub(super) columns: &'static [&'static str],
}

impl Searched {
    /// Looks up which rows may contain the text, if there is one.
    pub(super) async fn look_up<'a>(
        &'a self,
        connection: &mut SqliteConnection,
        text: Option<&'a str>,
    ) -> sqlx::Result<Search<'a>> {
        let few = match text.and_then(wanted) {
            Some(wanted) => few(connection, self.index, wanted).await?,
            None => None,
        };
        Ok(Search { columns: self.columns, text, few })
    }
}

/// A search that was looked up in its index.
pub(super) struct Search<'a> {
    columns: &'static [&'static str],
    text: Option<&'a str>,
    /// The numbers of the only rows that may contain the text, as a JSON array.
    few: Option<String>,
}

impl Search<'_> {
    /// Whether few rows may contain the text: the others need not be looked at.
    pub(super) fn is_narrow(&self) -> bool {
        self.few.is_some()
    }

    /// Adds the condition that an entity contains the text.
    pub(super) fn push(self, sql: &mut QueryBuilder<Sqlite>) {
        if let Some(few) = self.few {
            sql.push(" AND born IN (SELECT value FROM json_each(").push_bind(few).push("))");
        }
        if let Some(text) = self.text {
            push_contains(sql, self.columns, &[text]);
        }
    }
}

/// Adds the condition that a message of a chat contains the text.
pub(super) async fn push_message(
    sql: &mut QueryBuilder<Sqlite>,
    connection: &mut SqliteConnection,
    chat: &ChatId,
    text: &str,
) -> sqlx::Result<()> {
    if let Some(few) = few_messages(connection, chat, text).await? {
        sql.push(" AND seq IN (SELECT value FROM json_each(").push_bind(few);
        sql.push(") UNION ALL SELECT seq FROM messages WHERE chat_id = ");
        sql.push_bind(chat.as_str().to_owned());
        sql.push(" AND seq > (SELECT seq FROM message_search_end))");
    }
    push_contains(sql, &["content"], &[text]);
    Ok(())
}

/// Adds the condition that one of the columns contains one of the texts.
pub(super) fn push_contains(
    sql: &mut QueryBuilder<Sqlite>,
    columns: &[&'static str],
    texts: &[&str],
) {
    let mut before = " AND (";
    for text in texts {
        let pattern =
            format!("%{}%", text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"));
        for column in columns {
            sql.push(before).push(column);
            sql.push(" LIKE ").push_bind(pattern.clone()).push(r" ESCAPE '\'");
            before = " OR ";
        }
    }
    sql.push(")");
}

/// What is to be done next for the index of messages; nothing: it is up to date. There is one of each kind,
/// so that none waits until there is nothing of another, which may be never.
pub(crate) async fn next_portions(connection: &mut SqliteConnection) -> sqlx::Result<Vec<Portion>> {
    // The first message belongs to it however long it is.
    let new = sqlx::query(
        "WITH new AS (SELECT seq, octet_length(content) AS bytes FROM messages \
         WHERE seq > (SELECT seq FROM message_search_end) ORDER BY seq LIMIT ?1), \
         summed AS (SELECT seq, sum(bytes) OVER (ORDER BY seq) - bytes AS before FROM new) \
         SELECT max(seq) AS last FROM summed WHERE before < ?2 HAVING last IS NOT NULL",
    )
    .bind(PORTION)
    .bind(PORTION_BYTES)
    .try_map(|found: SqliteRow| Ok(Portion::New(row::number(&found, "last")?)))
    .fetch_optional(&mut *connection)
    .await?;
    let gone = sqlx::query(
        "SELECT max(seq) AS last FROM (SELECT seq FROM message_search_gone ORDER BY seq LIMIT ?1) \
         HAVING last IS NOT NULL",
    )
    .bind(PORTION)
    .try_map(|found: SqliteRow| Ok(Portion::Gone(row::number(&found, "last")?)))
    .fetch_optional(&mut *connection)
    .await?;
    let left = chats::any_being_emptied(connection).await?.map(Portion::Left);
    Ok([new, gone, left].into_iter().flatten().collect())
}

/// Messages that come into their index together, or out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Portion {
    /// Those up to that one that are not in it yet.
    New(Offset),
    /// Those up to that one that are no more.
    Gone(Offset),
    /// Some that a deleted chat left behind; what is removed of them is gone.
    Left(ChatId),
}

/// Brings the index of messages further, and how many of them are in it of each chat.
pub(crate) async fn index(connection: &mut SqliteConnection, portion: Portion) -> Result<()> {
    match portion {
        Portion::New(last) => {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO message_search (rowid, chat, content) SELECT seq, ",
            );
            insert.push(CHAT_PIECE).push(
                ", content FROM messages JOIN chats ON chats.id = chat_id \
                 WHERE seq > (SELECT seq FROM message_search_end) AND seq <= ",
            );
            insert.push_bind(row::integer(last)).build().execute(&mut *connection).await?;
            for count in [
                "UPDATE chats SET messages = messages + new.count \
                 FROM (SELECT chat_id, count(*) AS count FROM messages \
                 WHERE seq > (SELECT seq FROM message_search_end) AND seq <= ?1 GROUP BY chat_id) \
                 AS new WHERE chats.id = new.chat_id",
                "UPDATE message_search_end SET seq = ?1",
            ] {
                sqlx::query(count).bind(row::integer(last)).execute(&mut *connection).await?;
            }
        }
        Portion::Gone(last) => {
            for forget in [
                "DELETE FROM message_search \
                 WHERE rowid IN (SELECT seq FROM message_search_gone WHERE seq <= ?1)",
                "DELETE FROM message_search_gone WHERE seq <= ?1",
            ] {
                sqlx::query(forget).bind(row::integer(last)).execute(&mut *connection).await?;
            }
        }
        Portion::Left(chat) => {
            let mut room = PORTION_ROWS;
            chats::empty(connection, &chat, &mut room).await?;
        }
    }
    Ok(())
}

/// The numbers of the messages of a chat that may contain the text and are in the index, as a JSON
/// array; none: they are many, or many are not in it yet, or the index cannot tell.
async fn few_messages(
    connection: &mut SqliteConnection,
    chat: &ChatId,
    text: &str,
) -> sqlx::Result<Option<String>> {
    let Some(wanted) = wanted(text) else { return Ok(None) };
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT ");
    sql.push(CHAT_PIECE);
    sql.push(
        " AS piece, (SELECT count(*) FROM (SELECT 1 FROM messages WHERE chat_id = chats.id \
         AND seq > (SELECT seq FROM message_search_end) LIMIT ",
    );
    sql.push_bind(row::integer(FEW as u64 + 1));
    sql.push(")) AS behind FROM chats WHERE id = ").push_bind(chat.as_str().to_owned());
    let found = sql.build().try_map(|found: SqliteRow| {
        Ok((found.try_get::<String, _>("piece")?, row::number(&found, "behind")?))
    });
    match found.fetch_optional(&mut *connection).await? {
        Some((piece, behind)) if behind <= FEW as u64 => {
            few(connection, "message_search", format!("\"{piece}\" AND {wanted}")).await
        }
        _ => Ok(None),
    }
}

/// The numbers of the rows that have what is wanted, as a JSON array; none: they are many, or the
/// index cannot tell.
async fn few(
    connection: &mut SqliteConnection,
    index: &'static str,
    wanted: String,
) -> sqlx::Result<Option<String>> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT rowid FROM ");
    sql.push(index).push(" WHERE ").push(index).push(" MATCH ").push_bind(wanted);
    sql.push(format!(" LIMIT {}", FEW + 1));
    let found = sql.build().try_map(|found: SqliteRow| found.try_get::<i64, _>("rowid"));
    match found.fetch_all(connection).await {
        Ok(found) => Ok((found.len() <= FEW).then(|| serde_json::Value::from(found).to_string())),
        // The rows are there all the same.
        Err(sqlx::Error::Database(error)) if primary_code(&*error) != Some(INTERRUPT) => {
            tracing::error!(%error, index, "An index cannot be read; every row is looked at.");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What an index is asked for: every three characters in a row, or enough of them.
fn wanted(text: &str) -> Option<String> {
    if text.contains('\0') {
        return None;
    }
    let characters: Vec<char> = text.chars().collect();
    let pieces: BTreeSet<&[char]> = characters.windows(3).collect();
    let step = pieces.len().div_ceil(PIECES);
    let quoted = |piece: &[char]| {
        let piece: String = piece.iter().collect();
        format!("\"{}\"", piece.replace('"', "\"\""))
    };
    let asked: Vec<String> = pieces.into_iter().step_by(step.max(1)).map(quoted).collect();
    (!asked.is_empty()).then(|| asked.join(" AND "))
}

#[cfg(test)]
mod tests;
