//! Reading the log for a connection until it has caught up.
//!
//! While it lasts nothing is queued for the connection: what happens meanwhile is read from the
//! log too, so however long it takes the queue does not overflow and the order is the log's.

use colloquy_protocol::{position::Offset, topic::Topic};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::coverage::Coverage;
use crate::store::{events::Stretch, stored_frame};

/// How far a connection has read the log.
#[derive(Debug)]
pub(super) struct CatchUp {
    /// What is covered up to here was handed out.
    cursor: Offset,
    /// The head when it began: the reply's offset. What comes after it is not a replay.
    upto: Offset,
    /// What the connection had been sent up to there before it began.
    before: Coverage,
    /// Whether its place in the queue was marked.
    announced: bool,
    /// The last event that was handed out, or where it began.
    last: Offset,
}

/// Some events, ready to be sent.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) frames: Vec<Utf8Bytes>,
    /// Everything covered up to here was sent, once these are.
    pub(super) through: Offset,
}

impl CatchUp {
    pub(super) fn new(after: Offset, upto: Offset, before: Coverage) -> Self {
        Self { cursor: after, upto, before, announced: false, last: after }
    }

    pub(super) fn cursor(&self) -> Offset {
        self.cursor
    }

    /// Whether its place in the queue is still to be marked; from now on it is.
    pub(super) fn announce(&mut self) -> bool {
        !std::mem::replace(&mut self.announced, true)
    }

    /// Whether the peer can not tell from the last replayed event that the replay has ended.
    pub(super) fn ends_unnoticed(&self) -> bool {
        self.last < self.upto
    }

    /// The last offset up to which this topic was sent.
    pub(super) fn sent_through(&self, topic: &Topic) -> Offset {
        if self.cursor < self.upto && self.before.covers(Some(topic), self.upto) {
            self.upto
        } else {
            self.cursor
        }
    }

    /// Takes from a stretch of the log what the connection is to be sent, and moves on behind it.
    pub(super) fn take(&mut self, stretch: Stretch, coverage: &Coverage) -> Page {
        let mut frames = Vec::new();
        for event in &stretch.events {
            let topic = event.topic.as_ref();
            let replay = event.offset <= self.upto;
            let sent = replay && self.before.ever_covered(topic, event.offset);
            if !sent && coverage.covers(topic, event.offset) {
                frames.push(stored_frame(event, replay));
                self.last = event.offset;
            }
        }
        self.cursor = stretch.through;
        Page { frames, through: stretch.through }
    }
}
