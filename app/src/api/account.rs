//! `/session`, `/welcome`, `/profile`, `/logins`, `/people` and `/tokens`: who one is, and who else
//! may come in.

use colloquy_protocol::{
    account::{
        Invited, Issued, Login, Me, NewPerson, NewToken, Person, PersonName, PersonPatch,
        ProfilePatch, Session, SignIn, Token, Welcomed,
    },
    id::{LoginId, PersonId, TokenId},
    model::Page,
};

use serde::de::DeserializeOwned;

use super::{
    ApiError, delete, delete_if_there, patch, post_once, read, transport::SESSION, with_query,
};

/// The longest part of a list that the hub sends at once.
const PART: &str = "200";

/// Who asks.
///
/// # Errors
/// As [`super::get`]; so for all functions here.
pub async fn session() -> Result<Session, ApiError> {
    read(SESSION).await
}

/// Signs in: from now on this browser is known.
///
/// # Errors
/// Also when the address or the password is wrong.
pub async fn sign_in(who: &SignIn) -> Result<Session, ApiError> {
    post_once(SESSION, who).await
}

/// Ends this login session.
///
/// # Errors
/// As [`session`].
pub async fn sign_out() -> Result<(), ApiError> {
    delete(SESSION).await
}

/// Chooses a password with a one-time link, and signs in with it.
///
/// # Errors
/// Also when the link was used before, or has expired.
pub async fn welcome(chosen: &Welcomed) -> Result<Session, ApiError> {
    post_once("/welcome", chosen).await
}

/// Changes one's own name or password.
///
/// # Errors
/// As [`session`].
pub async fn change_profile(change: &ProfilePatch) -> Result<Me, ApiError> {
    patch("/profile", None, change).await
}

/// Where one is signed in.
///
/// # Errors
/// As [`session`].
pub async fn logins() -> Result<Vec<Login>, ApiError> {
    read_all("/logins").await
}

/// Ends a login session of one's own.
///
/// # Errors
/// As [`session`].
pub async fn end_login(id: &LoginId) -> Result<(), ApiError> {
    delete_if_there(&format!("/logins/{id}")).await
}

/// Signs out everywhere.
///
/// # Errors
/// As [`session`].
pub async fn end_all_logins() -> Result<(), ApiError> {
    delete("/logins").await
}

/// Everybody who may come in, or might again.
///
/// # Errors
/// As [`session`].
pub async fn people() -> Result<Vec<Person>, ApiError> {
    read_all("/people").await
}

/// What everybody is called.
///
/// # Errors
/// As [`session`].
pub async fn names() -> Result<Vec<PersonName>, ApiError> {
    Ok(read::<Page<PersonName>>("/people/names").await?.items)
}

/// Invites somebody.
///
/// # Errors
/// As [`session`].
pub async fn invite(new: &NewPerson) -> Result<Invited, ApiError> {
    post_once("/people", new).await
}

/// Changes somebody's name or role, or whether they may sign in.
///
/// # Errors
/// As [`session`].
pub async fn change_person(id: &PersonId, change: &PersonPatch) -> Result<Person, ApiError> {
    patch(&format!("/people/{id}"), None, change).await
}

/// Makes a one-time link with which somebody chooses a password.
///
/// # Errors
/// As [`session`].
pub async fn new_link(id: &PersonId) -> Result<Invited, ApiError> {
    post_once(&format!("/people/{id}/link"), &serde_json::json!({})).await
}

/// The tokens that one may see: one's own, and for admins those of agents.
///
/// # Errors
/// As [`session`].
pub async fn tokens() -> Result<Vec<Token>, ApiError> {
    read_all("/tokens").await
}

/// Makes a token.
///
/// # Errors
/// As [`session`].
pub async fn create_token(new: &NewToken) -> Result<Issued, ApiError> {
    post_once("/tokens", new).await
}

/// Revokes a token.
///
/// # Errors
/// As [`session`].
pub async fn revoke(id: &TokenId) -> Result<(), ApiError> {
    delete_if_there(&format!("/tokens/{id}")).await
}

/// Reads all of a list, part by part.
async fn read_all<T: DeserializeOwned>(path: &str) -> Result<Vec<T>, ApiError> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let part = with_query(path, &[("limit", Some(PART)), ("cursor", cursor.as_deref())]);
        let Page { items, next_cursor } = read::<Page<T>>(&part).await?;
        all.extend(items);
        if next_cursor.is_none() {
            return Ok(all);
        }
        cursor = next_cursor;
    }
}
