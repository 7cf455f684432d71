//! The state machine that every client drives: ready, resubscribe, cursor, back-off, watchdog.
//!
//! No I/O, no clock and no randomness: a *driver* owns the socket and the clock, tells the
//! session what happened and does what it asks. Times are on the driver's clock: a [`Duration`]
//! since whenever it began.
//!
//! ```
//! use std::time::Duration;
//! use colloquy_protocol::{session::{Action, Notice, Session}, topic::{Kind, Topic}};
//!
//! let mut session = Session::new(42);
//! session.subscribe(Topic::All(Kind::Agent), None);
//! let mut now = Duration::ZERO;
//! session.connect(now);
//! while let Some(action) = session.next_action() {
//!     match action {
//!         Action::Open => { /* then `received` for each message, `closed` at the end */ }
//!         Action::Send(_text) => { /* to the socket */ }
//!         Action::Close(_code) => { /* and forget the socket */ }
//!         Action::Notify(Notice::Event(_frame)) => { /* to the stores */ }
//!         Action::Notify(_) => {}
//!     }
//! }
//! // Nothing came until the deadline:
//! if let Some(deadline) = session.next_deadline() {
//!     now = deadline;
//!     session.tick(now);
//! }
//! ```
//!
//! *Invariant.* Every event that a subscription covers is delivered from the subscription's start
//! on, however often the connection is lost, and no event is delivered twice. (Only the catch-up
//! of a topic from far back may repeat what was delivered thousands of events ago.)
//!
//! *Invariant.* Within an epoch the cursor never moves back, unless a hub that has less than it had
//! has everything loaded afresh. It never passes an event that a subscription covers and that was not
//! delivered, unless the topic is catching up from a position of its own; that position is kept until a
//! heartbeat says that everything after it was sent.
//!
//! A store must listen *before* it loads its state, and then subscribe with the position of that
//! state: the hub leaves out what this connection was already sent.
//!
//! In reading order: [`Action`], [`Notice`] and [`State`] are what a session asks and tells;
//! [`Session`] is what users and drivers call. Inside, `hub` is what the hub's messages do,
//! `phase` where the session is, `pulse` whether the hub is there, `subscriptions` the topics, `cursor`
//! how far the log was read, `acknowledgements` what is said of messages, and `backoff` how long to
//! wait.

mod acknowledgements;
mod action;
mod backoff;
mod cursor;
mod hub;
mod phase;
mod pulse;
mod subscriptions;

use std::{collections::VecDeque, time::Duration};

pub use action::{Action, Ended, Notice, RequestError, State};
pub use pulse::DOUBT;

use self::{
    acknowledgements::Acknowledgements,
    backoff::Backoff,
    cursor::Cursor,
    phase::{Phase, Stage},
    subscriptions::Subscriptions,
};
use crate::{
    close::CloseCode,
    event::{Acknowledgement, ClientEvent},
    frame::{ClientFrame, HubEvent, ServerFrame, Welcome},
    id::MessageId,
    model::Receipt,
    position::Position,
    topic::Topic,
};

/// How long the hub may take to welcome a client, and then to answer `client:ready`.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that was live for so long makes the next wait short again.
pub const STABLE: Duration = Duration::from_secs(10);

/// How long a client that said too much stays away: then it may say as much again.
const QUOTA: Duration = Duration::from_secs(60);

/// How many acknowledgements may wait for an answer; further ones fail at once.
pub const MAX_UNANSWERED: usize = 1000;

/// A message to the hub that wants a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RequestId(u64);

/// One client's session with the hub, over any number of connections.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    subscriptions: Subscriptions,
    cursor: Cursor,
    /// What waits for an answer; sent again on the next connection, for repeating is no event.
    acknowledgements: Acknowledgements,
    backoff: Backoff,
    /// When the last live connection was lost.
    lost_at: Option<Duration>,
    last_request: u64,
    actions: VecDeque<Action>,
}

impl Session {
    /// A session that asks for nothing yet. The seed decides the jitter of its back-off: give
    /// each client another one.
    pub fn new(seed: u64) -> Self {
        Self {
            phase: Phase::Idle,
            subscriptions: Subscriptions::default(),
            cursor: Cursor::default(),
            acknowledgements: Acknowledgements::default(),
            backoff: Backoff::new(seed),
            lost_at: None,
            last_request: 0,
            actions: VecDeque::new(),
        }
    }

    /// A session that goes on from a position which was kept from an earlier one.
    pub fn resuming(seed: u64, cursor: Position) -> Self {
        Self { cursor: Cursor::at(cursor), ..Self::new(seed) }
    }

    // What the user wants.

