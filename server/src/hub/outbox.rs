//! What waits for one connection.
//!
//! Bounded in messages and in bytes. When full, the connection is too slow: what waits is dropped
//! and the connection is closed with the code that says come back and resume; nobody else waits.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use colloquy_protocol::{close::CloseCode, id::ChatId, position::Offset};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// One thing to send.
#[derive(Debug)]
pub(crate) enum Item {
    /// A text message; `event` is set on a live event: its offset, and when it was committed.
    Text { text: Utf8Bytes, event: Option<(Offset, Instant)>, private: Option<Private> },
    /// Here the log is to be read until the connection has caught up with it.
    CatchUp,
}

impl Item {
    /// Something that the hub tells this connection alone.
    pub(crate) fn told(text: Utf8Bytes) -> Self {
        Self::Text { text, event: None, private: None }
    }
}

/// That a message tells of a private chat, in which somebody at the other end must still be when it
/// is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Private {
    pub(crate) chat: ChatId,
    /// The event's offset.
    pub(crate) offset: Offset,
    /// At which position of the log it was found that they see it.
    pub(crate) judged: Offset,
}

/// That somebody left a private chat: what is about to be sent of it is not sent any more.
#[derive(Debug)]
struct Withdrawn {
    chat: ChatId,
    /// The offset of the chat's `chat:created`: another chat may have had its id before.
    born: Offset,
    /// The offset of the event with which they left.
    left: Offset,
}

/// What became of something that was to be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It will be sent.
    Queued,
    /// The connection is closing already.
    TooLate,
    /// The queue was full, and the connection is now closing as slow.
    Overflowed,
}

/// What the connection's task is to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Send these, in order.
    Send(VecDeque<Item>),
    /// Close with this code; nothing more will come.
    Close(CloseCode),
}

/// The queue of one connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    limits: Limits,
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    closing: Option<CloseCode>,
    /// What waited was dropped, and what is being sent should be given up too.
    dropped: bool,
    /// Everything that was ever in the queue has been sent.
    idle: bool,
    /// What is no longer to be sent, until everything has been sent.
    withdrawn: Vec<Withdrawn>,
}

impl Queue {
    fn drop_all(&mut self, code: CloseCode) {
        self.items = VecDeque::new();
        self.bytes = 0;
        self.dropped = true;
        self.closing.get_or_insert(code);
    }
}

