//! How many connections there are at once. When all places are taken, the connection that has been
//! idle for the longest time makes room: one that has not asked anything yet, or waits for its next
//! request. So who opens connections and says nothing keeps nobody out.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    select,
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;

use crate::{limits::Limit, metrics};

/// The places of all connections.
#[derive(Debug)]
pub(super) struct Room {
    places: Arc<Semaphore>,
    idle: Arc<AllIdle>,
}

#[derive(Debug, Default)]
struct AllIdle {
    /// How to dismiss them; the longest idle first.
    dismissals: Mutex<BTreeMap<u64, CancellationToken>>,
    next: AtomicU64,
    /// Told when one more is idle.
    came: Notify,
}

/// A connection that is idle, but for the time of its requests.
#[derive(Debug)]
pub(super) struct Idle {
    all: Arc<AllIdle>,
    /// Its place in the order.
    since: AtomicU64,
    dismissal: CancellationToken,
}

/// While it lives the connection is not idle.
pub(super) struct Busy<'a>(&'a Idle);

impl Room {
    pub(super) fn new(places: usize) -> Self {
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { places, idle: Arc::default() }
    }

    /// A place, as soon as there is one.
    pub(super) async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            let came = self.idle.came.notified();
            if let Ok(place) = self.places.clone().try_acquire_owned() {
                return place;
            }
            if self.idle.dismiss_longest() {
                metrics::limited(Limit::Connections);
            }
            select! {
                // It is never closed.
                Ok(place) = self.places.clone().acquire_owned() => return place,
                () = came => {}
            }
        }
    }

    /// A new connection, idle at first.
    pub(super) fn idle(&self) -> Idle {
        let idle = Idle {
            all: self.idle.clone(),
            since: AtomicU64::default(),
            dismissal: CancellationToken::new(),
        };
        idle.enter();
        idle
    }
}

impl AllIdle {
    fn dismiss_longest(&self) -> bool {
        let longest = self.lock().pop_first();
        longest.map(|(_, dismissal)| dismissal.cancel()).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, CancellationToken>> {
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
        let since = self.all.next.fetch_add(1, Ordering::Relaxed);
        self.since.store(since, Ordering::Relaxed);
        self.all.lock().insert(since, self.dismissal.clone());
        self.all.came.notify_waiters();
    }

    fn leave(&self) {
        self.all.lock().remove(&self.since.load(Ordering::Relaxed));
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
        let room = Room::new(3);
        let mut places = Vec::new();
        for _ in 0..3 {
            places.push(room.place().await);
        }
        let [first, second, third] = [room.idle(), room.idle(), room.idle()];
        let busy = second.busy();
        drop(first.busy());

        assert!(room.place().now_or_never().is_none());
        let dismissed = |idle: &Idle| idle.dismissal.is_cancelled();
        assert_eq!([&first, &second, &third].map(dismissed), [false, false, true]);
        drop((third, places.pop()));
        places.push(room.place().now_or_never().unwrap());

        drop(first);
        let mut next = Box::pin(room.place());
        assert!(next.as_mut().now_or_never().is_none(), "who is busy is let alone");
        drop(busy);
        assert!(next.as_mut().now_or_never().is_none());
        assert!(dismissed(&second), "who waits is told of who becomes idle");
        drop((second, places.pop()));
        drop(next.await);
    }
}
