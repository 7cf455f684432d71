//! What a large hub costs to read: starting on a log of a million events, catching up with ten
//! thousand, and lists of a hundred thousand, paged through and searched.
//!
//! The hub's own first start makes the database; it is then filled by SQL, with rows as the hub
//! would have written them. One client asks, one request after the other: what is measured is how
//! long an answer takes, its way over the loopback included.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use colloquy_bench::{figures::percentile, process::ask_to_end, report};
use colloquy_client::{Client, Method, raw::RawSocket};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

/// Measure what a large hub costs to read
#[derive(Debug, Parser)]
struct Options {
    /// The executable that is measured, a release build
    #[arg(long, default_value = "target/release/colloquy")]
    server: PathBuf,
    /// Where the database is
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// How often each is done
    #[arg(long, default_value_t = 500)]
    times: usize,
}

/// How many agents there are, and how many messages in the one chat.
const ENTITIES: u32 = 100_000;

/// How long the log is: as long as it is kept by default.
const EVENTS: u32 = 1_000_000;

/// How many events somebody has missed.
const MISSED: u64 = 10_000;

/// How often the server is started, and how often somebody catches up.
const ROUNDS: usize = 10;

/// What was measured: its name, what is aimed at for the 99th of 100 in milliseconds, and the times.
type Line = (&'static str, f64, Vec<f64>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let data = tempfile::tempdir_in(&options.folder)?;
    drop(Server::start(&options.server, data.path())?);
    println!("filling the database");
    let database = data.path().join("colloquy.db");
    fill(&database)?;
    {
        let _server = Server::start(&options.server, data.path())?;
        wait_for_index(&database)?;
    }

    let mut starts = Vec::new();
    for _ in 0..ROUNDS {
        let (_server, took) = Server::start(&options.server, data.path())?;
        starts.push(took);
    }
    let (server, _) = Server::start(&options.server, data.path())?;
    let client = Client::new(&format!("http://{}", server.address))?;
    let mut lines: Vec<Line> = vec![("start until ready", 300.0, starts)];
    let mut replays = Vec::new();
    for _ in 0..ROUNDS {
        replays.push(replay(&client).await?);
    }
    lines.push(("10,000 missed events", 200.0, replays));
    lines.extend(lists(&client, options.times).await?);

    let table = table(lines);
    print!("{table}");
    report::section("read", &format!("{}\n\n{table}", report::machine()))
}

/// A server on a data folder, stopped in good order when it is dropped.
struct Server {
    address: SocketAddr,
    process: Child,
}

impl Server {
    /// Starts it; how many milliseconds it took until it was ready.
    fn start(executable: &Path, data: &Path) -> Result<(Self, f64)> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let begun = Instant::now();
        let process = Command::new(executable)
            .args(["serve", "--log-format", "text", "--data-dir"])
            .arg(data)
            .arg(format!("--listen={address}"))
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", executable.display()))?;
        let server = Self { address, process };
        while begun.elapsed() < Duration::from_secs(30) {
            if is_ready(address).unwrap_or(false) {
                return Ok((server, millis(begun)));
            }
            sleep(Duration::from_millis(1));
        }
        bail!("the server does not come up")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        ask_to_end(&self.process);
        let _ = self.process.wait();
    }
}