    /// Connects, unless it is connected or about to be. Subscriptions and cursor are kept from
    /// before, so an ended session resumes.
    pub fn connect(&mut self, now: Duration) {
        if !self.phase.has_socket() {
            self.open(now);
        }
    }

    /// Ends the session. Unanswered acknowledgements fail.
    pub fn disconnect(&mut self, now: Duration) {
        self.close(CloseCode::Normal, now);
        self.end(Ended::ByUser);
    }

    /// Replaces the connection by a new one, at once.
    pub fn reconnect(&mut self, now: Duration) {
        self.close(CloseCode::Normal, now);
        self.open(now);
    }

    /// The network is back, or the page is looked at again: a waiting session tries at once, unless the
    /// hub said how long to stay away; a connection whose heartbeat is overdue is replaced, and any
    /// other is doubted.
    pub fn wake(&mut self, now: Duration) {
        match &self.phase {
            Phase::Waiting { is_told: false, .. } => self.open(now),
            Phase::Open(link) if now >= link.heard + link.heartbeat().mul_f64(1.5) => {
                self.close(CloseCode::Silent, now);
                self.open(now);
            }
            _ => self.doubt(now),
        }
    }

    /// Wants the events of a topic: those after `since`, or without it those from now on.
    ///
    /// Calls are counted: to each belongs one [`Session::unsubscribe`], and the hub sees one
    /// subscription for all of them. When the hub ends it ([`Notice::Unsubscribed`]), each call still
    /// needs its `unsubscribe`; the next `subscribe` asks the hub again. A topic that nobody wants any
    /// more is forgotten: subscribing to it again with an older position may bring events again.
    pub fn subscribe(&mut self, topic: Topic, since: Option<Position>) {
        let ask = self.subscriptions.hold(topic.clone(), since, self.cursor.position());
        if ask && self.phase.is_open() {
            self.ask(&topic);
        }
    }

    /// Takes one [`Session::subscribe`] back. What is under way still arrives.
    pub fn unsubscribe(&mut self, topic: &Topic) {
        if self.subscriptions.release(topic) && self.phase.is_open() {
            self.send(ClientEvent::unsubscribe(topic), None);
        }
    }

    /// Tells the hub that a message was received or read. Survives a lost connection, and waits when the
    /// hub says that they are too many; the outcome comes as [`Notice::Acknowledged`].
    pub fn acknowledge(&mut self, message: MessageId, what: Acknowledgement) {
        if matches!(self.phase, Phase::Closed(_)) {
            return self.acknowledged(message, what, Err(RequestError::Ended));
        }
        let request = self.next_request();
        if self.acknowledgements.add(request, message.clone(), what) {
            self.send_acknowledgements();
        } else {
            self.acknowledged(message, what, Err(RequestError::TooMany));
        }
    }

    // What the driver tells.

    /// A text message came.
    pub fn received(&mut self, text: &str, now: Duration) {
        if !self.phase.has_socket() {
            return;
        }
        if let Phase::Open(link) = &mut self.phase {
            link.heard = now;
            link.doubted = None;
        }
        // While messages come fast, drivers may find no time to tick.
        self.resume_acknowledgements(now);
        match serde_json::from_str(text) {
            Ok(ServerFrame::Event(frame)) => self.event(frame, now),
            Ok(ServerFrame::Reply(reply)) => self.replied(reply, now),
            Ok(ServerFrame::Hub(HubEvent::Heartbeat(heartbeat))) => {
                self.heartbeat(heartbeat.offset, now);
            }
            Ok(ServerFrame::Hub(HubEvent::Welcome(welcome))) => self.welcomed(welcome, now),
            Ok(ServerFrame::Hub(HubEvent::Error(error))) => self.notify(Notice::Error(error)),
            Ok(ServerFrame::Hub(HubEvent::Unsubscribed(gone)))
                if self.subscriptions.is_asked(&gone.topic) => {}
            Ok(ServerFrame::Hub(HubEvent::Unsubscribed(gone))) => {
                self.subscriptions.end(&gone.topic);
                self.notify(Notice::Unsubscribed { topic: gone.topic, reason: gone.reason });
            }
            Err(error) => self.notify(Notice::Unreadable(error.to_string())),
        }
    }

    /// The socket ended, or could not be opened. `None`: without a close code.
    pub fn closed(&mut self, code: Option<u16>, now: Duration) {
        if !self.phase.has_socket() {
            return;
        }
        self.lost(now);
        match code.and_then(CloseCode::from_code) {
            Some(code) if !code.should_reconnect() => self.end(Ended::ByHub(code)),
            Some(CloseCode::TooManyMessages) => self.wait(now, QUOTA),
            _ => self.wait(now, Duration::ZERO),
        }
    }

