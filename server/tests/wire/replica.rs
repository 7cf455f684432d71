//! The property that everything rests on: old state + events == state loaded afresh.

use std::collections::BTreeMap;

use colloquy_client::{
    Client,
    protocol::{
        event::ServerEvent,
        frame::EventFrame,
        id::{AgentId, ChatId, CollectionId, MessageId},
        model::{Agent, Chat, Collection, Message, Receipt},
        position::Position,
    },
};
use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use crate::{Peer, support::Server};

/// What somebody knows who loaded the state once and has applied every event since.
#[derive(Debug, Clone, Default, PartialEq)]
struct Replica {
    agents: BTreeMap<AgentId, Agent>,
    chats: BTreeMap<ChatId, Chat>,
    collections: BTreeMap<CollectionId, Collection>,
    messages: BTreeMap<ChatId, Vec<Message>>,
    receipts: BTreeMap<MessageId, BTreeMap<String, Receipt>>,
}

impl Replica {
    /// Loads everything. Nobody writes meanwhile, so all of it shows one position.
    async fn load(client: &Client) -> (Self, Position) {
        let mut all = Self::default();
        let agents = client.agents().query("limit", 200).await.unwrap();
        all.agents = agents.value.items.into_iter().map(|one| (one.id.clone(), one)).collect();
        let chats = client.chats().query("limit", 200).await.unwrap().value.items;
        let collections = client.collections().query("limit", 200).await.unwrap();
        for one in collections.value.items {
            all.collections.insert(one.id.clone(), one);
        }
        for chat in chats {
            let messages = client.messages(&chat.id).query("limit", 200).await.unwrap();
            for message in &messages.value.items {
                for receipt in client.receipts(&message.id).await.unwrap().value.items {
                    all.receipt(receipt);
                }
            }
            if !messages.value.items.is_empty() {
                all.messages.insert(chat.id.clone(), messages.value.items);
            }
            all.chats.insert(chat.id.clone(), chat);
        }
        (all, agents.position)
    }

    fn apply(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::AgentCreated(to)
            | ServerEvent::AgentUpdated(to)
            | ServerEvent::AgentStatusChanged(to) => {
                self.agents.insert(to.agent_id, to.agent);
            }
            ServerEvent::AgentDeleted(gone) => {
                self.agents.remove(&gone.agent_id);
            }
            ServerEvent::ChatCreated(to) | ServerEvent::ChatUpdated(to) => {
                self.chats.insert(to.chat_id, to.chat);
            }
            ServerEvent::ChatParticipantJoined(to) | ServerEvent::ChatParticipantLeft(to) => {
                self.chats.insert(to.chat_id, to.chat);
            }
            ServerEvent::ChatDeleted(gone) => {
                self.chats.remove(&gone.chat_id);
                for message in self.messages.remove(&gone.chat_id).unwrap_or_default() {
                    self.receipts.remove(&message.id);
                }
            }
            ServerEvent::ChatMessageCreated(new) => {
                self.messages.entry(new.chat_id).or_default().push(new.message);
            }
            ServerEvent::ChatReceiptUpdated(new) => self.receipt(new.receipt),
            ServerEvent::CollectionCreated(to) | ServerEvent::CollectionUpdated(to) => {
                self.collections.insert(to.collection_id, to.collection);
            }
            ServerEvent::CollectionDeleted(gone) => {
                self.collections.remove(&gone.collection_id);
            }
            ServerEvent::SystemNotification(_) => {}
        }
    }

    fn receipt(&mut self, receipt: Receipt) {
        let who = receipt.principal_id.to_string();
        self.receipts.entry(receipt.message_id.clone()).or_default().insert(who, receipt);
    }
}

/// Somebody who watches, loses the connection now and then, and resumes.
struct Observer {
    replica: Replica,
    position: Position,
    peer: Option<Peer>,
}

impl Observer {
    async fn begin(client: &Client) -> Self {
        let (replica, position) = Replica::load(client).await;
        Self { replica, position, peer: None }
    }

    /// Resumes, unless the connection is there.
    async fn connect(&mut self, client: &Client) {
        if self.peer.is_some() {
            return;
        }
        let mut peer = Peer::connect(client).await;
        for topic in ["agent:*", "chat:*", "collection:*"] {
            peer.subscribe(topic).await;
        }
        let ready = peer.ok("client:ready", json!({ "since": self.position })).await;
        assert_eq!(ready["recovered"], true);
        self.peer = Some(peer);
    }

    /// Applies what has come, up to so many events of it.
    async fn catch_up(&mut self, most: usize) {
        let Some(peer) = &mut self.peer else { return };
        for event in peer.events().await.into_iter().take(most) {
            let frame: EventFrame = serde_json::from_value(event).unwrap();
            assert!(frame.offset > self.position.offset, "in order, nothing twice");
            self.position.offset = frame.offset;
            self.replica.apply(frame.event().unwrap());
        }
    }
}