fn is_ready(address: SocketAddr) -> Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// Fills an empty database: agents and how they came to be, a chat with its messages, and then
/// agents that change their status, until the log is as long as it gets.
fn fill(database: &Path) -> Result<()> {
    let connection = Connection::open(database)?;
    connection.execute_batch("PRAGMA synchronous = OFF; BEGIN;")?;
    let numbers = "WITH RECURSIVE numbers (n) AS \
                   (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1) ";
    let now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";
    let moment = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
    let agent = format!(
        "json_object('id', printf('agent-%06d', n), 'name', printf('Agent %06d', n), 'description', \
         NULL, 'status', 'idle', 'statusDetail', NULL, 'capabilities', json('[\"plan\",\"write\"]'), \
         'metadata', json('{{}}'), 'createdAt', {moment}, 'updatedAt', {moment}, 'version', n)"
    );
    let message = format!(
        "json_object('id', printf('01a20000-0000-7000-8000-%012x', n), 'chatId', 'large', \
         'senderId', printf('agent-%06d', n), 'senderKind', 'agent', 'content', \
         printf('Message %06d: the quick brown fox jumps over the lazy dog.', n), \
         'replyTo', NULL, 'createdAt', {moment})"
    );
    let events = "INSERT INTO events (offset, event, kind, entity, payload, actor_id, actor_kind, \
                  timestamp)";
    connection.execute(
        &format!(
            "{numbers} INSERT INTO agents SELECT printf('agent-%06d', n), printf('Agent %06d', n), \
             NULL, 'idle', NULL, '[\"plan\",\"write\"]', '{{}}', {now}, {now}, n, n FROM numbers"
        ),
        params![ENTITIES],
    )?;
    connection.execute(
        &format!(
            "{numbers} {events} SELECT n, 'agent:created', 'agent', printf('agent-%06d', n), \
             json_object('agentId', printf('agent-%06d', n), 'agent', {agent}, 'userId', 'local', \
             'timestamp', {moment}), 'local', 'user', {now} FROM numbers"
        ),
        params![ENTITIES],
    )?;
    connection.execute(
        &format!(
            "INSERT INTO chats (id, title, metadata, created_at, updated_at, version, born) \
             VALUES ('large', 'A long conversation', '{{}}', {now}, {now}, 1, 1)"
        ),
        [],
    )?;
    connection.execute(
        &format!(
            "{numbers} INSERT INTO messages SELECT n + ?1, printf('01a20000-0000-7000-8000-%012x', \
             n), 'large', printf('agent-%06d', n), 'agent', printf('Message %06d: the quick brown \
             fox jumps over the lazy dog.', n), NULL, {now} FROM numbers"
        ),
        params![ENTITIES],
    )?;
    connection.execute(
        &format!(
            "{numbers} {events} SELECT n + ?1, 'chat:messageCreated', 'chat', 'large', \
             json_object('chatId', 'large', 'messageId', printf('01a20000-0000-7000-8000-%012x', n), \
             'message', {message}, 'userId', printf('agent-%06d', n), 'timestamp', {moment}), \
             printf('agent-%06d', n), 'agent', {now} FROM numbers"
        ),
        params![ENTITIES],
    )?;
    connection.execute(
        &format!(
            "{numbers}, some (number, n) AS (SELECT n, n % ?2 + 1 FROM numbers) {events} \
             SELECT number + 2 * ?2, 'agent:statusChanged', 'agent', printf('agent-%06d', n), \
             json_object('agentId', printf('agent-%06d', n), 'agent', {agent}, 'userId', \
             printf('agent-%06d', n), 'timestamp', {moment}), printf('agent-%06d', n), 'agent', \
             {now} FROM some"
        ),
        params![EVENTS - 2 * ENTITIES, ENTITIES],
    )?;
    connection.execute_batch(
        "INSERT INTO actor_stretches SELECT DISTINCT actor_id, offset >> 8 FROM events; COMMIT; \
         PRAGMA wal_checkpoint(TRUNCATE);",
    )?;
    Ok(())
}

/// Waits until all messages are in the index by which they are searched.
fn wait_for_index(database: &Path) -> Result<()> {
    let connection = Connection::open(database)?;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let behind = "SELECT EXISTS (SELECT 1 FROM messages WHERE seq > \
                      (SELECT seq FROM message_search_end))";
        if !connection.query_row(behind, [], |row| row.get::<_, bool>(0))? {
            println!("messages were indexed in {:.1} s", begun.elapsed().as_secs_f64());
            return Ok(());
        }
        sleep(Duration::from_millis(100));
    }
    bail!("the messages are not indexed")
}

