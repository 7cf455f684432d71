//! The end of the log, in memory.
//!
//! Whoever was away for a moment is sent what they missed from here, so that however many come back
//! at once, SQLite is not asked for each of them.

use std::{collections::VecDeque, sync::OnceLock};

use colloquy_protocol::{position::Offset, topic::Topic};

use crate::{store::events::Happened, ws::Frame};

/// The last events of the log, bounded in bytes; the oldest are forgotten first.
#[derive(Debug)]
pub(crate) struct Recent {
    events: VecDeque<Event>,
    bytes: usize,
    most: usize,
    /// Everything after this offset is in `events`.
    start: Offset,
}

/// An event, as it is sent.
#[derive(Debug)]
pub(super) struct Event {
    happened: Happened,
    replayed: OnceLock<Frame>,
}

impl Recent {
    /// Of a log whose last event has the offset `head`, and which ends with `events`: at most `most`
    /// bytes of it are kept.
    pub(crate) fn new(head: Offset, events: Vec<Happened>, most: usize) -> Self {
        let start = events.first().map_or(head, |first| first.offset - 1);
        let mut recent = Self { events: VecDeque::new(), bytes: 0, most, start };
        for event in events {
            recent.push(event);
        }
        recent
    }

    /// Adds the log's next event.
    pub(super) fn push(&mut self, happened: Happened) {
        self.bytes += happened.bytes();
        self.events.push_back(Event { happened, replayed: OnceLock::new() });
        while self.bytes > self.most
            && let Some(Event { happened: oldest, .. }) = self.events.pop_front()
        {
            self.bytes -= oldest.bytes();
            self.start = oldest.offset;
        }
    }

    /// What happened after that offset, in order, if all of it is here.
    pub(super) fn since(&self, offset: Offset) -> Option<impl Iterator<Item = &Event>> {
        let first = self.events.partition_point(|event| event.offset() <= offset);
        (offset >= self.start).then(|| self.events.range(first..))
    }
}

impl Event {
    pub(super) fn offset(&self) -> Offset {
        self.happened.offset
    }

    /// None: it goes to everybody.
    pub(super) fn topic(&self) -> Option<&Topic> {
        self.happened.topic.as_ref()
    }

    /// Whether only the store knows who sees it.
    pub(super) fn is_private(&self) -> bool {
        self.happened.private
    }

    /// The event as it is sent: live, or in a replay. Either is encoded once for all.
    pub(super) fn frame(&self, replayed: bool) -> &Frame {
        let live = &self.happened.frame;
        if replayed { self.replayed.get_or_init(|| live.replayed()) } else { live }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(offset: Offset, payload: &str) -> Happened {
        let frame =
            Frame::text(&format!(r#"{{"event":"e","payload":{payload},"offset":{offset}}}"#));
        Happened { offset, topic: None, private: false, frame }
    }

    fn since(recent: &Recent, offset: Offset) -> Option<Vec<Offset>> {
        Some(recent.since(offset)?.map(Event::offset).collect())
    }

    #[test]
    fn what_was_forgotten_is_not_here_and_nothing_is_left_out() {
        let mut recent = Recent::new(5, Vec::new(), 3 * event(9, "{}").bytes());
        assert_eq!(since(&recent, 5), Some(vec![]));
        assert_eq!(since(&recent, 4), None);
        // Offsets may have gaps.
        for offset in [6, 7, 9] {
            recent.push(event(offset, "{}"));
        }
        assert_eq!(since(&recent, 5), Some(vec![6, 7, 9]));
        assert_eq!(since(&recent, 7), Some(vec![9]));
        assert_eq!(since(&recent, 8), Some(vec![9]));
        assert_eq!(since(&recent, 9), Some(vec![]));
        recent.push(event(9, r#"{"longer":1}"#));
        assert_eq!(since(&recent, 6), None, "two had to go");
        assert_eq!(since(&recent, 7), Some(vec![9, 9]));
    }

    #[test]
    fn it_begins_with_the_end_of_the_log() {
        let events = vec![event(3, "{}"), event(5, "{}")];
        let recent = Recent::new(5, events, 1 << 20);
        assert_eq!((since(&recent, 1), since(&recent, 2)), (None, Some(vec![3, 5])));
    }

    #[test]
    fn nothing_is_kept_where_nothing_may_be() {
        let mut recent = Recent::new(5, vec![event(5, "{}")], 0);
        recent.push(event(6, "{}"));
        assert_eq!((since(&recent, 5), since(&recent, 6)), (None, Some(vec![])));
    }

    #[test]
    fn a_replayed_event_says_so() {
        for length in [0, 100, 200, 70_000] {
            let payload = format!("\"{}\"", "x".repeat(length));
            let recent = Recent::new(1, vec![event(1, &payload)], 1 << 20);
            let replayed =
                format!(r#"{{"event":"e","payload":{payload},"offset":1,"replay":true}}"#);
            let kept = recent.events.front().unwrap();
            assert_eq!(kept.frame(true), &Frame::text(&replayed));
            assert_eq!(kept.frame(false), &event(1, &payload).frame);
        }
    }
}
