//! What waits for one connection, and its way to the socket.
//!
//! Whoever has something to send, or finds that something waits, writes to the socket as much as it
//! takes, everything that waits in one go; nobody waits for it. What it does not take is left to the
//! connection's task, which waits until it takes more. So at any time one of three sees to what
//! waits here: the connection's own task after it said something, a [`Flusher`](super::flusher)
//! whose list it is on, or that task because the socket is full.
//!
//! Bounded in messages and in bytes. When full, the connection is too slow: what waits is dropped
//! and the connection is closed with the code that says come back and resume; nobody else waits.

use std::{
    collections::VecDeque,
    io::{ErrorKind, IoSlice},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use colloquy_protocol::{close::CloseCode, id::ChatId, position::Offset};
use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use crate::{
    metrics::Written,
    ws::{Frame, Socket},
};

/// The most frames of one write; the system takes 1,024.
const SLICES: usize = 64;

/// The room for waiting messages that a connection keeps for the next ones.
const KEPT: usize = 128;

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// A frame on its way to one connection or to many, which share it.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) frame: Frame,
    /// On a live event: its offset, and when it was committed.
    pub(crate) event: Option<(Offset, std::time::Instant)>,
    pub(crate) private: Option<Private>,
}

impl Parcel {
    /// Something that the hub tells one connection alone.
    pub(crate) fn told(frame: Frame) -> Arc<Self> {
        Arc::new(Self { frame, event: None, private: None })
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

impl Withdrawn {
    fn allows(&self, parcel: &Parcel) -> bool {
        !parcel.private.as_ref().is_some_and(|message| {
            self.chat == message.chat && self.born <= message.offset && message.judged < self.left
        })
    }
}

/// What became of something that was to be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It will be sent: somebody is about to flush, or waits for the socket.
    Queued,
    /// It will be sent once the one who pushed it sees to it that this connection is flushed.
    Unlisted,
    /// The connection is closing already.
    TooLate,
    /// The queue was full, and the connection is now closing as slow.
    Overflowed,
}

/// What the connection's task is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Read more of the log; what was read of it is sent.
    ReadLog,
    /// Close with this code; nothing more will come.
    Close(CloseCode),
    /// The network failed.
    Gone,
}

/// The queue of one connection, and its socket.
///
/// This and the queue are in this order in memory: what each delivery needs stands together.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Outbox {
    capacity: Capacity,
    queue: Mutex<Queue>,
    socket: Socket,
    /// The connection's task, which has to know of everything that is its duty.
    task: AtomicWaker,
}

#[derive(Debug, Default)]
#[repr(C)]
struct Queue {
    /// Somebody's list says that something waits here.
    listed: bool,
    /// The network failed, or the connection's task has taken the socket for its end.
    ended: bool,
    /// The place in the queue at which the log is to be read was reached.
    reading: bool,
    /// What waited was dropped.
    dropped: bool,
    closing: Option<CloseCode>,
    /// What was queued; `None`: here the log is to be read until the connection has caught up.
    items: VecDeque<Option<Arc<Parcel>>>,
    /// Of `items`.
    bytes: usize,
    /// Since when the socket has taken nothing.
    full: Option<Instant>,
    /// A frame of which a part was written, and how much: it goes on, whatever happens.
    begun: Option<(Arc<Parcel>, usize)>,
    /// What was read from the log: it is not bounded here, and goes before what was queued.
    page: VecDeque<Arc<Parcel>>,
    /// When it last took something although it had been full.
    took: Option<Instant>,
    /// What is not to be sent any more of what is being read from the log.
    withdrawn: Vec<Withdrawn>,
}

impl Queue {
    /// The peer has read: the socket, which was full, takes more.
    fn take_more(&mut self) {
        let now = Some(Instant::now());
        (self.full, self.took) = (now, now);
    }

    fn drop_all(&mut self, code: CloseCode) -> CloseCode {
        self.page = VecDeque::new();
        self.items = VecDeque::new();
        self.bytes = 0;
        self.dropped = true;
        *self.closing.get_or_insert(code)
    }

    /// Whether everything was sent that waits for nothing but the socket. Passes the places at which
    /// the log is to be read, once everything in front of them was.
    fn is_sent(&mut self) -> bool {
        if self.begun.is_some() || !self.page.is_empty() {
            return false;
        }
        while let Some(None) = self.items.front() {
            self.items.pop_front();
            self.reading = true;
        }
        self.items.is_empty()
    }

    /// What is to be written next, if it is a single whole frame: mostly it is.
    fn only(&self) -> Option<&[u8]> {
        match self.items.front() {
            Some(Some(parcel))
                if self.items.len() == 1 && self.begun.is_none() && self.page.is_empty() =>
            {
                Some(parcel.frame.as_bytes())
            }
            _ => None,
        }
    }

