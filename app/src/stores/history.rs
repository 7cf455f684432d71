//! The latest events, newest first, and what happened to the connection between them.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use colloquy_protocol::frame::EventFrame;
use leptos::{prelude::*, task::spawn_local};

use crate::readers::forget_readers;

/// The most entries that are shown, and the most that wait; older ones are dropped.
pub const CAPACITY: usize = 10_000;

/// The latest entries. While somebody reads them or has stopped them, new ones wait.
#[derive(Debug, Clone, Copy)]
pub struct History(RwSignal<Held>);

/// One line of the history, cheap to copy.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Never the same twice in one history: it counts up.
    pub key: u64,
    /// What the line says.
    pub line: Arc<Line>,
}

/// What a line of the history says.
#[derive(Debug)]
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
    /// Events were missed that the log no longer holds. It is one line for all topics.
    NotRecovered,
}

/// Which events are shown. What happened to the connection always is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// What the event's name begins with: `agent:created`, `agent:`, or nothing for every event. After a
    /// `-`, the name that it does not have.
    pub event: String,
    /// What the entity's name or the event's JSON has in it, in capitals or not.
    pub text: String,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// The entries that are not waiting.
    pub shown: usize,
    /// Those of them that the filter lets through.
    pub fitting: usize,
    /// The entries that came while somebody was reading or had stopped the history.
    pub waiting: usize,
    /// Whether somebody has stopped it.
    pub is_paused: bool,
}

impl History {
    /// A history without entries.
    #[expect(clippy::new_without_default, reason = "it makes a signal, which is no default value")]
    pub fn new() -> Self {
        Self(RwSignal::new(Held::default()))
    }

    /// Adds the newest entry. However many are added in one go, the page is told once.
    pub fn push(self, line: Line) {
        let was_told = self.0.try_update_untracked(|held| {
            held.push(line);
            std::mem::replace(&mut held.is_telling, true)
        });
        if was_told == Some(false) {
            spawn_local(async move {
                self.0.try_update(|held| held.is_telling = false);
                forget_readers(self.0);
            });
        }
    }

    /// Drops the entries that fit; what the filter hides stays, and what waits goes on waiting.
    pub fn clear(self) {
        self.update(Held::clear);
    }

    /// Stops the history, or lets it go on.
    pub fn set_paused(self, is_paused: bool) {
        self.update(|held| {
            held.is_paused = is_paused;
            held.release();
        });
    }

    /// Somebody reads older entries, which are to stay where they are; or follows the newest again.
    pub fn set_reading(self, is_reading: bool) {
        if self.0.with_untracked(|held| held.is_reading) != is_reading {
            self.update(|held| {
                held.is_reading = is_reading;
                held.release();
            });
        }
    }

    /// Shows what fits, among what is held and of what comes.
    pub fn set_filter(self, filter: Filter) {
        self.update(|held| held.set_filter(filter));
    }

    fn update(self, change: impl FnOnce(&mut Held)) {
        self.0.update(change);
        forget_readers(self.0);
    }

    /// How much there is.
    pub fn counts(self) -> Counts {
        self.0.with(|held| Counts {
            shown: held.shown.len(),
            fitting: held.fitting.len(),
            waiting: held.waiting.len(),
            is_paused: held.is_paused,
        })
    }

    /// At most `count` of the entries that fit, from that place on; the newest has place 0.
    pub fn entries(self, from: usize, count: usize) -> Vec<Entry> {
        self.0.with(|held| held.fitting.iter().skip(from).take(count).cloned().collect())
    }

    /// The place of an entry among those that fit.
    pub fn place(self, key: u64) -> Option<usize> {
        self.0.with(|held| held.place(key))
    }

    /// The events that fit as a JSON array, in the order in which they came.
    pub fn to_json(self) -> String {
        self.0.with_untracked(Held::to_json)
    }
}

