//! A session, its driver, the network, the hub, and what the user of the session may rely on.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use colloquy_protocol::{
    frame::EventFrame,
    position::{Offset, Position},
    session::{Action, Notice, Session, State},
    topic::Topic,
};

use crate::hub::{Habits, Hub, covers};

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Something happens, to an entity or to everybody.
    Append(Option<Topic>),
    ReadByHub(usize),
    Serve(Vec<usize>),
    ReadByClient(usize),
    Heartbeat,
    /// A store loads its state; the next `SubscribeLoaded` goes on from there.
    Load,
    SubscribeLoaded(Topic),
    /// With `since` so many events before the log's head.
    Subscribe(Topic, Option<usize>),
    Unsubscribe(Topic),
    /// The connection is lost, with everything that is on its way.
    Break,
    WaitForDeadline,
    Wake,
    Reconnect,
    DisconnectAndConnect,
    Forget(usize),
    Restore(usize),
}

pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) session: Session,
    pub(crate) notices: Vec<Notice>,
    now: Duration,
    loaded: Option<Position>,
    holders: BTreeMap<Topic, usize>,
    /// After which position everything must come, of each topic and (`None`) of notifications.
    owed: BTreeMap<Option<Topic>, Position>,
    /// What came, in each epoch.
    delivered: BTreeMap<String, BTreeSet<Offset>>,
    last_live: Option<Position>,
    cursor: Option<Position>,
}

impl World {
    pub(crate) fn new(habits: Habits) -> Self {
        let mut world = Self {
            hub: Hub::new(habits),
            session: Session::new(1),
            notices: Vec::new(),
            now: Duration::ZERO,
            loaded: None,
            holders: BTreeMap::new(),
            owed: BTreeMap::new(),
            delivered: BTreeMap::new(),
            last_live: None,
            cursor: None,
        };
        world.session.connect(world.now);
        world.drive();
        world
    }

    pub(crate) fn take(&mut self, step: Step) {
        self.now += Duration::from_millis(100);
        match step {
            Step::Append(about) => self.hub.append(about),
            Step::ReadByHub(messages) => (0..messages).for_each(|_| self.hub.read()),
            Step::Serve(picks) => picks.into_iter().for_each(|pick| self.hub.serve(pick)),
            Step::ReadByClient(messages) => {
                for _ in 0..messages {
                    self.deliver();
                }
            }
            Step::Heartbeat => self.hub.heartbeat(),
            Step::Load => self.loaded = Some(self.hub.position()),
            Step::SubscribeLoaded(topic) => {
                if let Some(since) = self.loaded.take() {
                    self.subscribe(topic, Some(since));
                }
            }
            Step::Subscribe(topic, back) => {
                let mut since = self.hub.position();
                since.offset = since.offset.saturating_sub(back.unwrap_or_default() as Offset);
                self.subscribe(topic, back.map(|_| since));
            }
            Step::Unsubscribe(topic) => self.unsubscribe(&topic),
            Step::Break => self.lose(),
            Step::WaitForDeadline => self.wait(),
            Step::Wake => self.session.wake(self.now),
            Step::Reconnect => self.session.reconnect(self.now),
            Step::DisconnectAndConnect => {
                self.session.disconnect(self.now);
                self.drive();
                assert!(matches!(self.session.state(), State::Closed(_)));
                self.session.connect(self.now);
            }
            Step::Forget(keep) => self.hub.forget(keep),
            Step::Restore(offset) => {
                self.hub.restore(offset);
                self.lose();
            }
        }
        self.drive();
    }

