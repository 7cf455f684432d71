//! What can go wrong between a request and its answer: one enum, told apart by who can mend it.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use colloquy_protocol::{access::Action, position::Offset, problem::FieldError};

use crate::{limits::Limit, metrics};

/// The result of asking the services for something.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done. Each variant is one REST status (docs/protocol.md, "REST").
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404: there is no such thing.
    #[error("no {what} has the id \"{id}\"")]
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
    #[error("{0}")]
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
    #[error("your role, or the scopes of your token, do not let you do this ({0:?})")]
    Forbidden(Action),
    /// 429: who asks has reached a limit. Trying again later may help.
    #[error("too many {}: try again in {} s", .limit.what(), whole_seconds(.retry_after))]
    TooMany {
        /// Which limit.
        limit: Limit,
        /// How long to wait.
        retry_after: Duration,
    },
    /// 503: the queue of changes is full, or the server is stopping. Trying again later may help.
    #[error("the server has more to do than it can take on now")]
    Unavailable,
    /// 507: the disk is full. Nothing was changed.
    #[error("the server's disk is full, so nothing can be changed")]
    StorageFull(#[source] Arc<sqlx::Error>),
    /// 503: the disk fails, or cannot be written to. Nothing was changed. Trying again later may
    /// help.
    #[error("the server's disk fails, so nothing can be done now")]
    StorageFailed(#[source] Arc<sqlx::Error>),
    /// 500: the server's own fault. Logged, never answered.
    #[error("{0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
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

    /// Why the storage failed, when it did.
    pub(crate) fn storage(&self) -> Option<&Arc<sqlx::Error>> {
        match self {
            Self::StorageFull(cause) | Self::StorageFailed(cause) => Some(cause),
            _ => None,
        }
    }

    /// The server's own fault.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        let cause = Arc::new(cause);
        let error = Self::from(cause.clone());
        match &error {
            Self::StorageFull(_) | Self::StorageFailed(_) => {
                tracing::error!(%cause, "The disk fails, or is full.");
            }
            Self::Unavailable if !matches!(*cause, sqlx::Error::PoolClosed) => {
                tracing::warn!(%cause, "The database is too busy.");
            }
            // What else is not acceptable is found before the database is asked.
            Self::Invalid(_) => metrics::limited(Limit::Searches),
            _ => {}
        }
        error
    }
}

/// Changes that were to be committed together fail with one cause, which the writer logs.
impl From<Arc<sqlx::Error>> for Error {
    fn from(cause: Arc<sqlx::Error>) -> Self {
        match &*cause {
            // Every reader is busy, or the database is being closed.
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Self::Unavailable,
            sqlx::Error::Io(error) if error.kind() == ErrorKind::StorageFull => {
                Self::StorageFull(cause)
            }
            sqlx::Error::Io(_) => Self::StorageFailed(cause),
            sqlx::Error::Database(error) => match primary_code(&**error) {
                Some(BUSY | LOCKED) => Self::Unavailable,
                Some(FULL) => Self::StorageFull(cause),
                Some(READONLY | IOERR | CANTOPEN) => Self::StorageFailed(cause),
                // Only searches are interrupted.
                Some(INTERRUPT) => Self::invalid("q", SEARCHED_TOO_LONG),
                _ => Self::internal(cause),
            },
            _ => Self::internal(cause),
        }
    }
}

/// What is said of a search that was given up.
const SEARCHED_TOO_LONG: &str = "takes too long to be searched for: ask for a longer text, or narrow \
                                 down what is searched (the log by topic, event, actor, from and to)";

// SQLite's result codes (https://sqlite.org/rescode.html).
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
pub(crate) const INTERRUPT: u32 = 9;
const IOERR: u32 = 10;
pub(crate) const CORRUPT: u32 = 11;
pub(crate) const FULL: u32 = 13;
const CANTOPEN: u32 = 14;
pub(crate) const NOTADB: u32 = 26;

/// SQLite's result code without what its extended form adds.
pub(crate) fn primary_code(error: &(dyn sqlx::error::DatabaseError + 'static)) -> Option<u32> {
    let extended: u32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
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
    let each: Vec<_> = errors.iter().map(ToString::to_string).collect();
    each.join("; ")
}
