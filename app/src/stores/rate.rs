//! How many events there were in each of the last seconds.

use std::collections::VecDeque;

use colloquy_protocol::{frame::EventFrame, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::live::Outcome;
use crate::api::{ApiError, Seen, events};

/// How many seconds are counted.
pub const SECONDS: usize = 60;

const SECOND: i64 = 1_000;

/// How many events there were in each of the last [`SECONDS`] seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// The second that is counted last, since 1970.
    last: i64,
    /// The oldest first; as many as [`SECONDS`].
    counts: VecDeque<u32>,
}

impl Rate {
    /// No event up to that moment.
    pub fn quiet(at: Timestamp) -> Self {
        Self { last: second(at), counts: VecDeque::from([0; SECONDS]) }
    }

    /// Counts one event. One from before the seconds that are counted changes nothing.
    pub fn record(&mut self, at: Timestamp) {
        self.advance(at);
        let ago = usize::try_from(self.last - second(at)).unwrap_or(usize::MAX);
        let place = SECONDS.checked_sub(1).and_then(|newest| newest.checked_sub(ago));
        if let Some(count) = place.and_then(|place| self.counts.get_mut(place)) {
            *count = count.saturating_add(1);
        }
    }

    /// Lets the time go on to that moment.
    pub fn advance(&mut self, now: Timestamp) {
        let passed = second(now).saturating_sub(self.last).max(0);
        for _ in 0..passed.min(SECONDS as i64) {
            self.counts.pop_front();
            self.counts.push_back(0);
        }
        self.last += passed;
    }

    /// The counts, the oldest first, each with how many seconds ago it was.
    pub fn counts(&self) -> impl Iterator<Item = (usize, u32)> {
        (0..self.counts.len()).rev().zip(self.counts.iter().copied())
    }
}

/// Counts the events of the log's last seconds before that moment.
///
/// # Errors
/// When the log cannot be read.
pub async fn recent_rate(now: Timestamp) -> Result<Seen<Rate>, ApiError> {
    let since = Timestamp::from_millis(now.as_millis() - SECONDS as i64 * SECOND);
    let moments = events::moments(since).await?;
    Ok(moments.map(|moments| {
        let mut rate = Rate::quiet(now);
        moments.into_iter().for_each(|moment| rate.record(moment));
        rate
    }))
}

/// Counts an event that arrived.
pub fn follow(rate: &mut Rate, frame: &EventFrame) -> Outcome {
    match serde_json::from_str::<Happened>(frame.payload.get()) {
        Ok(happened) => {
            rate.record(happened.timestamp);
            Outcome::Changed
        }
        Err(_) => Outcome::None,
    }
}

/// All that is read of a payload.
#[derive(Deserialize)]
struct Happened {
    timestamp: Timestamp,
}

fn second(moment: Timestamp) -> i64 {
    moment.as_millis().div_euclid(SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * SECOND + 500)
    }

    fn non_zero(rate: &Rate) -> Vec<(usize, u32)> {
        rate.counts().filter(|(_, count)| *count > 0).collect()
    }

    #[test]
    fn events_are_counted_in_their_second_and_move_to_the_past() {
        let mut rate = Rate::quiet(at(1_000));
        rate.record(at(1_000));
        rate.record(at(1_000));
        rate.record(at(998));
        assert_eq!(non_zero(&rate), [(2, 1), (0, 2)]);

        rate.advance(at(1_005));
        assert_eq!(non_zero(&rate), [(7, 1), (5, 2)]);
        assert_eq!(rate.counts().count(), SECONDS);
    }

    #[test]
    fn what_is_too_old_is_forgotten_and_not_counted() {
        let mut rate = Rate::quiet(at(1_000));
        rate.record(at(1_000));
        rate.record(at(940));
        assert_eq!(non_zero(&rate), [(0, 1)]);

        rate.advance(at(1_059));
        assert_eq!(non_zero(&rate), [(59, 1)]);
        rate.advance(at(i64::from(u32::MAX)));
        assert_eq!(non_zero(&rate), []);
    }

    #[test]
    fn an_event_from_a_clock_that_is_ahead_takes_the_time_along() {
        let mut rate = Rate::quiet(at(1_000));
        rate.record(at(1_003));
        rate.advance(at(1_001));
        assert_eq!(non_zero(&rate), [(0, 1)]);
    }
}
