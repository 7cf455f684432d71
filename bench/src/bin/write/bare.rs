//! The same rows without the server: SQLite's own speed, and the disk's.

use std::{
    fs,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use colloquy_bench::figures::median;
use rusqlite::{Connection, params};
use rustix::time::{ClockId, clock_gettime};

/// How many messages SQLite commits at once.
const GROUP: i64 = 16;

/// How many send messages in turn.
const SENDERS: i64 = 64;

/// The migrations make the tables, with all their indexes.
const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");

/// How long the disk takes to make a page durable, in seconds: the median.
pub(crate) fn sync_median(folder: &Path) -> Result<f64> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..300 {
        file.write_all(&[0; 4096])?;
        times.push(time_of(|| file.sync_data())?);
    }
    median(times).context("nothing was written")
}

/// How fast SQLite stores messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bare {
    /// Messages in a second.
    pub(crate) rate: f64,
    /// Seconds of the processor for each.
    pub(crate) cpu: f64,
}

/// Has SQLite store messages, a row and an event each, `synchronous=FULL`.
pub(crate) fn store(folder: &Path, time: Duration) -> Result<Bare> {
    let data = tempfile::tempdir_in(folder)?;
    let connection = Connection::open(data.path().join("bare.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
    )?;
    let mut migrations: Vec<_> =
        fs::read_dir(MIGRATIONS)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    migrations.sort();
    for migration in migrations {
        connection.execute_batch(&fs::read_to_string(migration)?)?;
    }
    connection.execute(
        "INSERT INTO chats (id, title, metadata, created_at, updated_at, version) \
         VALUES ('bench', 'bench', '{}', 0, 0, 0)",
        [],
    )?;
    let mut message = connection.prepare(
        "INSERT INTO messages (seq, id, chat_id, sender_id, sender_kind, content, created_at) \
         VALUES (?1, ?2, 'bench', ?3, 'agent', ?4, ?5)",
    )?;
    let mut event = connection.prepare(
        "INSERT INTO events (offset, event, kind, entity, payload, actor_id, actor_kind, \
         timestamp, private) \
         VALUES (?1, 'chat:messageCreated', 'chat', 'bench', ?2, ?3, 'agent', ?4, 1)",
    )?;
    let mut actor =
        connection.prepare("INSERT INTO actor_stretches (actor, stretch) VALUES (?1, ?2)")?;
    let content = "x".repeat(256);
    let payload = format!(r#"{{"chatId":"bench","message":"{}"}}"#, "x".repeat(560));
    let (started, used) = (Instant::now(), used());
    let mut offset = 0;
    while started.elapsed() < time {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..GROUP {
            offset += 1;
            let now = started.elapsed().as_millis() as i64;
            // Ids sort by time, as the server's do.
            let id = format!("0197a0b1-0000-7000-8000-{offset:012x}");
            let sender = format!("agent-{}", offset % SENDERS);
            message.execute(params![offset, id, sender, content, now])?;
            event.execute(params![offset, payload, sender, now])?;
            // The first of 256 that each of them sends.
            if offset % 256 < SENDERS {
                actor.execute(params![sender, offset / 256])?;
            }
        }
        connection.execute_batch("COMMIT")?;
    }
    let stored = offset as f64;
    let rate = stored / started.elapsed().as_secs_f64();
    Ok(Bare { rate, cpu: (self::used() - used) / stored })
}

/// Seconds of the processor that this thread has used.
fn used() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn time_of(work: impl FnOnce() -> std::io::Result<()>) -> Result<f64> {
    let started = Instant::now();
    work().context("the disk fails")?;
    Ok(started.elapsed().as_secs_f64())
}