    /// Time went by: call it at [`Session::next_deadline`] (earlier or more often does no harm).
    pub fn tick(&mut self, now: Duration) {
        self.resume_acknowledgements(now);
        if self.phase.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        if matches!(self.phase, Phase::Waiting { .. }) {
            self.open(now);
        } else {
            self.close(CloseCode::Silent, now);
            self.wait(now, Duration::ZERO);
        }
    }

    // What the driver asks.

    /// What to do next, in order; ask until there is nothing, after each call that tells
    /// something.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to call [`Session::tick`], if nothing happens before.
    pub fn next_deadline(&self) -> Option<Duration> {
        let pause = self.acknowledgements.paused_until().filter(|_| self.phase.is_open());
        self.phase.deadline().into_iter().chain(pause).min()
    }

    /// Where the session is.
    pub fn state(&self) -> State {
        self.phase.state()
    }

    /// The position from which a new session would miss nothing of the topics that are in force
    /// (see [`Session::resuming`]); none before the first connection.
    pub fn cursor(&self) -> Option<&Position> {
        self.cursor.position()
    }

    /// What the hub said about the connection that is open.
    pub fn welcome(&self) -> Option<&Welcome> {
        match &self.phase {
            Phase::Open(link) => Some(&link.welcome),
            _ => None,
        }
    }

    /// What is subscribed to, in order.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.subscriptions.topics()
    }

    // From one phase to the next.

    fn enter(&mut self, phase: Phase) {
        let before = self.state();
        self.phase = phase;
        self.announce(before);
    }

    fn enter_stage(&mut self, stage: Stage) {
        let before = self.state();
        if let Phase::Open(link) = &mut self.phase {
            link.stage = stage;
        }
        self.announce(before);
    }

    fn announce(&mut self, before: State) {
        let state = self.state();
        if state != before {
            self.notify(Notice::State(state));
        }
    }

    fn open(&mut self, now: Duration) {
        self.actions.push_back(Action::Open);
        self.enter(Phase::Opening { deadline: now + PATIENCE });
    }

    /// Closes the socket, if there is one.
    fn close(&mut self, code: CloseCode, now: Duration) {
        if self.phase.has_socket() {
            self.actions.push_back(Action::Close(code));
            self.lost(now);
        }
    }

    /// There is no socket any more.
    fn lost(&mut self, now: Duration) {
        if let Phase::Open(link) = &self.phase
            && let Stage::Live { since } = link.stage
        {
            self.lost_at = Some(now);
            if now >= since + STABLE {
                self.backoff.reset();
            }
        }
    }

    fn wait(&mut self, now: Duration, least: Duration) {
        let until = now + self.backoff.next().max(least);
        let is_told = !least.is_zero();
        self.enter(Phase::Waiting { until, attempt: self.backoff.attempt(), is_told });
    }

    fn end(&mut self, why: Ended) {
        self.enter(Phase::Closed(why));
        for (message, what) in self.acknowledgements.take() {
            self.acknowledged(message, what, Err(RequestError::Ended));
        }
    }

    /// Goes on with them, if their pause is over.
    fn resume_acknowledgements(&mut self, now: Duration) {
        self.acknowledgements.tick(now);
        self.send_acknowledgements();
    }

    /// Sends as many as may be with the hub at a time.
    fn send_acknowledgements(&mut self) {
        while self.phase.is_open()
            && let Some((request, message, what)) = self.acknowledgements.next()
        {
            self.send(ClientEvent::acknowledge(message, what), Some(request));
        }
    }

    fn ask(&mut self, topic: &Topic) {
        let request = self.next_request();
        let since = self.subscriptions.asked(topic, request);
        if let Phase::Open(link) = &mut self.phase
            && since.is_some()
        {
            link.in_order = false;
        }
        self.send(ClientEvent::subscribe(topic, since), Some(request));
    }

    fn next_request(&mut self) -> RequestId {
        self.last_request += 1;
        RequestId(self.last_request)
    }

    fn send(&mut self, event: ClientEvent, request: Option<RequestId>) {
        let frame = ClientFrame { event, id: request.map(|request| request.0.into()) };
        #[expect(clippy::expect_used, reason = "a client frame has no key that is not a string")]
        let text = serde_json::to_string(&frame).expect("a client frame can be written");
        self.actions.push_back(Action::Send(text));
    }

    fn notify(&mut self, notice: Notice) {
        self.actions.push_back(Action::Notify(notice));
    }

    fn acknowledged(
        &mut self,
        message: MessageId,
        what: Acknowledgement,
        outcome: Result<Receipt, RequestError>,
    ) {
        self.notify(Notice::Acknowledged { message, what, outcome });
    }
}
