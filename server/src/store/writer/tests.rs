//! Groups of changes: what one of them does to the others, and who is told what, and when.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use colloquy_protocol::{id::Principal, model::NotificationType};
use futures_util::poll;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::*;
use crate::{service::NotificationService, store::events};

/// A change that was asked for.
type Asked<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// A writer, and what it does in the order in which it does so.
struct Bench {
    writer: Writer,
    database: Database,
    told: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
}

impl Bench {
    async fn new(most: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("test.db")).await.unwrap();
        let told = Arc::<Mutex<Vec<String>>>::default();
        let publish = {
            let told = told.clone();
            move |events: Vec<Logged>| {
                let offsets: Vec<Offset> = events.iter().map(|event| event.offset).collect();
                if !offsets.is_empty() {
                    told.lock().unwrap().push(format!("published {offsets:?}"));
                }
            }
        };
        let writer = Writer::start(&database, most, publish).await.unwrap();
        Self { writer, database, told, _folder: folder }
    }

    /// Asks for a change and returns once it is in the queue.
    async fn ask<T, F>(&self, change: F) -> Asked<T>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut WriteTx) -> BoxFuture<'a, Result<T>> + Send + 'static,
    {
        let writer = self.writer.clone();
        let mut asked: Asked<T> = Box::pin(async move { writer.write(change).await });
        assert!(poll!(&mut asked).is_pending());
        asked
    }

    /// Keeps the writer busy: what is asked for until the gate opens is one group with this.
    async fn gate(&self) -> (Arc<Notify>, Asked<()>) {
        let gate = Arc::new(Notify::new());
        let opened = gate.clone();
        let asked = self.ask(move |_| {
            async move {
                opened.notified().await;
                Ok(())
            }
            .boxed()
        });
        let asked = asked.await;
        (gate, asked)
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    /// The offsets in the log, and the rows of [`row`].
    async fn stored(&self) -> (Vec<i64>, Vec<String>) {
        let mut snapshot = self.database.snapshot().await.unwrap();
        let events = sqlx::query_scalar("SELECT offset FROM events ORDER BY offset");
        let events = events.fetch_all(snapshot.connection()).await.unwrap();
        let rows = sqlx::query_scalar("SELECT id FROM chats ORDER BY id");
        (events, rows.fetch_all(snapshot.connection()).await.unwrap())
    }
}

/// Appends an event.
async fn event(tx: &mut WriteTx) -> Result<Offset> {
    let by = Principal::local();
    NotificationService::new(tx)
        .send_system_notification(NotificationType::Info, "", Value::Null, &by)
        .await
}

/// Adds a row.
async fn row(tx: &mut WriteTx, id: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO chats (id, title, metadata, created_at, updated_at, version) \
         VALUES (?1, '', '{}', 0, 0, 0)",
    )
    .bind(id)
    .execute(tx.connection().await?)
    .await?;
    Ok(())
}

