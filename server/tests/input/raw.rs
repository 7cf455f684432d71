//! A WebSocket that sends whatever it is told to, and sees every frame that comes.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{
    PATIENCE,
    support::{Server, hello},
};

/// What frames are (RFC 6455, section 5.2).
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const PONG: u8 = 0xA;
pub(crate) const CLOSE: u8 = 0x8;

/// The bit that says that a message ends with this frame.
pub(crate) const FIN: u8 = 0x80;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A client's frame with that first byte, masked.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ ..=125 => bytes.push(0x80 | length as u8),
        length @ ..=65_535 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A close frame.
pub(crate) fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// What asks for a WebSocket, with these lines in place of the usual ones about it.
pub(crate) fn hello_with(lines: &str) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         {lines}\r\n"
    )
}

/// A connection to the hub.
pub(crate) struct Raw {
    stream: TcpStream,
    /// What came and was not looked at.
    input: Vec<u8>,
}

impl Raw {
    /// A connection on which nothing was said.
    pub(crate) async fn connect(server: &Server) -> Self {
        let address = server.url.strip_prefix("http://").unwrap();
        Self { stream: TcpStream::connect(address).await.unwrap(), input: Vec::new() }
    }

    /// One for which the system keeps so many bytes at most of what its program does not read.
    pub(crate) async fn connect_small(server: &Server, bytes: u32) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(bytes).unwrap();
        let address = server.url.strip_prefix("http://").unwrap().parse().unwrap();
        Self { stream: socket.connect(address).await.unwrap(), input: Vec::new() }
    }

    /// A WebSocket that was welcomed.
    pub(crate) async fn welcomed(server: &Server) -> Self {
        let mut raw = Self::connect(server).await;
        raw.send(hello("").as_bytes()).await;
        raw.welcome().await;
        raw
    }

    /// Reads what comes with a handshake that goes well.
    pub(crate) async fn welcome(&mut self) {
        let head = self.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let (opcode, payload) = self.next().await.unwrap();
        assert_eq!(opcode, TEXT);
        assert!(payload.starts_with(b"{\"event\":\"hub:welcome\""));
    }

    /// Sends it; whether it was taken, which what comes after a mistake may not be.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        timeout(PATIENCE, self.stream.write_all(bytes)).await.unwrap().is_ok()
    }

    /// Sends it; whether all of it is taken before long.
    pub(crate) async fn takes(&mut self, bytes: &[u8]) -> bool {
        timeout(Duration::from_secs(1), self.stream.write_all(bytes))
            .await
            .is_ok_and(|sent| sent.is_ok())
    }

    /// The status line and headers that are answered.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            let end = self.input.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.input.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(self.read().await, "it hung up");
        }
    }

    /// The next frame; `None` when the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some(next) = self.here() {
                return Some(next);
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// The next frame, if all of it was read.
    pub(crate) fn here(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, payload) = whole(&self.input)?;
        let next = (first & !FIN, self.input[payload.clone()].to_vec());
        self.input.drain(..payload.end);
        Some(next)
    }

    /// Reads what is there, at most so many bytes.
    pub(crate) async fn read_at_most(&mut self, bytes: usize) {
        let mut piece = vec![0; bytes];
        let read = timeout(PATIENCE, self.stream.read(&mut piece)).await.unwrap().unwrap();
        assert!(read > 0, "it hung up");
        self.input.extend_from_slice(&piece[..read]);
    }

    /// The next text.
    pub(crate) async fn text(&mut self) -> String {
        let (opcode, payload) = self.next().await.unwrap();
        assert_eq!(opcode, TEXT);
        String::from_utf8(payload).unwrap()
    }

    /// The code that the hub closes with, after anything else.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let Some(payload) = self.close_frame().await else {
            panic!("it hung up without a close frame")
        };
        Some(u16::from_be_bytes([*payload.first()?, *payload.get(1)?]))
    }

    /// What is in the close frame, after anything else; none: it hung up without one.
    pub(crate) async fn close_frame(&mut self) -> Option<Vec<u8>> {
        loop {
            if let (CLOSE, payload) = self.next().await? {
                return Some(payload);
            }
        }
    }

    /// Reads more; false at the end.
    async fn read(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.input)).await.unwrap();
        matches!(read, Ok(1..))
    }
}

/// The first byte of the frame that comes first, and where its payload is, if all of it is there.
fn whole(input: &[u8]) -> Option<(u8, std::ops::Range<usize>)> {
    let [first, second, rest @ ..] = input else { return None };
    let (begin, length) = match second {
        126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).unwrap()),
        short => (2, usize::from(*short)),
    };
    let payload = begin..begin + length;
    input.get(payload.clone()).map(|_| (*first, payload))
}
