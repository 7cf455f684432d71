//! The latest events, newest first, and what happened to the connection between them.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use colloquy_protocol::frame::EventFrame;
use leptos::prelude::*;

/// The most entries that are held; older ones are dropped.
pub const CAPACITY: usize = 1_000;

/// The latest entries, newest first.
#[derive(Debug, Clone, Copy)]
pub struct History(RwSignal<Held>);

#[derive(Debug, Default)]
struct Held {
    entries: VecDeque<Entry>,
    next_key: u64,
}

/// One line of the history.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Never the same twice in one history.
    pub key: u64,
    /// What the line says.
    pub line: Line,
}

/// What a line of the history says.
#[derive(Debug, Clone)]
pub enum Line {
    /// An event arrived.
    Event {
        /// The event as it arrived.
        frame: Arc<EventFrame>,
        /// The name of its entity, if it is known.
        name: Option<String>,
    },
    /// A connection was lost and is back, and what was missed was replayed.
    Recovered {
        /// How many events those were: the ones below.
        count: u64,
        /// How long there was no live connection.
        gap: Duration,
    },
    /// Events were missed that the log no longer holds.
    NotRecovered,
}

impl History {
    /// A history without entries.
    #[expect(clippy::new_without_default, reason = "it makes a signal, which is no default value")]
    pub fn new() -> Self {
        Self(RwSignal::new(Held::default()))
    }

    /// What is held, newest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.0.with(|held| held.entries.iter().cloned().collect())
    }

    /// How many entries are held.
    pub fn len(&self) -> usize {
        self.0.with(|held| held.entries.len())
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the newest entry, and drops the oldest when there are too many.
    pub fn push(&self, line: Line) {
        self.0.update(|held| {
            held.entries.push_front(Entry { key: held.next_key, line });
            held.entries.truncate(CAPACITY);
            held.next_key += 1;
        });
    }

    /// Drops everything.
    pub fn clear(&self) {
        self.0.update(|held| held.entries.clear());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let owner = Owner::new();
        owner.set();
        let history = History::new();
        for _ in 0..CAPACITY + 2 {
            history.push(Line::NotRecovered);
        }

        let keys: Vec<u64> = history.entries().iter().map(|entry| entry.key).collect();
        let newest = CAPACITY as u64 + 1;
        assert_eq!(keys, (2..=newest).rev().collect::<Vec<_>>());
    }

    #[test]
    fn a_key_does_not_come_again_after_clearing() {
        let owner = Owner::new();
        owner.set();
        let history = History::new();
        history.push(Line::NotRecovered);
        history.clear();
        assert!(history.is_empty());

        history.push(Line::NotRecovered);
        assert_eq!(history.entries().iter().map(|entry| entry.key).collect::<Vec<_>>(), [1]);
    }
}
