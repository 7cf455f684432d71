//! Who may do what, tried: a table made of the API document's own routes and of the client events.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

#[path = "../support/mod.rs"]
mod support;
mod table;
mod world;

use std::collections::BTreeSet;

use colloquy_client::protocol::event::ClientEventName;
use serde_json::Value;

use crate::{
    table::{EVENTS, NOT, ROUTES, full},
    world::{Who, World},
};

#[tokio::test]
async fn every_route_has_a_line() {
    let world = World::new().await;
    let document = world.get("/api/v1/openapi.json").await;
    let documented: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let lines: BTreeSet<String> = ROUTES
        .iter()
        .map(|route| {
            let (method, path) = route.documented.split_once(' ').unwrap();
            format!("{method} {}", full(path))
        })
        .collect();
    assert_eq!(lines, documented);
}

#[tokio::test]
async fn the_document_says_what_anybody_may_ask() {
    let document = World::new().await.get("/api/v1/openapi.json").await;
    for route in ROUTES {
        let (method, path) = route.documented.split_once(' ').unwrap();
        let operation = &document["paths"][full(path)][method.to_lowercase()];
        let is_anybodys = operation["security"] == serde_json::json!([{}]);
        // A wrong password is refused with 401, too.
        let needs_somebody =
            route.expected[Who::Nobody as usize] == 401 && route.documented != "POST /session";
        assert_eq!(is_anybodys, !needs_somebody, "{}", route.documented);
    }
}

#[test]
fn every_client_event_has_a_line() {
    let lines: BTreeSet<&str> = EVENTS.iter().map(|event| event.name).collect();
    let events = ClientEventName::ALL.iter().map(|name| name.as_str()).collect();
    assert_eq!(lines, events);
}

#[tokio::test]
async fn every_route_answers_everybody_as_it_should() {
    let mut world = World::new().await;
    let mut wrong = Vec::new();
    for route in ROUTES {
        if route.documented.starts_with("DELETE /logins") || route.documented == "DELETE /session" {
            world.sign_in_again().await;
        }
        for (who, expected) in Who::ALL.into_iter().zip(route.expected) {
            if expected == NOT {
                continue;
            }
            let path = world.made_for(route.path).await;
            let body = world.made_for(route.body).await;
            let (method, _) = route.documented.split_once(' ').unwrap();
            let status = world.ask(who, method, &full(&path), &body).await;
            if status != expected {
                wrong.push(format!("{method} {} {who:?}: {status}, not {expected}", route.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_client_event_answers_everybody_as_it_should() {
    let mut world = World::new().await;
    let mut wrong = Vec::new();
    for (column, who) in Who::ALL.into_iter().enumerate() {
        let connected = world.connect(who).await;
        if column >= Who::CONNECTED {
            assert_eq!(connected.err(), Some(401), "{who:?}");
            continue;
        }
        let mut socket = connected.unwrap();
        for event in EVENTS {
            let payload: Value =
                serde_json::from_str(&world.made_for(event.payload).await).unwrap();
            let reply = socket.request(event.name, payload).await.unwrap();
            let answer = reply["error"]["code"].as_str().unwrap_or("ok");
            if answer != event.expected[column] {
                let expected = event.expected[column];
                wrong.push(format!("{} {who:?}: {answer}, not {expected}", event.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
