//! The typed errors of the socket.

use serde::{Deserialize, Serialize};

/// What went wrong, for a program to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The message is not JSON, or not a text message.
    InvalidJson,
    /// The message is JSON but not `{"event", "payload"?, "id"?}`.
    InvalidMessage,
    /// No handler answers to this event name.
    UnknownEvent,
    /// The payload is not what this event takes.
    InvalidPayload,
    /// What the payload names does not exist.
    NotFound,
    /// Who is connected may not do this.
    Forbidden,
    /// `client:ready` was said before on this connection.
    AlreadyReady,
    /// The connection holds as many subscriptions as it may.
    TooManySubscriptions,
    /// Who is connected has sent as many messages as they may for now.
    TooManyMessages,
    /// The hub cannot do this now; it may soon.
    Unavailable,
    /// The hub failed; the details are in its log.
    Internal,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::InvalidJson,
        Self::InvalidMessage,
        Self::UnknownEvent,
        Self::InvalidPayload,
        Self::NotFound,
        Self::Forbidden,
        Self::AlreadyReady,
        Self::TooManySubscriptions,
        Self::TooManyMessages,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Whether saying the same again later may succeed.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::TooManyMessages | Self::Unavailable | Self::Internal)
    }
}

/// An error in answer to a client's message (docs/protocol.md, "Errors").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct WireError {
    /// For programs.
    pub code: ErrorCode,
    /// For people; names the field at fault.
    pub message: String,
    /// Whether saying the same again later may succeed.
    pub retryable: bool,
}

impl WireError {
    /// An error of that code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retryable: code.is_retryable() }
    }
}