/// A change of a row and an event.
fn both(id: &'static str) -> impl for<'a> FnOnce(&'a mut WriteTx) -> BoxFuture<'a, Result<Offset>> {
    move |tx| {
        async move {
            row(tx, id).await?;
            event(tx).await
        }
        .boxed()
    }
}

/// What a hub that starts keeps in memory: the end of the log, as much as there is room for.
#[tokio::test]
async fn the_last_events_are_read_as_they_go_out() {
    let bench = Bench::new(1).await;
    for _ in 0..3 {
        bench.ask(|tx| event(tx).boxed()).await.await.unwrap();
    }
    let mut snapshot = bench.database.snapshot().await.unwrap();
    let all = events::last(snapshot.connection(), 1 << 20).await.unwrap();
    let offsets =
        |events: &[events::Happened]| events.iter().map(|event| event.offset).collect::<Vec<_>>();
    assert_eq!(offsets(&all), [1, 2, 3]);
    for event in &all {
        assert!(event.topic.is_none() && !event.private);
        // Short enough for a header of four bytes.
        let frame: Value = serde_json::from_slice(&event.frame.as_bytes()[4..]).unwrap();
        assert_eq!(
            (&frame["event"], &frame["offset"]),
            (&"system:notification".into(), &event.offset.into())
        );
    }
    let room = all[1].bytes() + all[2].bytes();
    let last = events::last(snapshot.connection(), room).await.unwrap();
    assert_eq!(offsets(&last), [2, 3]);
}

#[tokio::test]
async fn those_that_wait_share_a_commit() {
    for (most, expected) in [
        (256, &["published [1, 2, 3, 4]"][..]),
        (3, &["published [1, 2]", "published [3, 4]"]),
        (1, &["published [1]", "published [2]", "published [3]", "published [4]"]),
    ] {
        let bench = Bench::new(most).await;
        let (gate, gated) = bench.gate().await;
        let mut asked = Vec::new();
        for _ in 0..4 {
            asked.push(bench.ask(|tx| event(tx).boxed()).await);
        }
        gate.notify_one();
        gated.await.unwrap();
        for (asked, offset) in asked.into_iter().zip(1..) {
            assert_eq!(asked.await.unwrap(), offset);
        }
        assert_eq!(bench.told(), expected, "at most {most}");
    }
}

#[tokio::test]
async fn of_many_that_wait_half_share_a_commit() {
    let bench = Bench::new(256).await;
    let mut asked = Vec::new();
    for _ in 0..100 {
        // The writer does not run before somebody waits for it.
        asked.push(bench.ask(|tx| event(tx).boxed()).await);
    }
    for asked in asked {
        asked.await.unwrap();
    }
    // Half of 100; of 50 more than half, because half is less than a whole group may have; the rest.
    let groups: [Vec<u64>; 3] = [(1..=50).collect(), (51..=82).collect(), (83..=100).collect()];
    assert_eq!(bench.told(), groups.map(|group| format!("published {group:?}")));
}

#[tokio::test]
async fn one_that_fails_is_undone_alone() {
    let bench = Bench::new(256).await;
    let (gate, _gated) = bench.gate().await;
    let first = bench.ask(both("first")).await;
    let taken = bench.ask(both("first")).await;
    let mistaken = bench
        .ask(|tx| {
            async move {
                event(tx).await?;
                row(tx, "mistaken").await?;
                event(tx).await?;
                tx.after_commit(|| panic!("it was not committed"));
                Err::<(), _>(Error::invalid("field", "is not acceptable"))
            }
            .boxed()
        })
        .await;
    let kept_back = bench
        .ask(|tx| {
            async move {
                event(tx).await?;
                Err::<(), _>(Error::Unavailable)
            }
            .boxed()
        })
        .await;
    let panics = bench
        .ask(|tx| {
            async move {
                row(tx, "panics").await?;
                event(tx).await?;
                if tx.next_offset() > 0 {
                    panic!("as it may");
                }
                Ok(())
            }
            .boxed()
        })
        .await;
    let last = bench.ask(both("last")).await;
    let only_event = bench.ask(|tx| event(tx).boxed()).await;
    gate.notify_one();
    assert_eq!(first.await.unwrap(), 1);
    assert!(matches!(taken.await, Err(Error::Internal(_))));
    assert!(matches!(mistaken.await, Err(Error::Invalid(_))));
    assert!(matches!(kept_back.await, Err(Error::Unavailable)));
    assert!(matches!(panics.await, Err(Error::Internal(_))));
    assert_eq!(last.await.unwrap(), 2);
    assert_eq!(only_event.await.unwrap(), 3);
    assert_eq!(bench.told(), ["published [1, 2, 3]"]);
    assert_eq!(bench.stored().await, (vec![1, 2, 3], vec!["first".into(), "last".into()]));
}

/// Whom the writer knows to have acted is not known to the database when that is undone.
#[tokio::test]
async fn who_acted_is_known_also_after_somebody_whose_change_is_undone() {
    let bench = Bench::new(64).await;
    let (gate, opened) = bench.gate().await;
    let undone = bench.ask(|tx| {
        async move {
            event(tx).await?;
            row(tx, "undone").await?;
            Err::<(), _>(Error::invalid("name", "is bad"))
        }
        .boxed()
    });
    let undone = undone.await;
    let kept = bench.ask(both("kept")).await;
    gate.notify_one();
    opened.await.unwrap();
    undone.await.unwrap_err();
    kept.await.unwrap();
    let mut snapshot = bench.database.snapshot().await.unwrap();
    let stretches: Vec<(String, i64)> =
        sqlx::query_as("SELECT actor, stretch FROM actor_stretches")
            .fetch_all(snapshot.connection())
            .await
            .unwrap();
    assert_eq!(stretches, [("local".to_owned(), 0)]);
}

#[tokio::test]
async fn what_a_change_brings_about_comes_before_the_next_ones_events() {
    let bench = Bench::new(256).await;
    let (gate, _gated) = bench.gate().await;
    let before = bench.ask(|tx| event(tx).boxed()).await;
    let told = bench.told.clone();
    let takes = bench
        .ask(|tx| {
            async move {
                tx.after_commit(move || told.lock().unwrap().push("taken away".to_owned()));
                event(tx).await
            }
            .boxed()
        })
        .await;
    let after = bench.ask(|tx| event(tx).boxed()).await;
    gate.notify_one();
    before.await.unwrap();
    // Whoever is answered finds it done.
    assert_eq!(bench.told(), ["published [1, 2]", "taken away", "published [3]"]);
    takes.await.unwrap();
    after.await.unwrap();
}

#[tokio::test]
async fn a_group_whose_commit_fails_did_not_happen() {
    let bench = Bench::new(256).await;
    let (gate, gated) = bench.gate().await;
    let good = bench.ask(both("good")).await;
    let taken = bench.ask(both("good")).await;
    let bad = bench
        .ask(|tx| {
            async move {
                let connection = tx.connection().await?;
                sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut *connection).await?;
                sqlx::query(
                    "INSERT INTO receipts (message_id, principal_id, principal_kind, received_at) \
                     VALUES ('none', '', '', 0)",
                )
                .execute(connection)
                .await?;
                event(tx).await
            }
            .boxed()
        })
        .await;
    gate.notify_one();
    assert!(matches!(gated.await, Err(Error::Internal(_))));
    for failed in [good.await, taken.await, bad.await] {
        let Err(Error::Internal(cause)) = failed else { panic!("{failed:?}") };
        // It is not told that the id is taken: it is not.
        assert!(cause.to_string().contains("FOREIGN KEY"), "{cause}");
    }
    assert_eq!(bench.told(), [""; 0]);
    assert_eq!(bench.stored().await, (vec![], vec![]));

    assert_eq!(bench.writer.write(both("good")).await.unwrap(), 1);
    assert_eq!(bench.told(), ["published [1]"]);
    assert_eq!(bench.stored().await, (vec![1], vec!["good".into()]));
}

/// Lets the writer's connection believe that the disk has no more room.
fn fill_the_disk(tx: &mut WriteTx) -> BoxFuture<'_, Result<()>> {
    async move {
        let connection = tx.connection().await?;
        sqlx::query("PRAGMA max_page_count = 1").execute(connection).await?;
        Ok(())
    }
    .boxed()
}

