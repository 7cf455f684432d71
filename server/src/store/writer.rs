//! The one task that changes anything.
//!
//! Changes wait in a bounded queue. Those that wait together are committed together, or half of them
//! when they are many: each runs in the group's transaction, so that one that fails is undone alone;
//! the group is committed, its events are published, and only then is anybody answered. All of it is
//! this task's work, so the hub sees the log's order and nobody who hangs up meanwhile can keep a
//! committed event from going live (ARCHITECTURE.md, "One idea").

use std::{mem, panic::AssertUnwindSafe, time::Instant};

use colloquy_protocol::{position::Offset, topic::Topic};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};

use super::{Database, WriteTx, transaction::Cause, visibility::Audience};
use crate::{
    error::{Error, Result},
    metrics,
    ws::Frame,
};

/// Changes that may wait. When as many wait already, the next one is told to come back (503).
const QUEUE: usize = 1024;

/// When that many wait, or fewer, a group is all of them; when more do, half of them, but at least so
/// many. Who is answered together asks again together, and if that were everybody, the processors
/// would have nothing else to do while SQLite writes.
const WHOLE: usize = 32;

/// An event that is in the log, encoded once for everybody who receives it live.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub(crate) offset: Offset,
    pub(crate) name: &'static str,
    /// None: it goes to everybody.
    pub(crate) topic: Option<Topic>,
    /// Who may receive it; none: whoever is subscribed.
    pub(crate) audience: Option<Audience>,
    pub(crate) frame: Frame,
    /// When it was committed, for measuring how long delivery takes.
    pub(crate) committed: Instant,
}

#[cfg(feature = "bench")]
impl Logged {
    /// An event that only looks as if it were in the log.
    pub(crate) fn unstored(
        offset: Offset,
        name: &'static str,
        topic: Topic,
        payload: &str,
    ) -> Self {
        let frame = Frame::event(name, payload, offset);
        let committed = Instant::now();
        Self { offset, name, topic: Some(topic), audience: None, frame, committed }
    }
}

/// What the writing task is told.
enum Order {
    Change(Job),
    /// Close the database; told when that is done.
    Stop(oneshot::Sender<()>),
}

/// A change that waits.
struct Job {
    /// When it was asked for.
    asked: Instant,
    run: Run,
}

/// Runs a change, unless there is no transaction for it: then it fails with that error.
type Run = Box<dyn for<'a> FnOnce(Result<&'a mut WriteTx>) -> BoxFuture<'a, Box<dyn Ended>> + Send>;

/// A change that ran. Its caller is not told before the whole group is durable, not even of its
/// failure: what it found there depends on the changes before it.
trait Ended: Send {
    /// Why the change failed, if it did.
    fn error(&self) -> Option<&Error>;

    /// Tells the caller how it ended, or that nothing was done at all.
    fn tell(self: Box<Self>, undone: Option<Error>);
}

struct Done<T> {
    result: Result<T>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T: Send> Ended for Done<T> {
    fn error(&self) -> Option<&Error> {
        self.result.as_ref().err()
    }

    fn tell(self: Box<Self>, undone: Option<Error>) {
        // A caller that hung up does not hear how it ended; it did all the same.
        let _ = self.answer.send(undone.map_or(self.result, Err));
    }
}

/// Hands changes to the writing task. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Order>,
}

impl Writer {
    /// Starts the writing task, which commits so many changes at once, at most. `publish` is called
    /// with the events of each commit, in log order.
    pub(crate) async fn start(
        database: &Database,
        most: usize,
        publish: impl Fn(Vec<Logged>) + Send + Sync + 'static,
    ) -> sqlx::Result<Self> {
        let tx = WriteTx::open(database).await?;
        let (queue, orders) = mpsc::channel(QUEUE);
        // With more than may wait, a group might never end.
        tokio::spawn(Task { tx, orders, most: most.min(QUEUE), fails: false, publish }.run());
        Ok(Self { queue })
    }

