//! What a peer says, in the order in which it is answered.

use std::{
    collections::VecDeque,
    future::pending,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures_util::future::{Either, select};
use tokio::time::Instant;

use super::{ending::End, outbox::Outbox};
use crate::ws::{Decoder, Frame, Incoming};

/// How many bytes are held while something is waited for; beyond that nothing more is read.
const HELD: usize = 64 * 1024;

/// Something that is to be answered.
pub(super) enum Said {
    /// A text message.
    Text(String),
    /// A binary message, whatever is in it.
    Binary,
}

/// Reads what the peer says. Pings are answered as they come.
pub(super) struct Inbox<'a> {
    decoder: &'a mut Decoder,
    outbox: &'a Outbox,
    silence: &'a Silence,
    /// What came while something was waited for.
    held: VecDeque<Said>,
}

impl<'a> Inbox<'a> {
    pub(super) fn new(decoder: &'a mut Decoder, outbox: &'a Outbox, silence: &'a Silence) -> Self {
        Self { decoder, outbox, silence, held: VecDeque::new() }
    }

    /// The next message, or how the connection ends.
    pub(super) async fn next(&mut self) -> Result<Said, End> {
        match self.held.pop_front() {
            Some(said) if !self.outbox.is_closing() => Ok(said),
            _ => self.read().await,
        }
    }

    /// Waits for something before which the message at hand cannot be answered. What the peer says
    /// meanwhile is held, but it is heard when it pings or closes. Once too much is held nothing is
    /// read, so that is not heard either.
    pub(super) async fn hold_until(&mut self, ready: impl Future<Output = ()>) -> Result<(), End> {
        let silence = self.silence;
        let mut ready = pin!(ready);
        let mut bytes: usize = self.held.iter().map(Said::size).sum();
        while bytes < HELD {
            let said = match select(ready.as_mut(), pin!(self.read())).await {
                Either::Left(_) => {
                    silence.end();
                    return Ok(());
                }
                Either::Right((said, _)) => said?,
            };
            bytes += said.size();
            self.held.push_back(said);
        }
        ready.await;
        Ok(())
    }

    async fn read(&mut self) -> Result<Said, End> {
        loop {
            if self.outbox.is_closing() {
                // What it still says is not answered; writing ends the connection.
                return pending().await;
            }
            match self.decoder.next_message() {
                Ok(Some(Incoming::Text(text))) => return Ok(Said::Text(text)),
                Ok(Some(Incoming::Binary(_))) => return Ok(Said::Binary),
                Ok(Some(Incoming::Ping(payload))) => self.outbox.tell(Frame::pong(&payload)),
                Ok(Some(Incoming::Pong)) => {}
                Ok(Some(Incoming::Close(code))) => return Err(End::Closed(code)),
                Ok(None) => {
                    self.silence.begin();
                    let received = self.outbox.socket().receive(self.decoder).await;
                    self.silence.end();
                    if !matches!(received, Ok(true)) {
                        return Err(End::Gone);
                    }
                }
                Err(code) => return Err(End::Broken(code)),
            }
        }
    }
}

impl Said {
    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let text = match self {
            Self::Text(text) => text.len(),
            Self::Binary => 0,
        };
        size_of::<Self>() + text
    }
}

/// For how long nothing has come from the peer while something was waited for.
pub(super) struct Silence {
    begun: Instant,
    /// Since when, in milliseconds; [`BUSY`](Self::BUSY) while what came is being answered.
    since: AtomicU64,
}

impl Default for Silence {
    fn default() -> Self {
        Self { begun: Instant::now(), since: AtomicU64::new(Self::BUSY) }
    }
}

impl Silence {
    const BUSY: u64 = u64::MAX;

    fn begin(&self) {
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or_default();
        self.since.store(millis, Ordering::Relaxed);
    }

    fn end(&self) {
        self.since.store(Self::BUSY, Ordering::Relaxed);
    }

    pub(super) fn since(&self) -> Option<Instant> {
        match self.since.load(Ordering::Relaxed) {
            Self::BUSY => None,
            millis => Some(self.begun + Duration::from_millis(millis)),
        }
    }
}
