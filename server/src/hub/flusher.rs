//! Writing what was published to many connections.
//!
//! Publishing only queues; a flusher then writes for each connection what waits for it, once
//! everything that was ready to be published meanwhile is queued too. So one write carries all that
//! was seen in one turn of the scheduler, and publishing never waits for the network. There is a
//! flusher for each of the runtime's workers, and each connection has its own, so that its writes
//! are spread over the cores and never compete.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{runtime::Handle, sync::Notify, task::yield_now};
use tokio_util::task::AbortOnDropHandle;

use super::line::Line;
use crate::metrics::Written;

/// After how many connections everybody else has a turn.
const TURN: usize = 128;

/// All flushers. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Flushers {
    all: Vec<Arc<List>>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// The connections of a flusher for which something waits, each once.
#[derive(Debug, Default)]
struct List {
    lines: Mutex<Vec<Arc<Line>>>,
    filled: Notify,
}

impl Flushers {
    /// Starts one for each worker of the runtime that this is called in.
    pub(super) fn start() -> Self {
        let workers = Handle::current().metrics().num_workers();
        let all: Vec<Arc<List>> = (0..workers.max(1)).map(|_| Arc::default()).collect();
        let start = |list: &Arc<List>| AbortOnDropHandle::new(tokio::spawn(flush(list.clone())));
        let tasks = all.iter().map(start).collect();
        Self { all, _tasks: tasks }
    }

    /// Has a connection flushed, after [`wake`](Self::wake).
    pub(super) fn add(&self, line: &Arc<Line>) {
        if let Some(list) = self.all.get(line.number() % self.all.len()) {
            list.lock().push(line.clone());
        }
    }

    /// Has all flushed that were added.
    pub(super) fn wake(&self) {
        for list in &self.all {
            if !list.lock().is_empty() {
                list.filled.notify_one();
            }
        }
    }
}

impl List {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Line>>> {
        // The sections under this lock do not panic.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn flush(list: Arc<List>) {
    // Two lists take turns, so that neither is ever allocated anew.
    let mut lines = Vec::new();
    loop {
        list.filled.notified().await;
        // Whatever is ready to publish something does so first.
        yield_now().await;
        std::mem::swap(&mut *list.lock(), &mut lines);
        let mut written = Written::default();
        for (number, line) in lines.drain(..).enumerate() {
            line.outbox.flush(&mut written);
            if number % TURN == TURN - 1 {
                written = Written::default();
                yield_now().await;
            }
        }
    }
}
