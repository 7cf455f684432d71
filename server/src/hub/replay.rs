//! Reading the log for a connection until it has caught up.
//!
//! While it lasts nothing is queued for the connection: what happens meanwhile is read from the
//! log too, so however long it takes the queue does not overflow and the order is the log's.

use colloquy_protocol::{position::Offset, topic::Topic};

use super::{
    coverage::{Coverage, covers, overlap},
    not_in_it,
    outbox::{Parcel, Private},
    recent,
};
use crate::{
    store::events::{SeenBecause, Stored, Stretch},
    ws::Frame,
};

/// At most that many events are taken from memory at a time, and about that many bytes: the hub is
/// locked meanwhile.
const RECENT_EVENTS: usize = 256;
const RECENT_BYTES: usize = 1024 * 1024;

/// How far a connection has read the log.
#[derive(Debug)]
pub(super) struct CatchUp {
    /// What is covered up to here was handed out.
    cursor: Offset,
    /// The head when it began: the reply's offset. What comes after it is not a replay.
    upto: Offset,
    /// What the connection had been sent up to there before it began; nothing, if it was not ready.
    before: Option<Before>,
    /// Whether it began before `upto`.
    is_replay: bool,
    /// Whether its place in the queue was marked.
    announced: bool,
}

/// What a connection had been sent before a replay of one topic: all that it covers of others, and
/// of this one's events what is covered here. (What became visible of others since is not part of
/// the replay.)
#[derive(Debug)]
pub(super) struct Before {
    replayed: Topic,
    covered: Coverage,
}

impl Before {
    /// What had been sent of what is covered now, when a replay of that topic begins.
    pub(super) fn replay_of(topic: Topic, coverage: &Coverage) -> Self {
        Self { covered: coverage.of(&topic), replayed: topic }
    }

    fn had(&self, topic: Option<&Topic>, offset: Offset) -> bool {
        topic.is_some_and(|topic| !covers(&self.replayed, topic))
            || self.covered.ever_covered(topic, offset)
    }
}

/// Some events to be sent.
#[derive(Debug)]
pub(super) struct Page {
    /// What is sent, in order.
    chosen: Vec<Chosen>,
    /// The subscriptions that ended with these events.
    pub(super) ended: Vec<Topic>,
}

/// What was chosen to be sent, and is still to be encoded.
#[derive(Debug)]
enum Chosen {
    Event { event: Stored, replayed: bool, private: Option<Private> },
    Told(Frame),
}

impl Page {
    /// Encodes what is sent.
    pub(super) fn into_parcels(self) -> Vec<Parcel> {
        let parcel = |chosen| match chosen {
            Chosen::Event { event, replayed, private } => {
                let live = Frame::event(&event.event, &event.payload, event.offset);
                let frame = if replayed { live.replayed() } else { live };
                Parcel { frame, event: None, private }
            }
            Chosen::Told(frame) => Parcel { frame, event: None, private: None },
        };
        self.chosen.into_iter().map(parcel).collect()
    }
}

impl CatchUp {
    pub(super) fn new(after: Offset, upto: Offset, before: Option<Before>) -> Self {
        Self { cursor: after, upto, before, is_replay: after < upto, announced: false }
    }

    pub(super) fn cursor(&self) -> Offset {
        self.cursor
    }

    /// Whether its place in the queue is still to be marked; from now on it is.
    pub(super) fn announce(&mut self) -> bool {
        !std::mem::replace(&mut self.announced, true)
    }

    /// Whether it is a replay, and the peer waits for its end. It cannot always tell that from the
    /// last event, which may lie below the reply's offset; and those of a topic's own replay may come
    /// out of order.
    pub(super) fn is_replay(&self) -> bool {
        self.is_replay
    }

    /// After which offset the log must be kept: only for what was promised to be replayed.
    pub(super) fn needs(&self) -> Option<Offset> {
        (self.cursor < self.upto).then_some(self.cursor)
    }

