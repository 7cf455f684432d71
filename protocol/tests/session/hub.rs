//! A model of the hub: a log, and one connection that keeps the contract and no more than that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use colloquy_protocol::{
    PROTOCOL_VERSION,
    event::*,
    frame::*,
    model::NotificationType,
    position::{Offset, Position},
    time::Timestamp,
    topic::Topic,
};
use serde::Serialize;

/// What the contract leaves open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// The replays of a `client:ready` come as one, in the order of the log, and not one by one.
    pub(crate) merges: bool,
    /// Live events do not wait for the catch-up of a topic.
    pub(crate) interleaves: bool,
    /// A catch-up goes on after its topic was unsubscribed.
    pub(crate) keeps_replaying: bool,
}

/// The log: what each event is about; `None` is a notification. The first has offset 1.
type Log = Vec<Option<Topic>>;

pub(crate) struct Hub {
    pub(crate) habits: Habits,
    pub(crate) log: Log,
    epoch: u32,
    /// Everything up to here was forgotten.
    forgotten: Offset,
    pub(crate) connection: Option<Connection>,
}

#[derive(Default)]
pub(crate) struct Connection {
    /// On its way to the hub, and to the client.
    pub(crate) to_hub: VecDeque<String>,
    pub(crate) to_client: VecDeque<String>,
    ready: bool,
    /// With what is to be replayed once the client is ready.
    topics: BTreeMap<Topic, Option<Offset>>,
    /// What each replay still has to send. The one of `client:ready` is about no topic.
    replays: VecDeque<(Option<Topic>, VecDeque<Offset>)>,
    live: VecDeque<Offset>,
    sent: BTreeSet<Offset>,
}

pub(crate) fn covers(topic: &Topic, about: Option<&Topic>) -> bool {
    about.is_none_or(|entity| topic == entity || *topic == Topic::All(entity.kind()))
}

impl Hub {
    pub(crate) fn new(habits: Habits) -> Self {
        Self { habits, log: Vec::new(), epoch: 0, forgotten: 0, connection: None }
    }

    pub(crate) fn position(&self) -> Position {
        Position { epoch: format!("epoch-{}", self.epoch), offset: self.log.len() as Offset }
    }

    pub(crate) fn append(&mut self, about: Option<Topic>) {
        if let Some(connection) = self.connection.as_mut().filter(|one| one.ready) {
            let mut topics = connection.topics.keys();
            if about.is_none() || topics.any(|topic| covers(topic, about.as_ref())) {
                connection.live.push_back(self.log.len() as Offset + 1);
            }
        }
        self.log.push(about);
    }

    /// Another history: the hub was restored from a backup.
    pub(crate) fn restore(&mut self, offset: usize) {
        self.epoch += 1;
        self.log.truncate(offset);
        self.forgotten = 0;
        self.connection = None;
    }

    /// Forgets everything but the last few events, and what a replay still has to send.
    pub(crate) fn forget(&mut self, keep: usize) {
        let pending = self.connection.iter().flat_map(|one| &one.replays);
        let first =
            pending.flat_map(|(_, offsets)| offsets).min().map_or(Offset::MAX, |min| min - 1);
        let end = self.log.len().saturating_sub(keep) as Offset;
        self.forgotten = self.forgotten.max(end.min(first));
    }

    pub(crate) fn accept(&mut self) {
        let Position { epoch, offset } = self.position();
        let mut connection = Connection::default();
        connection.say(&HubEvent::Welcome(Welcome {
            connection_id: "connection".parse().unwrap(),
            protocol: PROTOCOL_VERSION,
            epoch,
            offset,
            heartbeat_seconds: 15,
            user_id: "local".parse().unwrap(),
        }));
        self.connection = Some(connection);
    }

    /// Reads one message of the client.
    pub(crate) fn read(&mut self) {
        let head = self.position();
        let Some(mut connection) = self.connection.take() else { return };
        if let Some(text) = connection.to_hub.pop_front() {
            let frame: ClientFrame = serde_json::from_str(&text).unwrap();
            let mut started = Started { epoch: head.epoch, offset: head.offset, recovered: None };
            match frame.event {
                ClientEvent::ClientReady(ready) => {
                    assert!(!connection.ready, "ready is said once");
                    let since = ready.and_then(|ready| ready.since);
                    started.recovered = since.as_ref().map(|since| self.can_replay(since));
                    let from = since.filter(|_| started.recovered == Some(true));
                    connection.reply(frame.id, &started);
                    self.start(&mut connection, from.map(|since| since.offset));
                }
                ClientEvent::SubscribeAgent(wanted) => {
                    self.subscribe(&mut connection, "agent", wanted, frame.id, started);
                }
                ClientEvent::SubscribeChat(wanted) => {
                    self.subscribe(&mut connection, "chat", wanted, frame.id, started);
                }
                ClientEvent::UnsubscribeAgent(id) => {
                    self.unsubscribe(&mut connection, "agent", &id, frame.id);
                }
                ClientEvent::UnsubscribeChat(id) => {
                    self.unsubscribe(&mut connection, "chat", &id, frame.id);
                }
                other => panic!("the session said {other:?}"),
            }
        }
        self.connection = Some(connection);
    }

    /// Hands one event to the socket. `pick` chooses where the contract leaves a choice.
    pub(crate) fn serve(&mut self, pick: usize) {
        let Some(mut connection) = self.connection.take() else { return };
        connection.replays.retain(|(_, offsets)| !offsets.is_empty());
        let ready_first = connection.replays.iter().position(|(topic, _)| topic.is_none());
        let may_go_live = match ready_first {
            Some(_) => false,
            None => connection.replays.is_empty() || self.habits.interleaves,
        };
        let replays = connection.replays.len();
        let choice = match ready_first {
            Some(first) => first,
            None => pick % (replays + usize::from(may_go_live)).max(1),
        };
        if let Some((_, offsets)) = connection.replays.get_mut(choice) {
            let next = offsets.pop_front();
            connection.event(next, &self.log, true);
        } else if may_go_live {
            let next = connection.live.pop_front();
            connection.event(next, &self.log, false);
        }
        self.connection = Some(connection);
    }

