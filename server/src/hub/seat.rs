//! A connection's place in the hub: what its own task may do there.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use colloquy_protocol::{
    close::CloseCode,
    error::{ErrorCode, WireError},
    event::Started,
    frame::{Heartbeat, HubEvent},
    id::Principal,
    position::{Offset, Position},
    topic::Topic,
};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    Hub, Key, Phase,
    coverage::Coverage,
    encode,
    outbox::{Item, Outbox},
    replay::{CatchUp, Page},
};
use crate::{
    limits::Limit,
    metrics,
    store::{Database, events},
};

/// A connection's place in the hub. Dropping it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Seat {
    hub: Hub,
    key: Key,
    /// Who is at the other end.
    principal: Principal,
    welcome: Offset,
    outbox: Arc<Outbox>,
    /// The offset of the last event that was handed to the socket.
    sent: Arc<AtomicU64>,
    /// Told when the log need not be read any more.
    live: Notify,
}

impl Seat {
    pub(super) fn new(
        hub: Hub,
        key: Key,
        principal: Principal,
        welcome: Offset,
        outbox: Arc<Outbox>,
        sent: Arc<AtomicU64>,
    ) -> Self {
        Self { hub, key, principal, welcome, outbox, sent, live: Notify::new() }
    }

    /// The hub it is in.
    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The log's head when it joined: the offset of its `hub:welcome`.
    pub(super) fn welcome(&self) -> Offset {
        self.welcome
    }

    /// What waits for it.
    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Remembers that everything up to this event was handed to the socket.
    pub(super) fn mark_sent(&self, offset: Offset) {
        self.sent.store(offset, Ordering::Relaxed);
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
        let Some(member) = state.members.get_mut(&self.key) else { return Err(gone()) };
        let most = self.hub.0.max_subscriptions;
        if state.subscriptions.topic_count(&self.key) >= most
            && !state.subscriptions.is_subscribed(&self.key, &topic)
        {
            metrics::limited(Limit::Subscriptions);
            let most = format!("a connection may have at most {most} subscriptions");
            return Err(WireError::new(ErrorCode::TooManySubscriptions, most));
        }
        let recording = matches!(member.phase, Phase::Recording { .. });
        let before = match from {
            // What was covered so far was sent, or is in the queue in front of the replay.
            Some(_) if !recording => member.coverage.before_replay_of(&topic),
            _ => Coverage::default(),
        };
        match from {
            Some(from) => member.coverage.extend(topic.clone(), from.offset),
            None if recording => member.coverage.record(topic.clone()),
            None => member.coverage.begin(topic.clone(), head),
        }
        if !recording {
            let after = from.map_or(head, |from| from.offset);
            member.phase = Phase::CatchingUp(CatchUp::new(after, head, before));
        }
        state.subscriptions.subscribe(self.key, topic);
        state.count();
        Ok(self.started(head, since, from))
    }

    /// Whether `client:ready` was not said yet: subscriptions are only recorded.
    pub(super) fn is_recording(&self) -> bool {
        let state = self.hub.lock();
        let member = state.members.get(&self.key);
        member.is_some_and(|member| matches!(member.phase, Phase::Recording { .. }))
    }

    /// Ends a subscription, if there is one.
    pub(super) fn unsubscribe(&self, topic: &Topic) {
        self.hub.lock().unsubscribe(self.key, topic);
    }

    /// `client:ready`: from the reply's offset on, or from `since`, everything covered is sent.
    pub(super) fn ready(&self, since: Option<&Position>) -> Result<Started, WireError> {
        let mut state = self.hub.lock();
        let head = state.head;
        let from = since.filter(|since| state.can_replay(&self.hub.0.epoch, since));
        let Some(member) = state.members.get_mut(&self.key) else { return Err(gone()) };
        if !matches!(member.phase, Phase::Recording { .. }) {
            return Err(WireError::new(ErrorCode::AlreadyReady, "client:ready was said before"));
        }
        member.coverage.make_ready(from.map_or(head, |from| from.offset));
        let after = member.coverage.earliest().unwrap_or(head);
        member.phase = Phase::CatchingUp(CatchUp::new(after, head, Coverage::default()));
        Ok(self.started(head, since, from))
    }