    /// Ends the coverage of a topic: it was sent up to the cursor, and what was sent of it before
    /// this began may go further.
    pub(super) fn end(&self, topic: &Topic, coverage: &mut Coverage) {
        match &self.before {
            // None of its events may be one of the replay.
            Some(before) if !overlap(&before.replayed, topic) => {
                coverage.end(topic, self.cursor.max(self.upto));
            }
            Some(before) if self.cursor < self.upto => {
                coverage.end(topic, self.cursor);
                coverage.remember_from(&before.covered, topic, self.cursor, self.upto);
            }
            _ => coverage.end(topic, self.cursor),
        }
    }

    /// Takes from a stretch of the log what the connection is to be sent, and moves on behind it.
    /// `judged` is the position at which the stretch was found to be visible. Who left a private
    /// chat since this began loses the subscription to it with that event, as if it came live.
    pub(super) fn take(
        &mut self,
        stretch: Stretch,
        judged: Offset,
        coverage: &mut Coverage,
    ) -> Page {
        let mut page = Page { chosen: Vec::new(), ended: Vec::new() };
        for event in stretch.events {
            let (offset, topic) = (event.offset, event.topic.as_ref());
            let Some(replayed) = self.wants(topic, offset, coverage) else { continue };
            let private = match (topic, event.seen) {
                (Some(Topic::Chat(chat)), SeenBecause::Participant) => {
                    Some(Private { chat: chat.clone(), offset, judged })
                }
                _ => None,
            };
            let left = match &event.topic {
                Some(topic) if event.seen == SeenBecause::Left && !replayed => Some(topic.clone()),
                _ => None,
            };
            page.chosen.push(Chosen::Event { event, replayed, private });
            if let Some(topic) = left.filter(|topic| coverage.has(topic)) {
                coverage.end(&topic, offset);
                page.chosen.push(Chosen::Told(not_in_it(&topic)));
                page.ended.push(topic);
            }
        }
        self.cursor = stretch.through;
        page
    }

