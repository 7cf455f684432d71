//! How an event reaches those who may see it, the moment it is published.
//!
//! An event of a private chat carries its audience. Who joins or leaves such a chat with it is seen
//! to at once: what waits for them, what they are subscribed to, and what counts as sent.

use std::sync::Arc;

use colloquy_protocol::topic::Topic;

use super::{
    State,
    flusher::Flushers,
    line::Line,
    not_in_it,
    outbox::{Parcel, Private, Pushed},
};
use crate::{
    metrics,
    store::{
        Logged,
        visibility::{Audience, Turn},
    },
};

impl State {
    /// Queues an event for those it concerns and who may see it.
    pub(super) fn deliver(&mut self, event: Logged, flushers: &Flushers) {
        self.head = event.offset;
        ::metrics::counter!(metrics::EVENTS, "event" => event.name).increment(1);
        self.take_turn(&event);
        let parcels = Parcels::of(&event);
        let audience = event.audience.as_ref();
        let deliver = |line: &Arc<Line>| u64::from(parcels.deliver(line, audience, flushers));
        let deliveries: u64 = match &event.topic {
            None => self.members.values().map(|member| deliver(&member.line)).sum(),
            Some(topic) => self.live(topic).into_iter().map(deliver).sum(),
        };
        ::metrics::counter!(metrics::DELIVERIES).increment(deliveries);
        self.end_subscriptions(&event, flushers);
        self.recent.push(event.into());
    }

    /// The connections to which what happens to an entity is to be queued. All of them are looked at
    /// before anything is done to one, so that the processor fetches many of them at a time.
    pub(super) fn live(&self, topic: &Topic) -> Vec<&Arc<Line>> {
        self.subscriptions.audience(topic).filter(|line| line.is_live()).collect()
    }

    /// What somebody may have been sent of a private chat changes when they join or leave it.
    fn take_turn(&mut self, event: &Logged) {
        let (Some(topic @ Topic::Chat(chat)), Some(audience)) = (&event.topic, &event.audience)
        else {
            return;
        };
        let (born, now) = (audience.born, event.offset);
        match &audience.turn {
            None => {}
            Some(Turn::Joined(who)) => {
                for member in self.members.values_mut().filter(|one| one.line.principal() == who) {
                    member.coverage.renew(topic, born, now);
                }
            }
            Some(Turn::Left(who)) => {
                for member in self.members.values().filter(|one| one.line.principal() == who) {
                    member.line.outbox.withdraw(chat, born, now);
                }
            }
        }
    }

    /// Who left a private chat loses the subscriptions to it; those for whom the log is being read
    /// lose them when it is read (see [`replay`]).
    fn end_subscriptions(&mut self, event: &Logged, flushers: &Flushers) {
        let left = event.audience.as_ref().and_then(Audience::left);
        let (Some(topic), Some(who)) = (&event.topic, left) else { return };
        let is_live_and_theirs = |line: &&Arc<Line>| line.principal() == who && line.is_live();
        let ending: Vec<Arc<Line>> =
            self.subscriptions.subscribers(topic).filter(is_live_and_theirs).cloned().collect();
        for line in ending {
            self.unsubscribe(line.key, topic);
            send(&line, &Parcel::told(not_in_it(topic)), flushers);
        }
    }
}

/// An event on its way: made once, shared by all who receive it.
struct Parcels {
    parcel: Arc<Parcel>,
    /// For who leaves a private chat with it: that is theirs to see, whatever happens next.
    for_leaver: Option<Arc<Parcel>>,
}

impl Parcels {
    fn of(event: &Logged) -> Self {
        let offset = event.offset;
        let private = match (&event.topic, &event.audience) {
            (Some(Topic::Chat(chat)), Some(_)) => {
                Some(Private { chat: chat.clone(), offset, judged: offset })
            }
            _ => None,
        };
        let parcel = |private| {
            let event_of = Some((offset, event.committed));
            Arc::new(Parcel { frame: event.frame.clone(), event: event_of, private })
        };
        let left = event.audience.as_ref().and_then(Audience::left);
        Self { parcel: parcel(private), for_leaver: left.map(|_| parcel(None)) }
    }

    /// Queues it, unless it may not be seen or the log is read instead; whether it was.
    fn deliver(&self, line: &Arc<Line>, audience: Option<&Audience>, flushers: &Flushers) -> bool {
        if !line.is_live() || audience.is_some_and(|all| !all.contains(line.principal())) {
            return false;
        }
        let is_leaver = audience.and_then(Audience::left) == Some(line.principal());
        let parcel = match &self.for_leaver {
            Some(parcel) if is_leaver => parcel,
            _ => &self.parcel,
        };
        send(line, parcel, flushers)
    }
}

/// Queues something; whether it was.
pub(super) fn send(line: &Arc<Line>, parcel: &Arc<Parcel>, flushers: &Flushers) -> bool {
    match line.outbox.push(parcel.clone()) {
        Pushed::Queued => true,
        Pushed::Unlisted => {
            flushers.add(line);
            true
        }
        Pushed::TooLate | Pushed::Overflowed => false,
    }
}