    /// Lets everything that is under way arrive.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.session.state() == State::Live && self.hub.is_idle() {
                self.hub.heartbeat();
                while self.deliver() {}
                if self.session.cursor() == Some(&self.hub.position()) {
                    return;
                }
            }
            if self.hub.connection.is_none() {
                self.wait();
            }
            self.hub.read();
            self.hub.serve(0);
            self.hub.heartbeat();
            self.deliver();
        }
        panic!("the session never came to rest: {:?}", self.session);
    }

    pub(crate) fn check_that_nothing_is_missing(&self) {
        let Position { epoch, .. } = self.hub.position();
        let nothing = BTreeSet::new();
        let delivered = self.delivered.get(&epoch).unwrap_or(&nothing);
        for topic in self.holders.keys() {
            assert!(self.owed.contains_key(&Some(topic.clone())), "{topic} is in force");
        }
        for (topic, since) in &self.owed {
            assert_eq!(since.epoch, epoch, "{topic:?} was told that its history is lost");
            for (offset, about) in (1..).zip(&self.hub.log) {
                let covered = match topic {
                    Some(topic) => covers(topic, about.as_ref()),
                    None => about.is_none(),
                };
                let due = covered && offset > since.offset;
                assert!(!due || delivered.contains(&offset), "{topic:?} misses {offset}");
            }
        }
    }

    pub(crate) fn subscribe(&mut self, topic: Topic, since: Option<Position>) {
        *self.holders.entry(topic.clone()).or_default() += 1;
        if let Some(since) = &since {
            let owed = self.owed.entry(Some(topic.clone())).or_insert(since.clone());
            if owed.epoch == since.epoch {
                owed.offset = owed.offset.min(since.offset);
            } else if since.epoch != self.hub.position().epoch {
                *owed = since.clone();
            }
        }
        self.session.subscribe(topic, since);
        self.drive();
    }

    fn unsubscribe(&mut self, topic: &Topic) {
        if let Some(holders) = self.holders.get_mut(topic) {
            *holders -= 1;
            if *holders == 0 {
                self.holders.remove(topic);
                self.owed.remove(&Some(topic.clone()));
            }
        }
        self.session.unsubscribe(topic);
    }

    fn lose(&mut self) {
        self.hub.connection = None;
        self.session.closed(None, self.now);
        self.drive();
    }

    fn wait(&mut self) {
        if let Some(deadline) = self.session.next_deadline() {
            self.now = self.now.max(deadline);
            self.session.tick(self.now);
            self.drive();
        }
    }

    /// Hands the session one message of the hub.
    pub(crate) fn deliver(&mut self) -> bool {
        let message = self.hub.connection.as_mut().and_then(|one| one.to_client.pop_front());
        if let Some(text) = &message {
            self.session.received(text, self.now);
            self.drive();
        }
        message.is_some()
    }

    fn drive(&mut self) {
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Open => {
                    assert!(self.hub.connection.is_none(), "one socket at a time");
                    self.hub.accept();
                }
                Action::Send(text) => {
                    if let Some(connection) = &mut self.hub.connection {
                        connection.to_hub.push_back(text);
                    }
                }
                Action::Close(_) => self.hub.connection = None,
                Action::Notify(notice) => {
                    self.notice(&notice);
                    self.notices.push(notice);
                }
            }
        }
        let cursor = self.session.cursor().cloned();
        if let (Some(before), Some(now)) = (&self.cursor, &cursor) {
            assert!(before.epoch != now.epoch || before.offset <= now.offset, "it moved back");
        }
        self.cursor = cursor;
    }

    fn notice(&mut self, notice: &Notice) {
        match notice {
            Notice::State(State::Live) => {
                let cursor = self.session.cursor().unwrap().clone();
                self.owed.entry(None).or_insert(cursor);
            }
            Notice::Subscribed { topic, position } => {
                self.owed.entry(Some(topic.clone())).or_insert(position.clone());
            }
            Notice::Reload { topic: None, position } => {
                self.owed.values_mut().for_each(|owed| *owed = position.clone());
                self.loaded = self.loaded.take().map(|_| position.clone());
            }
            Notice::Reload { topic, position } => {
                self.owed.insert(topic.clone(), position.clone());
            }
            Notice::Event(frame) => self.event(frame),
            Notice::State(_) | Notice::Recovered { .. } => {}
            other => panic!("unexpected: {other:?}"),
        }
    }

    fn event(&mut self, frame: &EventFrame) {
        let epoch = self.session.cursor().unwrap().epoch.clone();
        let first = self.delivered.entry(epoch.clone()).or_default().insert(frame.offset);
        assert!(first, "{} came twice", frame.offset);
        if !frame.replay {
            if let Some(last) = &self.last_live {
                let in_order = last.epoch != epoch || last.offset < frame.offset;
                assert!(in_order, "live events come in the order of the log");
            }
            self.last_live = Some(Position { epoch, offset: frame.offset });
        }
    }
}