    /// What is to be written next, in order, up to where the log is to be read.
    fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>; SLICES]) -> usize {
        let begun = self.begun.iter().map(|(parcel, from)| &parcel.frame.as_bytes()[*from..]);
        let page = self.page.iter().map(|parcel| parcel.frame.as_bytes());
        let items = self.items.iter().map_while(Option::as_ref);
        let items = items.map(|parcel| parcel.frame.as_bytes());
        let all = slices.iter_mut().zip(begun.chain(page).chain(items));
        all.map(|(slice, bytes)| *slice = IoSlice::new(bytes)).count()
    }

    /// Takes out what was written.
    fn advance(&mut self, mut bytes: usize, written: &mut Written) {
        while bytes > 0 {
            let (parcel, from) = match self.begun.take() {
                Some(begun) => begun,
                None => match self.page.pop_front() {
                    Some(parcel) => (parcel, 0),
                    None => match self.items.pop_front() {
                        Some(Some(parcel)) => {
                            self.bytes -= parcel.frame.len();
                            (parcel, 0)
                        }
                        // More than there was cannot have been written.
                        _ => break,
                    },
                },
            };
            let rest = parcel.frame.len() - from;
            if bytes < rest {
                self.begun = Some((parcel, from + bytes));
                break;
            }
            bytes -= rest;
            if let Some((_, committed)) = parcel.event {
                written.add(committed);
            }
        }
    }
}

impl Outbox {
    /// Of a connection for which nothing waits.
    pub(crate) fn new(socket: Socket, capacity: Capacity) -> Self {
        Self { capacity, queue: Mutex::default(), socket, task: AtomicWaker::new() }
    }

    /// Where it goes. Only the connection's task may read from it.
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Adds something that is said by the connection's own task, which then asks for its duty.
    pub(crate) fn tell(&self, frame: Frame) {
        // When it cannot be added the connection is closing, which is a duty too.
        let _ = self.add(&mut self.lock(), Parcel::told(frame));
    }

    /// Adds something; when the queue is full, closes it as slow.
    pub(crate) fn push(&self, parcel: Arc<Parcel>) -> Pushed {
        let mut queue = self.lock();
        let added = self.add(&mut queue, parcel);
        let pushed = match added {
            Err(refused) => refused,
            Ok(_) if queue.listed || queue.full.is_some() => Pushed::Queued,
            Ok(_) => {
                queue.listed = true;
                Pushed::Unlisted
            }
        };
        drop(queue);
        if matches!(added, Ok(true) | Err(Pushed::Overflowed)) {
            self.task.wake();
        }
        pushed
    }

    /// Adds something; whether that leaves the connection's task something to do.
    fn add(&self, queue: &mut Queue, parcel: Arc<Parcel>) -> Result<bool, Pushed> {
        if queue.closing.is_some() || queue.ended {
            return Err(Pushed::TooLate);
        }
        let bytes = parcel.frame.len();
        let has_room = |queue: &Queue| {
            queue.items.len() < self.capacity.messages && queue.bytes + bytes <= self.capacity.bytes
        };
        // When much is published at once nobody has written yet: that is not the reader's fault.
        let is_for_task =
            !has_room(queue) && queue.full.is_none() && self.write(queue, &mut Written::default());
        if !has_room(queue) {
            queue.drop_all(CloseCode::SlowConsumer);
            return Err(Pushed::Overflowed);
        }
        queue.bytes += bytes;
        queue.items.push_back(Some(parcel));
        Ok(is_for_task)
    }

    /// Marks the place at which the log is to be read.
    pub(crate) fn mark_catch_up(&self) {
        self.lock().items.push_back(None);
    }

    /// Adds what was read from the log.
    pub(crate) fn push_page(&self, parcels: impl IntoIterator<Item = Parcel>) {
        let mut queue = self.lock();
        let withdrawn = std::mem::take(&mut queue.withdrawn);
        if !queue.dropped {
            let stays = |parcel: &Parcel| withdrawn.iter().all(|gone| gone.allows(parcel));
            queue.page.extend(parcels.into_iter().filter(stays).map(Arc::new));
        }
    }

    /// The log need not be read any more: what was read of it was sent.
    pub(crate) fn end_reading(&self) {
        let mut queue = self.lock();
        queue.reading = false;
        // The room of a page would otherwise be kept for as long as the connection lasts.
        queue.page = VecDeque::new();
        queue.withdrawn = Vec::new();
    }

    /// Nothing more is added; what waits is still sent, then the connection is closed.
    pub(crate) fn finish(&self, code: CloseCode) {
        self.lock().closing.get_or_insert(code);
        self.task.wake();
    }

    /// What waits is dropped and the connection is closed; with which code: the first counts.
    pub(crate) fn abort(&self, code: CloseCode) -> CloseCode {
        let code = self.lock().drop_all(code);
        self.task.wake();
        code
    }