    pub(crate) fn heartbeat(&mut self) {
        let head = self.position().offset;
        let Some(connection) = &mut self.connection else { return };
        let unsent = |offsets: &VecDeque<Offset>| {
            offsets.iter().copied().find(|offset| !connection.sent.contains(offset))
        };
        let replays = connection.replays.iter().filter_map(|(_, offsets)| unsent(offsets));
        let next = replays.chain(unsent(&connection.live)).min();
        let offset = next.map_or(head, |next| next - 1);
        connection.say(&HubEvent::Heartbeat(Heartbeat { offset }));
    }

    /// Whether everything that is to be sent was handed to the socket.
    pub(crate) fn is_idle(&self) -> bool {
        self.connection.as_ref().is_some_and(|one| {
            one.to_hub.is_empty()
                && one.live.is_empty()
                && one.replays.iter().all(|(_, offsets)| offsets.is_empty())
        })
    }

    fn can_replay(&self, since: &Position) -> bool {
        let head = self.position();
        since.epoch == head.epoch && (self.forgotten..=head.offset).contains(&since.offset)
    }

    fn covered(&self, topic: &Topic, since: Offset) -> impl Iterator<Item = Offset> {
        let offsets = since + 1..=self.log.len() as Offset;
        offsets.filter(|offset| covers(topic, self.log[*offset as usize - 1].as_ref()))
    }

    fn start(&self, connection: &mut Connection, since: Option<Offset>) {
        connection.ready = true;
        let mut together = BTreeSet::new();
        if let Some(since) = since {
            let after = since + 1..=self.log.len() as Offset;
            together.extend(after.filter(|offset| self.log[*offset as usize - 1].is_none()));
        }
        let mut one_by_one = VecDeque::new();
        for (topic, own) in &mut connection.topics {
            match own.take() {
                Some(own) => one_by_one.push_back(self.covered(topic, own).collect()),
                None => {
                    together.extend(since.into_iter().flat_map(|from| self.covered(topic, from)))
                }
            }
        }
        one_by_one.push_back(together.into_iter().collect::<VecDeque<_>>());
        if self.habits.merges {
            let all: BTreeSet<Offset> = one_by_one.into_iter().flatten().collect();
            one_by_one = VecDeque::from([all.into_iter().collect()]);
        }
        connection.replays = one_by_one.into_iter().map(|offsets| (None, offsets)).collect();
    }

    fn subscribe(
        &self,
        connection: &mut Connection,
        kind: &str,
        wanted: Subscribe,
        id: Option<serde_json::Number>,
        mut started: Started,
    ) {
        let (entity, since) = match wanted {
            Subscribe::Live(id) => (id, None),
            Subscribe::Since(SubscribeSince { id, since }) => (id, since),
        };
        let topic: Topic = format!("{kind}:{entity}").parse().unwrap();
        started.recovered = since.as_ref().map(|since| self.can_replay(since));
        let from = since.filter(|_| started.recovered == Some(true)).map(|since| since.offset);
        connection.reply(id, &started);
        if connection.ready {
            if let Some(from) = from {
                let missing = self.covered(&topic, from);
                let missing = missing.filter(|offset| !connection.sent.contains(offset)).collect();
                connection.replays.push_back((Some(topic.clone()), missing));
            }
            connection.topics.insert(topic, None);
        } else {
            connection.topics.insert(topic, from);
        }
    }

    fn unsubscribe(
        &self,
        connection: &mut Connection,
        kind: &str,
        entity: &str,
        id: Option<serde_json::Number>,
    ) {
        let topic: Topic = format!("{kind}:{entity}").parse().unwrap();
        connection.topics.remove(&topic);
        if !self.habits.keeps_replaying {
            connection.replays.retain(|(of, _)| of.as_ref() != Some(&topic));
        }
        connection.reply(id, &Done {});
    }
}

impl Connection {
    fn say(&mut self, message: &impl Serialize) {
        self.to_client.push_back(serde_json::to_string(message).unwrap());
    }

    fn reply(&mut self, id: Option<serde_json::Number>, ok: &impl Serialize) {
        if let Some(reply) = id {
            let outcome = Outcome::Ok(serde_json::to_value(ok).unwrap());
            self.say(&Reply { reply, outcome });
        }
    }

    fn event(&mut self, offset: Option<Offset>, log: &Log, replay: bool) {
        if let Some(offset) = offset.filter(|offset| self.sent.insert(*offset)) {
            let event = event(log[offset as usize - 1].as_ref());
            self.say(&EventFrame { replay, ..EventFrame::new(&event, offset).unwrap() });
        }
    }
}

fn event(about: Option<&Topic>) -> ServerEvent {
    let user_id = "local".parse().unwrap();
    let timestamp = Timestamp::from_millis(0);
    match about {
        Some(Topic::Agent(agent_id)) => ServerEvent::AgentDeleted(AgentRemoved {
            agent_id: agent_id.clone(),
            user_id,
            timestamp,
        }),
        Some(Topic::Chat(chat_id)) => {
            ServerEvent::ChatDeleted(ChatRemoved { chat_id: chat_id.clone(), user_id, timestamp })
        }
        Some(other) => panic!("no event is about {other}"),
        None => ServerEvent::SystemNotification(Notification {
            notification_type: NotificationType::Info,
            message: "hello".to_owned(),
            details: serde_json::Value::Null,
            timestamp,
        }),
    }
}
