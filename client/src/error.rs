//! What can go wrong with a request.

use std::{fmt, time::Duration};

use serde::Deserialize;

/// Why a request has no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The hub's address is not one: `http://HOST[:PORT]` or `https://HOST[:PORT]` is expected.
    #[error("not the address of a hub, such as http://127.0.0.1:3000: {0}")]
    Address(String),
    /// There is no certificate by which a hub could be trusted.
    #[error("no certificates to trust: {0}")]
    Certificates(String),
    /// The hub could not be reached, or the connection broke.
    #[error("the hub could not be reached")]
    Transport(#[from] reqwest::Error),
    /// The hub refused.
    #[error(transparent)]
    Refused(#[from] Problem),
    /// The hub's answer is not what this client understands.
    #[error("the hub's answer can not be read: {0}")]
    Unreadable(String),
}

impl Error {
    /// The status with which the hub refused, if it did.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(problem) => Some(problem.status),
            _ => None,
        }
    }
}

/// A refusal: RFC 9457 `application/problem+json` (design, "REST").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The status in words.
    pub title: String,
    /// What is wrong with this request, for people.
    #[serde(default)]
    pub detail: String,
    /// Which fields, parameters or headers are at fault.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// How long to wait before trying again, when the hub says so (429, 503: `Retry-After`).
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FieldError {
    /// Its name; nested as `participants[0].kind`.
    pub field: String,
    /// What is wrong with it, for people.
    pub message: String,
}

impl std::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.title, self.detail)
    }
}
