//! The wire protocol (design, "Wire protocol"), through a real port.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

#[path = "../support/mod.rs"]
mod support;

mod endings;
mod events;
mod receipts;
mod recovery;
mod refusals;
mod replica;
mod subscriptions;

use colloquy_client::{
    Client,
    protocol::{model::Agent, position::Offset, request::StatusChange},
    raw::{RawError, RawSocket},
};
use serde_json::{Value, json};

use support::Server;

/// A connection whose every message a test sees.
struct Peer {
    socket: RawSocket,
    welcome: Value,
}

impl Peer {
    async fn connect(client: &Client) -> Self {
        let mut socket = RawSocket::connect(client).await.unwrap();
        let welcome = socket.next().await.unwrap();
        assert_eq!(welcome["event"], "hub:welcome", "the first message");
        Self { socket, welcome: welcome["payload"].clone() }
    }

    /// A connection that is subscribed to these topics (`agent:*`) and ready.
    async fn ready(client: &Client, topics: &[&str]) -> Self {
        let mut peer = Self::connect(client).await;
        for topic in topics {
            peer.subscribe(topic).await;
        }
        peer.ok("client:ready", Value::Null).await;
        peer
    }

    async fn subscribe(&mut self, topic: &str) -> Value {
        let (kind, id) = topic.split_once(':').unwrap();
        self.ok(&format!("subscribe:{kind}"), json!(id)).await
    }

    async fn subscribe_since(&mut self, topic: &str, since: &Value) -> Value {
        let (kind, id) = topic.split_once(':').unwrap();
        self.ok(&format!("subscribe:{kind}"), json!({ "id": id, "since": since })).await
    }

    async fn unsubscribe(&mut self, topic: &str) {
        let (kind, id) = topic.split_once(':').unwrap();
        assert_eq!(self.ok(&format!("unsubscribe:{kind}"), json!(id)).await, json!({}));
    }

    /// What a request is answered when it goes well.
    async fn ok(&mut self, event: &str, payload: Value) -> Value {
        let reply = self.socket.request(event, payload).await.unwrap();
        assert_eq!(reply.get("error"), None, "{event}");
        reply["ok"].clone()
    }

    /// What a request is answered when it does not.
    async fn error(&mut self, event: &str, payload: Value) -> Value {
        let reply = self.socket.request(event, payload).await.unwrap();
        assert_eq!(reply.get("ok"), None, "{event}");
        reply["error"].clone()
    }

    /// The next message that is no heartbeat.
    async fn next(&mut self) -> Value {
        loop {
            let message = self.socket.next().await.unwrap();
            if message["event"] != "hub:heartbeat" {
                return message;
            }
        }
    }

    /// Every event that was on its way: those before the answer to a subscription, which comes
    /// after everything that happened before and after every replay.
    async fn events(&mut self) -> Vec<Value> {
        // An id of our own, so that no other reply is taken for this one.
        let id = json!(1_000_000);
        let fence = json!({ "event": "subscribe:collection", "payload": "fence", "id": id });
        self.socket.send(&fence).await.unwrap();
        let mut events = Vec::new();
        loop {
            let message = self.next().await;
            if message["reply"] == id {
                return events;
            }
            assert!(message["offset"].is_u64(), "not an event: {message}");
            events.push(message);
        }
    }

    /// The code that the connection is closed with; what comes before it does not matter.
    async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.socket.next().await {
                Ok(_) => {}
                Err(RawError::Closed { code, .. }) => return code,
                Err(error) => panic!("not closed: {error}"),
            }
        }
    }
}

fn offsets(events: &[Value]) -> Vec<Offset> {
    events.iter().map(|event| event["offset"].as_u64().unwrap()).collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

/// Makes one event of an agent, whatever its status was; its offset.
async fn touch(server: &Server, agent: &Agent) -> Offset {
    let client = server.client();
    let now = client.agent(&agent.id).await.unwrap().value;
    let detail = format!("after {}", now.version);
    let change = StatusChange { status: now.status, status_detail: Some(detail) };
    client.set_agent_status(&agent.id, &change).await.unwrap().version
}

fn position(peer: &Peer, offset: Offset) -> Value {
    json!({ "epoch": peer.welcome["epoch"], "offset": offset })
}
