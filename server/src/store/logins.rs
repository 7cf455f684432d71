//! Rows of login sessions. What the cookie holds is not in them, only its hash.

use colloquy_protocol::{
    account::Login,
    id::{LoginId, PersonId},
    time::Timestamp,
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    list::{Keys, Listed, Paging},
    row,
};
use crate::error::Result;

impl Listed for Login {
    fn keys(&self) -> Keys<'_> {
        Keys::of_creation(self.id.as_str(), self.created_at)
    }
}

/// A login session as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) login: Login,
    pub(crate) person: PersonId,
    /// The SHA-256 of what the cookie holds.
    pub(crate) secret: [u8; 32],
    /// What tower-sessions keeps in it, as JSON.
    pub(crate) data: String,
}

/// What tower-sessions keeps in the session of that secret, and when the session ends, unless it
/// has ended.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    secret: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<(String, Timestamp)>> {
    sqlx::query("SELECT data, expires_at FROM logins WHERE secret = ?1 AND expires_at > ?2")
        .bind(secret.as_slice())
        .bind(now.as_millis())
        .try_map(|found: SqliteRow| {
            Ok((found.try_get("data")?, row::moment(&found, "expires_at")?))
        })
        .fetch_optional(connection)
        .await
}

/// Whether a person still has that login session.
pub(crate) async fn stands(
    connection: &mut SqliteConnection,
    id: &LoginId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM logins WHERE id = ?1 AND expires_at > ?2)")
        .bind(id.as_str())
        .bind(now.as_millis())
        .fetch_one(connection)
        .await
}

/// Whether somebody is signed in from that address.
pub(crate) async fn is_known(
    connection: &mut SqliteConnection,
    address: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM logins WHERE address = ?1 AND expires_at > ?2)",
    )
    .bind(address)
    .bind(now.as_millis())
    .fetch_one(connection)
    .await
}

/// One page of a person's login sessions, and the cursor of the next.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    person: &str,
    current: Option<&LoginId>,
    now: Timestamp,
    paging: &Paging,
) -> Result<(Vec<Login>, Option<String>)> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM logins WHERE person_id = ");
    sql.push_bind(person).push(" AND expires_at > ").push_bind(now.as_millis());
    paging.push(&mut sql);
    let query = sql.build().try_map(|found| login(&found, current));
    paging.page(query.fetch(connection)).await
}

/// Adds a login session.
pub(crate) async fn add(connection: &mut SqliteConnection, stored: &Stored) -> sqlx::Result<()> {
    let Stored { login, person, secret, data } = stored;
    sqlx::query(
        "INSERT INTO logins (id, secret, person_id, data, user_agent, address, created_at, \
         expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(login.id.as_str())
    .bind(secret.as_slice())
    .bind(person.as_str())
    .bind(data)
    .bind(&login.user_agent)
    .bind(&login.address)
    .bind(login.created_at.as_millis())
    .bind(login.expires_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the login session of that secret; which one it was.
pub(crate) async fn end_by_secret(
    connection: &mut SqliteConnection,
    secret: &[u8; 32],
) -> sqlx::Result<Option<LoginId>> {
    sqlx::query("DELETE FROM logins WHERE secret = ?1 RETURNING id")
        .bind(secret.as_slice())
        .try_map(|found| row::text(&found, "id"))
        .fetch_optional(connection)
        .await
}

/// Ends one login session of a person; whether there was one.
pub(crate) async fn end(
    connection: &mut SqliteConnection,
    person: &str,
    id: &LoginId,
) -> sqlx::Result<bool> {
    let ended = sqlx::query("DELETE FROM logins WHERE person_id = ?1 AND id = ?2")
        .bind(person)
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(ended.rows_affected() > 0)
}

/// Ends all login sessions of a person, but perhaps one.
pub(crate) async fn end_all(
    connection: &mut SqliteConnection,
    person: &str,
    but: Option<&LoginId>,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM logins WHERE person_id = ?1 AND id IS NOT ?2")
        .bind(person)
        .bind(but.map(LoginId::as_str))
        .execute(connection)
        .await?;
    Ok(())
}

/// Drops those that have ended by themselves.
pub(crate) async fn forget(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM logins WHERE expires_at <= ?1")
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

fn login(found: &SqliteRow, current: Option<&LoginId>) -> sqlx::Result<Login> {
    let id: LoginId = row::text(found, "id")?;
    Ok(Login {
        current: current == Some(&id),
        id,
        created_at: row::moment(found, "created_at")?,
        expires_at: row::moment(found, "expires_at")?,
        user_agent: found.try_get("user_agent")?,
        address: found.try_get("address")?,
    })
}
