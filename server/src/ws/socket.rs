//! The stream under a WebSocket, taken out of HTTP.
//!
//! Everybody may try to write to it, whether or not a task waits for it; nothing is buffered here
//! that the system could take. An encrypted stream works alike: its session is under a lock, and
//! is written to as far as the stream takes what it makes of it.

use std::{
    future::poll_fn,
    io::{self, ErrorKind, IoSlice, Read, Write},
    net::Shutdown,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use axum::body::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::{rt::TokioIo, server::conn::auto};
use socket2::SockRef;
use tokio::net::UnixStream;
use tokio_rustls::{rustls::ServerConnection, server::TlsStream};

use super::Decoder;
use crate::serve::Counted;

/// How much is read at once, in bytes.
const READ_BYTES: usize = 8 * 1024;

/// A stream that can be written to by whoever has something to send.
#[derive(Debug)]
pub(crate) enum Socket {
    /// Through the front door.
    Tcp(Counted),
    /// Through the front door, encrypted.
    Tls(Box<Tls>),
    /// The control socket.
    Unix(UnixStream),
}

impl Socket {
    /// Takes the stream out of HTTP, with what was read of it already.
    ///
    /// # Errors
    /// Gives it back when none of our listeners made it.
    pub(crate) fn take(upgraded: Upgraded) -> Result<(Self, Bytes), Upgraded> {
        let upgraded = match upgraded.downcast::<TokioIo<Counted>>() {
            Ok(parts) => {
                return Ok((Self::Tcp(parts.io.into_inner()), parts.read_buf));
            }
            Err(upgraded) => upgraded,
        };
        let upgraded = match upgraded.downcast::<TokioIo<TlsStream<Counted>>>() {
            Ok(parts) => {
                let (stream, session) = parts.io.into_inner().into_inner();
                let tls = Tls { stream, session: Mutex::new(session) };
                return Ok((Self::Tls(Box::new(tls)), parts.read_buf));
            }
            Err(upgraded) => upgraded,
        };
        let parts = auto::upgrade::downcast::<TokioIo<UnixStream>>(upgraded)?;
        Ok((Self::Unix(parts.io.into_inner()), parts.read_buf))
    }

    /// Writes as much as it takes now.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] when it takes nothing; others when it is broken.
    pub(crate) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(slices),
            Self::Tls(tls) => tls.try_write(slices),
            Self::Unix(stream) => stream.try_write_vectored(slices),
        }
    }

    /// Has the system take what was written, if anything of it is still here.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] when it does not take all; others when it is broken.
    pub(crate) fn try_flush(&self) -> io::Result<()> {
        match self {
            Self::Tcp(_) | Self::Unix(_) => Ok(()),
            Self::Tls(tls) => tls.send(&mut tls.lock()),
        }
    }

    /// Whether it may take something. One task may wait for it.
    pub(crate) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_writable(context),
            Self::Tls(tls) => tls.stream.poll_writable(context),
            Self::Unix(stream) => stream.poll_write_ready(context),
        }
    }

    /// Writes all of it, however long that takes.
    ///
    /// # Errors
    /// When it is broken.
    pub(crate) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        loop {
            let written = match bytes {
                [] => self.try_flush().map(|()| 0),
                some => self.try_write(&[IoSlice::new(some)]),
            };
            match written {
                Ok(0) if bytes.is_empty() => return Ok(()),
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    poll_fn(|context| self.poll_writable(context)).await?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Says that nothing more will be written: the peer need not wait for that.
    pub(crate) fn finish(&self) {
        // Who is gone already needs not be told.
        let _ = match self {
            Self::Tcp(stream) => stream.finish(),
            Self::Tls(tls) => tls.finish(),
            Self::Unix(stream) => SockRef::from(stream).shutdown(Shutdown::Write),
        };
    }

    /// Waits for something to come and feeds it to the decoder; false at the end.
    ///
    /// # Errors
    /// When it is broken.
    pub(crate) async fn receive(&self, decoder: &mut Decoder) -> io::Result<bool> {
        loop {
            // Who always has something to say lets others have their turn.
            tokio::task::consume_budget().await;
            match self.feed(decoder) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    poll_fn(|context| self.poll_readable(context)).await?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                fed => return fed.map(|bytes| bytes > 0),
            }
        }
    }

    /// The buffer is on the stack, for this moment only: whoever waits needs none.
    fn feed(&self, decoder: &mut Decoder) -> io::Result<usize> {
        let mut buffer = [0; READ_BYTES];
        let read = match self {
            Self::Tcp(stream) => stream.try_read(&mut buffer),
            Self::Tls(tls) => tls.try_read(&mut buffer),
            Self::Unix(stream) => stream.try_read(&mut buffer),
        }?;
        decoder.feed(&buffer[..read]);
        Ok(read)
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_readable(context),
            Self::Tls(tls) => tls.stream.poll_readable(context),
            Self::Unix(stream) => stream.poll_read_ready(context),
        }
    }
}

/// An encrypted stream.
#[derive(Debug)]
pub(crate) struct Tls {
    stream: Counted,
    session: Mutex<ServerConnection>,
}

impl Tls {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut session = self.lock();
        // What it holds goes first: so it never holds more than its own bound.
        self.send(&mut session)?;
        let written = session.writer().write_vectored(slices)?;
        match self.send(&mut session) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(written),
        }
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut session = self.lock();
        match session.reader().read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            read => return read,
        }
        session.read_tls(&mut Encrypted(&self.stream))?;
        let processed = session.process_new_packets();
        // An alert, or an answer to the peer's session. What is not taken goes with the next.
        match self.send(&mut session) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            _ => processed.map_err(io::Error::other)?,
        };
        // In between others have the session: a peer may send records without end that say nothing.
        Err(ErrorKind::Interrupted.into())
    }

    fn finish(&self) -> io::Result<()> {
        let mut session = self.lock();
        session.send_close_notify();
        self.send(&mut session)?;
        self.stream.finish()
    }

    /// Writes what the session made.
    fn send(&self, session: &mut ServerConnection) -> io::Result<()> {
        while session.wants_write() {
            session.write_tls(&mut Encrypted(&self.stream))?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, ServerConnection> {
        // The sections under this lock do not panic.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream as a session reads and writes it.
struct Encrypted<'a>(&'a Counted);

impl Read for Encrypted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Encrypted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
