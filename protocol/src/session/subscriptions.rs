//! What is subscribed to, by how many, and which topics are still catching up.

use std::mem;

use super::RequestId;
use crate::{
    position::{Offset, Position},
    topic::Topic,
};

/// The topics that a session holds, in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    /// Sorted by their topics. They are few, and a tree's code is large in the browser.
    held: Vec<(Topic, Subscription)>,
}

#[derive(Debug, Default)]
struct Subscription {
    /// How many callers hold it; the hub sees one subscription.
    holders: usize,
    /// The hub took it away. Whoever holds it has still to release it, and whoever wants it from now on
    /// asks anew.
    is_over: bool,
    /// The request on this connection that waits for a reply. Replies to older ones say nothing.
    request: Option<RequestId>,
    /// Absent once the connection's cursor speaks for this topic.
    catch_up: Option<CatchUp>,
}

/// A topic that starts at a position of its own: the one at which its store was loaded.
///
/// It is kept until the hub has surely sent everything after it, so that a connection lost before
/// that costs nothing: the next one asks for the same again.
#[derive(Debug)]
struct CatchUp {
    since: Position,
    progress: Progress,
    /// Callers gave positions of different histories, of which one at least is lost: whatever the
    /// hub answers, every store loads afresh.
    torn: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// The hub has not answered.
    Asked,
    /// The hub will replay what is missing.
    Accepted,
    /// The hub cannot; the store loads afresh once live events come.
    Refused,
    /// The hub replays, up to this offset.
    Replaying(Offset),
}

impl Subscriptions {
    pub(super) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.wanted().map(|(topic, _)| topic)
    }

    /// Whether any topic is not yet where the connection's cursor is.
    pub(super) fn catching_up(&self) -> bool {
        self.held.iter().any(|(_, held)| held.catch_up.is_some())
    }

    /// One more caller wants this topic. Answers whether the hub must be asked.
    pub(super) fn hold(
        &mut self,
        topic: Topic,
        since: Option<Position>,
        cursor: Option<&Position>,
    ) -> bool {
        match self.place(&topic) {
            Err(place) => {
                let catch_up = since.map(CatchUp::from);
                let held = Subscription { holders: 1, catch_up, ..Subscription::default() };
                self.held.insert(place, (topic, held));
                true
            }
            Ok(place) => {
                let (_, held) = &mut self.held[place];
                held.holders += 1;
                if mem::take(&mut held.is_over) {
                    held.catch_up = since.map(CatchUp::from);
                    return true;
                }
                since.is_some_and(|since| held.start_at(since, cursor))
            }
        }
    }

    /// One caller less wants this topic. Answers whether the hub must be told, because it was the last.
    pub(super) fn release(&mut self, topic: &Topic) -> bool {
        let Ok(place) = self.place(topic) else { return false };
        let (_, held) = &mut self.held[place];
        held.holders -= 1;
        held.holders == 0 && !self.held.remove(place).1.is_over
    }

    /// The hub took this topic away, whoever holds it.
    pub(super) fn end(&mut self, topic: &Topic) {
        if let Some(held) = self.get_mut(topic) {
            *held =
                Subscription { holders: held.holders, is_over: true, ..Subscription::default() };
        }
    }

    /// Whether the hub was asked for this topic and has not answered. What it says of it until then is
    /// about the subscription before.
    pub(super) fn is_asked(&self, topic: &Topic) -> bool {
        self.place(topic).is_ok_and(|place| self.held[place].1.request.is_some())
    }

    /// The hub is asked for this topic, under this id. Answers from where it is to start.
    pub(super) fn asked(&mut self, topic: &Topic, request: RequestId) -> Option<Position> {
        let held = self.get_mut(topic)?;
        held.request = Some(request);
        let catch_up = held.catch_up.as_mut()?;
        catch_up.progress = Progress::Asked;
        Some(catch_up.since.clone())
    }

    /// The topic that waits for this reply; it waits no longer.
    pub(super) fn waiting_for(&mut self, request: RequestId) -> Option<Topic> {
        let (topic, held) = self.held.iter_mut().find(|(_, held)| held.request == Some(request))?;
        held.request = None;
        Some(topic.clone())
    }

    /// The topics that wait for no reply.
    pub(super) fn answered(&self) -> Vec<Topic> {
        let answered = self.wanted().filter(|(_, held)| held.request.is_none());
        answered.map(|(topic, _)| topic.clone()).collect()
    }

    /// Whether the hub will replay what this topic misses.
    pub(super) fn answer(&mut self, topic: &Topic, accepted: bool) {
        if let Some(catch_up) = self.catch_up(topic) {
            catch_up.progress = if accepted { Progress::Accepted } else { Progress::Refused };
        }
    }

    /// The hub sends this topic's events: live ones after that offset, and before them the replay
    /// that it accepted. Answers whether there is none, so that the store must load afresh.
    pub(super) fn in_force(&mut self, topic: &Topic, offset: Offset) -> bool {
        let Some(held) = self.get_mut(topic) else { return false };
        let Some(catch_up) = &mut held.catch_up else { return false };
        let refused = catch_up.progress == Progress::Refused || catch_up.torn;
        catch_up.progress = Progress::Replaying(offset);
        if refused || catch_up.since.offset >= offset {
            held.catch_up = None;
        }
        refused
    }

    /// Everything covered up to this offset was sent: whoever was to be there by now is there.
    pub(super) fn sent_up_to(&mut self, offset: Offset) {
        for (_, held) in &mut self.held {
            held.catch_up.take_if(
                |one| matches!(one.progress, Progress::Replaying(until) if until <= offset),
            );
        }
    }

    /// What the hub is asked for.
    fn wanted(&self) -> impl Iterator<Item = &(Topic, Subscription)> {
        self.held.iter().filter(|(_, held)| !held.is_over)
    }

    /// Where a topic stands, or would stand.
    fn place(&self, topic: &Topic) -> Result<usize, usize> {
        self.held.binary_search_by(|(held, _)| held.cmp(topic))
    }

    fn get_mut(&mut self, topic: &Topic) -> Option<&mut Subscription> {
        let place = self.place(topic).ok()?;
        self.held.get_mut(place).map(|(_, held)| held)
    }

    fn catch_up(&mut self, topic: &Topic) -> Option<&mut CatchUp> {
        self.get_mut(topic)?.catch_up.as_mut()
    }
}

impl Subscription {
    /// A further caller's store was loaded at `since`. Answers whether the hub must be asked.
    ///
    /// The topic then starts at the earliest position that anybody needs. Positions of different
    /// epochs have no order, and nobody knows which history is lost.
    fn start_at(&mut self, since: Position, cursor: Option<&Position>) -> bool {
        match (&mut self.catch_up, cursor) {
            (Some(own), _) if own.since.epoch != since.epoch => own.torn = true,
            (Some(own), _) if own.since.offset <= since.offset => return false,
            (Some(own), _) => own.since = since,
            (none, Some(cursor)) if cursor.epoch != since.epoch => {
                *none = Some(CatchUp { torn: true, ..CatchUp::from(since) });
            }
            (none, Some(cursor)) if cursor.offset <= since.offset => {
                *none = Some(CatchUp::from(cursor.clone()));
            }
            (none, _) => *none = Some(CatchUp::from(since)),
        }
        true
    }
}

impl From<Position> for CatchUp {
    fn from(since: Position) -> Self {
        Self { since, progress: Progress::Asked, torn: false }
    }
}
