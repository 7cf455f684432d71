//! The most that the kernel allows: one epoll loop that writes a frame, encoded once, to every
//! socket of a room, and nothing else: `ceiling PORT batched|unbatched`.
//!
//! `GET /1,2` with an upgrade subscribes to the rooms 1 and 2, `POST /1` publishes.

use std::{
    collections::HashMap,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::fd::OwnedFd,
};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use colloquy_bench::wire::{
    http::{Message, NO_CONTENT},
    websocket::{TEXT, server_frame},
};
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, Event, EventData, EventFlags},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

#[derive(Parser)]
struct Arguments {
    port: u16,
    how: How,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum How {
    /// What comes in one turn of the loop is written at once.
    Batched,
    /// Each publish is written by itself.
    Unbatched,
}

/// The listener among what epoll tells of; connections count from 0.
const LISTENER: u64 = u64::MAX;

fn main() -> Result<()> {
    let Arguments { port, how } = Arguments::parse();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // The standard library's backlog of 128 makes clients that come together wait for a second.
    rustix::net::listen(&listener, 4096)?;
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    let mut server = Server {
        epoll,
        how,
        connections: Vec::new(),
        rooms: HashMap::new(),
        waiting: HashMap::new(),
        scratch: vec![0; 64 * 1024],
    };
    let mut events: Vec<Event> = Vec::with_capacity(1024);
    loop {
        epoll::wait(&server.epoll, spare_capacity(&mut events), None)?;
        for event in events.drain(..) {
            match event.data.u64() {
                LISTENER => server.accept(&listener)?,
                key => server.attend(key, event.flags),
            }
        }
        server.flush();
    }
}

struct Server {
    epoll: OwnedFd,
    how: How,
    /// By what epoll knows them as; none once it has ended.
    connections: Vec<Option<Connection>>,
    rooms: HashMap<u32, Vec<u64>>,
    /// Frames for each room that were not written yet.
    waiting: HashMap<u32, Vec<u8>>,
    scratch: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// Part of a request.
    came: Vec<u8>,
    /// What the socket did not take.
    unsent: Vec<u8>,
    /// Whether it is a WebSocket, on which nothing is expected.
    is_socket: bool,
}

impl Server {
    fn accept(&mut self, listener: &TcpListener) -> Result<()> {
        loop {
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot accept"),
            };
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let key = self.connections.len() as u64;
            let wanted = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
            epoll::add(&self.epoll, &stream, EventData::new_u64(key), wanted)?;
            let (came, unsent) = (Vec::new(), Vec::new());
            self.connections.push(Some(Connection { stream, came, unsent, is_socket: false }));
        }
    }

    /// Does what a connection is ready for. One that fails is forgotten.
    fn attend(&mut self, key: u64, ready: EventFlags) {
        let done = match ready.contains(EventFlags::IN) {
            true => self.read(key),
            false => Ok(()),
        };
        let connection = open(&mut self.connections, key);
        let sent = connection.map_or(Ok(()), |connection| connection.send(&[]));
        if done.is_err() || sent.is_err() {
            self.connections[key as usize] = None;
            for members in self.rooms.values_mut() {
                members.retain(|member| *member != key);
            }
        }
    }

    fn read(&mut self, key: u64) -> io::Result<()> {
        loop {
            let Some(connection) = open(&mut self.connections, key) else { return Ok(()) };
            match connection.stream.read(&mut self.scratch) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) if connection.is_socket => {}
                Ok(read) => {
                    connection.came.extend_from_slice(&self.scratch[..read]);
                    self.answer(key)?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers what was asked, once it is whole.
    fn answer(&mut self, key: u64) -> io::Result<()> {
        let Some(connection) = open(&mut self.connections, key) else { return Ok(()) };
        let Some(request) = Message::read(&connection.came) else { return Ok(()) };
        let path = request.path().unwrap_or_default();
        let rooms: Vec<u32> = path.split(',').filter_map(|room| room.parse().ok()).collect();
        if let Some(offered) = request.header("sec-websocket-key") {
            let accept = derive_accept_key(offered.as_bytes());
            connection.is_socket = true;
            connection.came = Vec::new();
            for room in rooms {
                self.rooms.entry(room).or_default().push(key);
            }
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            return connection.send(answer.as_bytes());
        }
        let frame = server_frame(TEXT, request.body);
        connection.came.clear();
        for room in rooms {
            match self.how {
                How::Unbatched => self.write(room, &frame),
                How::Batched => self.waiting.entry(room).or_default().extend_from_slice(&frame),
            }
        }
        open(&mut self.connections, key).map_or(Ok(()), |connection| connection.send(NO_CONTENT))
    }

    /// Writes what waits.
    fn flush(&mut self) {
        for (room, frames) in std::mem::take(&mut self.waiting) {
            self.write(room, &frames);
        }
    }

    /// Writes to everybody in a room.
    fn write(&mut self, room: u32, frames: &[u8]) {
        for key in self.rooms.get(&room).into_iter().flatten() {
            if let Some(connection) = open(&mut self.connections, *key) {
                // One that fails is told of by epoll.
                let _ = connection.send(frames);
            }
        }
    }
}

fn open(connections: &mut [Option<Connection>], key: u64) -> Option<&mut Connection> {
    connections.get_mut(key as usize)?.as_mut()
}

impl Connection {
    /// Writes as much as the socket takes, the rest when it takes more.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            let sent = write(&mut self.stream, &self.unsent)?;
            self.unsent.drain(..sent);
        } else if !bytes.is_empty() {
            let sent = write(&mut self.stream, bytes)?;
            self.unsent.extend_from_slice(&bytes[sent..]);
        }
        Ok(())
    }
}

/// How much of it the socket took.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match stream.write(bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}