/// One step of a story; the numbers choose whom it is about.
#[derive(Debug, Clone)]
enum Step {
    Write { method: &'static str, path: String, body: Value },
    Acknowledge { event: &'static str, message: String },
    NewObserver,
    Cut { which: usize, applied: usize },
    Connect(usize),
}

fn write(method: &'static str, path: String, body: Value) -> Step {
    Step::Write { method, path, body }
}

/// Everything that can be asked for, about those of these numbers. In this order all of it can be
/// done.
fn requests(id: u8, who: u8, text: u8, status: &str) -> Vec<Step> {
    let acknowledge = |event| Step::Acknowledge { event, message: format!("m{id}{text}") };
    vec![
        write("POST", "/agents".into(), json!({ "id": format!("a{who}"), "name": "A" })),
        write("PATCH", format!("/agents/a{who}"), json!({ "metadata": { "n": text } })),
        write("PUT", format!("/agents/a{who}/status"), json!({ "status": status })),
        write("POST", "/chats".into(), json!({ "id": format!("c{id}"), "title": "C" })),
        write("PATCH", format!("/chats/c{id}"), json!({ "title": format!("C{text}") })),
        write(
            "POST",
            format!("/chats/c{id}/participants"),
            json!({ "participantId": format!("a{who}"), "kind": "agent" }),
        ),
        write(
            "POST",
            format!("/chats/c{id}/messages"),
            json!({ "id": format!("m{id}{text}"), "content": "M" }),
        ),
        acknowledge("message:received"),
        acknowledge("message:read"),
        write("DELETE", format!("/chats/c{id}/participants/a{who}"), Value::Null),
        write("DELETE", format!("/chats/c{id}"), Value::Null),
        write("DELETE", format!("/agents/a{who}"), Value::Null),
        write("POST", "/collections".into(), json!({ "id": format!("k{id}"), "name": "K" })),
        write("PATCH", format!("/collections/k{id}"), json!({ "description": format!("{text}") })),
        write("DELETE", format!("/collections/k{id}"), Value::Null),
        write("POST", "/notifications".into(), json!({ "type": "info", "message": "N" })),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec!["idle", "working", "waiting", "error", "offline"]);
    let about = (0..3u8, 0..3u8, 0..4u8, status, any::<prop::sample::Index>());
    let request = about.prop_map(|(id, who, text, status, which)| {
        which.get(&requests(id, who, text, status)).clone()
    });
    prop_oneof![
        16 => request,
        1 => Just(Step::NewObserver),
        2 => (0..4usize, 0..30usize).prop_map(|(which, applied)| Step::Cut { which, applied }),
        2 => (0..4usize).prop_map(Step::Connect),
    ]
}

/// Plays a story, and sees that everybody who watched it knows what is; what of it was refused.
async fn play(story: Vec<Step>, recent_bytes: usize) -> Vec<String> {
    let server = Server::start_with(|new| new.recent_bytes = recent_bytes).await;
    let client = server.client();
    let mut actor = Peer::connect(&client).await;
    let mut observers = vec![Observer::begin(&client).await];
    let mut refused = Vec::new();
    for step in story {
        match step {
            Step::Write { method, path, body } => {
                let path = format!("/api/v1{path}");
                let call = client.request(method.parse().unwrap(), &path).json(&body);
                let status = call.send().await.unwrap().status();
                let is_expected = match status.as_u16() {
                    // It is not there, or it is there already.
                    404 | 409 => true,
                    // Who is to join is not there.
                    422 => path.ends_with("/participants"),
                    _ => status.is_success(),
                };
                assert!(is_expected, "{method} {path}: {status}");
                if !status.is_success() {
                    refused.push(format!("{method} {path}: {status}"));
                }
            }
            Step::Acknowledge { event, message } => {
                let said = actor.socket.request(event, json!({ "messageId": message }));
                if let Some(error) = said.await.unwrap().get("error") {
                    assert_eq!(error["code"], "not_found", "{event}");
                    refused.push(format!("{event}: {error}"));
                }
            }
            Step::NewObserver if observers.len() < 4 => {
                observers.push(Observer::begin(&client).await);
            }
            Step::NewObserver => {}
            Step::Cut { which, applied } => {
                let which = which % observers.len();
                observers[which].catch_up(applied).await;
                // What else was on its way is lost with the connection, and comes again.
                observers[which].peer = None;
            }
            Step::Connect(which) => {
                let which = which % observers.len();
                observers[which].connect(&client).await;
            }
        }
    }
    let (afresh, _) = Replica::load(&client).await;
    for observer in &mut observers {
        observer.connect(&client).await;
        observer.catch_up(usize::MAX).await;
        assert_eq!(observer.replica, afresh);
    }
    refused
}

/// What the hub only refuses proves nothing, so everything that stories are made of is done here.
#[tokio::test]
async fn everything_that_is_asked_for_can_be_done() {
    assert_eq!(play(requests(0, 0, 0, "idle"), 0).await, [""; 0]);
}

#[test]
fn old_state_and_the_events_since_are_the_state_loaded_afresh() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config { cases: 32, failure_persistence: None, ..Config::default() };
    // What was missed is read from the store, from memory, or from one after the other.
    let recent_bytes = prop::sample::select(&[0, 8 << 10, 8 << 20]);
    proptest!(config, |(story in prop::collection::vec(step(), 1..80), recent in recent_bytes)| {
        runtime.block_on(play(story, recent));
    });
}
