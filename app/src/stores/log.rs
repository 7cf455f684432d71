//! The stretch of the log that a page shows.

use std::sync::Arc;

use colloquy_protocol::{
    model::{LogEntry, Page},
    position::Offset,
};

/// The most events that are shown at a time.
pub const CAPACITY: usize = 600;

/// A stretch of the log without a hole in it, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stretch {
    entries: Vec<Arc<LogEntry>>,
    has_older: bool,
}

/// How many events are newer than those of a [`Stretch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Those that are known.
    pub count: usize,
    /// Whether there may be more of them.
    pub or_more: bool,
}

impl Stretch {
    /// The events, newest first.
    pub fn entries(&self) -> &[Arc<LogEntry>] {
        &self.entries
    }

    /// Whether the log has older ones that fit, when that is known, or may have.
    pub fn has_older(&self) -> bool {
        self.has_older
    }

    /// Whether no more is shown at a time.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= CAPACITY
    }

    /// The place of the oldest event.
    pub fn oldest(&self) -> Option<Offset> {
        self.entries.last().map(|entry| entry.offset)
    }

    /// Goes on to the newest page. What was there stays below it, unless something between the
    /// two is not known.
    pub fn join(&mut self, newest: &Page<LogEntry>) {
        let mut joined: Vec<_> = newest.items.iter().rev().cloned().map(Arc::new).collect();
        let mut has_older = newest.next_cursor.is_some();
        let oldest = newest.items.first().map(|entry| entry.offset);
        let touches = self.entries.first().is_some_and(|top| oldest <= Some(top.offset));
        if has_older && touches {
            joined.extend(self.entries.drain(..).filter(|entry| Some(entry.offset) < oldest));
            has_older = self.has_older || joined.len() > CAPACITY;
            joined.truncate(CAPACITY);
        }
        *self = Self { entries: joined, has_older };
    }

    /// Goes back by the page before the oldest event.
    pub fn extend(&mut self, older: Page<LogEntry>) {
        self.entries.extend(older.items.into_iter().rev().map(Arc::new));
        self.has_older = older.next_cursor.is_some();
    }

    /// How many events of the newest page are not here yet.
    pub fn waiting(&self, newest: &Page<LogEntry>) -> Waiting {
        let top = self.entries.first().map(|top| top.offset);
        let count = newest.items.iter().filter(|entry| Some(entry.offset) > top).count();
        Waiting { count, or_more: count == newest.items.len() && newest.next_cursor.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::{id::Principal, time::Timestamp};
    use serde_json::Value;

    use super::*;

    fn page(offsets: std::ops::RangeInclusive<Offset>, has_older: bool) -> Page<LogEntry> {
        let Principal { id, kind } = Principal::local();
        let next_cursor = has_older.then(|| offsets.start().to_string());
        let entry = |offset| LogEntry {
            offset,
            event: "agent:created".to_owned(),
            payload: Value::Null,
            topic: None,
            actor_id: id.clone(),
            actor_kind: kind,
            timestamp: Timestamp::from_millis(0),
        };
        Page { items: offsets.map(entry).collect(), next_cursor }
    }

    fn offsets(stretch: &Stretch) -> Vec<Offset> {
        stretch.entries().iter().map(|entry| entry.offset).collect()
    }

    #[test]
    fn the_newest_page_comes_on_top_of_what_it_touches() {
        let mut stretch = Stretch::default();
        stretch.join(&page(4..=6, true));
        stretch.extend(page(1..=3, false));
        assert_eq!(offsets(&stretch), [6, 5, 4, 3, 2, 1]);
        assert!(!stretch.has_older());

        stretch.join(&page(6..=8, true));
        assert_eq!(offsets(&stretch), [8, 7, 6, 5, 4, 3, 2, 1]);
        assert!(!stretch.has_older());
    }

    #[test]
    fn there_is_no_hole_when_the_newest_page_does_not_touch() {
        let mut stretch = Stretch::default();
        stretch.join(&page(1..=3, false));
        stretch.join(&page(5..=6, true));
        assert_eq!(offsets(&stretch), [6, 5]);
        assert!(stretch.has_older());
    }

    #[test]
    fn what_the_log_no_longer_has_goes() {
        let mut stretch = Stretch::default();
        stretch.join(&page(1..=3, false));
        stretch.join(&page(3..=4, false));
        assert_eq!(offsets(&stretch), [4, 3]);
        assert!(!stretch.has_older());
    }

    #[test]
    fn it_is_bounded() {
        let mut stretch = Stretch::default();
        stretch.join(&page(1..=CAPACITY as Offset, false));
        let last = CAPACITY as Offset + 1;
        stretch.join(&page(last - 1..=last, true));
        assert_eq!(stretch.entries().len(), CAPACITY);
        assert_eq!(stretch.oldest(), Some(2));
        assert!(stretch.has_older() && stretch.is_full());
    }

    #[test]
    fn what_waits_is_counted() {
        let mut stretch = Stretch::default();
        stretch.join(&page(4..=6, true));
        let waiting = |newest| stretch.waiting(&newest);
        assert_eq!(waiting(page(5..=8, true)), Waiting { count: 2, or_more: false });
        assert_eq!(waiting(page(8..=9, true)), Waiting { count: 2, or_more: true });
        assert_eq!(waiting(page(6..=6, true)), Waiting { count: 0, or_more: false });
    }
}
