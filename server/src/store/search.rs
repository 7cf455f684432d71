//! Finding what contains a text, whatever its case (ASCII).
//!
//! An index (migrations/0006_search.sql) tells which rows have every three characters in a row of
//! the text. If they are few, only they are looked at; otherwise what is listed is looked at one
//! after the other, as far as the page needs. Either way the row itself decides, so an index that
//! is behind, or knows too much, makes a search slow at worst.
//!
//! Names are put into their index as they are written. Messages, which are many more, come into
//! theirs some seconds later, in portions, so that writing one costs no more than its rows; those
//! that are not in it yet are looked at.

use std::collections::BTreeSet;

use colloquy_protocol::{id::ChatId, position::Offset};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::row;
use crate::error::Result;

/// Rows that are looked at one by one because an index has them. With more of them than that, a
/// page is mostly full after a part of what is listed.
const FEW: usize = 1_000;

/// The most pieces of a text that are asked for: enough to tell texts apart.
const PIECES: usize = 16;

/// The most messages, and about how many bytes of them, that come into their index at once: no
/// change waits longer for that than some milliseconds.
const PORTION: i64 = 256;
const PORTION_BYTES: i64 = 128 * 1024;

/// What is searched of an entity, whose number in the index is the column `born`.
pub(super) struct Searched {
    pub(super) index: &'static str,
    pub(super) columns: &'static [&'static str],
}

/// Adds the condition that an entity contains the text.
pub(super) async fn push(
    sql: &mut QueryBuilder<Sqlite>,
    connection: &mut SqliteConnection,
    searched: &Searched,
    text: &str,
) -> sqlx::Result<()> {
    if let Some(few) = few(connection, searched.index, text).await? {
        sql.push(" AND born IN (SELECT value FROM json_each(").push_bind(few).push("))");
    }
    push_contains(sql, searched.columns, text);
    Ok(())
}

/// Adds the condition that a message of a chat contains the text.
pub(super) async fn push_message(
    sql: &mut QueryBuilder<Sqlite>,
    connection: &mut SqliteConnection,
    chat: &ChatId,
    text: &str,
) -> sqlx::Result<()> {
    if let Some(few) = few(connection, "message_search", text).await? {
        sql.push(" AND seq IN (SELECT value FROM json_each(").push_bind(few);
        sql.push(") UNION ALL SELECT seq FROM messages WHERE chat_id = ");
        sql.push_bind(chat.as_str().to_owned());
        sql.push(" AND seq > (SELECT seq FROM message_search_end))");
    }
    push_contains(sql, &["content"], text);
    Ok(())
}

/// Adds the condition that one of the columns contains the text.
pub(super) fn push_contains(sql: &mut QueryBuilder<Sqlite>, columns: &[&'static str], text: &str) {
    let pattern =
        format!("%{}%", text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"));
    for (index, column) in columns.iter().enumerate() {
        sql.push(if index == 0 { " AND (" } else { " OR " });
        sql.push(column).push(" LIKE ").push_bind(pattern.clone()).push(r" ESCAPE '\'");
    }
    sql.push(")");
}

/// The last message of the next portion that is to come into the index; none: all are in it.
pub(crate) async fn next_portion(
    connection: &mut SqliteConnection,
) -> sqlx::Result<Option<Offset>> {
    // The first message belongs to it however long it is.
    sqlx::query(
        "WITH new AS (SELECT seq, octet_length(content) AS bytes FROM messages \
         WHERE seq > (SELECT seq FROM message_search_end) ORDER BY seq LIMIT ?1), \
         summed AS (SELECT seq, sum(bytes) OVER (ORDER BY seq) - bytes AS before FROM new) \
         SELECT max(seq) AS last FROM summed WHERE before < ?2 HAVING last IS NOT NULL",
    )
    .bind(PORTION)
    .bind(PORTION_BYTES)
    .try_map(|found: SqliteRow| row::number(&found, "last"))
    .fetch_optional(connection)
    .await
}

/// Puts the messages up to that one into their index.
pub(crate) async fn index_messages(connection: &mut SqliteConnection, last: Offset) -> Result<()> {
    for statement in [
        "INSERT INTO message_search (rowid, content) SELECT seq, content FROM messages \
         WHERE seq > (SELECT seq FROM message_search_end) AND seq <= ?1",
        "UPDATE message_search_end SET seq = ?1",
    ] {
        sqlx::query(statement).bind(row::integer(last)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The numbers of the rows that may contain the text, as a JSON array; none: they are many, or the
/// index can not tell.
async fn few(
    connection: &mut SqliteConnection,
    index: &'static str,
    text: &str,
) -> sqlx::Result<Option<String>> {
    let Some(wanted) = wanted(text) else { return Ok(None) };
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT rowid FROM ");
    sql.push(index).push(" WHERE ").push(index).push(" MATCH ").push_bind(wanted);
    sql.push(format!(" LIMIT {}", FEW + 1));
    let found = sql.build().try_map(|found: SqliteRow| found.try_get::<i64, _>("rowid"));
    let found = found.fetch_all(connection).await?;
    Ok((found.len() <= FEW).then(|| serde_json::Value::from(found).to_string()))
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
