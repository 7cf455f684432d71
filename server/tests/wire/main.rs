//! The wire protocol (docs/protocol.md), through a real port.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

#[path = "../support/mod.rs"]
mod support;

mod endings;
mod events;
mod handlers;
mod receipts;
mod recovery;
mod refusals;
mod replica;
mod subscriptions;

use colloquy_client::protocol::{
    model::Agent,
    position::Offset,
    request::{NewNotification, StatusChange},
};
use serde_json::{Value, json};

use support::{Server, peer::Peer};

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

/// Tells everybody something.
async fn notify(server: &Server) {
    let note = json!({ "type": "info", "message": "Hear, hear." });
    let note: NewNotification = serde_json::from_value(note).unwrap();
    server.client().send_notification(&note).await.unwrap();
}

fn position(peer: &Peer, offset: Offset) -> Value {
    json!({ "epoch": peer.welcome["epoch"], "offset": offset })
}
