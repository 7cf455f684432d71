//! The REST API, through a real port.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod chats;
mod collections;
mod compression;
mod conditions;
mod events;
mod idempotency;
mod lists;
mod operations;
mod overview;
mod refusals;

use colloquy_client::{Error, Response, protocol::model::LogEntry};
use serde_json::Value;

use support::Server;

/// The names of everything that happened.
async fn happened(server: &Server) -> Vec<String> {
    log(server).await.into_iter().map(|entry| entry.event).collect()
}

async fn log(server: &Server) -> Vec<LogEntry> {
    server.client().events().query("limit", 200).await.unwrap().value.items
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The status and the fields at fault of a refused call.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> (u16, Vec<String>) {
    match result.unwrap_err() {
        Error::Refused { problem, .. } => {
            (problem.status, problem.errors.into_iter().map(|error| error.field).collect())
        }
        other => panic!("{other}"),
    }
}

/// The status and the fields at fault of a refused request; the answer must be a whole problem.
async fn problem(response: Response) -> (u16, Vec<String>) {
    let status = response.status().as_u16();
    assert_eq!(header(&response, "content-type"), "application/problem+json", "{status}");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    assert_eq!(body["type"], "about:blank");
    assert!(!body["title"].as_str().unwrap().is_empty());
    assert!(!body["detail"].as_str().unwrap().is_empty());
    let errors = body["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| !error["message"].as_str().unwrap().is_empty()));
    (status, errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect())
}
