//! A WebSocket in the hand of a test.

use colloquy_client::{Client, raw::RawSocket};
use serde_json::{Value, json};

/// A connection whose every message a test sees.
pub(crate) struct Peer {
    pub(crate) socket: RawSocket,
    pub(crate) welcome: Value,
}

impl Peer {
    pub(crate) async fn connect(client: &Client) -> Self {
        let mut socket = RawSocket::connect(client).await.unwrap();
        let welcome = socket.next().await.unwrap();
        assert_eq!(welcome["event"], "hub:welcome", "the first message");
        Self { socket, welcome: welcome["payload"].clone() }
    }

    /// A connection that is subscribed to these topics (`agent:*`) and ready.
    pub(crate) async fn ready(client: &Client, topics: &[&str]) -> Self {
        let mut peer = Self::connect(client).await;
        for topic in topics {
            peer.subscribe(topic).await;
        }
        peer.ok("client:ready", Value::Null).await;
        peer
    }

    pub(crate) async fn subscribe(&mut self, topic: &str) -> Value {
        let (kind, id) = topic.split_once(':').unwrap();
        self.ok(&format!("subscribe:{kind}"), json!(id)).await
    }

    pub(crate) async fn subscribe_since(&mut self, topic: &str, since: &Value) -> Value {
        let (kind, id) = topic.split_once(':').unwrap();
        self.ok(&format!("subscribe:{kind}"), json!({ "id": id, "since": since })).await
    }

    pub(crate) async fn unsubscribe(&mut self, topic: &str) {
        let (kind, id) = topic.split_once(':').unwrap();
        assert_eq!(self.ok(&format!("unsubscribe:{kind}"), json!(id)).await, json!({}));
    }

    /// What a request is answered when it goes well.
    pub(crate) async fn ok(&mut self, event: &str, payload: Value) -> Value {
        let reply = self.socket.request(event, payload).await.unwrap();
        assert_eq!(reply.get("error"), None, "{event}");
        reply["ok"].clone()
    }

    /// What a request is answered when it does not.
    pub(crate) async fn error(&mut self, event: &str, payload: Value) -> Value {
        let reply = self.socket.request(event, payload).await.unwrap();
        assert_eq!(reply.get("ok"), None, "{event}");
        reply["error"].clone()
    }

    /// The next message that is no heartbeat.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = self.socket.next().await.unwrap();
            if message["event"] != "hub:heartbeat" {
                return message;
            }
        }
    }

    /// Every event that was on its way, and nothing else.
    pub(crate) async fn events(&mut self) -> Vec<Value> {
        let events = self.messages().await;
        for event in &events {
            assert!(event["offset"].is_u64(), "not an event: {event}");
        }
        events
    }

    /// Everything that was on its way, but heartbeats: what comes before the answer to a
    /// subscription, which comes after everything that happened before and after every replay.
    pub(crate) async fn messages(&mut self) -> Vec<Value> {
        // An id of our own, so that no other reply is taken for this one.
        let id = json!(1_000_000);
        let fence = json!({ "event": "subscribe:collection", "payload": "fence", "id": id });
        self.socket.send(&fence).await.unwrap();
        let mut messages = Vec::new();
        loop {
            let message = self.next().await;
            if message["reply"] == id {
                return messages;
            }
            messages.push(message);
        }
    }

    /// The code that the connection is closed with; what comes before it does not matter.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        super::closed(&mut self.socket).await
    }
}
