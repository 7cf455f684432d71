//! The publisher: at a fixed rate whatever happens, or as fast as so many at once get through.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{
    peer::Peer,
    stamp::{Stamp, now},
    subscriber,
    tally::Tally,
    wire::{Wire, http::Message},
};

/// Where and what to publish.
#[derive(Debug)]
pub struct Publisher {
    /// The server.
    pub peer: &'static dyn Peer,
    /// Its address for publishing.
    pub address: SocketAddr,
    /// What is counted.
    pub tally: Arc<Tally>,
    /// The rooms in the order in which they are published into, again and again.
    pub turns: Vec<usize>,
    /// How many are in each room.
    pub members: Vec<usize>,
    /// The next turn.
    pub next: AtomicUsize,
}

impl Publisher {
    /// Publishes so many times a second, evenly, until then.
    ///
    /// The time in a stamp is the time at which it was due when all connections were busy then:
    /// what waits for a slow server counts as its latency.
    ///
    /// # Errors
    /// When the server refuses a publish.
    pub async fn at_rate(self: &Arc<Self>, per_second: f64, until: Instant) -> Result<()> {
        const CONNECTIONS: usize = 32;
        let (back, mut idle) = mpsc::channel(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            back.send(Line::open(self.peer, self.address).await?).await?;
        }
        let mut posting = JoinSet::new();
        let start = Instant::now();
        for count in 0.. {
            let due = start + Duration::from_secs_f64(f64::from(count) / per_second);
            if due >= until {
                break;
            }
            let late = due.elapsed();
            sleep_until(due).await;
            let stamped = now().saturating_sub(late.as_nanos() as u64);
            let mut line = idle.recv().await.context("a connection for publishing was lost")?;
            let (request, _) = self.request(stamped);
            let back = back.clone();
            posting.spawn(async move {
                line.publish(&request).await?;
                back.send(line).await.context("nobody publishes any more")
            });
            while let Some(ended) = posting.try_join_next() {
                ended??;
            }
        }
        while let Some(ended) = posting.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Publishes with so many in flight until then. One is in flight until it was answered and
    /// all subscribers have it.
    ///
    /// # Errors
    /// When the server refuses a publish.
    pub async fn saturate(self: &Arc<Self>, in_flight: usize, until: Instant) -> Result<()> {
        let mut posting = JoinSet::new();
        for _ in 0..in_flight {
            let mut line = Line::open(self.peer, self.address).await?;
            let publisher = self.clone();
            posting.spawn(async move {
                while Instant::now() < until {
                    let (request, all_have_it) = publisher.request(now());
                    line.publish(&request).await?;
                    all_have_it.await.context("a publish was forgotten")?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = posting.join_next().await {
            ended??;
        }
        Ok(())
    }

    fn request(&self, at: u64) -> (Vec<u8>, oneshot::Receiver<()>) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let room = self.turns[turn % self.turns.len()];
        let (number, all_have_it) = self.tally.lock().publish(room, self.members[room]);
        (self.peer.publish(room, &Stamp { at, number }.payload()), all_have_it)
    }
}

/// A connection that publishes.
#[derive(Debug)]
pub struct Line {
    peer: &'static dyn Peer,
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Line {
    /// Connects.
    ///
    /// # Errors
    /// When the server does not let it.
    pub async fn open(peer: &'static dyn Peer, address: SocketAddr) -> Result<Self> {
        let stream = match peer.wire() {
            Wire::WebSocket => {
                TcpStream::connect(address).await.context("cannot connect to publish")?
            }
            Wire::Mqtt => subscriber::open(peer, address, &[], None).await?.stream,
        };
        stream.set_nodelay(true)?;
        Ok(Self { peer, stream, answer: Vec::new() })
    }

    /// Sends a publish and waits for its answer, where there is one.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn publish(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        if self.peer.wire() == Wire::Mqtt {
            return Ok(());
        }
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed a connection that publishes");
            }
            if let Some(answer) = Message::read(&self.answer) {
                if !matches!(answer.status(), Some(200..300)) {
                    bail!("a publish was refused: {}", String::from_utf8_lossy(&self.answer));
                }
                return Ok(());
            }
        }
    }
}
