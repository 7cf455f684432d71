//! Chats that only their participants see, through a real port: what others may not see never
//! reaches them, live or replayed, listed, searched or counted.
//!
//! - [`rules`]: each rule by itself
//! - [`reuse`]: an id that is used again is another chat, another agent
//! - [`leaving`]: who leaves sees that they left, and nothing after it
//! - [`story`]: many things at random, and an [`oracle`] that knows who sees what

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

#[path = "../support/mod.rs"]
mod support;

mod leaving;
mod oracle;
mod reuse;
mod rules;
mod story;

use colloquy_client::{Client, protocol::id::AgentId};
use serde_json::{Value, json};

use support::{Server, agent};

/// What a request was answered.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: u16,
    body: Value,
    /// Everything that was received: headers and body.
    text: String,
}

/// A hub with these agents, and a client for each.
async fn hub<const N: usize>(agents: [&str; N]) -> (Server, [Client; N]) {
    let server = Server::start().await;
    for id in agents {
        agent(&server, id).await;
    }
    let clients = agents.map(|id| acting(&server, id));
    (server, clients)
}

/// A client that acts as an agent.
fn acting(server: &Server, agent: &str) -> Client {
    server.client().act_as(agent.parse::<AgentId>().unwrap())
}

/// Sends a request; its method and path are written as `GET /chats`.
async fn ask(client: &Client, request: &str, body: Value) -> Answer {
    let (method, path) = request.split_once(' ').unwrap();
    let call = client.request(method.parse().unwrap(), &format!("/api/v1{path}"));
    let call = if body.is_null() { call } else { call.json(&body) };
    answer(call.send().await.unwrap()).await
}

async fn get(client: &Client, path: &str) -> Answer {
    ask(client, &format!("GET {path}"), Value::Null).await
}

async fn answer(response: colloquy_client::Response) -> Answer {
    let status = response.status().as_u16();
    let headers = format!("{:?}", response.headers());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_default();
    Answer { status, body, text: headers + &text }
}

/// A private chat of that id in which the client and these agents are.
async fn private_chat(client: &Client, id: &str, agents: &[&str]) -> Value {
    let participants: Vec<Value> = agents.iter().map(|id| an_agent(id)).collect();
    let new = json!({
        "id": id, "title": format!("Title of {id}"), "visibility": "participants",
        "participants": participants,
    });
    let made = ask(client, "POST /chats", new).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.body
}

/// Says something; the message's id.
async fn say(client: &Client, chat: &str, content: &str) -> String {
    let path = format!("POST /chats/{chat}/messages");
    let said = ask(client, &path, json!({ "content": content })).await;
    assert_eq!(said.status, 201, "{}", said.text);
    said.body["id"].as_str().unwrap().to_owned()
}

async fn join(client: &Client, chat: &str, agent: &str) {
    let path = format!("POST /chats/{chat}/participants");
    assert_eq!(ask(client, &path, an_agent(agent)).await.status, 201);
}

async fn leave(client: &Client, chat: &str, who: &str) {
    delete(client, &format!("/chats/{chat}/participants/{who}")).await;
}

async fn delete(client: &Client, path: &str) {
    let gone = ask(client, &format!("DELETE {path}"), Value::Null).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
}

fn an_agent(id: &str) -> Value {
    json!({ "participantId": id, "kind": "agent" })
}

/// The log's head now, as a position.
async fn now(client: &Client) -> Value {
    let seen = client.overview().await.unwrap();
    json!({ "epoch": seen.position.epoch, "offset": seen.position.offset })
}

/// The beginning of the log.
async fn start(client: &Client) -> Value {
    let seen = client.overview().await.unwrap();
    json!({ "epoch": seen.position.epoch, "offset": 0 })
}

/// The events of chats in what the log shows somebody.
async fn chat_events(client: &Client) -> Vec<String> {
    let found = get(client, "/events?topic=chat:*&limit=200").await;
    names(found.body["items"].as_array().unwrap())
}

/// The names of events, without `chat:`.
fn names(events: &[Value]) -> Vec<String> {
    let name = |event: &Value| {
        let name = event["event"].as_str().unwrap();
        name.strip_prefix("chat:").unwrap_or(name).to_owned()
    };
    events.iter().map(name).collect()
}
