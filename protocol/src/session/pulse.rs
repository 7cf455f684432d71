//! Whether the hub is there, and how long it takes to answer.

use std::time::Duration;

use super::{
    RequestId, Session,
    phase::{Link, Phase},
};
use crate::{event::ClientEvent, topic::Topic};

/// How long the hub may take to say anything, once the network is in doubt.
pub const DOUBT: Duration = Duration::from_secs(5);

/// The agent that [`Session::probe`] unsubscribes from.
const NOBODY: &str = "round-trip";

impl Session {
    /// How long the hub last took to answer: measured with each connection and each heartbeat.
    /// None before the first answer, and while there is no connection.
    pub fn round_trip(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Open(link) => link.round_trip,
            _ => None,
        }
    }

    /// The network may be gone: the hub is asked something, and a connection on which nothing
    /// comes for [`DOUBT`] is given up, long before its heartbeat would be missed.
    pub fn doubt(&mut self, now: Duration) {
        self.probe(now);
        if let Phase::Open(link) = &mut self.phase
            && link.timed.is_some()
        {
            link.doubted.get_or_insert(now + DOUBT);
        }
    }

    /// Asks something that changes nothing (unsubscribing twice is ok), to time the answer.
    ///
    /// Other requests would tell less: an acknowledgement waits for the hub's disk, a subscription
    /// for its log.
    pub(super) fn probe(&mut self, now: Duration) {
        let waits = matches!(self.phase, Phase::Open(Link { timed: Some(_), .. }));
        let held = |topic: &Topic| matches!(topic, Topic::Agent(id) if id.as_str() == NOBODY);
        if waits || !self.phase.is_started() || self.topics().any(held) {
            return;
        }
        let request = self.next_request();
        if let Phase::Open(link) = &mut self.phase {
            link.timed = Some((request, now));
        }
        self.send(ClientEvent::UnsubscribeAgent(NOBODY.to_owned()), Some(request));
    }
}

impl Link {
    /// An answer came; perhaps it is the one that is timed.
    pub(super) fn answered(&mut self, request: RequestId, now: Duration) {
        if let Some((timed, since)) = self.timed
            && timed == request
        {
            self.timed = None;
            self.round_trip = Some(now.saturating_sub(since));
        }
    }
}
