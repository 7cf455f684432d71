//! How an event reaches those who may see it, the moment it is published.
//!
//! An event of a private chat carries its audience. Who joins or leaves such a chat with it is seen
//! to at once: what waits for them, what they are subscribed to, and what counts as sent.

use colloquy_protocol::{id::Principal, topic::Topic};

use super::{
    Key, Member, Phase, State, not_in_it,
    outbox::{Item, Private, Pushed},
};
use crate::{
    metrics,
    store::{
        Logged,
        visibility::{Audience, Turn},
    },
};

impl State {
    /// Sends an event to those it concerns and who may see it.
    pub(super) fn deliver(&mut self, event: Logged) {
        self.head = event.offset;
        ::metrics::counter!(metrics::EVENTS, "event" => event.name).increment(1);
        self.take_turn(&event);
        let mut deliveries = 0;
        match &event.topic {
            None => {
                for member in self.members.values() {
                    deliveries += member.deliver(&event);
                }
            }
            Some(topic) => {
                for key in self.subscriptions.audience(topic) {
                    if let Some(member) = self.members.get(key) {
                        deliveries += member.deliver(&event);
                    }
                }
            }
        }
        ::metrics::counter!(metrics::DELIVERIES).increment(deliveries);
        self.end_subscriptions(&event);
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
                for member in self.members.values_mut().filter(|member| member.is(who)) {
                    member.coverage.renew(topic, born, now);
                }
            }
            Some(Turn::Left(who)) => {
                for member in self.members.values().filter(|member| member.is(who)) {
                    member.outbox.withdraw(chat, born, now);
                }
            }
        }
    }

    /// Who left a private chat loses the subscriptions to it; those for whom the log is being read
    /// lose them when it is read (see [`replay`]).
    fn end_subscriptions(&mut self, event: &Logged) {
        let left = event.audience.as_ref().and_then(Audience::left);
        let (Some(topic), Some(who)) = (&event.topic, left) else { return };
        let is_live_and_theirs = |key: &&Key| {
            let member = self.members.get(key);
            member.is_some_and(|member| member.is(who) && matches!(member.phase, Phase::Live))
        };
        let ending: Vec<Key> =
            self.subscriptions.subscribers(topic).filter(is_live_and_theirs).copied().collect();
        for key in ending {
            self.unsubscribe(key, topic);
            self.push(key, not_in_it(topic));
        }
    }
}

impl Member {
    /// Whether that is who acts through it.
    fn is(&self, who: &Principal) -> bool {
        self.visitor.caller.principal == *who
    }

    /// Queues a live event, unless it may not be seen; how many deliveries that makes.
    fn deliver(&self, event: &Logged) -> u64 {
        if !matches!(self.phase, Phase::Live) {
            return 0;
        }
        let viewer = &self.visitor.caller.principal;
        let (offset, audience) = (event.offset, event.audience.as_ref());
        if audience.is_some_and(|audience| !audience.contains(viewer)) {
            return 0;
        }
        let private = match (&event.topic, audience) {
            // That somebody left is theirs to see, whatever happens next.
            (Some(Topic::Chat(chat)), Some(audience)) if audience.left() != Some(viewer) => {
                Some(Private { chat: chat.clone(), offset, judged: offset })
            }
            _ => None,
        };
        let (text, event) = (event.frame.clone(), Some((offset, event.committed)));
        let item = Item::Text { text, event, private };
        u64::from(self.push(item) == Pushed::Queued)
    }
}
