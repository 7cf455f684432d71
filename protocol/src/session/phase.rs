//! Where a session is between its first connection and its end.

use std::time::Duration;

use super::{Ended, PATIENCE, RequestId, State};
use crate::{frame::Welcome, position::Offset};

#[derive(Debug)]
pub(super) enum Phase {
    Idle,
    /// A socket was asked for, and the welcome has not come.
    Opening {
        deadline: Duration,
    },
    Open(Link),
    Waiting {
        until: Duration,
        attempt: u32,
        /// Whether the hub said how long to stay away: nothing but the user's word shortens that.
        is_told: bool,
    },
    Closed(Ended),
}

/// A connection that was welcomed.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) welcome: Welcome,
    /// When the last message came.
    pub(super) heard: Duration,
    /// No topic was asked to start at a position of its own, so replayed events come in the order
    /// of the log and move the cursor.
    pub(super) in_order: bool,
    /// The request whose answer is timed, and when it was made.
    pub(super) timed: Option<(RequestId, Duration)>,
    /// How long the last timed answer took.
    pub(super) round_trip: Option<Duration>,
    /// By when something must be heard, when there is reason to think that nothing will be.
    pub(super) doubted: Option<Duration>,
    pub(super) stage: Stage,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// `client:ready` waits for its reply.
    Starting {
        ready: RequestId,
        deadline: Duration,
    },
    /// What was missed is replayed, up to this offset.
    Recovering {
        to: Offset,
        count: u64,
    },
    Live {
        since: Duration,
    },
}

impl Phase {
    /// Whether there is a socket, or about to be.
    pub(super) fn has_socket(&self) -> bool {
        matches!(self, Self::Opening { .. } | Self::Open(_))
    }

    /// Whether the hub listens.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// Whether the hub has answered `client:ready`.
    pub(super) fn is_started(&self) -> bool {
        matches!(self, Self::Open(link) if !matches!(link.stage, Stage::Starting { .. }))
    }

    pub(super) fn state(&self) -> State {
        match self {
            Self::Idle => State::Idle,
            Self::Opening { .. } => State::Connecting,
            Self::Open(link) => match link.stage {
                Stage::Starting { .. } => State::Connecting,
                Stage::Recovering { to, .. } => State::Recovering(to),
                Stage::Live { .. } => State::Live,
            },
            Self::Waiting { until, attempt, .. } => {
                State::Waiting { until: *until, attempt: *attempt }
            }
            Self::Closed(why) => State::Closed(*why),
        }
    }

    /// When something must be done, if nothing happens before.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Idle | Self::Closed(_) => None,
            Self::Opening { deadline } | Self::Waiting { until: deadline, .. } => Some(*deadline),
            Self::Open(Link { stage: Stage::Starting { deadline, .. }, .. }) => Some(*deadline),
            Self::Open(link) => {
                let silent = link.heard + link.heartbeat().mul_f64(2.5);
                Some(link.doubted.map_or(silent, |doubted| doubted.min(silent)))
            }
        }
    }
}

impl Link {
    pub(super) fn new(welcome: Welcome, ready: RequestId, now: Duration) -> Self {
        Self {
            welcome,
            heard: now,
            in_order: true,
            timed: Some((ready, now)),
            round_trip: None,
            doubted: None,
            stage: Stage::Starting { ready, deadline: now + PATIENCE },
        }
    }

    /// The time between heartbeats, as the hub announced it; within reason.
    pub(super) fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.welcome.heartbeat_seconds.clamp(1, 3600))
    }
}
