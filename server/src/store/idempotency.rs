//! Answers to POSTs that carried an `Idempotency-Key`, to be given again for 24 hours.

use colloquy_protocol::{
    id::{ChatId, Principal},
    position::Offset,
    time::Timestamp,
};
use sqlx::{Row, SqliteConnection};

use super::{row, visibility};

/// How long an answer is kept, in milliseconds.
const KEPT_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A key that a client chose, for one of its requests.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The `Idempotency-Key` header.
    pub key: String,
    /// The method and path: the same key on another route is another request.
    pub route: String,
    /// SHA-256 of the request's body as canonical JSON.
    pub request_hash: [u8; 32],
}

/// An answer that was given before.
#[derive(Debug)]
pub(crate) struct Remembered {
    /// The hash of the request that it answered.
    pub(crate) request_hash: Vec<u8>,
    /// The answer as JSON; none: it tells of a private chat that they do not see any more.
    pub(crate) answer: Option<String>,
}

/// What was answered to this principal, route and key in the last 24 hours.
pub(crate) async fn recall(
    connection: &mut SqliteConnection,
    who: &Principal,
    request: &Idempotency,
    now: Timestamp,
) -> sqlx::Result<Option<Remembered>> {
    let kept = sqlx::query(
        "SELECT request_hash, answer, private_chat, private_offset FROM idempotency \
         WHERE principal_id = ?1 AND principal_kind = ?2 AND route = ?3 AND key = ?4 \
         AND created_at > ?5",
    )
    .bind(who.id.as_str())
    .bind(who.kind.as_str())
    .bind(&request.route)
    .bind(&request.key)
    .bind(now.as_millis() - KEPT_MILLIS)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(kept) = kept else { return Ok(None) };
    let private: Option<&str> = kept.try_get("private_chat")?;
    let offset = row::optional_number(&kept, "private_offset")?;
    let seen = match private.zip(offset) {
        Some((chat, offset)) => visibility::sees_private(connection, chat, offset, who).await?,
        None => true,
    };
    let answer = if seen { Some(kept.try_get("answer")?) } else { None };
    Ok(Some(Remembered { request_hash: kept.try_get("request_hash")?, answer }))
}

/// Keeps an answer. `private` is the private event that it tells of, if it does.
pub(crate) async fn remember(
    connection: &mut SqliteConnection,
    who: &Principal,
    request: &Idempotency,
    answer: &str,
    private: Option<(ChatId, Offset)>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (chat, offset) = private.unzip();
    sqlx::query(
        "INSERT OR REPLACE INTO idempotency (principal_id, principal_kind, route, key, \
         request_hash, answer, created_at, private_chat, private_offset) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(who.id.as_str())
    .bind(who.kind.as_str())
    .bind(&request.route)
    .bind(&request.key)
    .bind(request.request_hash.as_slice())
    .bind(answer)
    .bind(now.as_millis())
    .bind(chat.as_ref().map(ChatId::as_str))
    .bind(offset.map(row::integer))
    .execute(connection)
    .await?;
    Ok(())
}

/// Drops the answers to somebody who is no more: whoever gets their id is somebody else.
pub(crate) async fn forget_of(
    connection: &mut SqliteConnection,
    who: &Principal,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM idempotency WHERE principal_id = ?1 AND principal_kind = ?2")
        .bind(who.id.as_str())
        .bind(who.kind.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Drops the answers that are too old to be given again, at most `limit` of them; how many they were.
pub(crate) async fn forget(
    connection: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM idempotency WHERE (principal_id, principal_kind, route, key) IN \
         (SELECT principal_id, principal_kind, route, key FROM idempotency \
         WHERE created_at <= ?1 ORDER BY created_at LIMIT ?2)",
    )
    .bind(now.as_millis() - KEPT_MILLIS)
    .bind(limit)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
