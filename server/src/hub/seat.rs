//! A connection's place in the hub: what its own task may do there.

use std::sync::Arc;

use colloquy_protocol::{
    close::CloseCode,
    error::{ErrorCode, WireError},
    event::Started,
    frame::{Heartbeat, HubEvent},
    position::{Offset, Position},
    topic::Topic,
};
use tokio::sync::Notify;

use super::{
    Hub, Phase, Visitor, encode,
    line::Line,
    outbox::Outbox,
    replay::{Before, CatchUp, Page},
};
use crate::{
    limits::Limit,
    metrics,
    store::{
        Database,
        events::{self, Stretch},
    },
    ws::Frame,
};

/// A connection's place in the hub. Dropping it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Seat {
    hub: Hub,
    line: Arc<Line>,
    welcome: Offset,
    /// Told when the log need not be read any more.
    live: Notify,
}

impl Seat {
    pub(super) fn new(hub: Hub, line: Arc<Line>, welcome: Offset) -> Self {
        Self { hub, line, welcome, live: Notify::new() }
    }

    /// The hub it is in.
    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The log's head when it joined: the offset of its `hub:welcome`.
    pub(super) fn welcome(&self) -> Offset {
        self.welcome
    }

    /// Who is at the other end.
    pub(super) fn visitor(&self) -> &Visitor {
        &self.line.visitor
    }

    /// What waits for it.
    pub(super) fn outbox(&self) -> &Outbox {
        &self.line.outbox
    }

    /// Subscribes; before `client:ready` that only records. After it the connection catches up
    /// with the log from the reply's offset, or from `since` for what it was not sent before.
    pub(super) fn subscribe(
        &self,
        topic: Topic,
        since: Option<&Position>,
    ) -> Result<Started, WireError> {
        let mut state = self.hub.lock();
        let state = &mut *state;
        let head = state.head;
        let from = since.filter(|since| state.can_replay(&self.hub.0.epoch, since));
        let Some(member) = state.members.get_mut(&self.line.key) else { return Err(gone()) };
        let most = self.hub.0.max_subscriptions;
        if state.subscriptions.topic_count(&self.line) >= most
            && !state.subscriptions.is_subscribed(&self.line, &topic)
        {
            metrics::limited(Limit::Subscriptions);
            let most = format!("a connection may have at most {most} subscriptions");
            return Err(WireError::new(ErrorCode::TooManySubscriptions, most));
        }
        let recording = matches!(member.phase, Phase::Recording { .. });
        // What was covered so far was sent, or is in the queue in front of the replay.
        let before =
            from.filter(|_| !recording).map(|_| Before::replay_of(topic.clone(), &member.coverage));
        match from {
            Some(from) => member.coverage.extend(topic.clone(), from.offset),
            None if recording => member.coverage.record(topic.clone()),
            None => member.coverage.begin(topic.clone(), head),
        }
        if !recording {
            let after = from.map_or(head, |from| from.offset);
            member.enter(Phase::CatchingUp(CatchUp::new(after, head, before).into()));
        }
        state.subscriptions.subscribe(self.line.clone(), topic);
        state.count();
        Ok(self.started(head, since, from))
    }

    /// Whether `client:ready` was not said yet: subscriptions are only recorded.
    pub(super) fn is_recording(&self) -> bool {
        let state = self.hub.lock();
        let member = state.members.get(&self.line.key);
        member.is_some_and(|member| matches!(member.phase, Phase::Recording { .. }))
    }

    /// Ends a subscription, if there is one.
    pub(super) fn unsubscribe(&self, topic: &Topic) {
        self.hub.lock().unsubscribe(self.line.key, topic);
    }

    /// `client:ready`: from the reply's offset on, or from `since`, everything covered is sent.
    pub(super) fn ready(&self, since: Option<&Position>) -> Result<Started, WireError> {
        let mut state = self.hub.lock();
        let state = &mut *state;
        let head = state.head;
        let from = since.filter(|since| state.can_replay(&self.hub.0.epoch, since));
        let Some(member) = state.members.get_mut(&self.line.key) else { return Err(gone()) };
        if !matches!(member.phase, Phase::Recording { .. }) {
            return Err(WireError::new(ErrorCode::AlreadyReady, "client:ready was said before"));
        }
        if member.coverage.earliest().is_some_and(|promised| promised < state.log_start) {
            self.outrun();
            return Err(gone());
        }
        member.coverage.make_ready(from.map_or(head, |from| from.offset));
        let after = member.coverage.earliest().unwrap_or(head);
        let catch_up = CatchUp::new(after, head, None);
        member.enter(Phase::CatchingUp(catch_up.into()));
        Ok(self.started(head, since, from))
    }

    /// Marks the place in the queue at which the log is to be read, once for each time that it
    /// is; what is queued in front of it, the reply above all, goes first.
    pub(super) fn announce_catch_up(&self) {
        let mut state = self.hub.lock();
        if let Some(member) = state.members.get_mut(&self.line.key)
            && let Phase::CatchingUp(catch_up) = &mut member.phase
            && catch_up.announce()
        {
            self.outbox().mark_catch_up();
        }
    }