/// A change with a row that needs room of its own.
fn large(
    first: char,
) -> impl for<'a> FnOnce(&'a mut WriteTx) -> BoxFuture<'a, Result<Offset>> + Send {
    move |tx| {
        async move {
            row(tx, &first.to_string().repeat(100_000)).await?;
            event(tx).await
        }
        .boxed()
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_gone_on_from() {
    let bench = Bench::new(256).await;
    assert_eq!(bench.writer.write(both("before")).await.unwrap(), 1);
    bench.writer.write(fill_the_disk).await.unwrap();
    let (gate, _gated) = bench.gate().await;
    let asked = [
        bench.ask(both("small")).await,
        bench.ask(large('a')).await,
        bench.ask(large('b')).await,
        bench.ask(both("small-too")).await,
    ];
    gate.notify_one();
    let mut acknowledged = vec![1];
    let mut full = 0;
    for asked in asked {
        match asked.await {
            Ok(offset) => acknowledged.push(i64::try_from(offset).unwrap()),
            Err(Error::StorageFull(_)) => full += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(full > 0);
    assert_eq!(bench.stored().await.0, acknowledged);
    // There is room again, which is found out when the database is opened again.
    let next = bench.writer.write(large('c')).await.unwrap();
    assert_eq!(next, acknowledged.len() as Offset + 1);
}

#[tokio::test]
async fn who_hangs_up_changes_nothing() {
    let bench = Bench::new(256).await;
    let (gate, _gated) = bench.gate().await;
    drop(bench.ask(both("left")).await);
    let next = bench.ask(both("stayed")).await;
    gate.notify_one();
    assert_eq!(next.await.unwrap(), 2);
    assert_eq!(bench.told(), ["published [1, 2]"]);
}

#[tokio::test]
async fn stopping_finishes_what_waits() {
    let bench = Bench::new(256).await;
    let (gate, _gated) = bench.gate().await;
    let before = bench.ask(both("before")).await;
    let writer = bench.writer.clone();
    let mut stop = Box::pin(async move { writer.stop().await });
    assert!(poll!(&mut stop).is_pending());
    let after = bench.ask(both("after")).await;
    gate.notify_one();
    stop.await;
    assert_eq!(before.await.unwrap(), 1);
    assert!(matches!(after.await, Err(Error::Unavailable)));
    assert_eq!(bench.stored().await.1, ["before"]);
}
