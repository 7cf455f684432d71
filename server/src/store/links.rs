//! Rows of one-time links. What a link holds is not in them, only its hash.

use colloquy_protocol::{id::PersonId, time::Timestamp};
use sqlx::SqliteConnection;

use super::row;

/// What a one-time link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Its holder becomes the first person.
    SetUp,
    /// That person chooses a password.
    Password(PersonId),
}

/// What the link of that hash is for, unless it has expired.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    secret: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<Purpose>> {
    sqlx::query("SELECT person_id FROM links WHERE secret = ?1 AND expires_at > ?2")
        .bind(secret.as_slice())
        .bind(now.as_millis())
        .try_map(|found| {
            let person = row::optional_text(&found, "person_id")?;
            Ok(person.map_or(Purpose::SetUp, Purpose::Password))
        })
        .fetch_optional(connection)
        .await
}

/// Adds a link, in the place of the one for the same purpose.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    secret: &[u8; 32],
    purpose: &Purpose,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    delete(connection, purpose).await?;
    sqlx::query("INSERT INTO links (secret, person_id, expires_at) VALUES (?1, ?2, ?3)")
        .bind(secret.as_slice())
        .bind(purpose.person())
        .bind(expires_at.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes the link for that purpose.
pub(crate) async fn delete(
    connection: &mut SqliteConnection,
    purpose: &Purpose,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM links WHERE person_id IS ?1")
        .bind(purpose.person())
        .execute(connection)
        .await?;
    Ok(())
}

/// Drops those that have expired.
pub(crate) async fn forget(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM links WHERE expires_at <= ?1")
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

impl Purpose {
    fn person(&self) -> Option<&str> {
        match self {
            Self::SetUp => None,
            Self::Password(person) => Some(person.as_str()),
        }
    }
}