    /// Takes from the log's end in memory what the connection is to be sent, and moves on behind it:
    /// up to where something is covered of which only the store knows whether it is visible.
    pub(super) fn take_recent<'a>(
        &mut self,
        events: impl Iterator<Item = &'a recent::Event>,
        coverage: &Coverage,
    ) -> Vec<Parcel> {
        let (mut parcels, mut bytes) = (Vec::new(), 0);
        for event in events.take(RECENT_EVENTS) {
            if let Some(replayed) = self.wants(event.topic(), event.offset(), coverage) {
                if event.is_private() || bytes >= RECENT_BYTES {
                    break;
                }
                let frame = event.frame(replayed).clone();
                bytes += frame.len();
                parcels.push(Parcel { frame, event: None, private: None });
            }
            self.cursor = event.offset();
        }
        parcels
    }

    /// Whether the connection is to be sent an event if it may see it; if so, whether it is a
    /// replayed one.
    fn wants(&self, topic: Option<&Topic>, offset: Offset, coverage: &Coverage) -> Option<bool> {
        let replayed = offset <= self.upto;
        let was_sent =
            replayed && self.before.as_ref().is_some_and(|before| before.had(topic, offset));
        (!was_sent && coverage.covers(topic, offset)).then_some(replayed)
    }
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::topic::Kind;

    use super::*;
    use crate::{hub::Recent, store::events::Happened};

    fn topic() -> Topic {
        "agent:a".parse().unwrap()
    }

    /// A replay of it from 1 on, while the log's head is at 10.
    fn replay(coverage: &mut Coverage) -> CatchUp {
        let before = Before::replay_of(topic(), coverage);
        coverage.extend(topic(), 1);
        CatchUp::new(1, 10, Some(before))
    }

    fn events(range: std::ops::RangeInclusive<Offset>) -> Stretch {
        let through = *range.end();
        let event = |offset| Stored {
            offset,
            event: "agent:updated".to_owned(),
            payload: "{}".to_owned(),
            topic: Some(topic()),
            seen: SeenBecause::Open,
        };
        Stretch { events: range.map(event).collect(), through }
    }

    fn offsets(parcels: &[Parcel]) -> Vec<Offset> {
        let offset = |parcel: &Parcel| {
            // Short enough for a header of two bytes.
            let text = &parcel.frame.as_bytes()[2..];
            let frame: serde_json::Value = serde_json::from_slice(text).unwrap();
            frame["offset"].as_u64().unwrap()
        };
        parcels.iter().map(offset).collect()
    }

    /// Live since 5, then replayed from 1, then ended in the middle of that: what lies between
    /// the replay's cursor and where it was live was not sent, and comes when it is asked for.
    #[test]
    fn what_an_interrupted_replay_left_out_comes_with_the_next() {
        let mut coverage = Coverage::default();
        coverage.make_ready(0);
        coverage.begin(topic(), 5);
        let mut first = replay(&mut coverage);
        assert_eq!(offsets(&first.take(events(2..=3), 10, &mut coverage).into_parcels()), [2, 3]);
        first.end(&topic(), &mut coverage);

        let mut second = replay(&mut coverage);
        assert_eq!(offsets(&second.take(events(2..=10), 10, &mut coverage).into_parcels()), [4, 5]);
    }

    /// What is unsubscribed from while another topic is replayed was sent up to where that began.
    #[test]
    fn a_replay_of_another_topic_takes_nothing_back() {
        let other = "agent:b".parse().unwrap();
        for topic in [&other, &Topic::All(Kind::Agent)] {
            let mut coverage = Coverage::default();
            coverage.make_ready(0);
            coverage.begin(topic.clone(), 5);
            let mut replay = replay(&mut coverage);
            replay.take(events(2..=3), 10, &mut coverage);
            replay.end(topic, &mut coverage);
            for (offset, was_sent) in [(5, false), (6, true), (10, true), (11, false)] {
                assert_eq!(coverage.ever_covered(Some(&other), offset), was_sent, "{offset}");
            }
        }
    }

    /// What happened to agents is taken from memory up to the first event of a private chat that is
    /// covered; others' private chats do not matter.
    #[test]
    fn only_the_store_knows_who_sees_what_is_private() {
        let happened = |offset, topic: &str, private| Happened {
            offset,
            topic: Some(topic.parse().unwrap()),
            private,
            frame: Frame::text(&format!(r#"{{"offset":{offset}}}"#)),
        };
        let recent = Recent::new(
            5,
            vec![
                happened(2, "agent:a", false),
                happened(3, "chat:other", true),
                happened(4, "chat:c", true),
                happened(5, "agent:a", false),
            ],
            1 << 20,
        );
        let mut coverage = Coverage::default();
        coverage.make_ready(0);
        coverage.begin(topic(), 1);
        coverage.begin("chat:c".parse().unwrap(), 1);
        let mut catch_up = CatchUp::new(1, 4, None);
        let mut take = || {
            let events = recent.since(catch_up.cursor()).unwrap();
            let parcels = catch_up.take_recent(events, &coverage);
            (offsets(&parcels), catch_up.cursor())
        };
        assert_eq!(take(), (vec![2], 3));
        assert_eq!(take(), (vec![], 3), "this one is for the store");
        let mut end = CatchUp::new(4, 4, None);
        let parcels = end.take_recent(recent.since(4).unwrap(), &coverage);
        assert_eq!(offsets(&parcels), [5]);
    }

    #[test]
    fn the_log_is_kept_for_what_was_promised_and_no_further() {
        let mut coverage = Coverage::default();
        coverage.make_ready(0);
        let mut catch_up = CatchUp::new(2, 4, None);
        assert_eq!(catch_up.needs(), Some(2));
        catch_up.take(events(3..=4), 4, &mut coverage);
        assert_eq!(catch_up.needs(), None);
    }
}
