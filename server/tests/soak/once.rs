//! Copies of one request.

use std::collections::HashSet;

use colloquy_client::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    fault::{Fault, count},
    support::{Server, chat},
};

const COPIES: usize = 100;

#[tokio::test]
async fn a_hundred_copies_at_once_are_done_once() {
    let fault = Fault::begin(8, "copies of one POST at once");
    let rounds = count(1, 100);
    let server = Server::start().await;
    let client = server.client();
    chat(&server, "room").await;
    let mut sent = Vec::new();
    for round in 0..rounds {
        let mut copies = JoinSet::new();
        for _ in 0..COPIES {
            let call = client.request(Method::POST, "/api/v1/chats/room/messages");
            let call = call.json(&json!({ "content": "Hello." }));
            let call = call.idempotency_key(&format!("key-{round}"));
            copies.spawn(async move { call.send().await.unwrap().text().await.unwrap() });
        }
        let answers: HashSet<String> = copies.join_all().await.into_iter().collect();
        assert_eq!(answers.len(), 1, "{answers:?}");
        sent.push(serde_json::from_str(answers.iter().next().unwrap()).unwrap());
    }
    let page = client.request(Method::GET, "/api/v1/chats/room/messages?limit=200");
    let listed: Value = page.send().await.unwrap().json().await.unwrap();
    assert_eq!(listed["items"], Value::Array(sent));
    let position = client.chats().await.unwrap().position;
    assert_eq!(position.offset, 1 + rounds as u64, "one event for each");
    fault.survived(
        format!("{rounds} times {COPIES} copies of one POST with one `Idempotency-Key`"),
        format!("{rounds} rows, {rounds} events; each time the same answer {COPIES} times"),
    );
}
