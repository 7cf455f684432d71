//! What can go wrong with a request.

use std::time::Duration;

use colloquy_protocol::problem::Problem;

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
    /// The hub refused, or a proxy before it.
    #[error("{problem}")]
    Refused {
        /// Why.
        problem: Problem,
        /// How long to wait before trying again, when the hub says so (429, 503: `Retry-After`).
        retry_after: Option<Duration>,
    },
    /// The hub's answer is not what this client understands.
    #[error("the hub's answer cannot be read: {0}")]
    Unreadable(String),
}

impl Error {
    /// The status with which it was refused, if it was.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { problem, .. } => Some(problem.status),
            _ => None,
        }
    }
}
