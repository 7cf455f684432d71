//! Which part of the log a connection is to be sent, topic by topic.
//!
//! A subscription covers the events of its topic after one offset, and no longer those after
//! another once it has ended. From that alone follows what a replay has to send: what is covered
//! and was not covered before.

use std::collections::{HashMap, VecDeque};

use colloquy_protocol::{position::Offset, topic::Topic};

/// How many ended stretches are remembered for a connection. Beyond it the oldest is forgotten,
/// and a later replay of just that stretch would send its events again.
const ENDED_STRETCHES: usize = 1_024;

/// Where a subscription begins to cover its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Said before `client:ready`, which settles it.
    Ready,
    /// Everything after this offset.
    After(Offset),
}

/// What a connection is to be sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coverage {
    open: HashMap<Topic, Start>,
    /// Stretches of ended subscriptions: after the first offset, up to the second.
    ended: VecDeque<(Topic, Offset, Offset)>,
    /// Notifications, which are covered whenever anything is; `None` before `client:ready`.
    notifications: Option<Offset>,
}

impl Coverage {
    /// Covers a topic from `client:ready` on; one that is covered already stays as it is.
    pub(crate) fn record(&mut self, topic: Topic) {
        self.open.entry(topic).or_insert(Start::Ready);
    }

    /// Covers a topic after that offset, and with it the notifications after it.
    pub(crate) fn extend(&mut self, topic: Topic, after: Offset) {
        let start = self.open.entry(topic).or_insert(Start::After(after));
        *start = match *start {
            Start::Ready => Start::After(after),
            Start::After(earlier) => Start::After(earlier.min(after)),
        };
        self.notifications = self.notifications.map(|earlier| earlier.min(after));
    }

    /// Covers a topic after that offset, unless it is covered already.
    pub(crate) fn begin(&mut self, topic: Topic, after: Offset) {
        self.open.entry(topic).or_insert(Start::After(after));
    }

    /// Settles everything that was recorded: it is covered after that offset, and notifications
    /// after that or after an earlier one that a topic begins at.
    pub(crate) fn make_ready(&mut self, after: Offset) {
        for start in self.open.values_mut().filter(|start| **start == Start::Ready) {
            *start = Start::After(after);
        }
        self.notifications = Some(self.earliest().map_or(after, |earliest| earliest.min(after)));
    }

    /// Ends the coverage of a topic; `through` is the last offset up to which it was sent.
    pub(crate) fn end(&mut self, topic: &Topic, through: Offset) {
        if let Some(Start::After(after)) = self.open.remove(topic) {
            self.remember(topic, after, through);
        }
    }

    /// Remembers what an earlier coverage of a topic had sent by then, up to that offset.
    pub(crate) fn remember_from(&mut self, earlier: &Self, topic: &Topic, through: Offset) {
        if let Some(Start::After(after)) = earlier.open.get(topic) {
            self.remember(topic, *after, through);
        }
    }

    /// The earliest offset after which anything is covered.
    pub(crate) fn earliest(&self) -> Option<Offset> {
        let topics = self.open.values().filter_map(|start| match start {
            Start::Ready => None,
            Start::After(after) => Some(*after),
        });
        topics.chain(self.notifications).min()
    }

    /// Whether a subscription covers that event (`None`: a notification) now.
    pub(crate) fn covers(&self, topic: Option<&Topic>, offset: Offset) -> bool {
        match topic {
            None => self.notifications.is_some_and(|after| after < offset),
            Some(topic) => {
                self.is_open(topic, offset) || self.is_open(&Topic::All(topic.kind()), offset)
            }
        }
    }

    /// Whether a subscription covers that event now or did so while it lasted.
    pub(crate) fn ever_covered(&self, topic: Option<&Topic>, offset: Offset) -> bool {
        self.covers(topic, offset)
            || topic.is_some_and(|topic| {
                self.ended.iter().any(|(one, after, through)| {
                    (one == topic || *one == Topic::All(topic.kind()))
                        && (*after < offset && offset <= *through)
                })
            })
    }

    fn remember(&mut self, topic: &Topic, after: Offset, through: Offset) {
        if after < through {
            if self.ended.len() == ENDED_STRETCHES {
                self.ended.pop_front();
            }
            self.ended.push_back((topic.clone(), after, through));
        }
    }

    fn is_open(&self, topic: &Topic, offset: Offset) -> bool {
        matches!(self.open.get(topic), Some(Start::After(after)) if *after < offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(text: &str) -> Topic {
        text.parse().unwrap()
    }

    #[test]
    fn nothing_recorded_is_covered_before_ready() {
        let mut coverage = Coverage::default();
        coverage.record(topic("agent:*"));
        assert!(!coverage.covers(Some(&topic("agent:a")), 5));
        assert_eq!(coverage.earliest(), None);
        coverage.make_ready(5);
        assert!(!coverage.covers(Some(&topic("agent:a")), 5));
        assert!(coverage.covers(Some(&topic("agent:a")), 6));
        assert!(coverage.covers(None, 6));
        assert!(!coverage.covers(Some(&topic("chat:a")), 6));
    }

    #[test]
    fn a_topic_may_begin_earlier_than_the_others() {
        let mut coverage = Coverage::default();
        coverage.extend(topic("agent:a"), 2);
        coverage.record(topic("chat:c"));
        coverage.make_ready(5);
        assert_eq!(coverage.earliest(), Some(2));
        assert!(coverage.covers(Some(&topic("agent:a")), 3));
        assert!(!coverage.covers(Some(&topic("chat:c")), 5));
        assert!(coverage.covers(None, 3), "a notification counts as covered in every replay");
    }

    #[test]
    fn what_was_covered_is_remembered() {
        let mut coverage = Coverage::default();
        coverage.begin(topic("agent:a"), 2);
        coverage.end(&topic("agent:a"), 6);
        assert!(!coverage.covers(Some(&topic("agent:a")), 3));
        assert!(coverage.ever_covered(Some(&topic("agent:a")), 3));
        assert!(coverage.ever_covered(Some(&topic("agent:a")), 6));
        assert!(!coverage.ever_covered(Some(&topic("agent:a")), 7));
        assert!(!coverage.ever_covered(Some(&topic("agent:a")), 2));
    }

    #[test]
    fn beginning_again_changes_nothing() {
        let mut coverage = Coverage::default();
        coverage.begin(topic("agent:a"), 2);
        coverage.begin(topic("agent:a"), 7);
        assert!(coverage.covers(Some(&topic("agent:a")), 3));
        coverage.extend(topic("agent:a"), 1);
        assert!(coverage.covers(Some(&topic("agent:a")), 2));
    }
}
