//! Bad input through a real port: handshakes, frames and JSON that nobody should send. Each is sent
//! [`TIMES`] times at once to one hub, which says what is wrong with it, goes on, and keeps nothing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

#[path = "../support/mod.rs"]
mod support;

mod floods;
mod frames;
mod handshakes;
mod json;
mod raw;
mod replay;

use std::{fs, time::Duration};

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{sleep, timeout};

use support::{Server, peer::Peer};

/// How often each bad thing is done, all at once.
const TIMES: usize = 100;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// By how much the process's memory may grow from one round of everything to the next, in KiB: as much
/// as an allocator keeps for 100 connections, and far less than what was sent.
const LEEWAY: u64 = 8 * 1024;

/// Does something [`TIMES`] times at once.
async fn often<F: Future<Output = ()>>(what: impl Fn() -> F) {
    at_once(TIMES, what).await;
}

async fn at_once<F: Future<Output = ()>>(times: usize, what: impl Fn() -> F) {
    within(PATIENCE, times, what).await;
}

async fn within<F: Future<Output = ()>>(patience: Duration, times: usize, what: impl Fn() -> F) {
    timeout(patience, join_all((0..times).map(|_| what()))).await.unwrap();
}

/// Waits until nobody is connected any more.
async fn is_empty(server: &Server) {
    let empty = async {
        while server.state.hub.connection_counts().total != 0
            || metric("colloquy_open_connections") > 0
        {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        timeout(PATIENCE, empty).await.is_ok(),
        "{} connections",
        metric("colloquy_open_connections")
    );
}

/// The hub works as if nothing had been: somebody hears of a new agent.
async fn still_serves(server: &Server) {
    let mut peer = Peer::ready(&server.client(), &["agent:*"]).await;
    let id = format!("after-{}", server.state.hub.position().offset);
    support::agent(server, &id).await;
    assert_eq!(peer.next().await["payload"]["agentId"], json!(id));
}

/// What the metrics say of this process.
fn metric(name: &str) -> u64 {
    let text = colloquy_server::metrics::recorder().render();
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    text.lines().find_map(value).unwrap()
}

/// The process's memory, in KiB.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
