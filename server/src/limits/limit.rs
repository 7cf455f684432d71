//! The limits by name.

/// Something that is limited: the `limit` of the metric `colloquy_limited_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Attempts to sign in with one account's name by strangers from everywhere, or to say the password of
    /// the account as which one is signed in.
    SignInsOfAccount,
    /// Attempts to sign in from one address.
    SignInsOfAddress,
    /// Requests of one principal or, when nobody knows who asks, from one address.
    Requests,
    /// Messages of one principal.
    Messages,
    /// Acknowledgements of messages by one principal.
    Acknowledgements,
    /// Sockets of one principal.
    SocketsOfPrincipal,
    /// Connections or sockets from one address.
    ConnectionsOfAddress,
    /// Connections in all: the one that had been idle for the longest time had to go, or one more socket
    /// was refused.
    Connections,
    /// Subscriptions of one socket.
    Subscriptions,
    /// Searches at once, and their seconds.
    Searches,
    /// Bytes or number of a request's headers.
    HeaderSize,
    /// Seconds until a request's headers were there.
    HeaderTime,
    /// Bytes of a request's body.
    BodySize,
    /// Seconds until a request's body was there.
    BodyTime,
    /// Seconds in which nothing was taken of an answer.
    AnswerTime,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 15] = [
        Self::SignInsOfAccount,
        Self::SignInsOfAddress,
        Self::Requests,
        Self::Messages,
        Self::Acknowledgements,
        Self::SocketsOfPrincipal,
        Self::ConnectionsOfAddress,
        Self::Connections,
        Self::Subscriptions,
        Self::Searches,
        Self::HeaderSize,
        Self::HeaderTime,
        Self::BodySize,
        Self::BodyTime,
        Self::AnswerTime,
    ];

    /// Its name in the metric.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignInsOfAccount => "sign_ins_of_account",
            Self::SignInsOfAddress => "sign_ins_of_address",
            Self::Requests => "requests",
            Self::Messages => "messages",
            Self::Acknowledgements => "acknowledgements",
            Self::SocketsOfPrincipal => "sockets_of_principal",
            Self::ConnectionsOfAddress => "connections_of_address",
            Self::Connections => "connections",
            Self::Subscriptions => "subscriptions",
            Self::Searches => "searches",
            Self::HeaderSize => "header_size",
            Self::HeaderTime => "header_time",
            Self::BodySize => "body_size",
            Self::BodyTime => "body_time",
            Self::AnswerTime => "answer_time",
        }
    }

    /// What there were too many of, for people.
    pub fn what(self) -> &'static str {
        match self {
            Self::SignInsOfAccount => "attempts to sign in to this account",
            Self::SignInsOfAddress => "attempts to sign in from this address",
            Self::Requests => "requests",
            Self::Messages => "messages",
            Self::Acknowledgements => "acknowledgements",
            Self::SocketsOfPrincipal => "sockets at once",
            Self::ConnectionsOfAddress => "connections from this address",
            Self::Connections => "connections",
            Self::Subscriptions => "subscriptions",
            Self::Searches => "searches at once",
            Self::HeaderSize | Self::HeaderTime => "headers",
            Self::BodySize | Self::BodyTime | Self::AnswerTime => "bytes",
        }
    }
}
