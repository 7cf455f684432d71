//! Subscribers: connecting and subscribing, then counting what comes.
//!
//! All of them read into one large buffer, so that ten thousand take little memory, and nothing of
//! a message is looked at but its stamp.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use anyhow::{Context as _, Result, bail};
use colloquy_protocol::position::Position;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

use crate::{
    peer::{Peer, Turn},
    stamp::{Stamp, now},
    tally::{Arrivals, Tally},
    wire::{Wire, http::Message, websocket},
};

const READ_BYTES: usize = 256 * 1024;

/// What all subscribers share.
#[derive(Debug)]
pub struct Ear {
    peer: &'static dyn Peer,
    tally: Arc<Tally>,
    buffer: Mutex<Vec<u8>>,
}

impl Ear {
    /// Subscribers of that server, counted there.
    pub fn new(peer: &'static dyn Peer, tally: Arc<Tally>) -> Self {
        Self { peer, tally, buffer: Mutex::new(vec![0; READ_BYTES]) }
    }
}

/// A connection that has subscribed.
#[derive(Debug)]
pub struct Subscriber {
    ear: Arc<Ear>,
    number: usize,
    stream: TcpStream,
    /// What has come and was not read yet: part of a frame.
    rest: Vec<u8>,
    /// Where in a message the stamp is.
    place: usize,
}

impl Subscriber {
    /// Connects and subscribes; with `since`, to what it missed too.
    ///
    /// # Errors
    /// When the server does not let it.
    pub async fn connect(
        ear: Arc<Ear>,
        address: SocketAddr,
        number: usize,
        rooms: &[usize],
        since: Option<&Position>,
    ) -> Result<Self> {
        let begun = now();
        let Opened { stream, rest, position } = open(ear.peer, address, rooms, since).await?;
        if let Some(places) = &mut ear.tally.lock().places {
            match since {
                None => places[number].position = position,
                Some(_) => places[number].returned = Some(begun),
            }
        }
        Ok(Self { ear, number, stream, rest, place: 0 })
    }

    /// Counts what comes until the connection ends.
    pub async fn listen(mut self) {
        let ended = loop {
            let mut answers = Vec::new();
            let read = poll_fn(|context| self.poll_read(context, &mut answers)).await;
            match read {
                Ok(0) => break "the server closed it".to_owned(),
                Ok(_) if answers.is_empty() => {}
                Ok(_) => {
                    if let Err(error) = self.stream.write_all(&answers).await {
                        break error.to_string();
                    }
                }
                Err(error) => break error.to_string(),
            }
        };
        let number = self.number;
        self.ear.tally.lock().fail(format!("connection {number} was lost: {ended}"));
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        answers: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        let mut buffer = self.ear.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.rest.len();
        buffer[..kept].copy_from_slice(&self.rest);
        let mut unread = ReadBuf::new(&mut buffer[kept..]);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut unread))?;
        let read = unread.filled().len();
        let came = &buffer[..kept + read];
        let mut arrivals = Arrivals::begin(&self.ear.tally, self.number);
        let scanned = self.ear.peer.wire().scan(came, |kind, payload| {
            if let Some(stamp) = Stamp::find(payload, &mut self.place) {
                arrivals.deliver(stamp);
                if arrivals.wants_places()
                    && let Some(place) = self.ear.peer.place(payload)
                {
                    arrivals.reach(place);
                }
            } else {
                answers.extend(answer(self.ear.peer, kind, payload));
            }
            ControlFlow::Continue(())
        });
        self.rest.clear();
        self.rest.extend_from_slice(&came[scanned..]);
        Poll::Ready(Ok(read))
    }
}

/// A connection that has subscribed.
pub(crate) struct Opened {
    pub(crate) stream: TcpStream,
    /// What has come since.
    rest: Vec<u8>,
    /// From where in the log on it is sent everything, if the server has one.
    position: Option<Position>,
}

/// Connects, shakes hands and subscribes.
pub(crate) async fn open(
    peer: &dyn Peer,
    address: SocketAddr,
    rooms: &[usize],
    since: Option<&Position>,
) -> Result<Opened> {
    let mut stream = TcpStream::connect(address).await.context("cannot connect")?;
    stream.set_nodelay(true)?;
    let mut came = Vec::new();
    if peer.wire() == Wire::WebSocket {
        stream.write_all(handshake(peer, address, rooms).as_bytes()).await?;
        let length = loop {
            read_more(&mut stream, &mut came).await.context("no answer to the handshake")?;
            if let Some(answer) = Message::read(&came) {
                if answer.status() != Some(101) {
                    bail!("the handshake was answered with {}", String::from_utf8_lossy(&came));
                }
                break answer.length;
            }
        };
        came.drain(..length);
    }
    let mut turn = peer.converse(None, rooms, since);
    let mut position = None;
    loop {
        match turn {
            Turn::Subscribed => return Ok(Opened { stream, rest: came, position }),
            Turn::Refused => bail!("what was asked for was refused"),
            Turn::Say(words) => stream.write_all(&words).await?,
            Turn::Wait => {}
        }
        turn = Turn::Wait;
        let mut said = Vec::new();
        let scanned = peer.wire().scan(&came, |kind, payload| {
            said.extend(answer(peer, kind, payload));
            match peer.converse(Some((kind, payload)), rooms, since) {
                Turn::Wait => ControlFlow::Continue(()),
                next => {
                    position = peer.position(payload);
                    turn = next;
                    // What comes after it may be deliveries, which are to be counted.
                    ControlFlow::Break(())
                }
            }
        });
        came.drain(..scanned);
        stream.write_all(&said).await?;
        if matches!(turn, Turn::Wait) {
            read_more(&mut stream, &mut came).await.context("no answer to a subscription")?;
        }
    }
}

fn handshake(peer: &dyn Peer, address: SocketAddr, rooms: &[usize]) -> String {
    let path = peer.path(rooms);
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// What keeps the connection alive, if the message asks for it.
fn answer(peer: &dyn Peer, kind: u8, payload: &[u8]) -> Vec<u8> {
    match kind {
        websocket::PING if peer.wire() == Wire::WebSocket => {
            websocket::client_frame(websocket::PONG, payload)
        }
        _ => peer.keep_alive(payload).unwrap_or_default(),
    }
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<()> {
    match stream.read_buf(bytes).await? {
        0 => bail!("the server closed the connection"),
        _ => Ok(()),
    }
}
