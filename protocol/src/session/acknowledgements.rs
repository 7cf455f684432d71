//! What is said of messages, until the hub has stored it.

use std::{collections::VecDeque, time::Duration};

use super::{MAX_UNANSWERED, RequestId};
use crate::{event::Acknowledgement, id::MessageId};

/// How many are with the hub at a time. So many can be too many at once, and no more.
const UNDER_WAY: usize = 16;

/// How long none is sent after the hub refused one for now: too many came, or its disk is full.
const PAUSE: Duration = Duration::from_secs(5);

/// The acknowledgements that wait, in their order.
#[derive(Debug, Default)]
pub(super) struct Acknowledgements {
    waiting: VecDeque<Waiting>,
    /// When the next may be sent, after one was refused.
    paused_until: Option<Duration>,
}

#[derive(Debug)]
struct Waiting {
    request: RequestId,
    message: MessageId,
    what: Acknowledgement,
    /// Whether the hub has it, on this connection.
    is_sent: bool,
}

impl Acknowledgements {
    /// Adds one; false when too many wait.
    pub(super) fn add(
        &mut self,
        request: RequestId,
        message: MessageId,
        what: Acknowledgement,
    ) -> bool {
        let has_room = self.waiting.len() < MAX_UNANSWERED;
        if has_room {
            self.waiting.push_back(Waiting { request, message, what, is_sent: false });
        }
        has_room
    }

    /// The next one that is to be sent now.
    pub(super) fn next(&mut self) -> Option<(RequestId, MessageId, Acknowledgement)> {
        let under_way = self.waiting.iter().filter(|one| one.is_sent).count();
        if self.paused_until.is_some() || under_way >= UNDER_WAY {
            return None;
        }
        let next = self.waiting.iter_mut().find(|one| !one.is_sent)?;
        next.is_sent = true;
        Some((next.request, next.message.clone(), next.what))
    }

    /// Takes out the one of that request: it is answered.
    pub(super) fn answered(&mut self, request: RequestId) -> Option<(MessageId, Acknowledgement)> {
        let place = self.waiting.iter().position(|one| one.request == request)?;
        self.waiting.remove(place).map(|one| (one.message, one.what))
    }

    /// The one of that request was refused for now: it goes again, after a pause. False when there is
    /// none.
    pub(super) fn refused(&mut self, request: RequestId, now: Duration) -> bool {
        let refused = self.waiting.iter_mut().find(|one| one.request == request);
        let Some(refused) = refused else { return false };
        refused.is_sent = false;
        self.paused_until = Some(now + PAUSE);
        true
    }

    /// The connection is another: nothing was sent on it yet.
    pub(super) fn begin_anew(&mut self) {
        self.waiting.iter_mut().for_each(|one| one.is_sent = false);
        self.paused_until = None;
    }

    /// When the pause ends.
    pub(super) fn paused_until(&self) -> Option<Duration> {
        self.paused_until
    }

    /// Ends the pause, if it is over.
    pub(super) fn tick(&mut self, now: Duration) {
        self.paused_until = self.paused_until.filter(|until| now < *until);
    }

    /// Takes out all of them.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (MessageId, Acknowledgement)> + use<> {
        std::mem::take(self).waiting.into_iter().map(|one| (one.message, one.what))
    }
}
