//! A stream that holds its place, as a WebSocket too. As HTTP it ends when its peer takes nothing of its
//! answer for too long.

use std::{
    io::{self, ErrorKind, IoSlice},
    net::{IpAddr, Shutdown},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use ::metrics::gauge;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Sleep, sleep},
};

use crate::{
    limits::{Limit, Place},
    metrics::{self, OPEN_CONNECTIONS},
};

/// How much the system may keep that it could not send yet, in bytes. By itself it keeps megabytes:
/// what is written would be taken for what is read, every slow reader would cost as much, and it would
/// say that there is room again only after long.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 * 1024;

/// A connection that holds its place among all, and among those from its address.
#[derive(Debug)]
pub(crate) struct Counted {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
    of_address: Option<Place<IpAddr>>,
    /// For how long the peer may take nothing of an answer.
    patience: Duration,
    /// Set while it takes nothing.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Counted {
    pub(crate) fn new(stream: TcpStream, place: OwnedSemaphorePermit) -> Self {
        gauge!(OPEN_CONNECTIONS).increment(1);
        Self { stream, _place: place, of_address: None, patience: Duration::MAX, alarm: None }
    }

    /// Holds this place too, if it is one.
    pub(super) fn hold(&mut self, place: Option<Place<IpAddr>>) {
        self.of_address = place;
    }

    /// Ends when its peer takes nothing of an answer for that long.
    pub(super) fn give_up_after(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Has what is written sent at once.
    pub(super) fn set_nodelay(&self) -> io::Result<()> {
        self.stream.set_nodelay(true)
    }

    /// Has the system keep no more than [`UNSENT_BYTES`] that it could not send yet.
    pub(crate) fn keep_little(&self) {
        // Where there is no such option, it is only noticed later that somebody reads slowly.
        #[cfg(target_os = "linux")]
        if let Err(error) = SockRef::from(&self.stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
            tracing::debug!(%error, "A connection's buffer is as large as the system likes.");
        }
    }

    /// Reads what is there now.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }

    /// Writes as much as it takes now.
    pub(crate) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let socket = SockRef::from(&self.stream);
        // The system itself knows best whether it takes something, so it is asked first: what tokio
        // knows of the stream is in memory of its own, which nothing else has touched for a while.
        let written = match slices {
            // The usual case, and a little cheaper for the system.
            [one] => socket.send(one),
            several => socket.send_vectored(several),
        };
        match written {
            // Now tokio has to know, so that it tells when the stream takes more.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.stream.try_write_vectored(slices)
            }
            written => written,
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn finish(&self) -> io::Result<()> {
        SockRef::from(&self.stream).shutdown(Shutdown::Write)
    }

    /// What HTTP wrote, unless the peer has taken nothing for too long.
    fn in_time(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.alarm = None;
            return written;
        }
        let patience = self.patience;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(patience)));
        alarm.as_mut().poll(context).map(|()| {
            metrics::limited(Limit::AnswerTime);
            Err(ErrorKind::TimedOut.into())
        })
    }

    /// Whether something may be there. One task may wait for it.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_read_ready(context)
    }

    /// Whether it may take something. One task may wait for it.
    pub(crate) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_write_ready(context)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!(OPEN_CONNECTIONS).decrement(1);
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
