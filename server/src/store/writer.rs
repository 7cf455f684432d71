//! The one task that changes anything.
//!
//! A change waits in a bounded queue, runs in a transaction of its own, is committed, and only
//! then are its events published: all in this task, so the hub sees the log's order and nobody
//! who hangs up meanwhile can keep a committed event from going live (design, "One idea").

use std::{fmt, panic::AssertUnwindSafe, time::Instant};

use colloquy_protocol::{
    event::ServerEvent,
    id::{ChatId, Principal},
    position::Offset,
    time::Timestamp,
    topic::Topic,
};
use futures_util::{FutureExt, future::BoxFuture};
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::{
    Database, events,
    visibility::{self, Audience, Turn},
};
use crate::{
    error::{Error, Result},
    metrics,
    ws::Frame,
};

/// Changes that may wait. When as many wait already, the next one is told to come back (503).
const QUEUE: usize = 1024;

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

/// Tells a change's caller how it ended, once the commit has succeeded or failed.
type Answer = Box<dyn FnOnce(Result<()>) + Send>;

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

/// Runs a change. It answers failures of its own by itself and returns nothing then.
type Run = Box<dyn for<'a> FnOnce(&'a mut WriteTx) -> BoxFuture<'a, Option<Answer>> + Send>;

/// Hands changes to the writing task. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Order>,
}

impl Writer {
    /// Starts the writing task. `publish` is called with the events of each commit, in log order.
    pub(crate) async fn start(
        database: &Database,
        publish: impl Fn(Vec<Logged>) + Send + Sync + 'static,
    ) -> sqlx::Result<Self> {
        let mut connection = database.writing_connection().await?;
        let head = events::head(&mut connection).await?;
        let now = events::last_moment(&mut connection).await?;
        let tx = WriteTx {
            connection,
            head,
            now,
            appended: Vec::new(),
            consequences: Consequences::default(),
        };
        let (queue, orders) = mpsc::channel(QUEUE);
        tokio::spawn(run(tx, orders, publish));
        Ok(Self { queue })
    }

    /// Runs a change in a transaction of its own and returns once it is durable and published.
    ///
    /// # Errors
    /// Those of the change, which is then rolled back; [`Error::Unavailable`] when the queue is
    /// full; [`Error::Internal`] when SQLite fails.
    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut WriteTx) -> BoxFuture<'a, Result<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let run: Run = Box::new(move |tx| {
            async move {
                // A panic is the change's own failure: the writer must outlive it.
                let done = AssertUnwindSafe(change(tx)).catch_unwind().await;
                match done.unwrap_or_else(|_| Err(Error::internal("a change panicked"))) {
                    Ok(value) => Some(Box::new(move |committed: Result<()>| {
                        // A caller that hung up does not hear that it was done; it was.
                        let _ = answer.send(committed.map(|()| value));
                    }) as Answer),
                    Err(error) => {
                        let _ = answer.send(Err(error));
                        None
                    }
                }
            }
            .boxed()
        });
        let job = Job { asked: Instant::now(), run };
        self.queue.try_send(Order::Change(job)).map_err(|_| Error::Unavailable)?;
        answered.await.unwrap_or(Err(Error::Unavailable))
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

/// What a change works on: the open transaction, and the events it appends.
#[derive(Debug)]
pub(crate) struct WriteTx {
    connection: SqliteConnection,
    head: Offset,
    now: Timestamp,
    appended: Vec<Logged>,
    consequences: Consequences,
}

/// What is to be done once the change is committed.
#[derive(Default)]
struct Consequences(Vec<Box<dyn FnOnce() + Send>>);

impl fmt::Debug for Consequences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consequences({})", self.0.len())
    }
}

impl WriteTx {
    /// What to query.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// The moment of this transaction; never earlier than that of an event before it.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// The offset that the next appended event will have, and so the version of its entity.
    pub(crate) fn next_offset(&self) -> Offset {
        self.head + 1
    }

    /// The last event that was appended, if it is one of a private chat.
    pub(crate) fn private_event(&self) -> Option<(ChatId, Offset)> {
        let event = self.appended.last().filter(|event| event.audience.is_some())?;
        match &event.topic {
            Some(Topic::Chat(chat)) => Some((chat.clone(), event.offset)),
            _ => None,
        }
    }

