//! Who is connected, and how what happens reaches them.
//!
//! - [`Hub`]: the connections, and the two things that happen to all of them: events and the end
//! - [`SubscriptionManager`]: topic <-> connection
//! - [`coverage`]: which part of the log a connection is to be sent
//! - [`delivery`]: how an event reaches those who may see it; [`flusher`]: how it is written
//! - [`line`]: one connection; [`outbox`]: what waits for it, and its way to the socket
//! - [`connection`]: one connection's task; [`inbox`]: what the peer says; [`inbound`]: how much of it
//!   is allowed; [`ending`]: how it ends
//! - [`seat`]: its place in the hub; [`replay`]: reading the log for it; [`recent`]: the log's end, in
//!   memory
//! - [`EventHandlerRegistry`]: who answers which client event; [`handlers`]: the defaults
//!
//! *Invariant*: an event reaches [`Hub::publish`] only after its commit, in log order. *Invariant*:
//! whether an event goes to a connection live or is read from the log is decided under one lock,
//! so there is no gap between the two and nothing comes twice.

mod connection;
mod coverage;
mod delivery;
#[cfg(feature = "bench")]
mod echo;
mod ending;
mod flusher;
mod handlers;
mod inbound;
mod inbox;
mod line;
mod outbox;
mod recent;
mod registry;
mod replay;
mod seat;
mod subscriptions;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use colloquy_protocol::{
    close::CloseCode,
    frame::{HubEvent, Unsubscribed},
    id::{ConnectionId, Principal},
    model::{ConnectionCounts, ConnectionInfo, FAR_BEHIND},
    position::{Offset, Position},
    time::Timestamp,
    topic::Topic,
};
use tokio::{
    select,
    sync::{Notify, Semaphore, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

#[cfg(feature = "bench")]
pub(crate) use self::echo::echo;
use self::{
    connection::SILENT_HEARTBEATS,
    coverage::Coverage,
    ending::CLOSE_PATIENCE,
    flusher::Flushers,
    line::Line,
    outbox::{Capacity, Outbox},
    replay::CatchUp,
    seat::Seat,
};
pub(crate) use self::{
    connection::{Resources, run},
    ending::refuse,
    recent::Recent,
};
pub use self::{
    handlers::default_handlers,
    registry::{AlreadyRegistered, Context, EventHandlerRegistry, Handler},
    subscriptions::SubscriptionManager,
};
use crate::{
    access::Caller,
    metrics,
    settings::Settings,
    store::Logged,
    ws::{Frame, Socket},
};

/// For how many connections the log is read from the store at once: half of the store's readers, so
/// that requests are answered however many come back.
const REPLAYS: usize = 4;

/// A connection's name inside the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key(u64);

/// The hub: everybody who is connected. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    epoch: Arc<str>,
    heartbeat: Duration,
    /// Of each connection's outbox.
    capacity: Capacity,
    /// The most subscriptions of one connection.
    max_subscriptions: usize,
    state: Mutex<State>,
    flushers: Flushers,
    /// The offset of the last event that was published.
    head: watch::Sender<Offset>,
    /// For how many connections the log may be read from the store at once.
    replays: Semaphore,
    /// Told whenever a connection has left.
    left: Notify,
    /// That the hub closes.
    closing: CancellationToken,
}

#[derive(Debug)]
struct State {
    head: Offset,
    recent: Recent,
    /// Everything after this offset is still in the log.
    log_start: Offset,
    next_key: u64,
    /// Set once the hub closes: nobody may join any more.
    closing: Option<CloseCode>,
    members: HashMap<Key, Member>,
    subscriptions: SubscriptionManager<Arc<Line>>,
}

/// One connection, as the hub knows it.
#[derive(Debug)]
struct Member {
    line: Arc<Line>,
    phase: Phase,
    coverage: Coverage,
}

#[derive(Debug)]
enum Phase {
    /// Before `client:ready`: subscriptions are recorded, nothing is sent.
    Recording {
        /// What heartbeats carry: nothing was covered yet.
        welcome: Offset,
        /// Until when the log is kept for what is recorded. Who is not ready by then may come too
        /// late, but keeps the log from being forgotten no longer.
        kept_until: Instant,
    },
    /// What happens is read from the log, not queued. Ends when the log's head is reached.
    CatchingUp(Box<CatchUp>),
    /// What happens is queued.
    Live,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The connection's id on the wire.
    pub id: ConnectionId,
    /// Who acts through it, and what they may.
    pub caller: Caller,
    /// Where it comes from, for people.
    pub address: String,
    /// What it says that it is.
    pub user_agent: Option<String>,
    /// When it came.
    pub connected_at: Timestamp,
}

impl Hub {
    /// A hub that goes on from there in the log: everything after `log_start` is still in it, and
    /// `recent` is its end. The runtime that this is called in will write for it.
    pub(crate) fn new(
        epoch: Arc<str>,
        log_start: Offset,
        head: Offset,
        recent: Recent,
        settings: &Settings,
    ) -> Self {
        let state = State {
            head,
            recent,
            log_start,
            next_key: 0,
            closing: None,
            members: HashMap::new(),
            subscriptions: SubscriptionManager::default(),
        };
        Self(Arc::new(Shared {
            epoch,
            heartbeat: settings.heartbeat,
            capacity: Capacity { messages: settings.queue_messages, bytes: settings.queue_bytes },
            max_subscriptions: settings.max_subscriptions,
            state: Mutex::new(state),
            flushers: Flushers::start(),
            head: watch::Sender::new(head),
            replays: Semaphore::new(REPLAYS),
            left: Notify::new(),
            closing: CancellationToken::new(),
        }))
    }

    /// The position up to which events were published.
    pub fn position(&self) -> Position {
        Position { epoch: self.0.epoch.to_string(), offset: self.lock().head }
    }

    /// The connections that are wanted and at least so many events behind, ordered by their ids: the
    /// oldest first. Each is as it is when it is taken.
    pub fn connections(
        &self,
        behind: u64,
        is_wanted: impl Fn(&Visitor) -> bool,
    ) -> impl Iterator<Item = ConnectionInfo> {
        let line = |member: &Member| member.line.clone();
        let mut lines = Vec::from_iter(self.lock().members.values().map(line));
        lines.retain(|line| is_wanted(&line.visitor));
        lines.sort_unstable_by(|one, other| one.visitor.id.cmp(&other.visitor.id));
        // One at a time: what is published does not wait for all of them.
        lines.into_iter().filter_map(move |line| {
            let state = self.lock();
            let member = state.members.get(&line.key)?;
            (member.behind(state.head) >= behind).then(|| state.info(line.key)).flatten()
        })
    }

    /// Those who are connected.
    pub fn principals(&self) -> HashSet<Principal> {
        let state = self.lock();
        state.members.values().map(|member| member.line.visitor.caller.principal.clone()).collect()
    }

    /// How many are connected, and how many of them are more than 100 events behind.
    pub fn connection_counts(&self) -> ConnectionCounts {
        let state = self.lock();
        let mut counts = ConnectionCounts::default();
        for member in state.members.values().filter(|member| !member.line.outbox.is_closing()) {
            counts.total += 1;
            counts.behind += u64::from(member.behind(state.head) > FAR_BEHIND);
        }
        counts
    }

    /// One connection.
    pub fn connection(&self, id: &ConnectionId) -> Option<ConnectionInfo> {
        let state = self.lock();
        state.info(state.find(id)?)
    }

    /// Closes a connection; false when there is none of that id.
    pub fn disconnect(&self, id: &ConnectionId, code: CloseCode) -> bool {
        let state = self.lock();
        let member = state.find(id).and_then(|key| state.members.get(&key));
        member.map(|member| member.line.outbox.abort(code)).is_some()
    }

    /// Closes the connections of everybody whose right to be here was taken away or changed. What
    /// waits for them is dropped.
    pub(crate) fn close_where(&self, is_theirs: impl Fn(&Caller) -> bool, code: CloseCode) {
        for member in self.lock().members.values() {
            if is_theirs(&member.line.visitor.caller) {
                member.line.outbox.abort(code);
            }
        }
    }

    /// Closes every connection, lets no more join, and waits until all have left.
    pub async fn close_all(&self, code: CloseCode) {
        {
            let mut state = self.lock();
            state.closing = Some(code);
            for member in state.members.values() {
                member.line.outbox.abort(code);
            }
        }
        self.0.closing.cancel();
        loop {
            let left = self.0.left.notified();
            if self.lock().members.is_empty() {
                return;
            }
            left.await;
        }
    }

    /// Sends events to those they concern. Called by the writing task alone, in log order.
    ///
    /// Never waits for a reader: a queue that is full closes its connection.
    pub(crate) fn publish(&self, events: Vec<Logged>) {
        let Some(last) = events.last().map(|event| event.offset) else { return };
        {
            let mut state = self.lock();
            for event in events {
                state.deliver(event, &self.0.flushers);
            }
        }
        self.0.flushers.wake();
        self.0.head.send_replace(last);
    }

    /// Sends something that no log has, for measuring fan-out alone. Callers take turns: an offset
    /// must not be given twice.
    #[cfg(feature = "bench")]
    pub fn publish_unstored(&self, topic: Topic, name: &'static str, payload: &str) {
        let offset = self.lock().head + 1;
        self.publish(vec![Logged::unstored(offset, name, topic, payload)]);
    }

    /// Sends something that has no place in the log, not even in memory: what fan-out costs when
    /// nobody could ever be sent again what they missed.
    #[cfg(feature = "bench")]
    pub fn publish_forgotten(&self, topic: &Topic, name: &str, payload: &str) {
        let told = format!(r#"{{"event":"{name}","payload":{payload}}}"#);
        let told = outbox::Parcel::told(Frame::text(&told));
        for line in self.lock().live(topic) {
            delivery::send(line, &told, &self.0.flushers);
        }
        self.0.flushers.wake();
    }

    /// Declares that the log is about to forget everything up to `wanted`, or as much of it as no
    /// replay still needs; how far it may.
    pub(crate) fn move_log_start(&self, wanted: Offset) -> Offset {
        let mut state = self.lock();
        // What is being committed just now was not published yet.
        let wanted = wanted.min(state.head);
        let needed = state.members.values().filter_map(Member::reads_from).min();
        let allowed = needed.map_or(wanted, |needed| needed.min(wanted));
        state.log_start = state.log_start.max(allowed);
        state.log_start
    }

    /// Is over after that time, and soon when the hub closes.
    async fn patience(&self, patience: Duration) {
        select! {
            () = sleep(patience) => {}
            () = self.0.closing.cancelled() => sleep(CLOSE_PATIENCE).await,
        }
    }

    /// Lets a connection in; the hub's closing code when it is closing.
    fn join(&self, visitor: Visitor, socket: Socket) -> Result<Seat, (CloseCode, Socket)> {
        let mut state = self.lock();
        if let Some(code) = state.closing {
            return Err((code, socket));
        }
        let key = Key(state.next_key);
        state.next_key += 1;
        let welcome = state.head;
        let kept_until = Instant::now() + self.0.heartbeat.mul_f64(SILENT_HEARTBEATS);
        let outbox = Outbox::new(socket, self.0.capacity);
        let line = Arc::new(Line::new(key, visitor, outbox));
        let member = Member {
            line: line.clone(),
            phase: Phase::Recording { welcome, kept_until },
            coverage: Coverage::default(),
        };
        state.members.insert(key, member);
        state.count();
        Ok(Seat::new(self.clone(), line, welcome))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The sections under this lock are short and do not panic.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&self, id: &ConnectionId) -> Option<Key> {
        let is_it = |line: &Line| line.visitor.id == *id && !line.outbox.is_closing();
        self.members.iter().find(|(_, member)| is_it(&member.line)).map(|(key, _)| *key)
    }

    /// What is known of a connection; one that is closing is gone already.
    fn info(&self, key: Key) -> Option<ConnectionInfo> {
        let member = self.members.get(&key).filter(|one| !one.line.outbox.is_closing())?;
        let (line, visitor) = (&member.line, &member.line.visitor);
        let (messages, bytes) = line.outbox.waiting();
        let mut subscriptions: Vec<Topic> = self.subscriptions.topics(line).cloned().collect();
        subscriptions.sort_unstable();
        Some(ConnectionInfo {
            id: visitor.id.clone(),
            user_id: visitor.caller.principal.id.clone(),
            user_kind: visitor.caller.principal.kind,
            connected_at: visitor.connected_at,
            address: visitor.address.clone(),
            user_agent: visitor.user_agent.clone(),
            ready: !matches!(member.phase, Phase::Recording { .. }),
            subscriptions,
            queued_messages: messages as u64,
            queued_bytes: bytes as u64,
            offset: member.offset(self.head),
            behind: member.behind(self.head),
        })
    }

    /// Whether everything after that offset can be replayed.
    fn can_replay(&self, epoch: &str, since: &Position) -> bool {
        since.epoch == epoch && self.log_start <= since.offset && since.offset <= self.head
    }

    /// Ends a subscription, if there is one.
    fn unsubscribe(&mut self, key: Key, topic: &Topic) {
        let Some(member) = self.members.get_mut(&key) else { return };
        if self.subscriptions.unsubscribe(&member.line, topic) {
            match &member.phase {
                Phase::Recording { .. } => member.coverage.end(topic, 0),
                Phase::CatchingUp(catch_up) => catch_up.end(topic, &mut member.coverage),
                Phase::Live => member.coverage.end(topic, self.head),
            }
            self.count();
        }
    }

    fn count(&self) {
        ::metrics::gauge!(metrics::CONNECTIONS).set(self.members.len() as f64);
        ::metrics::gauge!(metrics::SUBSCRIPTIONS).set(self.subscriptions.len() as f64);
    }
}

impl Member {
    /// Changes whether what happens is queued or read from the log.
    fn enter(&mut self, phase: Phase) {
        self.line.set_live(matches!(phase, Phase::Live));
        self.phase = phase;
    }

    /// After which offset the log must be kept for this connection: what it was promised.
    fn reads_from(&self) -> Option<Offset> {
        match &self.phase {
            Phase::Recording { kept_until, .. } if Instant::now() < *kept_until => {
                self.coverage.earliest()
            }
            Phase::CatchingUp(catch_up) => catch_up.needs(),
            Phase::Recording { .. } | Phase::Live => None,
        }
    }

    /// How many events of the log that is behind the head.
    fn behind(&self, head: Offset) -> Offset {
        head.saturating_sub(self.offset(head))
    }

    /// Up to which offset everything was handed to the socket.
    fn offset(&self, head: Offset) -> Offset {
        match &self.phase {
            Phase::Recording { welcome, .. } => *welcome,
            Phase::CatchingUp(catch_up) => catch_up.cursor(),
            Phase::Live => self.line.outbox.sent().unwrap_or(head),
        }
    }
}

/// Tells somebody that they left a private chat and so are not subscribed to it any more.
fn not_in_it(chat: &Topic) -> Frame {
    let reason = "you are not in this chat any more".to_owned();
    Frame::text(&encode(&HubEvent::Unsubscribed(Unsubscribed { topic: chat.clone(), reason })))
}

fn encode(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|cause| {
        tracing::error!(%cause, "A message could not be encoded.");
        r#"{"event":"hub:error","payload":{"code":"internal","message":"the hub failed","retryable":true}}"#.to_owned()
    })
}
