//! What goes to one connection's socket: what was queued, and the log while it catches up.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use colloquy_protocol::position::Offset;
use futures_util::{Sink, SinkExt};
use tokio::time::{error::Elapsed, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::{
    outbox::{Item, Private},
    seat::{Seat, heartbeat},
};
use crate::{metrics, store::Database};

/// Sends things, unless the peer takes nothing or the connection is given up meanwhile.
pub(super) struct Sending<'a, S> {
    pub(super) sink: &'a mut S,
    pub(super) seat: &'a Seat,
    pub(super) database: &'a Database,
    /// For how long the peer may take nothing.
    pub(super) patience: Duration,
}

/// Why something was not sent.
pub(super) enum Stopped {
    /// The network failed.
    Gone,
    /// The peer took nothing for too long.
    TooSlow,
    /// The connection is closing.
    GivenUp,
    /// The log could not be read.
    Log(sqlx::Error),
}

impl<S> Sending<'_, S>
where
    S: Sink<Message, Error = Error> + Unpin,
{
    /// Sends what was queued, in one go; where the log is to be read, reads it first.
    pub(super) async fn send(&mut self, items: VecDeque<Item>) -> Result<(), Stopped> {
        let mut batch = Batch::default();
        for item in items {
            match item {
                Item::Text { text, event, private } => {
                    batch.messages.push((Message::Text(text), private));
                    batch.newest = event.or(batch.newest);
                    batch.oldest = batch.oldest.or(event);
                }
                Item::CatchUp => {
                    self.deliver(std::mem::take(&mut batch)).await?;
                    self.catch_up().await?;
                }
            }
        }
        self.deliver(batch).await
    }

    /// Asks for a sign of life.
    pub(super) async fn ping(&mut self) -> Result<(), Stopped> {
        self.flush([(ping(), None)]).await
    }

    async fn deliver(&mut self, batch: Batch) -> Result<(), Stopped> {
        self.flush(batch.messages).await?;
        if let Some((offset, _)) = batch.newest {
            self.seat.mark_sent(offset);
        }
        if let Some((_, committed)) = batch.oldest {
            ::metrics::histogram!(metrics::DELIVERY_SECONDS).record(committed.elapsed());
        }
        Ok(())
    }

    /// Reads the log for the connection until it has caught up, or is closing. Between pages it
    /// sends what was queued meanwhile (replies) and heartbeats.
    async fn catch_up(&mut self) -> Result<(), Stopped> {
        let outbox = self.seat.outbox();
        let period = self.seat.hub().0.heartbeat;
        let mut beat = Instant::now();
        while !outbox.is_closing()
            && let Some(page) = self.seat.next_page(self.database).await.map_err(Stopped::Log)?
        {
            let through = page.through;
            let frames = page.frames.into_iter();
            let mut messages: Messages =
                frames.map(|(text, private)| (Message::Text(text), private)).collect();
            if beat.elapsed() >= period {
                beat = Instant::now();
                messages.extend([(Message::Text(heartbeat(through)), None), (ping(), None)]);
            }
            messages.extend(outbox.take().into_iter().filter_map(|item| match item {
                Item::Text { text, private, .. } => Some((Message::Text(text), private)),
                // The next one is announced only when this one has ended.
                Item::CatchUp => None,
            }));
            self.flush(messages).await?;
        }
        Ok(())
    }

    /// Sends messages, but none of a private chat that was left meanwhile.
    async fn flush(
        &mut self,
        messages: impl IntoIterator<Item = (Message, Option<Private>)>,
    ) -> Result<(), Stopped> {
        let patience = self.patience;
        let outbox = self.seat.outbox();
        // The peer need not take everything in time, only something.
        let sending = async {
            for (message, private) in messages {
                if private.is_some_and(|private| outbox.is_withdrawn(&private)) {
                    continue;
                }
                timeout(patience, self.sink.feed(message)).await??;
            }
            timeout(patience, self.sink.flush()).await?.map_err(Stopped::from)
        };
        tokio::select! {
            biased;
            () = self.seat.outbox().given_up() => Err(Stopped::GivenUp),
            done = sending => done,
        }
    }
}

/// Messages to be sent, in order, and which private chat each tells of.
type Messages = Vec<(Message, Option<Private>)>;

/// What is sent in one go.
#[derive(Default)]
struct Batch {
    messages: Messages,
    /// The offsets of the first and last event in it, and when they were committed.
    oldest: Option<(Offset, Instant)>,
    newest: Option<(Offset, Instant)>,
}

impl From<Error> for Stopped {
    fn from(_: Error) -> Self {
        Self::Gone
    }
}

impl From<Elapsed> for Stopped {
    fn from(_: Elapsed) -> Self {
        Self::TooSlow
    }
}

fn ping() -> Message {
    Message::Ping(Bytes::new())
}
