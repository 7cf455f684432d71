//! A typed client of the REST API: in the browser it is gloo-net, during SSR what is read goes
//! through [`crate::backend::Backend`]. Views never see the difference.
//!
//! In reading order: [`get`] and the other methods below are what everything else is made of;
//! then one module for each kind of entity, and [`acts`]: what the live page makes happen.

pub mod account;
pub mod acts;
pub mod agents;
pub mod chats;
pub mod choices;
pub mod collections;
pub mod connections;
pub mod entity;
mod error;
pub mod events;
pub mod merge_patch;
pub mod messages;
pub mod notifications;
pub mod overview;
mod transport;

#[cfg(feature = "ssr")]
use colloquy_protocol::account::Session;
pub use colloquy_protocol::position::Seen;
use colloquy_protocol::position::{Offset, Position};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use self::error::ApiError;
pub(crate) use self::error::sentence;
use self::transport::{Method, call};

/// Tells a request that is tried again from another one like it (`Idempotency-Key`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestKey(String);

impl RequestKey {
    /// A key that nobody else has. To be called in the browser only, when something is asked for.
    pub fn random() -> Self {
        let part = || (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
        Self(format!("{:08x}{:08x}{:08x}", part(), part(), part()))
    }
}

/// What was asked for last, and the key of that request, until it is done: tried again, it is the same
/// request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt<T>(Option<(T, RequestKey)>);

impl<T> Default for Attempt<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone + PartialEq> Attempt<T> {
    /// The key of a request for this: that of the last one, if it was for the same.
    pub fn key(&mut self, wanted: &T) -> RequestKey {
        if let Some((before, key)) = &self.0
            && before == wanted
        {
            return key.clone();
        }
        let key = RequestKey::random();
        self.0 = Some((wanted.clone(), key.clone()));
        key
    }

    /// It is done: whatever is asked for next is another request.
    pub fn done(&mut self) {
        self.0 = None;
    }
}

/// What was read in two requests: everything at or before the earlier position is in both.
///
/// # Errors
/// When the log was replaced between the two.
pub fn together<A, B>(one: Seen<A>, other: Seen<B>) -> Result<Seen<(A, B)>, ApiError> {
    if one.position.epoch != other.position.epoch {
        return Err(ApiError::Unexpected("the log was replaced meanwhile".to_owned()));
    }
    let offset = one.position.offset.min(other.position.offset);
    let position = Position { offset, ..one.position };
    Ok(Seen { value: (one.value, other.value), position })
}

/// Reads a path of the REST API, such as `/agents?limit=10`.
///
/// # Errors
/// When the server refuses it, cannot be reached, or does not answer as its contract says; so
/// for all functions here.
pub async fn get<T: DeserializeOwned>(path: &str) -> Result<Seen<T>, ApiError> {
    let answer = call(Method::Get, path, None, None).await?;
    let position = answer.position.clone();
    let position =
        position.ok_or_else(|| ApiError::Unexpected("its log position is missing".to_owned()))?;
    Ok(Seen { value: answer.read()?, position })
}

/// Reads what no event tells of, and so has no place in the log.
///
/// # Errors
/// As [`get`].
pub async fn read<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    call(Method::Get, path, None, None).await?.read()
}

/// Creates something. With the same key it is created once, however often this is called.
///
/// # Errors
/// As [`get`].
pub async fn post<T: DeserializeOwned>(
    path: &str,
    key: &RequestKey,
    body: &impl Serialize,
) -> Result<T, ApiError> {
    call(Method::Post(Some(key)), path, Some(to_json(body)?), None).await?.read()
}

/// Creates something whose answer holds a secret. Such answers are not kept, so it is created as
/// often as this is called.
///
/// # Errors
/// As [`get`].
pub async fn post_once<T: DeserializeOwned>(
    path: &str,
    body: &impl Serialize,
) -> Result<T, ApiError> {
    call(Method::Post(None), path, Some(to_json(body)?), None).await?.read()
}

/// Replaces a part of something, such as an agent's status.
///
/// # Errors
/// As [`get`].
pub async fn put<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, ApiError> {
    call(Method::Put, path, Some(to_json(body)?), None).await?.read()
}

/// Changes something, if it still has that version.
///
/// # Errors
/// As [`get`]; [`ApiError::is_conflict`] when it was changed meanwhile.
pub async fn patch<T: DeserializeOwned>(
    path: &str,
    version: Option<Offset>,
    body: &impl Serialize,
) -> Result<T, ApiError> {
    call(Method::Patch, path, Some(to_json(body)?), version).await?.read()
}

/// Deletes something.
///
/// # Errors
/// As [`get`].
pub async fn delete(path: &str) -> Result<(), ApiError> {
    call(Method::Delete, path, None, None).await.map(drop)
}

/// Deletes something, unless somebody else did already.
///
/// # Errors
/// As [`get`], but none when it does not exist.
pub async fn delete_if_there(path: &str) -> Result<(), ApiError> {
    match delete(path).await {
        Err(error) if error.is_missing() => Ok(()),
        answer => answer,
    }
}

/// Says that what the page is about does not exist: while it is rendered, its HTTP status is 404.
pub fn missing_page() {
    #[cfg(feature = "ssr")]
    if let Some(backend) = transport::backend() {
        backend.set_status(404);
    }
}

/// Who asked for the page that is being rendered.
#[cfg(feature = "ssr")]
pub(crate) fn session_of_rendering() -> Option<Session> {
    transport::backend()?.session()
}

/// A path with those query parameters that have a value.
pub fn with_query(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.append_pair(name, value);
        }
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

fn to_json(body: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(body).map_err(|error| ApiError::Unexpected(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_what_has_a_value_and_is_escaped() {
        let path = with_query("/agents", &[("q", Some("a&b ü")), ("sort", None), ("x", Some(""))]);
        assert_eq!(path, "/agents?q=a%26b+%C3%BC");
        assert_eq!(with_query("/agents", &[("q", None)]), "/agents");
    }

    #[test]
    fn together_goes_on_from_the_earlier_position() {
        let at = |epoch: &str, offset| Seen {
            value: offset,
            position: Position { epoch: epoch.to_owned(), offset },
        };
        assert_eq!(together(at("e", 7), at("e", 5)).map(|both| both.position.offset), Ok(5));
        assert!(together(at("e", 7), at("f", 5)).is_err());
    }
}
