//! What a session asks of its driver, and what it tells whoever uses it.

use std::{sync::Arc, time::Duration};

use crate::{
    close::CloseCode,
    error::WireError,
    event::Acknowledgement,
    frame::EventFrame,
    id::MessageId,
    model::Receipt,
    position::{Offset, Position},
    topic::Topic,
};

/// What a driver is to do next. See [`super::Session::next_action`].
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Open a socket to the hub.
    Open,
    /// Send this text message.
    Send(String),
    /// Close the socket with this code, and forget it at once: nothing that it still brings, not
    /// even its end, may reach the session.
    Close(CloseCode),
    /// Hand this on.
    Notify(Notice),
}

/// What happened, for whoever uses the session.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The connection is in another state.
    State(State),
    /// An event. Each comes once, live ones in the order of the log; only the events of a
    /// topic's catch-up may have lower offsets than those before them.
    Event(Arc<EventFrame>),
    /// This topic's events arrive: all after that position. Said again on every connection.
    Subscribed {
        /// Which topic.
        topic: Topic,
        /// Where live events start.
        position: Position,
    },
    /// This topic's events no longer arrive: the hub refused or ended the subscription.
    Unsubscribed {
        /// Which topic.
        topic: Topic,
        /// Why, for people.
        reason: String,
    },
    /// A lost connection is made good: nothing was missed.
    Recovered {
        /// How many events were replayed.
        count: u64,
        /// How long there was no live connection.
        gap: Duration,
    },
    /// The hub cannot replay what was missed: load state afresh. Events after the position
    /// arrive.
    Reload {
        /// Only what belongs to this topic; none: everything.
        topic: Option<Topic>,
        /// Where live events start.
        position: Position,
    },
    /// How an acknowledgement went.
    Acknowledged {
        /// Which message.
        message: MessageId,
        /// What was said about it.
        what: Acknowledgement,
        /// The receipt, as it is stored now.
        outcome: Result<Receipt, RequestError>,
    },
    /// The hub refused a message that had no id.
    Error(WireError),
    /// A message from the hub could not be read, and was left out.
    Unreadable(String),
}

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody asked for a connection yet.
    Idle,
    /// A socket is being opened, or the hub has not yet answered.
    Connecting,
    /// The hub replays what was missed, up to this offset.
    Recovering(Offset),
    /// Events arrive as they happen.
    Live,
    /// The connection was lost and will be tried again.
    Waiting {
        /// When, on the driver's clock.
        until: Duration,
        /// How many attempts failed since the last stable connection, this one counted.
        attempt: u32,
    },
    /// Ended; only [`super::Session::connect`] goes on.
    Closed(Ended),
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// [`super::Session::disconnect`].
    ByUser,
    /// The hub closed the connection with a code that says not to come back, or refused the client
    /// (its token is not known, say, or may not read), which counts as [`CloseCode::Unauthorised`].
    ByHub(CloseCode),
    /// The hub speaks this version of the protocol, which is not ours.
    OtherProtocol(u32),
}

/// Why an acknowledgement has no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The hub refused it.
    #[error(transparent)]
    Refused(#[from] WireError),
    /// The session ended before the hub answered.
    #[error("the session ended before the hub answered")]
    Ended,
    /// Too many others wait for their answers ([`super::MAX_UNANSWERED`]).
    #[error("too many acknowledgements wait for an answer")]
    TooMany,
    /// The hub's answer could not be read.
    #[error("the answer could not be read: {0}")]
    Unreadable(String),
}