impl Outbox {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, queue: Mutex::default(), filled: Notify::new() }
    }

    /// Adds something; when the queue is full, closes it as slow.
    pub(crate) fn push(&self, item: Item) -> Pushed {
        let mut queue = self.lock();
        if queue.closing.is_some() {
            return Pushed::TooLate;
        }
        let bytes = size(&item);
        if queue.items.len() >= self.limits.messages || queue.bytes + bytes > self.limits.bytes {
            queue.drop_all(CloseCode::SlowConsumer);
            drop(queue);
            self.filled.notify_one();
            return Pushed::Overflowed;
        }
        queue.bytes += bytes;
        queue.idle = false;
        queue.items.push_back(item);
        drop(queue);
        self.filled.notify_one();
        Pushed::Queued
    }

    /// Nothing more is added; what waits is still sent, then the connection is closed.
    pub(crate) fn finish(&self, code: CloseCode) {
        self.lock().closing.get_or_insert(code);
        self.filled.notify_one();
    }

    /// What waits is dropped and the connection is closed.
    pub(crate) fn abort(&self, code: CloseCode) {
        self.lock().drop_all(code);
        self.filled.notify_one();
    }

    /// Whoever is at the other end left a private chat: nothing of it is sent any more of what was
    /// found to be theirs before.
    pub(crate) fn withdraw(&self, chat: &ChatId, born: Offset, left: Offset) {
        let mut queue = self.lock();
        if !queue.idle {
            queue.withdrawn.push(Withdrawn { chat: chat.clone(), born, left });
        }
    }

    /// Whether a message is not to be sent any more.
    pub(crate) fn is_withdrawn(&self, message: &Private) -> bool {
        self.lock().withdrawn.iter().any(|gone| {
            gone.chat == message.chat && gone.born <= message.offset && message.judged < gone.left
        })
    }

    /// Waits for something to do. Only one task may wait.
    pub(crate) async fn next(&self) -> Next {
        loop {
            {
                let mut queue = self.lock();
                if !queue.items.is_empty() {
                    queue.bytes = 0;
                    return Next::Send(std::mem::take(&mut queue.items));
                }
                queue.idle = true;
                queue.withdrawn.clear();
                if let Some(code) = queue.closing {
                    return Next::Close(code);
                }
            }
            self.filled.notified().await;
        }
    }

    /// What waits now, perhaps nothing.
    pub(crate) fn take(&self) -> VecDeque<Item> {
        let mut queue = self.lock();
        queue.bytes = 0;
        std::mem::take(&mut queue.items)
    }

    /// Waits until what is being sent should be given up: the queue was full, or was aborted.
    pub(crate) async fn given_up(&self) {
        loop {
            if self.lock().dropped {
                return;
            }
            self.filled.notified().await;
        }
    }

    /// Whether the connection is being closed.
    pub(crate) fn is_closing(&self) -> bool {
        self.lock().closing.is_some()
    }

    /// Whether everything was handed to the socket.
    pub(crate) fn is_idle(&self) -> bool {
        self.lock().idle
    }

    /// How many messages wait, and how many bytes they have.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let queue = self.lock();
        (queue.items.len(), queue.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // The sections under this lock do not panic; a poisoned queue would be as good as any.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(item: &Item) -> usize {
    match item {
        Item::Text { text, .. } => text.len(),
        Item::CatchUp => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Item {
        Item::told(Utf8Bytes::from_static(text))
    }

    fn of_chat(offset: Offset, judged: Offset) -> Private {
        Private { chat: "c".parse().unwrap(), offset, judged }
    }

    fn outbox() -> Outbox {
        Outbox::new(Limits { messages: 2, bytes: 10 })
    }

    #[tokio::test]
    async fn full_by_count_closes_as_slow() {
        let outbox = outbox();
        assert_eq!(outbox.push(text("a")), Pushed::Queued);
        assert_eq!(outbox.push(text("b")), Pushed::Queued);
        assert_eq!(outbox.push(text("c")), Pushed::Overflowed);
        assert!(matches!(outbox.next().await, Next::Close(CloseCode::SlowConsumer)));
        outbox.given_up().await;
        assert_eq!(outbox.waiting(), (0, 0));
    }

    /// Born at 5, left at 8: what was found to be visible before that is not sent any more, but
    /// what another chat of the same id told before, and what is found to be visible later, is.
    #[test]
    fn what_was_left_is_withdrawn() {
        let outbox = outbox();
        outbox.push(text("waits"));
        outbox.withdraw(&"c".parse().unwrap(), 5, 8);
        assert!(outbox.is_withdrawn(&of_chat(5, 5)) && outbox.is_withdrawn(&of_chat(7, 7)));
        assert!(outbox.is_withdrawn(&of_chat(6, 7)));
        assert!(!outbox.is_withdrawn(&of_chat(4, 7)), "another chat that had the id");
        assert!(!outbox.is_withdrawn(&of_chat(6, 9)), "seen again, after joining again");
        let other = Private { chat: "d".parse().unwrap(), offset: 6, judged: 6 };
        assert!(!outbox.is_withdrawn(&other));
    }

    #[tokio::test]
    async fn full_by_bytes_closes_as_slow() {
        let outbox = outbox();
        assert_eq!(outbox.push(text("0123456789")), Pushed::Queued);
        assert_eq!(outbox.push(text("x")), Pushed::Overflowed);
        assert!(outbox.is_closing());
    }

    #[tokio::test]
    async fn what_waits_is_sent_before_an_orderly_close() {
        let outbox = outbox();
        assert_eq!(outbox.push(text("a")), Pushed::Queued);
        outbox.finish(CloseCode::Normal);
        assert_eq!(outbox.push(text("late")), Pushed::TooLate);
        assert!(matches!(outbox.next().await, Next::Send(items) if items.len() == 1));
        assert!(matches!(outbox.next().await, Next::Close(CloseCode::Normal)));
    }

    #[tokio::test]
    async fn the_first_reason_to_close_stays() {
        let outbox = outbox();
        outbox.abort(CloseCode::GoingAway);
        outbox.finish(CloseCode::Normal);
        assert!(matches!(outbox.next().await, Next::Close(CloseCode::GoingAway)));
    }
}
