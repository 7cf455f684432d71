//! Every close code of the WebSocket, its reason, and whether to come back after it.

/// Why a connection was closed. 1000 to 1011 mean what RFC 6455 says; 4000 and above are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 1000: the client said `client:disconnect` or closed.
    Normal,
    /// 1001: the server is stopping.
    GoingAway,
    /// 1002: the client broke RFC 6455.
    Protocol,
    /// 1007: the client sent a text that is not UTF-8.
    NotText,
    /// 1009: the client sent a message of more than 64 KiB.
    TooBig,
    /// 1011: the server failed.
    Internal,
    /// 4000: the client was too slow: its queue was full, it took nothing for 2.5 heartbeats, or the
    /// log forgot what it was still to be sent.
    SlowConsumer,
    /// 4001: the client may not be here.
    Unauthorised,
    /// 4002: more than 100 messages were refused within 10 seconds.
    TooManyErrors,
    /// 4003: nothing, not even a pong, came from the client for 2.5 heartbeats.
    Silent,
    /// 4004: an operator closed the connection.
    ClosedByOperator,
    /// 4005: what the client may do has changed.
    RightsChanged,
    /// 4006: who is connected sent more messages than they may, and went on when they were told.
    TooManyMessages,
}

impl CloseCode {
    /// Every code, in the order of its number.
    pub const ALL: [Self; 13] = [
        Self::Normal,
        Self::GoingAway,
        Self::Protocol,
        Self::NotText,
        Self::TooBig,
        Self::Internal,
        Self::SlowConsumer,
        Self::Unauthorised,
        Self::TooManyErrors,
        Self::Silent,
        Self::ClosedByOperator,
        Self::RightsChanged,
        Self::TooManyMessages,
    ];

    /// The number on the wire.
    pub fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::NotText => 1007,
            Self::TooBig => 1009,
            Self::Internal => 1011,
            Self::SlowConsumer => 4000,
            Self::Unauthorised => 4001,
            Self::TooManyErrors => 4002,
            Self::Silent => 4003,
            Self::ClosedByOperator => 4004,
            Self::RightsChanged => 4005,
            Self::TooManyMessages => 4006,
        }
    }

    /// The reason that travels with it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Normal => "bye",
            Self::GoingAway => "the server is stopping: reconnect and resume",
            Self::Protocol => "the WebSocket protocol was broken",
            Self::NotText => "a text must be UTF-8",
            Self::TooBig => "a message may have at most 65536 bytes",
            Self::Internal => "the server failed: reconnect and resume",
            Self::SlowConsumer => "too slow: reconnect and resume",
            Self::Unauthorised => "not allowed",
            Self::TooManyErrors => "too many refused messages",
            Self::Silent => "silent for too long: reconnect and resume",
            Self::ClosedByOperator => "closed by an operator",
            Self::RightsChanged => "your rights changed: reconnect and resume",
            Self::TooManyMessages => "too many messages: reconnect in a minute and resume",
        }
    }

    /// Whether a client should come back by itself and resume.
    pub fn should_reconnect(self) -> bool {
        match self {
            Self::GoingAway
            | Self::Internal
            | Self::SlowConsumer
            | Self::Silent
            | Self::RightsChanged
            | Self::TooManyMessages => true,
            Self::Normal
            | Self::Protocol
            | Self::NotText
            | Self::TooBig
            | Self::Unauthorised
            | Self::TooManyErrors
            | Self::ClosedByOperator => false,
        }
    }

    /// The code of that number, if it is one of ours.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_frozen() {
        let table: Vec<(u16, bool)> =
            CloseCode::ALL.into_iter().map(|one| (one.code(), one.should_reconnect())).collect();
        assert_eq!(
            table,
            [
                (1000, false),
                (1001, true),
                (1002, false),
                (1007, false),
                (1009, false),
                (1011, true),
                (4000, true),
                (4001, false),
                (4002, false),
                (4003, true),
                (4004, false),
                (4005, true),
                (4006, true),
            ]
        );
    }

    #[test]
    fn a_reason_fits_a_close_frame() {
        for code in CloseCode::ALL {
            assert!(code.reason().len() <= 123, "RFC 6455, section 5.5: {code:?}");
            assert_eq!(CloseCode::from_code(code.code()), Some(code));
        }
    }
}
