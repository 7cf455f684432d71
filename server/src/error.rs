//! What can go wrong between a request and its answer: one enum, told apart by who can mend it.

use std::time::Duration;

use colloquy_protocol::{access::Action, position::Offset};

use crate::limits::Limit;

/// The result of asking the services for something.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done. Each variant is one REST status (design, "REST").
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404: there is no such thing.
    #[error("no {what} has the id `{id}`")]
    NotFound {
        /// What was looked for: `agent`, `chat` ...
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// 422: fields that are well-formed but not acceptable.
    #[error("{}", list(.0))]
    Invalid(Vec<FieldError>),
    /// 409: the id is taken, the participant is in the chat already, and the like.
    #[error("{}: {}", .0.field, .0.message)]
    Conflict(FieldError),
    /// 412: the entity is not at the version that `If-Match` asks for.
    #[error("the entity is at version {current}, which If-Match does not name")]
    PreconditionFailed {
        /// The version it is at.
        current: Offset,
    },
    /// 401: nobody knows who asks.
    #[error("sign in, or send a token: Authorization: Bearer TOKEN")]
    Unauthenticated,
    /// 403: who asks may not do that.
    #[error("you may not do this (it is called {0:?} in the table of permissions)")]
    Forbidden(Action),
    /// 429: who asks has reached a limit. Trying again later may help.
    #[error("too many {}: try again in {} seconds", .limit.what(), whole_seconds(.retry_after))]
    TooMany {
        /// Which limit.
        limit: Limit,
        /// How long to wait.
        retry_after: Duration,
    },
    /// 503: the queue of changes is full, or the server is stopping. Trying again later may help.
    #[error("the server has more to do than it can take on now")]
    Unavailable,
    /// 500: the server's own fault. Logged, never answered.
    #[error("{0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Its path in the body (`participants[0].kind`), or the name of the parameter or header.
    pub field: String,
    /// What is wrong with it, for people.
    pub message: String,
}

impl FieldError {
    /// That is wrong with this field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl Error {
    /// One field is not acceptable.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    /// One field collides with what is there.
    pub fn conflict(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Conflict(FieldError::new(field, message))
    }

    /// The server's own fault.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        match cause {
            // Every reader is busy, or the database is being closed.
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Self::Unavailable,
            cause => Self::internal(cause),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(cause: serde_json::Error) -> Self {
        Self::internal(cause)
    }
}

/// In whole seconds, rounded up: who comes back then is not too early.
pub(crate) fn whole_seconds(time: &Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn list(errors: &[FieldError]) -> String {
    let each: Vec<_> = errors.iter().map(|one| format!("{}: {}", one.field, one.message)).collect();
    each.join("; ")
}
