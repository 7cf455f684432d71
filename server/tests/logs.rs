//! Whoever reads the log, or does not: nobody else waits for them, and nothing ends because of them.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::{io::Read, path::Path};

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

/// A hub whose log has two lines for each request.
fn serve_and_say_so(folder: &Path) -> Process {
    let mut command = colloquy(folder);
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("RUST_LOG", "info,tower_http=debug");
    Process::start(&mut command)
}

/// Asks so many times, on one connection, by that name of the hub; each answer has that status.
async fn ask(hub: &Process, times: usize, host: &str, status: u16) {
    let address = hub.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let ask = |line: &str| format!("GET /health HTTP/1.1\r\nHost: {host}\r\n{line}\r\n");
    let asked = ask("").repeat(times - 1) + &ask("Connection: close\r\n");
    let mut answers = String::new();
    let reading = reader.read_to_string(&mut answers);
    try_join!(writer.write_all(asked.as_bytes()), reading).unwrap();
    assert_eq!(answers.matches(&format!("HTTP/1.1 {status} ")).count(), times);
}

/// How many lines of its log were dropped.
async fn lost(client: &Client) -> u64 {
    let answer = client.request(Method::GET, "/metrics").send().await.unwrap();
    let text = answer.text().await.unwrap();
    let value = |line: &str| line.strip_prefix("colloquy_lost_log_lines_total ")?.parse().ok();
    text.lines().find_map(value).unwrap()
}

/// Stops it; what is in its log.
fn log_of(mut hub: Process) -> String {
    hub.signal(Signal::TERM);
    hub.wait();
    let mut log = String::new();
    hub.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    log
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
    let mut hub = serve_and_say_so(folder.path());
    drop(hub.process.stderr.take());
    ask(&hub, 1, "localhost", 200).await;
    still_serves(hub).await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let hub = serve_and_say_so(folder.path());
    assert_eq!(lost(&hub.client()).await, 0);
    ask(&hub, MANY, "localhost", 200).await;
    assert!(lost(&hub.client()).await > 0);
    still_serves(hub).await;
}

#[tokio::test]
async fn who_asks_for_the_lines_of_requests_is_told_which_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let hub = serve_and_say_so(folder.path());
    hub.client().agents().await.unwrap();
    let log = log_of(hub);
    let lines = log.lines().filter(|line| line.contains(r#""path":"/api/v1/agents""#)).count();
    assert_eq!(lines, 2, "{log}");
}

/// Whoever is refused, however often, does not fill the log.
#[tokio::test]
async fn strangers_cause_few_lines() {
    let folder = tempfile::tempdir().unwrap();
    let hub = serve_on_any_port(folder.path());
    ask(&hub, 1_000, "elsewhere.example", 403).await;
    let unknown = hub.client().with_token("clq_x");
    for _ in 0..100 {
        assert_eq!(unknown.agents().await.unwrap_err().status(), Some(401));
    }
    let log = log_of(hub);
    for line in ["A request was refused at the door.", "A token that is not known was refused."] {
        assert_eq!(log.matches(line).count(), 10, "{line}");
    }
}