/// The entries, each list newest first.
#[derive(Debug, Default)]
struct Held {
    shown: VecDeque<Entry>,
    /// Those of the shown entries that the filter lets through.
    fitting: VecDeque<Entry>,
    waiting: VecDeque<Entry>,
    filter: Filter,
    is_paused: bool,
    is_reading: bool,
    /// Whether the page is about to be told of new entries.
    is_telling: bool,
    next_key: u64,
}

impl Held {
    fn push(&mut self, line: Line) {
        let newest = self.waiting.front().or(self.shown.front());
        let goes_on = newest.is_some_and(|newest| matches!(*newest.line, Line::NotRecovered));
        if goes_on && matches!(line, Line::NotRecovered) {
            return;
        }
        self.next_key += 1;
        let entry = Entry { key: self.next_key, line: Arc::new(line) };
        if self.is_paused || self.is_reading {
            self.waiting.push_front(entry);
            self.waiting.truncate(CAPACITY);
        } else {
            self.show(entry);
        }
    }

    fn show(&mut self, entry: Entry) {
        if self.filter.fits(&entry.line) {
            self.fitting.push_front(entry.clone());
        }
        self.shown.push_front(entry);
        if self.shown.len() > CAPACITY {
            let dropped = self.shown.pop_back();
            self.fitting.pop_back_if(|oldest| dropped.is_some_and(|it| it.key == oldest.key));
        }
    }

    /// Shows what waits, unless something still holds it back.
    fn release(&mut self) {
        if !self.is_paused && !self.is_reading {
            while let Some(entry) = self.waiting.pop_back() {
                self.show(entry);
            }
        }
    }

    fn clear(&mut self) {
        self.shown.retain(|entry| !self.filter.fits(&entry.line));
        self.fitting.clear();
    }

    fn set_filter(&mut self, filter: Filter) {
        self.fitting = self.shown.iter().filter(|it| filter.fits(&it.line)).cloned().collect();
        self.filter = filter;
    }

    fn place(&self, key: u64) -> Option<usize> {
        self.fitting.binary_search_by(|entry| key.cmp(&entry.key)).ok()
    }

    fn to_json(&self) -> String {
        let frames = self.fitting.iter().rev().filter_map(|entry| match &*entry.line {
            // What was read as JSON can be written.
            Line::Event { frame, .. } => serde_json::to_string(&**frame).ok(),
            _ => None,
        });
        format!("[\n{}\n]\n", frames.collect::<Vec<_>>().join(",\n"))
    }
}

impl Filter {
    fn fits(&self, line: &Line) -> bool {
        let Line::Event { frame, name } = line else { return true };
        let has = |text: &str| contains(text, &self.text);
        let is_named = match self.event.strip_prefix('-') {
            Some(other) => frame.name != other,
            None => frame.name.starts_with(&self.event),
        };
        is_named
            && (self.text.is_empty()
                || name.as_deref().is_some_and(has)
                || has(frame.name)
                || has(frame.payload.get()))
    }
}

