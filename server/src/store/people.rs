//! Rows of people.

use std::fmt;

use colloquy_protocol::{
    account::{Person, PersonName, PersonState, email_key},
    id::PersonId,
    time::Timestamp,
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    list::{Keys, Listed, Paging},
    row,
};
use crate::error::Result;

impl Listed for Person {
    fn keys(&self) -> Keys<'_> {
        Keys::of_creation(self.id.as_str(), self.created_at)
    }
}

/// A person, and what their password is checked against.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) person: Person,
    /// The password's hash in PHC form; none until they have chosen one.
    pub(crate) password: Option<String>,
}

/// Without the hash: accounts are logged by axum-login.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.person.id).finish_non_exhaustive()
    }
}

/// Whether there is anybody.
pub(crate) async fn any(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM people)").fetch_one(connection).await
}

/// Whether there is a person of that id who is not disabled.
pub(crate) async fn may_come_in(connection: &mut SqliteConnection, id: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM people WHERE id = ?1 AND disabled = 0)")
        .bind(id)
        .fetch_one(connection)
        .await
}

/// The person of that id.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    id: &PersonId,
) -> sqlx::Result<Option<Account>> {
    sqlx::query("SELECT * FROM people WHERE id = ?1")
        .bind(id.as_str())
        .try_map(|found| account(&found))
        .fetch_optional(connection)
        .await
}

/// The person with that e-mail address.
pub(crate) async fn find_by_email(
    connection: &mut SqliteConnection,
    email: &str,
) -> sqlx::Result<Option<Account>> {
    sqlx::query("SELECT * FROM people WHERE email_key = ?1")
        .bind(email_key(email))
        .try_map(|found| account(&found))
        .fetch_optional(connection)
        .await
}

/// One page of people, and the cursor of the next.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    paging: &Paging,
) -> Result<(Vec<Person>, Option<String>)> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM people WHERE TRUE");
    paging.push(&mut sql);
    let query = sql.build().try_map(|found| Ok(account(&found)?.person));
    paging.page(query.fetch(connection)).await
}

/// What everybody is called, in the order in which they were invited.
pub(crate) async fn names(connection: &mut SqliteConnection) -> sqlx::Result<Vec<PersonName>> {
    sqlx::query("SELECT id, name FROM people ORDER BY created_at, id")
        .try_map(|found: SqliteRow| {
            Ok(PersonName { id: row::text(&found, "id")?, name: found.try_get("name")? })
        })
        .fetch_all(connection)
        .await
}

/// How many admins beside that person may sign in, and how many more are invited.
pub(crate) async fn other_admins(
    connection: &mut SqliteConnection,
    but: &PersonId,
) -> sqlx::Result<(u64, u64)> {
    sqlx::query(
        "SELECT COALESCE(SUM(password IS NOT NULL), 0) AS active, \
         COALESCE(SUM(password IS NULL), 0) AS invited \
         FROM people WHERE role = 'admin' AND disabled = 0 AND id <> ?1",
    )
    .bind(but.as_str())
    .try_map(|found: SqliteRow| {
        Ok((row::number(&found, "active")?, row::number(&found, "invited")?))
    })
    .fetch_one(connection)
    .await
}

/// Adds a person, or puts them in the place of the one with their id.
pub(crate) async fn put(connection: &mut SqliteConnection, account: &Account) -> sqlx::Result<()> {
    let Account { person, password } = account;
    sqlx::query(
        "INSERT INTO people (id, email, email_key, name, role, password, disabled, created_at, \
         signed_in_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT (id) DO UPDATE SET email = ?2, email_key = ?3, name = ?4, role = ?5, \
         password = ?6, disabled = ?7, signed_in_at = ?9",
    )
    .bind(person.id.as_str())
    .bind(&person.email)
    .bind(email_key(&person.email))
    .bind(&person.name)
    .bind(person.role.as_str())
    .bind(password)
    .bind(person.state == PersonState::Disabled)
    .bind(person.created_at.as_millis())
    .bind(person.signed_in_at.map(Timestamp::as_millis))
    .execute(connection)
    .await?;
    Ok(())
}

fn account(found: &SqliteRow) -> sqlx::Result<Account> {
    let password: Option<String> = found.try_get("password")?;
    let state = match (found.try_get("disabled")?, &password) {
        (true, _) => PersonState::Disabled,
        (false, None) => PersonState::Invited,
        (false, Some(_)) => PersonState::Active,
    };
    let person = Person {
        id: row::text(found, "id")?,
        email: found.try_get("email")?,
        name: found.try_get("name")?,
        role: row::text(found, "role")?,
        state,
        created_at: row::moment(found, "created_at")?,
        signed_in_at: row::optional_moment(found, "signed_in_at")?,
    };
    Ok(Account { person, password })
}
