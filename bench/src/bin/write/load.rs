//! The clients: as cheap as they can be, because they share the machine with the server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use colloquy_bench::wire::http::Message;
use colloquy_client::raw::{RawError, RawSocket};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::server::{CHAT, Server, request};

/// How long a message is, in bytes.
const CONTENT: usize = 256;

/// How often somebody reads, beside those who post.
const READ_EVERY: Duration = Duration::from_millis(5);

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    body: usize,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new(), body: 0 })
    }

    /// Sends a request and reads the answer; its status.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed a connection");
            }
            if let Some(answer) = Message::read(&self.buffer) {
                self.body = answer.length - answer.body.len();
                return answer.status().context("an answer has a status");
            }
        }
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        &self.buffer[self.body..]
    }
}

/// What was measured of one part of a round.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// How long each post took, in seconds, sorted.
    pub(crate) posts: Vec<f64>,
    /// How long each read took.
    pub(crate) reads: Vec<f64>,
    /// Seconds of the server's CPU time.
    pub(crate) cpu: f64,
    seconds: f64,
}

impl Round {
    /// Posts per second.
    pub(crate) fn rate(&self) -> f64 {
        self.posts.len() as f64 / self.seconds
    }
}

/// Everybody who is connected to one server.
pub(crate) struct Clients {
    connections: Vec<Connection>,
    reader: Connection,
    /// How many messages were acknowledged.
    posted: u64,
    /// How many each follower saw.
    seen: [Arc<AtomicU64>; 2],
    followers: JoinSet<Result<()>>,
}

impl Clients {
    /// Connects so many that post, one that reads and two that follow the chat.
    pub(crate) async fn connect(server: &Server, count: usize) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(Connection::open(&server.address).await?);
        }
        let reader = Connection::open(&server.address).await?;
        let seen = [Arc::default(), Arc::default()];
        let mut followers = JoinSet::new();
        for (token, seen) in server.tokens[count..].iter().zip(&seen) {
            let mut socket = RawSocket::connect(&server.client(token)?).await?;
            socket.request("subscribe:chat", json!(CHAT)).await?;
            socket.request("client:ready", json!(null)).await?;
            followers.spawn(follow(socket, Arc::clone(seen)));
        }
        Ok(Self { connections, reader, posted: 0, seen, followers })
    }

    /// Everybody posts as fast as they are answered.
    pub(crate) async fn post(&mut self, server: &Server, time: Duration) -> Result<Round> {
        let body = json!({ "content": "x".repeat(CONTENT) }).to_string();
        let round = self.ask(server, time, &body, 201).await?;
        self.posted += round.posts.len() as u64;
        Ok(round)
    }

    /// The same with messages that a rule refuses: what is not stored costs this much.
    pub(crate) async fn post_refused(&mut self, server: &Server, time: Duration) -> Result<Round> {
        let id = "x".repeat(64);
        let body = json!({ "content": "", "id": id, "replyTo": id, }).to_string();
        self.ask(server, time, &body, 422).await
    }

    /// Only the reader asks.
    pub(crate) async fn read(&mut self, server: &Server, time: Duration) -> Result<Round> {
        let reads = read(&mut self.reader, server, Instant::now() + time).await?;
        Ok(Round { reads, ..Round::default() })
    }

    /// How many messages were acknowledged, and how many each follower saw, once all came or a
    /// while went by.
    pub(crate) async fn delivered(&mut self) -> Result<(u64, u64)> {
        if let Some(ended) = self.followers.try_join_next() {
            ended?.context("a follower could not go on")?;
        }
        let least = || self.seen.iter().map(|seen| seen.load(Ordering::Relaxed)).min();
        for _ in 0..250 {
            if least() == Some(self.posted) {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok((self.posted, least().unwrap_or(0)))
    }

    async fn ask(
        &mut self,
        server: &Server,
        time: Duration,
        body: &str,
        expected: u16,
    ) -> Result<Round> {
        let path = format!("/api/v1/chats/{CHAT}/messages");
        let cpu = server.cpu()?;
        let started = Instant::now();
        let end = started + time;
        let mut clients = JoinSet::new();
        for (mut connection, token) in self.connections.drain(..).zip(&server.tokens) {
            let request = request("POST", &path, &server.address, Some(token), body);
            clients.spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < end {
                    let asked = Instant::now();
                    let status = connection.ask(&request).await?;
                    times.push(asked.elapsed().as_secs_f64());
                    if status != expected {
                        let body = String::from_utf8_lossy(connection.body());
                        bail!("a post was answered by {status}: {body}");
                    }
                }
                Ok((connection, times))
            });
        }
        let reads = read(&mut self.reader, server, end).await?;
        let mut round = Round { reads, ..Round::default() };
        while let Some(done) = clients.join_next().await {
            let (connection, times) = done??;
            self.connections.push(connection);
            round.posts.extend(times);
        }
        round.seconds = started.elapsed().as_secs_f64();
        round.cpu = server.cpu()? - cpu;
        round.posts.sort_by(f64::total_cmp);
        Ok(round)
    }
}

async fn read(connection: &mut Connection, server: &Server, end: Instant) -> Result<Vec<f64>> {
    let path = format!("/api/v1/chats/{CHAT}/messages?limit=20");
    let token = server.tokens.last().map(String::as_str);
    let request = request("GET", &path, &server.address, token, "");
    let mut times = Vec::new();
    let mut ticks = interval(READ_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while Instant::now() < end {
        ticks.tick().await;
        let asked = Instant::now();
        if connection.ask(&request).await? != 200 {
            bail!("reading failed: {}", String::from_utf8_lossy(connection.body()));
        }
        times.push(asked.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Counts the events, and sees to it that they come in order.
async fn follow(mut socket: RawSocket, seen: Arc<AtomicU64>) -> Result<()> {
    let mut last = 0;
    loop {
        let text = match socket.next_text().await {
            // Others are measured.
            Err(RawError::Silent) => continue,
            text => text?,
        };
        if !text.starts_with(r#"{"event":"chat:messageCreated""#) {
            continue;
        }
        let offset = text.rsplit(r#""offset":"#).next().map(|rest| rest.trim_end_matches('}'));
        let offset: u64 = offset.context("an event has an offset")?.parse()?;
        if offset <= last {
            bail!("event {offset} came after {last}");
        }
        last = offset;
        seen.fetch_add(1, Ordering::Relaxed);
    }
}