    /// Runs a change and returns once it is durable and published.
    ///
    /// # Errors
    /// Those of the change, which is then undone; [`Error::Unavailable`] when the queue is full;
    /// [`Error::StorageFull`], [`Error::StorageFailed`] and [`Error::Internal`] when SQLite fails.
    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut WriteTx) -> BoxFuture<'a, Result<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let run: Run = Box::new(move |tx| {
            async move {
                // A panic is the change's own failure: the writer must outlive it.
                let run = AssertUnwindSafe(async { change(tx?).await }).catch_unwind().await;
                let result = run.unwrap_or_else(|_| Err(Error::internal("a change panicked")));
                Box::new(Done { result, answer }) as Box<dyn Ended>
            }
            .boxed()
        });
        let job = Job { asked: Instant::now(), run };
        self.queue.try_send(Order::Change(job)).map_err(|_| Error::Unavailable)?;
        answered.await.unwrap_or(Err(Error::Unavailable))
    }

    /// Whether nothing can be changed any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.queue.is_closed()
    }

    /// How many changes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Finishes the changes that wait and closes the database; later ones are refused.
    pub(crate) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.queue.send(Order::Stop(done)).await.is_ok() {
            // An error means that it has stopped already.
            let _ = stopped.await;
        }
    }
}

/// The writing task.
struct Task<P> {
    tx: WriteTx,
    orders: mpsc::Receiver<Order>,
    /// The most changes of a group.
    most: usize,
    /// Whether a group could not be committed, and no event was since.
    fails: bool,
    publish: P,
}

impl<P: Fn(Vec<Logged>) + Send + Sync> Task<P> {
    async fn run(mut self) {
        let mut stopped = None;
        while let Some(order) = self.orders.recv().await {
            stopped = match order {
                Order::Change(first) => self.group(first).await,
                Order::Stop(done) => Some(done),
            };
            if stopped.is_some() {
                break;
            }
        }
        self.tx.close().await;
        if let Some(done) = stopped {
            // Who asked may not wait any longer.
            let _ = done.send(());
        }
    }

    /// Runs the first change and those that wait behind it, and makes them durable together. Whom
    /// to tell when it was asked meanwhile to stop.
    async fn group(&mut self, first: Job) -> Option<oneshot::Sender<()>> {
        let waiting = 1 + self.orders.len();
        let most = waiting.div_ceil(2).max(WHOLE).min(self.most);
        let mut failure = self.tx.begin().await.err();
        let may_go_on = failure.is_none();
        let mut ended = Vec::new();
        let mut next = Some(first);
        let mut stop = None;
        while let Some(Job { asked, run }) = next.take() {
            let change = match &failure {
                None => {
                    self.tx.begin_change();
                    let change = run(Ok(&mut self.tx)).await;
                    failure = self.tx.end_change(change.error()).await.err();
                    change
                }
                Some(cause) => run(Err(cause.clone().into())).await,
            };
            ended.push((asked, change));
            // When nothing can be changed, the whole group is told; when it failed on its way, those
            // that wait have another chance.
            if ended.len() < most && failure.is_none() == may_go_on {
                match self.orders.try_recv() {
                    Ok(Order::Change(job)) => next = Some(job),
                    Ok(Order::Stop(done)) => stop = Some(done),
                    Err(_) => {}
                }
            }
        }
        self.end(ended, failure).await;
        stop
    }

    /// Commits the group, or gives it up, and tells everybody.
    async fn end(&mut self, ended: Vec<(Instant, Box<dyn Ended>)>, failure: Option<Cause>) {
        let committed = match failure {
            None => self.tx.commit().await,
            Some(cause) => Err(cause),
        };
        let undone = match committed {
            Ok(committed) => {
                for (asked, _) in &ended {
                    ::metrics::histogram!(metrics::COMMIT_SECONDS).record(asked.elapsed());
                }
                if committed.has_events() && mem::take(&mut self.fails) {
                    tracing::info!("Changes are committed again.");
                }
                committed.tell(&self.publish);
                None
            }
            Err(cause) => {
                ::metrics::counter!(metrics::COMMIT_FAILURES).increment(1);
                tracing::error!(%cause, changes = ended.len(), "Nothing could be committed.");
                self.fails = true;
                self.tx.give_up().await;
                Some(cause)
            }
        };
        for (_, change) in ended {
            change.tell(undone.clone().map(Error::from));
        }
    }
}

#[cfg(test)]
mod tests;