    /// Whether the log is being read for this connection.
    pub(super) fn is_catching_up(&self) -> bool {
        let state = self.hub.lock();
        let member = state.members.get(&self.line.key);
        member.is_some_and(|member| matches!(member.phase, Phase::CatchingUp(_)))
    }

    /// Waits until the log is not being read for this connection.
    pub(super) async fn caught_up(&self) {
        loop {
            let live = self.live.notified();
            if !self.is_catching_up() {
                return;
            }
            live.await;
        }
    }

    /// Queues the next page of the log for this connection, or, when its head is reached, has what
    /// happens queued from here on.
    pub(super) async fn read_log(&self, database: &Database) -> sqlx::Result<()> {
        let (cursor, head) = {
            let mut state = self.hub.lock();
            let state = &mut *state;
            let head = state.head;
            let Some(member) = state.members.get_mut(&self.line.key) else { return Ok(()) };
            let Phase::CatchingUp(catch_up) = &mut member.phase else {
                self.outbox().end_reading();
                return Ok(());
            };
            let cursor = catch_up.cursor();
            if cursor < state.log_start {
                self.outrun();
                return Ok(());
            }
            if cursor >= head {
                if catch_up.is_replay() {
                    self.outbox().tell(heartbeat(head));
                }
                self.outbox().end_reading();
                member.enter(Phase::Live);
                self.live.notify_waiters();
                return Ok(());
            }
            if let Some(events) = state.recent.since(cursor) {
                let parcels = catch_up.take_recent(events, &member.coverage);
                if catch_up.cursor() > cursor {
                    self.outbox().push_page(parcels);
                    return Ok(());
                }
            }
            (cursor, head)
        };
        // It is never closed.
        let _turn = self.hub.0.replays.acquire().await;
        let mut snapshot = database.snapshot().await?;
        let who = self.line.principal();
        let stretch = events::stretch(snapshot.connection(), cursor, head, who).await?;
        let judged = snapshot.head();
        drop(snapshot);
        // What is published waits for it to be chosen, but not for it to be encoded.
        let page = self.choose(cursor, stretch, judged);
        self.outbox().push_page(page.map(Page::into_parcels).unwrap_or_default());
        Ok(())
    }

    /// Chooses from what was read after that offset what the connection is to be sent, unless it is not
    /// to be sent anything any more.
    fn choose(&self, cursor: Offset, stretch: Stretch, judged: Offset) -> Option<Page> {
        let mut state = self.hub.lock();
        let state = &mut *state;
        let member = state.members.get_mut(&self.line.key)?;
        let Phase::CatchingUp(catch_up) = &mut member.phase else { return None };
        if cursor < state.log_start {
            // What was forgotten meanwhile may be missing from the stretch.
            self.outrun();
            return None;
        }
        let page = catch_up.take(stretch, judged, &mut member.coverage);
        for topic in &page.ended {
            state.subscriptions.unsubscribe(&self.line, topic);
            state.count();
        }
        Some(page)
    }

    /// Closes the connection, because the log has forgotten what it was still to be sent: it reads more
    /// slowly than events come, or was not ready in time. When it comes back it is told so.
    fn outrun(&self) {
        self.outbox().abort(CloseCode::SlowConsumer);
    }

    /// Queues a heartbeat: everything that is covered up to its offset is queued in front of it.
    pub(super) fn heartbeat(&self) {
        let state = self.hub.lock();
        let Some(member) = state.members.get(&self.line.key) else { return };
        let offset = match &member.phase {
            // What a subscription is to be sent from its `since` on is still to come.
            Phase::Recording { welcome, .. } => {
                member.coverage.earliest().map_or(*welcome, |promised| promised.min(*welcome))
            }
            Phase::CatchingUp(catch_up) if self.outbox().is_reading() => catch_up.cursor(),
            // What was queued before the log is to be read goes further than what will be read.
            Phase::CatchingUp(_) => return,
            Phase::Live => state.head,
        };
        self.outbox().tell(heartbeat(offset));
    }

    /// Says something to the connection, whose own task this is.
    pub(super) fn tell(&self, text: &str) {
        self.outbox().tell(Frame::text(text));
    }

    fn started(&self, head: Offset, asked: Option<&Position>, from: Option<&Position>) -> Started {
        Started {
            epoch: self.hub.0.epoch.to_string(),
            offset: head,
            recovered: asked.map(|_| from.is_some()),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        state.subscriptions.remove_client(&self.line);
        state.members.remove(&self.line.key);
        state.count();
        drop(state);
        self.hub.0.left.notify_waiters();
    }
}

/// Everything covered up to that offset was sent before.
fn heartbeat(offset: Offset) -> Frame {
    Frame::text(&encode(&HubEvent::Heartbeat(Heartbeat { offset })))
}

fn gone() -> WireError {
    WireError::new(ErrorCode::Unavailable, "the connection is closing")
}