    /// Appends an event to the log; it goes live after the commit. Who may receive it is read from
    /// the rows: those of its chat must still be there, and who left must be gone from them. `turn`
    /// is what the event does to somebody's place in its chat.
    pub(crate) async fn append(
        &mut self,
        event: &ServerEvent,
        actor: &Principal,
        turn: Option<Turn>,
    ) -> Result<Offset> {
        let offset = self.next_offset();
        let payload = event.payload_json()?;
        let topic = event.topic();
        let audience = match &topic {
            Some(Topic::Chat(chat)) => {
                visibility::audience(&mut self.connection, chat, turn).await?
            }
            _ => None,
        };
        let connection = &mut self.connection;
        events::append(connection, offset, event, &payload, actor, audience.as_ref()).await?;
        self.head = offset;
        self.appended.push(Logged {
            offset,
            name: event.name(),
            topic,
            audience,
            frame: live_frame(event.name(), &payload, offset),
            committed: Instant::now(),
        });
        Ok(offset)
    }

    /// Does something when, and only when, the change is committed: after its events went live,
    /// whether or not anybody still waits for the answer. It must be quick.
    pub(crate) fn after_commit(&mut self, consequence: impl FnOnce() + Send + 'static) {
        self.consequences.0.push(Box::new(consequence));
    }

    async fn begin(&mut self) -> sqlx::Result<()> {
        self.now = Timestamp::now().max(self.now);
        self.appended.clear();
        self.consequences.0.clear();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut self.connection).await.map(drop)
    }

    async fn commit(&mut self) -> sqlx::Result<Vec<Logged>> {
        sqlx::query("COMMIT").execute(&mut self.connection).await?;
        let committed = Instant::now();
        for event in &mut self.appended {
            event.committed = committed;
        }
        Ok(std::mem::take(&mut self.appended))
    }

    async fn roll_back(&mut self, head: Offset) {
        self.head = head;
        // A commit that failed may have ended the transaction by itself: then this fails, rightly.
        if let Err(cause) = sqlx::query("ROLLBACK").execute(&mut self.connection).await {
            tracing::debug!(%cause, "There was nothing to roll back.");
        }
    }
}

/// The frame of an event as it goes out live.
fn live_frame(name: &str, payload: &str, offset: Offset) -> Frame {
    Frame::text(&format!(r#"{{"event":"{name}","payload":{payload},"offset":{offset}}}"#))
}

/// The frame of an event as it is replayed.
pub(crate) fn stored_frame(event: &events::Stored, replay: bool) -> Frame {
    if !replay {
        return live_frame(&event.event, &event.payload, event.offset);
    }
    let events::Stored { event, payload, offset, .. } = event;
    let text =
        format!(r#"{{"event":"{event}","payload":{payload},"offset":{offset},"replay":true}}"#);
    Frame::text(&text)
}

async fn run(
    mut tx: WriteTx,
    mut orders: mpsc::Receiver<Order>,
    publish: impl Fn(Vec<Logged>) + Send + Sync + 'static,
) {
    let mut stopped = None;
    while let Some(order) = orders.recv().await {
        match order {
            Order::Change(job) => perform(&mut tx, job, &publish).await,
            Order::Stop(done) => {
                stopped = Some(done);
                break;
            }
        }
    }
    if let Err(cause) = tx.connection.close().await {
        tracing::error!(%cause, "The database did not close cleanly.");
    }
    if let Some(done) = stopped {
        // Who asked may not wait any longer.
        let _ = done.send(());
    }
}

async fn perform(tx: &mut WriteTx, job: Job, publish: &(impl Fn(Vec<Logged>) + Sync)) {
    let head = tx.head;
    if let Err(cause) = tx.begin().await {
        // The job is dropped, and with it its answer: the caller hears `Unavailable`.
        tracing::error!(%cause, "A transaction could not begin.");
        return;
    }
    match (job.run)(tx).await {
        None => tx.roll_back(head).await,
        Some(answer) => match tx.commit().await {
            Ok(events) => {
                ::metrics::histogram!(metrics::COMMIT_SECONDS).record(job.asked.elapsed());
                publish(events);
                for consequence in tx.consequences.0.drain(..) {
                    consequence();
                }
                answer(Ok(()));
            }
            Err(cause) => {
                tx.roll_back(head).await;
                answer(Err(cause.into()));
            }
        },
    }
}
