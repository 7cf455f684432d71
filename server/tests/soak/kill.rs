//! A server that is killed again and again, under writers and readers.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use colloquy_client::{
    Client,
    protocol::{position::Offset, request::NewAgent},
};
use rustix::process::Signal;
use sqlx::{Connection, SqliteConnection, query_scalar, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{
    fault::{Fault, chance, count, until},
    reader::Reader,
    support::{
        free_port,
        process::{Process, colloquy},
    },
};

/// How many acknowledged writes may wait to be looked at.
const WAITING: usize = 64;

/// How long a server may take until it answers again.
const READY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_loses_nothing() {
    let fault = Fault::begin(1, "SIGKILL under writers and readers with cursors");
    let (kills, many) = (count(3, 200), count(8, 50));
    let folder = TempDir::new().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let mut server = serve(folder.path(), &listen).await.0;
    let (up, is_up) = watch::channel(0);
    // Writers wait when nobody takes what they were told: debug builds of fifty readers read more
    // slowly than fifty writers write.
    let (done, mut acknowledged) = mpsc::channel(WAITING);
    let (mut writers, mut readers) = (JoinSet::new(), Vec::new());
    for number in 0..many {
        writers.spawn(write(server.client(), number, done.clone(), is_up.clone()));
        readers.push(Reader::begin(&server.client()).await);
    }
    drop(done);

    let mut slowest = Duration::ZERO;
    let (mut total, mut start) = (0, 0);
    for kill in 1..=kills {
        // Somewhere amid the writes, when half of the readers are back.
        until(|| readers.iter().filter(|one| one.seen() > start).count() >= many / 2).await;
        let enough = 20 + chance(200);
        let mut told = Vec::new();
        while told.len() < usize::try_from(enough).unwrap() {
            told.push(acknowledged.recv().await.unwrap());
        }
        server.signal(Signal::KILL);
        server.wait();
        start = readers.iter().map(Reader::seen).max().unwrap_or(0);
        while let Ok(more) = acknowledged.try_recv() {
            told.push(more);
        }
        inspect(folder.path(), &told).await;
        total += told.len();
        let (next, took) = serve(folder.path(), &listen).await;
        assert!(took < READY, "ready after {took:?}");
        slowest = slowest.max(took);
        server = next;
        // Whoever was cut off writes again.
        up.send(kill).unwrap();
    }
    // The writers stop when nobody hears them.
    acknowledged.close();
    let mut told = Vec::new();
    while let Some(more) = acknowledged.recv().await {
        told.push(more);
    }
    inspect(folder.path(), &told).await;
    total += told.len();
    writers.join_all().await;
    let end = server.client().agents().await.unwrap().position.offset;
    let mut events = 0;
    for reader in readers {
        let log = reader.end(end).await;
        assert_eq!(log.reloads, 0);
        events += log.events;
    }
    fault.survived(
        format!("{kills} kills under {many} writers and {many} readers"),
        format!(
            "{total} acknowledged writes, lost 0; {events} events read, gaps 0, doubles 0; \
             `integrity_check` ok {kills} times; ready again after at most {slowest:.1?}"
        ),
    );
}

/// A server that answers, and how long that took.
pub(crate) async fn serve(folder: &Path, listen: &str) -> (Process, Duration) {
    let start = Instant::now();
    let mut command = colloquy(folder);
    // Nobody reads what it logs.
    let server = Process::start(command.args(["serve", "--listen", listen]).stderr(Stdio::null()));
    server.client().agents().await.unwrap();
    (server, start.elapsed())
}

/// A write that was acknowledged.
pub(crate) type Acknowledged = (String, Offset);

/// Makes agents until nobody wants to know any more. What was not acknowledged is tried again.
async fn write(
    client: Client,
    number: usize,
    done: mpsc::Sender<Acknowledged>,
    mut up: watch::Receiver<usize>,
) {
    for step in 0.. {
        let name = format!("{number}-{step}");
        let new =
            NewAgent { id: Some(name.parse().unwrap()), name: name.clone(), ..NewAgent::default() };
        loop {
            up.borrow_and_update();
            match client.create_agent(&new).await {
                Ok(agent) => {
                    if done.send((name, agent.version)).await.is_err() {
                        return;
                    }
                    break;
                }
                // It happened, though the answer was lost.
                Err(error) if error.status() == Some(409) => break,
                Err(error) => {
                    assert_eq!(error.status(), None, "{error}");
                    if done.is_closed() || up.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// Looks into the database of a server that was killed, before another opens it.
pub(crate) async fn inspect(folder: &Path, told: &[Acknowledged]) {
    let options = SqliteConnectOptions::new().filename(folder.join("data/colloquy.db"));
    let mut database = SqliteConnection::connect_with(&options.read_only(true)).await.unwrap();
    let whole: String =
        query_scalar("PRAGMA integrity_check").fetch_one(&mut database).await.unwrap();
    assert_eq!(whole, "ok");
    for unmatched in [
        "SELECT count(*) FROM agents WHERE NOT EXISTS (SELECT 1 FROM events \
         WHERE offset = version AND event = 'agent:created' AND entity = id)",
        "SELECT count(*) FROM events WHERE event = 'agent:created' \
         AND NOT EXISTS (SELECT 1 FROM agents WHERE id = entity AND version = offset)",
    ] {
        let found: i64 = query_scalar(unmatched).fetch_one(&mut database).await.unwrap();
        assert_eq!(found, 0, "{unmatched}");
    }
    for (id, version) in told {
        let found: Option<i64> = query_scalar("SELECT version FROM agents WHERE id = ?1")
            .bind(id)
            .fetch_optional(&mut database)
            .await
            .unwrap();
        assert_eq!(found, Some(i64::try_from(*version).unwrap()), "{id} was acknowledged");
    }
    database.close().await.unwrap();
}