    /// Marks the place in the queue at which the log is to be read, once for each time that it
    /// is; what is queued in front of it, the reply above all, goes first.
    pub(super) fn announce_catch_up(&self) {
        let mut state = self.hub.lock();
        if let Some(member) = state.members.get_mut(&self.key)
            && let Phase::CatchingUp(catch_up) = &mut member.phase
            && catch_up.announce()
        {
            member.push(Item::CatchUp);
        }
    }

    /// Waits until the log is not being read for this connection.
    pub(super) async fn caught_up(&self) {
        loop {
            let live = self.live.notified();
            let catching_up = |phase: &Phase| matches!(phase, Phase::CatchingUp(_));
            if !self.hub.lock().members.get(&self.key).is_some_and(|one| catching_up(&one.phase)) {
                return;
            }
            live.await;
        }
    }

    /// The next page of the log for this connection. `None`: the head is reached, and from here on
    /// events are queued.
    pub(super) async fn next_page(&self, database: &Database) -> sqlx::Result<Option<Page>> {
        let (cursor, head) = {
            let mut state = self.hub.lock();
            let state = &mut *state;
            let head = state.head;
            let Some(member) = state.members.get_mut(&self.key) else { return Ok(None) };
            let Phase::CatchingUp(catch_up) = &member.phase else { return Ok(None) };
            let cursor = catch_up.cursor();
            if cursor < state.log_start {
                // It reads more slowly than events come and the log forgets.
                self.outbox.abort(CloseCode::SlowConsumer);
                return Ok(None);
            }
            if cursor >= head {
                if catch_up.ends_unnoticed() {
                    member.push(Item::told(heartbeat(head)));
                }
                member.phase = Phase::Live;
                self.mark_sent(head);
                self.live.notify_waiters();
                return Ok(None);
            }
            (cursor, head)
        };
        let mut snapshot = database.snapshot().await?;
        let stretch = events::stretch(snapshot.connection(), cursor, head, &self.principal).await?;
        let judged = snapshot.head();
        drop(snapshot);
        let mut state = self.hub.lock();
        let state = &mut *state;
        let Some(member) = state.members.get_mut(&self.key) else { return Ok(None) };
        let Phase::CatchingUp(catch_up) = &mut member.phase else { return Ok(None) };
        let page = catch_up.take(stretch, judged, &mut member.coverage);
        for topic in &page.ended {
            state.subscriptions.unsubscribe(&self.key, topic);
            state.count();
        }
        Ok(Some(page))
    }

    /// Queues a heartbeat, unless the log is being read: then its reader sends them.
    pub(super) fn heartbeat(&self) {
        let state = self.hub.lock();
        let Some(member) = state.members.get(&self.key) else { return };
        let offset = match &member.phase {
            Phase::Recording { welcome } => *welcome,
            Phase::CatchingUp(_) => return,
            Phase::Live => state.head,
        };
        state.push(self.key, heartbeat(offset));
    }

    /// Queues something that the connection is told.
    pub(super) fn tell(&self, text: Utf8Bytes) {
        self.hub.lock().push(self.key, text);
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
        state.subscriptions.remove_client(&self.key);
        state.members.remove(&self.key);
        state.count();
        drop(state);
        self.hub.0.left.notify_waiters();
    }
}

/// Everything covered up to that offset was sent before.
pub(super) fn heartbeat(offset: Offset) -> Utf8Bytes {
    encode(&HubEvent::Heartbeat(Heartbeat { offset }))
}

fn gone() -> WireError {
    WireError::new(ErrorCode::Unavailable, "the connection is closing")
}
