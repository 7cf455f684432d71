//! Which part of the log a connection is to be sent, topic by topic.
//!
//! A subscription covers the events of its topic after one offset, and no longer those after
//! another once it has ended. From that alone follows what a replay has to send: what is covered
//! and was not covered before.

use std::collections::{HashMap, VecDeque};

use colloquy_protocol::{position::Offset, topic::Topic};

/// How many ended stretches are remembered for a connection. Beyond it the oldest is forgotten,
/// and a later replay of just that stretch would send its events again.
const ENDED_STRETCHES: usize = 256;

/// How many joins are remembered for a connection. Beyond it the oldest is forgotten, and a later
/// replay of just that chat would leave out what happened before it.
const JOINS: usize = 1_024;

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
    /// Stretches of private chats, from the first offset up to before the second, that became
    /// visible when whoever is at the other end joined: they count as never sent.
    renewed: VecDeque<(Topic, Offset, Offset)>,
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
        let start = self.open.entry(topic.clone()).or_insert(Start::After(after));
        *start = match *start {
            Start::Ready => Start::After(after),
            Start::After(earlier) => Start::After(earlier.min(after)),
        };
        for (one, _, joined) in &mut self.renewed {
            if covers(&topic, one) {
                // From here on it is sent.
                *joined = (after + 1).min(*joined);
            }
        }
        self.renewed.retain(|(_, born, joined)| born < joined);
        self.notifications = self.notifications.map(|earlier| earlier.min(after));
    }

    /// Covers a topic after that offset, unless it is covered already.
    pub(crate) fn begin(&mut self, topic: Topic, after: Offset) {
        self.open.entry(topic).or_insert(Start::After(after));
    }

    /// Settles everything that was recorded: it is covered after that offset, or after an earlier one
    /// that it was to begin at; and notifications after the earliest of all these.
    pub(crate) fn make_ready(&mut self, after: Offset) {
        for start in self.open.values_mut() {
            *start = Start::After(match *start {
                Start::Ready => after,
                Start::After(own) => own.min(after),
            });
        }
        // Nothing was sent so far.
        self.renewed.clear();
        self.notifications = Some(self.earliest().map_or(after, |earliest| earliest.min(after)));
    }

    /// Ends the coverage of a topic; `through` is the last offset up to which it was sent.
    pub(crate) fn end(&mut self, topic: &Topic, through: Offset) {
        if let Some(Start::After(after)) = self.open.remove(topic) {
            self.remember(topic, after, through);
        }
    }

    /// Whoever is at the other end joined a private chat, at `joined`, that is as old as `born`:
    /// what happened in it before becomes visible, and counts as never sent. That is so even of what
    /// a replay under way will send of it, which comes once more when it is asked for: the page that
    /// is just being read may show the log from before the join, and if what it leaves out counted
    /// as sent, it would be lost.
    pub(crate) fn renew(&mut self, topic: &Topic, born: Offset, joined: Offset) {
        if born < joined {
            if self.renewed.len() == JOINS {
                self.renewed.pop_front();
            }
            self.renewed.push_back((topic.clone(), born, joined));
        }
    }

    /// What was sent of that topic's events before a replay of it begins.
    pub(crate) fn of(&self, topic: &Topic) -> Self {
        let has = |one: &Topic| overlap(one, topic);
        let open = match topic {
            Topic::All(_) => self.open.iter().filter(|(one, _)| has(one)).map(cloned).collect(),
            _ => [topic.clone(), Topic::All(topic.kind())]
                .into_iter()
                .filter_map(|one| self.open.get_key_value(&one).map(cloned))
                .collect(),
        };
        let of = |all: &VecDeque<(Topic, Offset, Offset)>| {
            all.iter().filter(|(one, ..)| has(one)).cloned().collect()
        };
        Self {
            open,
            ended: of(&self.ended),
            renewed: of(&self.renewed),
            notifications: self.notifications,
        }
    }

    /// Whether exactly this topic is subscribed to.
    pub(crate) fn has(&self, topic: &Topic) -> bool {
        self.open.contains_key(topic)
    }

    /// Remembers what an earlier coverage of a topic had sent when a replay began that ended at
    /// `cursor`: it was to go up to `upto`.
    pub(crate) fn remember_from(
        &mut self,
        earlier: &Self,
        topic: &Topic,
        cursor: Offset,
        upto: Offset,
    ) {
        if let Some(Start::After(after)) = earlier.open.get(topic) {
            self.remember(topic, *after, upto);
        }
        for (one, born, joined) in earlier.renewed.iter().filter(|(one, ..)| covers(topic, one)) {
            self.renew(one, (cursor + 1).max(*born), *joined);
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

    /// Whether a subscription covers that event now or did so while it lasted, and the event was
    /// visible.
    pub(crate) fn ever_covered(&self, topic: Option<&Topic>, offset: Offset) -> bool {
        let is_new = |(one, born, joined): &(Topic, Offset, Offset)| {
            Some(one) == topic && (*born..*joined).contains(&offset)
        };
        if self.renewed.iter().any(is_new) {
            return false;
        }
        self.covers(topic, offset)
            || topic.is_some_and(|topic| {
                self.ended.iter().any(|(one, after, through)| {
                    covers(one, topic) && (*after < offset && offset <= *through)
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

/// Whether a subscription to a topic covers the events of that entity.
pub(super) fn covers(topic: &Topic, entity: &Topic) -> bool {
    topic == entity || *topic == Topic::All(entity.kind())
}

/// Whether some entity's events are covered by both.
pub(super) fn overlap(one: &Topic, other: &Topic) -> bool {
    covers(one, other) || covers(other, one)
}

fn cloned((topic, start): (&Topic, &Start)) -> (Topic, Start) {
    (topic.clone(), *start)
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
    fn a_topic_that_was_to_begin_later_is_covered_from_ready_on() {
        let mut coverage = Coverage::default();
        coverage.record(topic("agent:*"));
        coverage.extend(topic("agent:*"), 7);
        coverage.extend(topic("chat:c"), 8);
        coverage.make_ready(5);
        assert!(coverage.covers(Some(&topic("agent:a")), 6));
        assert!(coverage.covers(Some(&topic("chat:c")), 6));
        assert!(!coverage.covers(Some(&topic("chat:c")), 5));
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
    fn what_was_hidden_until_a_join_was_never_sent() {
        let mut coverage = Coverage::default();
        coverage.begin(topic("chat:*"), 2);
        coverage.renew(&topic("chat:c"), 4, 7);
        let sent = |offset| coverage.ever_covered(Some(&topic("chat:c")), offset);
        assert!(sent(3) && sent(7) && sent(8));
        assert!(!sent(4) && !sent(6));
        assert!(coverage.ever_covered(Some(&topic("chat:d")), 5));
        // Once a replay was asked for, it was sent.
        coverage.extend(topic("chat:c"), 4);
        let sent = |offset| coverage.ever_covered(Some(&topic("chat:c")), offset);
        assert!(sent(5) && sent(6) && !sent(4));
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
