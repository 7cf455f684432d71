//! Whoever reads the log, or does not: nobody else waits for them, and nothing ends because of them.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::io::Read;

use colloquy_client::{Client, Method, protocol::request::NewAgent};
use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    try_join,
};

mod support;

use support::process::{Process, colloquy, serve_on_any_port};

/// More lines than wait for their thread (16,384) and are in the pipe.
const MANY: usize = 20_000;

/// Is refused at the door so many times, on one connection: each time is a line of the log.
async fn is_refused(hub: &Process, times: usize) {
    let address = hub.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let ask = |line: &str| format!("GET / HTTP/1.1\r\nHost: elsewhere.example\r\n{line}\r\n");
    let asked = ask("").repeat(times - 1) + &ask("Connection: close\r\n");
    let mut answers = String::new();
    let reading = reader.read_to_string(&mut answers);
    try_join!(writer.write_all(asked.as_bytes()), reading).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 403 ").count(), times);
}

/// How many lines of its log were dropped.
async fn lost(client: &Client) -> u64 {
    let answer = client.request(Method::GET, "/metrics").send().await.unwrap();
    let text = answer.text().await.unwrap();
    let value = |line: &str| line.strip_prefix("colloquy_lost_log_lines_total ")?.parse().ok();
    text.lines().find_map(value).unwrap()
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
    is_refused(&hub, 1).await;
    still_serves(hub).await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let hub = serve_on_any_port(folder.path());
    assert_eq!(lost(&hub.client()).await, 0);
    is_refused(&hub, MANY).await;
    assert!(lost(&hub.client()).await > 0);
    still_serves(hub).await;
}

#[tokio::test]
async fn who_asks_for_the_lines_of_requests_is_told_which_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = colloquy(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("RUST_LOG", "info,tower_http=debug");
    let mut hub = Process::start(&mut command);
    hub.client().agents().await.unwrap();
    hub.signal(Signal::TERM);
    hub.wait();
    let mut log = String::new();
    hub.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let lines = log.lines().filter(|line| line.contains(r#""path":"/api/v1/agents""#)).count();
    assert_eq!(lines, 2, "{log}");
}
