//! Rows of programs' tokens. The tokens themselves are not in them, only their hashes.

use colloquy_protocol::{
    account::Token,
    id::{Principal, PrincipalKind, TokenId},
    time::Timestamp,
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    list::{Keys, Listed, Paging},
    row,
};
use crate::error::Result;

impl Listed for Token {
    fn keys(&self) -> Keys<'_> {
        Keys::of_creation(self.id.as_str(), self.created_at)
    }
}

/// Whose tokens to list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// Everybody's.
    All,
    /// One's own.
    Own(&'a Principal),
    /// One's own, and those of all agents.
    OwnAndAgents(&'a Principal),
}

impl Whose<'_> {
    /// Whether it is one of theirs.
    pub(crate) fn covers(self, token: &Token) -> bool {
        let own =
            |who: &Principal| who.id == token.principal_id && who.kind == token.principal_kind;
        match self {
            Self::All => true,
            Self::Own(who) => own(who),
            Self::OwnAndAgents(who) => own(who) || token.principal_kind == PrincipalKind::Agent,
        }
    }
}

/// The token of that hash, unless it has expired.
pub(crate) async fn find_by_secret(
    connection: &mut SqliteConnection,
    secret: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<Token>> {
    sqlx::query(
        "SELECT * FROM tokens WHERE secret = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
    )
    .bind(secret.as_slice())
    .bind(now.as_millis())
    .try_map(|found| token(&found))
    .fetch_optional(connection)
    .await
}

/// The token of that id.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    id: &TokenId,
) -> sqlx::Result<Option<Token>> {
    sqlx::query("SELECT * FROM tokens WHERE id = ?1")
        .bind(id.as_str())
        .try_map(|found| token(&found))
        .fetch_optional(connection)
        .await
}

/// One page of tokens, and the cursor of the next.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    whose: Whose<'_>,
    paging: &Paging,
) -> Result<(Vec<Token>, Option<String>)> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM tokens WHERE (");
    match whose {
        Whose::All => sql.push("TRUE"),
        Whose::Own(who) | Whose::OwnAndAgents(who) => sql
            .push("(principal_id = ")
            .push_bind(who.id.as_str())
            .push(" AND principal_kind = ")
            .push_bind(who.kind.as_str())
            .push(")"),
    };
    if let Whose::OwnAndAgents(_) = whose {
        sql.push(" OR principal_kind = 'agent'");
    }
    sql.push(")");
    paging.push(&mut sql);
    paging.page(sql.build().try_map(|found| token(&found)).fetch(connection)).await
}

/// Adds a token.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    token: &Token,
    secret: &[u8; 32],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO tokens (id, secret, prefix, name, principal_id, principal_kind, scopes, \
         created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(token.id.as_str())
    .bind(secret.as_slice())
    .bind(&token.prefix)
    .bind(&token.name)
    .bind(token.principal_id.as_str())
    .bind(token.principal_kind.as_str())
    .bind(serde_json::to_string(&token.scopes)?)
    .bind(token.created_at.as_millis())
    .bind(token.expires_at.map(Timestamp::as_millis))
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes when a token was used.
pub(crate) async fn used(
    connection: &mut SqliteConnection,
    id: &TokenId,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE tokens SET last_used_at = ?2 WHERE id = ?1")
        .bind(id.as_str())
        .bind(at.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets the tokens that expired before that moment.
pub(crate) async fn forget(
    connection: &mut SqliteConnection,
    ended: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM tokens WHERE expires_at < ?1")
        .bind(ended.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes the token of that id.
pub(crate) async fn delete(connection: &mut SqliteConnection, id: &TokenId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM tokens WHERE id = ?1").bind(id.as_str()).execute(connection).await?;
    Ok(())
}

/// Removes all tokens of an agent, or of a person.
pub(crate) async fn delete_of(
    connection: &mut SqliteConnection,
    who: &Principal,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM tokens WHERE principal_id = ?1 AND principal_kind = ?2")
        .bind(who.id.as_str())
        .bind(who.kind.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

fn token(found: &SqliteRow) -> sqlx::Result<Token> {
    Ok(Token {
        id: row::text(found, "id")?,
        name: found.try_get("name")?,
        prefix: found.try_get("prefix")?,
        principal_id: row::text(found, "principal_id")?,
        principal_kind: row::text(found, "principal_kind")?,
        scopes: row::json(found, "scopes")?,
        created_at: row::moment(found, "created_at")?,
        expires_at: row::optional_moment(found, "expires_at")?,
        last_used_at: row::optional_moment(found, "last_used_at")?,
    })
}
