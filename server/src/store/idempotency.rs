//! Answers to POSTs that carried an `Idempotency-Key`, to be given again for 24 hours.

use colloquy_protocol::{id::Principal, time::Timestamp};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

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
    /// The answer as JSON.
    pub(crate) answer: String,
}

/// What was answered to this principal, route and key in the last 24 hours.
pub(crate) async fn recall(
    connection: &mut SqliteConnection,
    who: &Principal,
    request: &Idempotency,
    now: Timestamp,
) -> sqlx::Result<Option<Remembered>> {
    sqlx::query(
        "SELECT request_hash, answer FROM idempotency WHERE principal_id = ?1 \
         AND principal_kind = ?2 AND route = ?3 AND key = ?4 AND created_at > ?5",
    )
    .bind(who.id.as_str())
    .bind(who.kind.as_str())
    .bind(&request.route)
    .bind(&request.key)
    .bind(now.as_millis() - KEPT_MILLIS)
    .try_map(|found: SqliteRow| {
        Ok(Remembered {
            request_hash: found.try_get("request_hash")?,
            answer: found.try_get("answer")?,
        })
    })
    .fetch_optional(connection)
    .await
}

/// Keeps an answer.
pub(crate) async fn remember(
    connection: &mut SqliteConnection,
    who: &Principal,
    request: &Idempotency,
    answer: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO idempotency \
         (principal_id, principal_kind, route, key, request_hash, answer, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(who.id.as_str())
    .bind(who.kind.as_str())
    .bind(&request.route)
    .bind(&request.key)
    .bind(request.request_hash.as_slice())
    .bind(answer)
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Drops the answers that are too old to be given again.
pub(crate) async fn forget(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM idempotency WHERE created_at <= ?1")
        .bind(now.as_millis() - KEPT_MILLIS)
        .execute(connection)
        .await?;
    Ok(())
}
