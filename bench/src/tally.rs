//! What was published, and who has received what.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Result, bail};
use colloquy_protocol::position::{Offset, Position};
use tokio::sync::oneshot;

use crate::stamp::{Stamp, now};

/// What was published and received. One thread uses it, so its lock is never waited for.
#[derive(Debug)]
pub struct Tally(Mutex<Counts>);

/// The counts themselves.
#[derive(Debug, Default)]
pub struct Counts {
    /// Deliveries that have come.
    pub delivered: u64,
    /// Their latencies in microseconds, while these are wanted.
    pub latencies: Option<Vec<u32>>,
    /// How far each subscriber has got, while that is wanted.
    pub places: Option<Vec<Reached>>,
    /// Why the measurement is worth nothing.
    pub failure: Option<String>,
    /// Publishes that not everybody has received, and those after them.
    open: VecDeque<Publish>,
    /// The number of the first one in `open`.
    first: u64,
    /// How many have been published into each room.
    published: Vec<u64>,
    /// How many each subscriber has received.
    received: Vec<u64>,
}

/// How far in the log a subscriber has got.
#[derive(Debug, Clone, Default)]
pub struct Reached {
    /// Everything up to there was received.
    pub position: Option<Position>,
    /// When it began to come back, in the generator's nanoseconds.
    pub returned: Option<u64>,
    /// When the last delivery came that was read from the log.
    pub replayed: Option<u64>,
}

#[derive(Debug)]
struct Publish {
    missing: usize,
    done: Option<oneshot::Sender<()>>,
}

impl Tally {
    /// Nothing published yet, into so many rooms for so many subscribers.
    pub fn new(rooms: usize, subscribers: usize) -> Self {
        Self(Mutex::new(Counts {
            published: vec![0; rooms],
            received: vec![0; subscribers],
            ..Counts::default()
        }))
    }

    /// The counts.
    pub fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Begins a publish into a room of so many: its number, and what tells that all have it.
    pub fn publish(&mut self, room: usize, members: usize) -> (u64, oneshot::Receiver<()>) {
        let (done, is_done) = oneshot::channel();
        let number = self.first + self.open.len() as u64;
        self.published[room] += 1;
        self.open.push_back(Publish { missing: members, done: Some(done) });
        (number, is_done)
    }

    /// Counts a delivery that came just now.
    pub fn deliver(&mut self, subscriber: usize, stamp: Stamp, now: u64) {
        self.delivered += 1;
        self.received[subscriber] += 1;
        if let Some(latencies) = &mut self.latencies {
            let micros = now.saturating_sub(stamp.at) / 1000;
            latencies.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
        let place = stamp.number.checked_sub(self.first).map(|place| place as usize);
        let publish = place.and_then(|place| self.open.get_mut(place));
        let Some(publish) = publish.filter(|publish| publish.missing > 0) else {
            return self.fail(format!("publish {} came once too often", stamp.number));
        };
        publish.missing -= 1;
        if publish.missing == 0 {
            // Whoever published it may have stopped waiting.
            let _ = publish.done.take().map(|done| done.send(()));
            while self.open.pop_front_if(|publish| publish.missing == 0).is_some() {
                self.first += 1;
            }
        }
    }

    /// Declares that the measurement is worth nothing; the first reason stays.
    pub fn fail(&mut self, reason: String) {
        self.failure.get_or_insert(reason);
    }

    /// How many publishes not everybody has received yet.
    pub fn open(&self) -> usize {
        self.open.iter().filter(|publish| publish.missing > 0).count()
    }

    /// Checks that everybody received all that was published into their rooms.
    ///
    /// # Errors
    /// When they did not, or something else failed.
    pub fn check(&self, rooms_of: &[Vec<usize>]) -> Result<()> {
        if let Some(failure) = &self.failure {
            bail!("{failure}");
        }
        let mut lost = 0;
        for (rooms, received) in rooms_of.iter().zip(&self.received) {
            let wanted: u64 = rooms.iter().map(|room| self.published[*room]).sum();
            lost += wanted.abs_diff(*received);
        }
        match lost {
            0 => Ok(()),
            _ => bail!("{lost} deliveries were lost, or came to somebody else"),
        }
    }
}

/// Counts as [`Counts::deliver`] does for all that came in one read.
pub(crate) struct Arrivals<'a> {
    counts: MutexGuard<'a, Counts>,
    subscriber: usize,
    now: u64,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn begin(tally: &'a Tally, subscriber: usize) -> Self {
        Self { counts: tally.lock(), subscriber, now: now() }
    }

    pub(crate) fn deliver(&mut self, stamp: Stamp) {
        self.counts.deliver(self.subscriber, stamp, self.now);
    }

    /// Whether it is wanted how far subscribers have got.
    pub(crate) fn wants_places(&self) -> bool {
        self.counts.places.is_some()
    }

    /// Remembers how far the subscriber has got: the offset of a delivery, and whether it was read
    /// from the log.
    pub(crate) fn reach(&mut self, (offset, replayed): (Offset, bool)) {
        let places = self.counts.places.as_mut();
        if let Some(reached) = places.and_then(|places| places.get_mut(self.subscriber)) {
            if let Some(position) = &mut reached.position {
                position.offset = offset;
            }
            if replayed {
                reached.replayed = Some(self.now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(number: u64) -> Stamp {
        Stamp { at: 1_000, number }
    }

    #[test]
    fn a_publish_is_done_when_the_last_one_has_it() {
        let tally = Tally::new(1, 2);
        let mut counts = tally.lock();
        counts.latencies = Some(Vec::new());
        let (first, mut first_done) = counts.publish(0, 2);
        let (second, mut second_done) = counts.publish(0, 2);
        for (subscriber, number) in [(0, first), (0, second), (1, second)] {
            assert!(first_done.try_recv().is_err() && second_done.try_recv().is_err());
            counts.deliver(subscriber, stamp(number), 8_000);
        }
        assert!(second_done.try_recv().is_ok() && counts.open() == 1);
        assert!(counts.check(&[vec![0], vec![0]]).is_err(), "one is still missing");
        counts.deliver(1, stamp(first), 8_000);
        assert!(first_done.try_recv().is_ok() && counts.open() == 0);
        counts.check(&[vec![0], vec![0]]).unwrap();
        assert_eq!((counts.delivered, counts.latencies.take()), (4, Some(vec![7; 4])));
    }

    #[test]
    fn a_double_is_a_failure() {
        let tally = Tally::new(1, 1);
        let mut counts = tally.lock();
        let (number, _) = counts.publish(0, 1);
        counts.deliver(0, stamp(number), 0);
        counts.check(&[vec![0]]).unwrap();
        counts.deliver(0, stamp(number), 0);
        assert!(counts.check(&[vec![0]]).is_err());
    }
}