/// Whether a text has that part, which is not empty, in capitals or not.
fn contains(text: &str, part: &str) -> bool {
    let part = part.as_bytes();
    text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::event::ServerEvent;

    use super::*;

    fn event(offset: u64, message: &str) -> Line {
        let payload = format!(
            r#"{{"type":"info","message":"{message}","details":null,"timestamp":"2026-01-31T12:00:00.000Z"}}"#
        );
        let event = ServerEvent::from_parts("system:notification", &payload).unwrap();
        let frame = Arc::new(EventFrame::new(&event, offset).unwrap());
        Line::Event { frame, name: None }
    }

    fn keys(entries: &VecDeque<Entry>) -> Vec<u64> {
        entries.iter().map(|entry| entry.key).collect()
    }

    fn text(text: &str) -> Filter {
        Filter { text: text.to_owned(), ..Filter::default() }
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let mut held = Held::default();
        for offset in 1..=CAPACITY as u64 + 2 {
            held.push(event(offset, "hello"));
        }
        assert_eq!((held.shown.len(), held.fitting.len()), (CAPACITY, CAPACITY));
        assert_eq!(held.shown.back().unwrap().key, 3);
        assert_eq!(held.fitting.back().unwrap().key, 3);
        assert_eq!(held.place(3), Some(CAPACITY - 1));
        assert_eq!(held.place(2), None);
    }

    #[test]
    fn a_gap_is_told_once_and_a_key_does_not_come_again() {
        let mut held = Held::default();
        held.push(Line::NotRecovered);
        held.push(Line::NotRecovered);
        assert_eq!(keys(&held.shown), [1]);
        held.clear();
        assert!(held.shown.is_empty() && held.fitting.is_empty());
        held.push(Line::NotRecovered);
        assert_eq!(keys(&held.shown), [2]);
    }

    #[test]
    fn what_comes_while_it_is_held_back_waits_and_nothing_is_lost() {
        let mut held = Held::default();
        held.push(event(1, "one"));
        held.is_paused = true;
        held.is_reading = true;
        held.push(event(2, "two"));
        held.push(event(3, "three"));
        assert_eq!((keys(&held.fitting), keys(&held.waiting)), (vec![1], vec![3, 2]));

        held.is_reading = false;
        held.release();
        assert_eq!(keys(&held.fitting), [1]);
        held.is_paused = false;
        held.release();
        assert_eq!(keys(&held.fitting), [3, 2, 1]);
        assert!(held.waiting.is_empty());
    }

    #[test]
    fn the_filter_holds_for_what_is_there_and_what_comes() {
        let mut held = Held::default();
        held.push(event(1, "Tea is ready"));
        held.push(event(2, "Coffee"));
        held.set_filter(text("TEA"));
        assert_eq!(keys(&held.fitting), [1]);

        held.push(event(3, "More tea"));
        held.push(event(4, "More coffee"));
        held.push(Line::NotRecovered);
        assert_eq!(keys(&held.fitting), [5, 3, 1]);

        for (event, fitting) in [
            ("agent:", vec![5]),
            ("-agent:created", vec![5, 4, 3, 2, 1]),
            ("-system:notification", vec![5]),
        ] {
            held.set_filter(Filter { event: event.to_owned(), text: String::new() });
            assert_eq!(keys(&held.fitting), fitting, "{event}");
        }
        held.set_filter(Filter::default());
        assert_eq!(keys(&held.fitting), [5, 4, 3, 2, 1]);
    }

    #[test]
    fn what_the_filter_hides_is_not_cleared() {
        let mut held = Held::default();
        for (offset, message) in [(1, "tea"), (2, "coffee"), (3, "tea")] {
            held.push(event(offset, message));
        }
        held.is_paused = true;
        held.push(event(4, "tea"));
        held.set_filter(text("tea"));

        held.clear();
        assert_eq!((keys(&held.fitting), keys(&held.shown)), (vec![], vec![2]));
        held.is_paused = false;
        held.release();
        assert_eq!((keys(&held.fitting), keys(&held.shown)), (vec![4], vec![4, 2]));
        held.set_filter(Filter::default());
        assert_eq!(keys(&held.fitting), [4, 2]);
    }

    #[test]
    fn the_json_has_what_fits_as_it_was_sent() {
        let mut held = Held::default();
        assert_eq!(serde_json::from_str::<Vec<EventFrame>>(&held.to_json()).unwrap(), []);
        for (offset, message) in [(1, "tea"), (2, "coffee"), (3, "tea")] {
            held.push(event(offset, message));
        }
        held.push(Line::NotRecovered);
        held.set_filter(text("tea"));

        let frames: Vec<EventFrame> = serde_json::from_str(&held.to_json()).unwrap();
        assert_eq!(frames.iter().map(|frame| frame.offset).collect::<Vec<_>>(), [1, 3]);
    }
}
