//! Whoever reads the log, or does not: nobody else waits for them, and nothing ends because of them.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use colloquy_client::{Client, Method, protocol::request::NewAgent};
use reqwest::header::HOST;
use rustix::process::Signal;

mod support;

use support::process::{Process, serve_on_any_port};

/// What is said of a request that is refused at the door is logged.
async fn is_refused(client: &Client) {
    let asked = client.request(Method::GET, "/api/v1/agents").header(HOST, "elsewhere.example");
    assert_eq!(asked.send().await.unwrap().status(), 403);
}

async fn still_serves(mut hub: Process) {
    let client = hub.client();
    let new = NewAgent { name: "Ada".to_owned(), ..NewAgent::default() };
    client.create_agent(&new).await.unwrap();
    hub.signal(Signal::TERM);
    assert!(hub.wait().success());
}

#[tokio::test]
async fn a_log_that_nobody_takes_any_more_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = serve_on_any_port(folder.path());
    drop(hub.process.stderr.take());
    is_refused(&hub.client()).await;
    still_serves(hub).await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let hub = serve_on_any_port(folder.path());
    let client = hub.client();
    // Far more than a pipe holds.
    for _ in 0..1_000 {
        is_refused(&client).await;
    }
    still_serves(hub).await;
}
