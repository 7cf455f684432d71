//! How much a peer may say, and how much of it may be refused.

use std::{collections::VecDeque, time::Duration};

use colloquy_protocol::{error::WireError, event::ClientEventName};
use tokio::time::Instant;

use super::{Hub, connection::Peer};
use crate::limits::Limits;

/// More refused messages than this within [`REFUSAL_WINDOW`] close the connection.
const MAX_REFUSALS: usize = 100;
const REFUSAL_WINDOW: Duration = Duration::from_secs(10);

/// Counts what the peer says against what its principal may say. What cannot be read is not counted
/// here, but as refused.
pub(super) struct Inbound<'a> {
    limits: &'a Limits,
    /// How many messages before `client:ready` are not counted, but for acknowledgements: a client that
    /// comes back says at once what it is subscribed to, and that is only recorded.
    uncounted: usize,
}

impl<'a> Inbound<'a> {
    pub(super) fn new(limits: &'a Limits, hub: &Hub) -> Self {
        Self { limits, uncounted: hub.0.max_subscriptions }
    }

    /// Counts one more; an error when it is one too many. `event` is what it says, if there is such
    /// an event.
    pub(super) fn allow(
        &mut self,
        peer: &Peer,
        event: Option<ClientEventName>,
    ) -> Result<(), WireError> {
        let allowed = match event {
            Some(ClientEventName::MessageReceived | ClientEventName::MessageRead) => {
                self.limits.acknowledgement(peer.caller())
            }
            // Who says goodbye says nothing more.
            Some(ClientEventName::ClientDisconnect) => Ok(()),
            Some(_) if self.uncounted > 0 && peer.seat.is_recording() => {
                self.uncounted -= 1;
                Ok(())
            }
            _ => self.limits.message(peer.caller()),
        };
        Ok(allowed?)
    }
}

/// Counts refused messages.
#[derive(Debug, Default)]
pub(super) struct Refusals(VecDeque<Instant>);

impl Refusals {
    /// Counts one more; whether they are too many.
    pub(super) fn are_too_many(&mut self, now: Instant) -> bool {
        self.0.push_back(now);
        while self.0.front().is_some_and(|first| now.duration_since(*first) > REFUSAL_WINDOW) {
            self.0.pop_front();
        }
        self.0.len() > MAX_REFUSALS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_hundred_refusals_in_ten_seconds_are_too_many() {
        let mut refusals = Refusals::default();
        let mut are_too_many =
            |times: usize, at| Vec::from_iter((0..times).map(|_| refusals.are_too_many(at)));
        let start = Instant::now();
        assert_eq!(are_too_many(100, start), [false; 100]);
        let later = start + Duration::from_secs(10);
        assert_eq!(are_too_many(1, later), [true], "they all count for ten seconds");
        let later = start + Duration::from_secs(11);
        assert_eq!(are_too_many(99, later), [false; 99], "only the last of them counts still");
        assert_eq!(are_too_many(1, later), [true]);
    }
}