/// Comes back after [`MISSED`] events; how many milliseconds until the last of them is there.
async fn replay(client: &Client) -> Result<f64> {
    let mut socket = RawSocket::connect(client).await?;
    let welcome = socket.next().await?;
    let position = &welcome["payload"];
    let head = position["offset"].as_u64().context("hub:welcome has an offset")?;
    socket.send(&json!({ "event": "subscribe:agent", "payload": "*" })).await?;
    let since = json!({ "epoch": position["epoch"], "offset": head - MISSED });
    let begun = Instant::now();
    socket.send(&json!({ "event": "client:ready", "payload": { "since": since } })).await?;
    let mut seen = 0;
    while seen < MISSED {
        if socket.next_text().await?.starts_with(r#"{"event":"agent:"#) {
            seen += 1;
        }
    }
    let took = millis(begun);
    socket.close(1000).await?;
    Ok(took)
}

/// Lists, one page of 50 after the other, and searches for what is there once, or often.
async fn lists(client: &Client, times: usize) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, path, parameter) in [
        ("agents by name, page after page", "/agents?limit=50&sort=name", "cursor"),
        ("agents by time, page after page", "/agents?limit=50&sort=-createdAt", "cursor"),
        ("agents of a status, page after page", "/agents?limit=50&status=idle", "cursor"),
        ("the log, page after page", "/events?limit=50", "since"),
    ] {
        let (mut took, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..times {
            let next = cursor.as_deref().map(|cursor| format!("&{parameter}={cursor}"));
            let path = format!("{path}{}", next.unwrap_or_default());
            let (time, page) = ask(client, &path).await?;
            ensure!(page["items"].as_array().is_some_and(|items| items.len() == 50), "{page}");
            took.push(time);
            cursor = page["nextCursor"].as_str().map(str::to_owned);
        }
        lines.push((name, 20.0, took));
    }
    let mut took = Vec::new();
    let mut before = String::new();
    for _ in 0..times {
        let (time, page) = ask(client, &format!("/chats/large/messages?limit=50{before}")).await?;
        let oldest = page["items"][0]["id"].as_str().context("a message has an id")?;
        before = format!("&before={oldest}");
        took.push(time);
    }
    lines.push(("messages, page after page", 20.0, took));
    for (name, path) in [
        ("search for one of the agents", "/agents?limit=50&q=Agent%20"),
        ("search for one of a status", "/agents?limit=50&status=idle&q=Agent%20"),
        ("search for one of the messages", "/chats/large/messages?limit=50&q=Message%20"),
        ("what one of the agents did", "/events?limit=50&before=9999999&actor=agent-"),
    ] {
        let mut took = Vec::new();
        for turn in 0..times {
            // Anywhere among them: a prime that does not divide their number.
            let wanted = turn * 7_919 % ENTITIES as usize + 1;
            let (time, page) = ask(client, &format!("{path}{wanted:06}")).await?;
            // Each agent acts once for every hundred thousand events, but while they are made.
            let expected = if path.starts_with("/events") { EVENTS / ENTITIES - 1 } else { 1 };
            let found = page["items"].as_array().map(Vec::len);
            ensure!(found == usize::try_from(expected).ok(), "{page}");
            took.push(time);
        }
        lines.push((name, 20.0, took));
    }
    Ok(lines)
}

async fn ask(client: &Client, path: &str) -> Result<(f64, Value)> {
    let begun = Instant::now();
    let answer = client.request(Method::GET, &format!("/api/v1{path}")).send().await?;
    let (status, body) = (answer.status(), answer.text().await?);
    let took = millis(begun);
    ensure!(status.is_success(), "{path}: {status} {body}");
    Ok((took, serde_json::from_str(&body)?))
}

fn table(lines: Vec<Line>) -> String {
    let mut text = "| | times | p50 ms | p99 ms | aim |\n|---|---|---|---|---|\n".to_owned();
    for (name, aim, mut took) in lines {
        took.sort_by(f64::total_cmp);
        let of = |share| percentile(&took, share);
        let (times, p50, p99) = (took.len(), of(0.5), of(0.99));
        text += &format!("| {name} | {times} | {p50:.1} | {p99:.1} | < {aim:.0} |\n");
    }
    text
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}