    /// Whoever is at the other end left a private chat: nothing of it is sent any more of what was
    /// found to be theirs before, but the rest of a frame that was begun.
    pub(crate) fn withdraw(&self, chat: &ChatId, born: Offset, left: Offset) {
        let mut queue = self.lock();
        let queue = &mut *queue;
        let gone = Withdrawn { chat: chat.clone(), born, left };
        queue.page.retain(|parcel| gone.allows(parcel));
        queue.items.retain(|item| {
            let stays = item.as_ref().is_none_or(|parcel| gone.allows(parcel));
            if let (false, Some(parcel)) = (stays, item) {
                queue.bytes -= parcel.frame.len();
            }
            stays
        });
        if queue.reading {
            // A page may be on its way that was read before they left.
            queue.withdrawn.push(gone);
        }
    }

    /// Writes what waits, for whoever had this connection on a list.
    pub(crate) fn flush(&self, written: &mut Written) {
        let mut queue = self.lock();
        queue.listed = false;
        if queue.full.is_none() && self.write(&mut queue, written) {
            drop(queue);
            self.task.wake();
        }
    }

    /// What the connection's task is to do next. Writes what waits: before it waits for anything
    /// else, a task asks for its duty.
    pub(crate) fn poll_duty(&self, context: &mut Context<'_>) -> Poll<Duty> {
        self.task.register(context.waker());
        let mut queue = self.lock();
        loop {
            if queue.ended {
                return Poll::Ready(Duty::Gone);
            }
            if let Some(code) = queue.closing
                && (queue.dropped || queue.is_sent())
            {
                return Poll::Ready(Duty::Close(code));
            }
            // That it failed is what writing to it tells.
            if queue.full.is_some() {
                if self.socket.poll_writable(context).is_pending() {
                    return Poll::Pending;
                }
                queue.take_more();
            }
            if queue.full.is_some() || !queue.is_sent() {
                self.write(&mut queue, &mut Written::default());
                continue;
            }
            return match queue.reading {
                true => Poll::Ready(Duty::ReadLog),
                false => Poll::Pending,
            };
        }
    }

    /// Lets nobody write any more but the caller, who sends this first: the rest of a frame. What
    /// waits otherwise is dropped.
    pub(crate) fn end(&self) -> Vec<u8> {
        let mut queue = self.lock();
        let rest = match queue.begun.take() {
            Some((parcel, from)) if !queue.ended => parcel.frame.as_bytes()[from..].to_vec(),
            _ => Vec::new(),
        };
        queue.ended = true;
        (queue.page, queue.items, queue.bytes) = (VecDeque::new(), VecDeque::new(), 0);
        rest
    }

    /// Whether the connection is being closed.
    pub(crate) fn is_closing(&self) -> bool {
        self.lock().closing.is_some()
    }

    /// Whether the log is being read for the connection.
    pub(crate) fn is_reading(&self) -> bool {
        self.lock().reading
    }

    /// Since when the socket has taken nothing, if it is full.
    pub(crate) fn full_since(&self) -> Option<Instant> {
        self.lock().full
    }

    /// When the socket took something although it had been full: the peer had read.
    pub(crate) fn took(&self) -> Option<Instant> {
        self.lock().took
    }

    /// Up to which offset every live event was handed to the socket; `None` when none waits.
    pub(crate) fn sent(&self) -> Option<Offset> {
        let queue = self.lock();
        let begun = queue.begun.iter().map(|(parcel, _)| parcel);
        let mut waiting = begun.chain(queue.items.iter().flatten());
        waiting.find_map(|parcel| parcel.event).map(|(offset, _)| offset - 1)
    }

    /// How many messages wait, and how many bytes they have.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let queue = self.lock();
        (queue.items.len(), queue.bytes)
    }

    /// Writes everything up to where the log is to be read, as far as the socket takes it; whether
    /// that leaves the connection's task something to do.
    fn write(&self, queue: &mut Queue, written: &mut Written) -> bool {
        while !queue.ended {
            let sent = queue.is_sent();
            let taken = match sent {
                true => self.socket.try_flush().map(|()| 0),
                false => match queue.only() {
                    Some(only) => self.socket.try_write(&[IoSlice::new(only)]),
                    None => {
                        let mut slices = [IoSlice::new(&[]); SLICES];
                        let count = queue.fill(&mut slices);
                        self.socket.try_write(&slices[..count])
                    }
                },
            };
            match taken {
                Ok(0) if sent => {
                    queue.full = None;
                    if queue.items.capacity() > KEPT {
                        queue.items = VecDeque::new();
                    }
                    return queue.reading || queue.closing.is_some();
                }
                Ok(0) => queue.ended = true,
                Ok(bytes) => {
                    queue.full = None;
                    queue.advance(bytes, written);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    queue.full.get_or_insert_with(Instant::now);
                    return true;
                }
                Err(_) => queue.ended = true,
            }
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // The sections under this lock do not panic; a poisoned queue would be as good as any.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
