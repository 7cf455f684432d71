//! How many connections there are at once. When all places are taken, the connection that has been
//! idle for the longest time makes room: one that has not asked anything yet, or waits for its next
//! request. So who opens connections and says nothing keeps nobody out. For a moment everybody is
//! let alone: what they ask may be on its way.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    select,
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{limits::Limit, metrics};

/// For how long nobody has to make room.
const GRACE: Duration = Duration::from_secs(1);

/// How long one that makes room may take, before the next one has to.
const LEAVING: Duration = Duration::from_millis(100);

/// The places of all connections.
#[derive(Debug)]
pub(super) struct Room {
    places: Arc<Semaphore>,
    idle: Arc<AllIdle>,
    grace: Duration,
}

#[derive(Debug, Default)]
struct AllIdle {
    /// Since when each is idle, and how to dismiss it; the longest idle first.
    dismissals: Mutex<BTreeMap<u64, (Instant, CancellationToken)>>,
    next: AtomicU64,
    /// Told when one more is idle.
    came: Notify,
}

/// A connection that is idle, but for the time of its requests.
#[derive(Debug)]
pub(super) struct Idle {
    all: Arc<AllIdle>,
    /// Its place in the order.
    key: AtomicU64,
    dismissal: CancellationToken,
}

/// While it lives the connection is not idle.
pub(super) struct Busy<'a>(&'a Idle);

impl Room {
    pub(super) fn new(places: usize) -> Self {
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { places, idle: Arc::default(), grace: GRACE }
    }

    /// A place, as soon as there is one.
    pub(super) async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            let free = self.places.clone().acquire_owned();
            let came = self.idle.came.notified();
            let make_room = async {
                match self.idle.longest() {
                    Some(since) => sleep_until(since + self.grace).await,
                    None => came.await,
                }
                if self.idle.dismiss(self.grace) {
                    metrics::limited(Limit::Connections);
                    sleep(LEAVING).await;
                }
            };
            select! {
                biased;
                // It is never closed.
                Ok(place) = free => return place,
                () = make_room => {}
            }
        }
    }

    /// A new connection, idle at first.
    pub(super) fn idle(&self) -> Idle {
        let idle = Idle {
            all: self.idle.clone(),
            key: AtomicU64::default(),
            dismissal: CancellationToken::new(),
        };
        idle.enter();
        idle
    }
}

impl AllIdle {
    /// Since when the longest idle is.
    fn longest(&self) -> Option<Instant> {
        self.lock().first_key_value().map(|(_, (since, _))| *since)
    }

    /// Dismisses the longest idle, if it has been so for that long.
    fn dismiss(&self, grace: Duration) -> bool {
        let mut dismissals = self.lock();
        let first = dismissals.first_entry().filter(|first| first.get().0.elapsed() >= grace);
        first.map(|first| first.remove().1.cancel()).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, (Instant, CancellationToken)>> {
        // The sections under this lock are short and do not panic.
        self.dismissals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    /// Completes when the connection is to make room.
    pub(super) async fn dismissed(&self) {
        self.dismissal.cancelled().await;
    }

    /// It has a request to answer.
    pub(super) fn busy(&self) -> Busy<'_> {
        self.leave();
        Busy(self)
    }

    fn enter(&self) {
        let key = self.all.next.fetch_add(1, Ordering::Relaxed);
        self.key.store(key, Ordering::Relaxed);
        self.all.lock().insert(key, (Instant::now(), self.dismissal.clone()));
        self.all.came.notify_waiters();
    }

    fn leave(&self) {
        self.all.lock().remove(&self.key.load(Ordering::Relaxed));
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.enter();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn the_longest_idle_makes_room_and_who_is_busy_does_not() {
        let room = Room { grace: Duration::ZERO, ..Room::new(3) };
        let mut places = Vec::new();
        for _ in 0..3 {
            places.push(room.place().await);
        }
        let [first, second, third] = [room.idle(), room.idle(), room.idle()];
        let busy = second.busy();
        drop(first.busy());

        let mut next = Box::pin(room.place());
        select! {
            _ = next.as_mut() => panic!("there is no place"),
            () = third.dismissed() => {}
        }
        assert!(!first.dismissal.is_cancelled() && !second.dismissal.is_cancelled());
        drop((third, places.pop()));
        places.push(next.await);

        drop(first);
        let mut next = Box::pin(room.place());
        assert!(next.as_mut().now_or_never().is_none(), "who is busy is let alone");
        // Who waits is told of who becomes idle.
        drop(busy);
        select! {
            _ = next.as_mut() => panic!("there is no place"),
            () = second.dismissed() => {}
        }
        drop((second, places.pop()));
        drop(next.await);
    }
}
