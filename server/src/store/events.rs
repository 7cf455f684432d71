//! The log: every event that happened, in order.

use std::collections::{BTreeMap, HashSet};

use colloquy_protocol::{
    event::ServerEvent,
    id::{Principal, PrincipalId},
    model::LogEntry,
    position::Offset,
    time::Timestamp,
    topic::Topic,
};
use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{Logged, batch::Batch, gaps, row, search, visibility, visibility::Audience};
use crate::ws::Frame;

/// At most that many bytes of payload are read into one page of a replay.
const PAGE_BYTES: usize = 1024 * 1024;

/// At most that many rows of the log are looked at for one page of a replay.
const PAGE_ROWS: u64 = 1024;

/// The offset of the last event ever appended, kept or not.
pub(crate) async fn head(connection: &mut SqliteConnection) -> sqlx::Result<Offset> {
    let head: Option<i64> =
        sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
            .fetch_optional(connection)
            .await?;
    Ok(head.and_then(|head| Offset::try_from(head).ok()).unwrap_or(0))
}

/// The moment of the last event that is kept; 1970 when there is none.
pub(super) async fn last_moment(connection: &mut SqliteConnection) -> sqlx::Result<Timestamp> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT timestamp FROM events ORDER BY offset DESC LIMIT 1")
            .fetch_optional(connection)
            .await?;
    Ok(Timestamp::from_millis(last.unwrap_or(0)))
}

/// The offset before the oldest event that is kept: everything after it can be replayed.
pub(crate) async fn start(connection: &mut SqliteConnection) -> sqlx::Result<Offset> {
    let oldest: Option<i64> =
        sqlx::query_scalar("SELECT min(offset) FROM events").fetch_one(&mut *connection).await?;
    match oldest.and_then(|oldest| Offset::try_from(oldest).ok()) {
        Some(oldest) => Ok(oldest.saturating_sub(1)),
        None => head(connection).await,
    }
}

/// An event that is to be written into the log.
#[derive(Debug)]
pub(super) struct New {
    offset: Offset,
    name: &'static str,
    kind: Option<&'static str>,
    entity: Option<String>,
    payload: String,
    actor: Principal,
    timestamp: Timestamp,
    private: bool,
    /// Who left a private chat with it.
    subject: Option<Principal>,
}

impl New {
    /// An event at that offset. `payload` is its payload as JSON; an event with an audience is that
    /// of a private chat.
    pub(super) fn of(
        offset: Offset,
        event: &ServerEvent,
        payload: String,
        actor: &Principal,
        audience: Option<&Audience>,
    ) -> Self {
        let topic = event.topic();
        Self {
            offset,
            name: event.name(),
            kind: topic.as_ref().map(|topic| topic.kind().as_str()),
            entity: topic.as_ref().map(|topic| topic.id().to_owned()),
            payload,
            actor: actor.clone(),
            timestamp: event.timestamp(),
            private: audience.is_some(),
            subject: audience.and_then(Audience::left).cloned(),
        }
    }
}

/// Who is known to the database to have acted in a stretch of the log, the last one that was written
/// to. A stretch is its offsets without their last eight bits, here and in SQL. What is undone in the database has to be forgotten here.
#[derive(Debug, Default)]
pub(super) struct Actors {
    stretch: i64,
    known: HashSet<PrincipalId>,
}

impl Actors {
    /// The stretch in which an event is, if its actor was not known to have acted there. They are
    /// from now on.
    fn meet(&mut self, event: &New) -> Option<i64> {
        let stretch = row::integer(event.offset) >> 8;
        if stretch != self.stretch {
            *self = Self { stretch, known: HashSet::new() };
        }
        let is_new = !self.known.contains(&event.actor.id);
        is_new.then(|| {
            self.known.insert(event.actor.id.clone());
            stretch
        })
    }
}

/// Has events appended, in their order. When one of them cannot be, the whole transaction has to be
/// given up: SQLite keeps nothing to undo the statement with.
pub(super) fn insert(
    batch: &mut Batch,
    events: impl ExactSizeIterator<Item = New>,
    actors: &mut Actors,
) {
    let into = "INSERT OR FAIL INTO events (offset, event, kind, entity, payload, actor_id, \
                actor_kind, timestamp, private, subject, subject_kind)";
    let mut acted = BTreeMap::<i64, Vec<PrincipalId>>::new();
    batch.insert(into, 11, events, |columns, event| {
        if let Some(stretch) = actors.meet(&event) {
            acted.entry(stretch).or_default().push(event.actor.id.clone());
        }
        let (subject, subject_kind) =
            event.subject.map(|who| (String::from(who.id), who.kind.as_str())).unzip();
        columns
            .push_bind(row::integer(event.offset))
            .push_bind(event.name)
            .push_bind(event.kind)
            .push_bind(event.entity)
            .push_bind(event.payload)
            .push_bind(String::from(event.actor.id))
            .push_bind(event.actor.kind.as_str())
            .push_bind(event.timestamp.as_millis())
            .push_bind(event.private)
            .push_bind(subject)
            .push_bind(subject_kind);
    });
    for (stretch, actors) in acted {
        let into = "INSERT OR IGNORE INTO actor_stretches (stretch, actor)";
        batch.insert_each(into, stretch, &actors);
    }
}

/// One event of the log as a replay needs it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) offset: Offset,
    pub(crate) event: String,
    pub(crate) payload: String,
    /// None: it goes to everybody.
    pub(crate) topic: Option<Topic>,
    /// Why the one who reads sees it.
    pub(crate) seen: SeenBecause,
}

/// Why somebody sees an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeenBecause {
    /// Everybody does.
    Open,
    /// They are in the private chat, or were until it was deleted.
    Participant,
    /// It says that they themselves left the private chat.
    Left,
}

/// A stretch of the log, as one principal sees it.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) events: Vec<Stored>,
    /// Everything after the asked-for offset and up to this one is in `events`.
    pub(crate) through: Offset,
}

/// The next stretch after `after` and at most up to `upto` that the viewer sees, bounded in rows
/// and bytes.
pub(crate) async fn stretch(
    connection: &mut SqliteConnection,
    after: Offset,
    upto: Offset,
    viewer: &Principal,
) -> sqlx::Result<Stretch> {
    let through = upto.min(after.saturating_add(PAGE_ROWS));
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT offset, event, kind, entity, payload, private, subject, subject_kind FROM events \
         WHERE offset > ",
    );
    sql.push_bind(row::integer(after)).push(" AND offset <= ").push_bind(row::integer(through));
    sql.push(" AND ");
    visibility::push_event(&mut sql, viewer);
    sql.push(" ORDER BY offset");
    let mut rows = sql.build().fetch(connection);
    let mut events = Vec::new();
    let mut bytes = 0;
    while let Some(found) = rows.try_next().await? {
        let event = Stored {
            offset: row::number(&found, "offset")?,
            event: found.try_get("event")?,
            payload: found.try_get("payload")?,
            topic: topic(&found)?,
            seen: seen_because(&found, viewer)?,
        };
        bytes += event.payload.len();
        let offset = event.offset;
        events.push(event);
        if bytes >= PAGE_BYTES {
            return Ok(Stretch { events, through: offset });
        }
    }
    Ok(Stretch { events, through })
}

/// An event as it goes out live.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    pub(crate) offset: Offset,
    /// None: it goes to everybody.
    pub(crate) topic: Option<Topic>,
    /// It is one of a private chat.
    pub(crate) private: bool,
    pub(crate) frame: Frame,
}

impl Happened {
    /// How much room it takes in memory, roughly, in bytes, once it was replayed too.
    pub(crate) fn bytes(&self) -> usize {
        const OVERHEAD: usize = 256;
        2 * self.frame.len() + OVERHEAD
    }
}

impl From<Logged> for Happened {
    fn from(event: Logged) -> Self {
        let Logged { offset, topic, audience, frame, .. } = event;
        Self { offset, topic, private: audience.is_some(), frame }
    }
}

/// The last events of the log, oldest first: as many as take so much room in memory.
pub(crate) async fn last(
    connection: &mut SqliteConnection,
    bytes: usize,
) -> sqlx::Result<Vec<Happened>> {
    let mut rows = sqlx::query(
        "SELECT offset, event, kind, entity, payload, private FROM events ORDER BY offset DESC",
    )
    .fetch(connection);
    let (mut events, mut room) = (Vec::new(), bytes);
    while let Some(found) = rows.try_next().await? {
        let offset = row::number(&found, "offset")?;
        let frame = Frame::event(found.try_get("event")?, found.try_get("payload")?, offset);
        let private = found.try_get("private")?;
        let event = Happened { offset, topic: topic(&found)?, private, frame };
        let Some(rest) = room.checked_sub(event.bytes()) else { break };
        room = rest;
        events.push(event);
    }
    events.reverse();
    Ok(events)
}

/// Which events `/events` lists.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Those after this offset.
    pub since: Option<Offset>,
    /// Those before this offset; without `since`, the newest of them.
    pub before: Option<Offset>,
    /// At most that many.
    pub limit: u32,
    /// Those of this topic.
    pub topic: Option<Topic>,
    /// Those of this name, or of the others.
    pub event: Option<Named>,
    /// Those by this actor.
    pub actor: Option<PrincipalId>,
    /// Those at or after this moment.
    pub from: Option<Timestamp>,
    /// Those before this moment.
    pub to: Option<Timestamp>,
    /// Those whose payload contains this text.
    pub q: Option<String>,
}

/// Which events, by their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Those of that name.
    Only(&'static str),
    /// All that have another one.
    AllBut(&'static str),
}

impl EventQuery {
    /// Whether the page is the newest before a place, and the next page is an older one.
    pub(crate) fn goes_back(&self) -> bool {
        self.before.is_some() && self.since.is_none()
    }
}

/// The events that a query asks for and the viewer sees, oldest first, and whether there are more.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    query: &EventQuery,
    viewer: &Principal,
) -> sqlx::Result<(Vec<LogEntry>, bool)> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT offset, event, kind, entity, payload, actor_id, actor_kind, timestamp FROM ",
    );
    // The stretches in which they acted come first, and of each its events, in the order of the list.
    sql.push(if query.actor.is_some() { "actor_stretches CROSS JOIN events" } else { "events" });
    sql.push(" WHERE ");
    visibility::push_event(&mut sql, viewer);
    push_bounds(&mut sql, query);
    if let Some(topic) = &query.topic {
        if let Topic::All(kind) = topic {
            // Not by the index: it would have to sort all of a kind to find the first page.
            sql.push(" AND +kind = ").push_bind(kind.as_str());
        } else {
            sql.push(" AND kind = ").push_bind(topic.kind().as_str());
            sql.push(" AND entity = ").push_bind(topic.id().to_owned());
        }
    }
    match query.event {
        Some(Named::Only(name)) => sql.push(" AND event = ").push_bind(name),
        Some(Named::AllBut(name)) => sql.push(" AND event <> ").push_bind(name),
        None => &mut sql,
    };
    if let Some(q) = &query.q {
        // A quote, a backslash or the end of a line stands otherwise in JSON than where it was read.
        let quoted = Value::from(q.as_str()).to_string();
        let inside = &quoted[1..quoted.len() - 1];
        let texts = [q.as_str(), inside];
        let distinct = if inside == q { 1 } else { 2 };
        search::push_contains(&mut sql, &["payload"], &texts[..distinct]);
    }
    let direction = if query.goes_back() { " DESC" } else { "" };
    sql.push(" ORDER BY ");
    if query.actor.is_some() {
        sql.push("stretch").push(direction).push(", ");
    }
    sql.push("offset").push(direction);
    sql.push(" LIMIT ").push_bind(i64::from(query.limit) + 1);
    let found = sql.build().try_map(|found| entry(&found)).fetch(connection);
    let (mut entries, more) = super::list::page_of(found, query.limit).await?;
    if query.goes_back() {
        entries.reverse();
    }
    Ok((entries, more))
}

/// What is compared with a place in the log, and how.
struct Places {
    column: &'static str,
    after: &'static str,
    before: &'static str,
    /// What is done to the place.
    rest: &'static str,
}

const OFFSETS: Places = Places { column: "offset", after: " > ", before: " < ", rest: "" };

/// By these nothing is looked up in an index, because of the `+`.
const OFFSETS_FOUND: Places = Places { column: "+offset", ..OFFSETS };

/// The stretches in which the places are belong to them.
const STRETCHES: Places =
    Places { column: "stretch", after: " >= ", before: " <= ", rest: " >> 8" };

/// Adds who acted, and between which places in the log the events are.
fn push_bounds(sql: &mut QueryBuilder<Sqlite>, query: &EventQuery) {
    let Some(actor) = &query.actor else { return push_places(sql, query, &OFFSETS) };
    sql.push(" AND actor = ").push_bind(actor.as_str().to_owned());
    sql.push(" AND offset >= stretch << 8 AND offset < (stretch + 1) << 8 AND actor_id = actor");
    push_places(sql, query, &STRETCHES);
    // The events are looked up by their stretch, and by no other bound, which may be far away.
    push_places(sql, query, &OFFSETS_FOUND);
}

fn push_places(sql: &mut QueryBuilder<Sqlite>, query: &EventQuery, places: &Places) {
    let Places { column, after, before, rest } = *places;
    if let Some(since) = query.since {
        sql.push(" AND ").push(column).push(after).push_bind(row::integer(since)).push(rest);
    }
    if let Some(end) = query.before {
        sql.push(" AND ").push(column).push(before).push_bind(row::integer(end)).push(rest);
    }
    // Timestamps never go back, so a moment is a place in the log, at which reading can begin.
    if let Some(from) = query.from {
        sql.push(" AND ").push(column);
        sql.push(" >= (SELECT offset FROM events WHERE timestamp >= ").push_bind(from.as_millis());
        sql.push(" ORDER BY timestamp, offset LIMIT 1)").push(rest);
    }
    if let Some(to) = query.to {
        sql.push(" AND ").push(column);
        sql.push(" <= (SELECT offset FROM events WHERE timestamp < ").push_bind(to.as_millis());
        sql.push(" ORDER BY timestamp DESC, offset DESC LIMIT 1)").push(rest);
    }
}

/// The offset up to which the log may go, so that at most `events` are kept and none from before
/// `oldest`.
pub(crate) async fn expired(
    connection: &mut SqliteConnection,
    events: u64,
    oldest: Timestamp,
) -> sqlx::Result<Offset> {
    let head = head(&mut *connection).await?;
    let by_count = gaps::behind_the_newest(&mut *connection, head, events).await?;
    // Timestamps never go back, so the last one that is too old is also the last offset.
    let by_age: Option<i64> = sqlx::query_scalar(
        "SELECT offset FROM events WHERE timestamp < ?1 \
         ORDER BY timestamp DESC, offset DESC LIMIT 1",
    )
    .bind(oldest.as_millis())
    .fetch_optional(connection)
    .await?;
    Ok(by_count.max(by_age.and_then(|offset| Offset::try_from(offset).ok()).unwrap_or(0)))
}

/// Forgets the events up to that offset, at most `limit` of them; how many they were.
pub(crate) async fn forget(
    connection: &mut SqliteConnection,
    upto: Offset,
    limit: u32,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM events WHERE offset IN \
         (SELECT offset FROM events WHERE offset <= ?1 ORDER BY offset LIMIT ?2)",
    )
    .bind(row::integer(upto))
    .bind(limit)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM actor_stretches \
         WHERE stretch < coalesce((SELECT min(offset) FROM events), ?1 + 1) >> 8",
    )
    .bind(row::integer(upto))
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

fn seen_because(found: &SqliteRow, viewer: &Principal) -> sqlx::Result<SeenBecause> {
    if !found.try_get::<bool, _>("private")? {
        return Ok(SeenBecause::Open);
    }
    let id: Option<&str> = found.try_get("subject")?;
    let kind: Option<&str> = found.try_get("subject_kind")?;
    let is_subject = id == Some(viewer.id.as_str()) && kind == Some(viewer.kind.as_str());
    Ok(if is_subject { SeenBecause::Left } else { SeenBecause::Participant })
}

fn topic(found: &SqliteRow) -> sqlx::Result<Option<Topic>> {
    let Some(kind) = found.try_get::<Option<&str>, _>("kind")? else { return Ok(None) };
    let entity: &str = found.try_get("entity")?;
    let topic = kind.parse().ok().and_then(|kind| Topic::of(kind, entity).ok());
    topic.map(Some).ok_or_else(|| sqlx::Error::Decode("a topic that is none".into()))
}

fn entry(found: &SqliteRow) -> sqlx::Result<LogEntry> {
    Ok(LogEntry {
        offset: row::number(found, "offset")?,
        event: found.try_get("event")?,
        payload: row::json(found, "payload")?,
        topic: topic(found)?,
        actor_id: row::text(found, "actor_id")?,
        actor_kind: row::text(found, "actor_kind")?,
        timestamp: row::moment(found, "timestamp")?,
    })
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::id::PrincipalKind;
    use sqlx::Connection;

    use super::*;
    use crate::store::database::MIGRATIONS;

    /// A log in which two act all the time and one seldom, and some offsets are skipped.
    async fn log() -> SqliteConnection {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut connection).await.unwrap();
        let event = |n: u64| New {
            offset: if n > 700 { n + 5000 } else { n },
            name: "agent:updated",
            kind: Some("agent"),
            entity: Some("ada".to_owned()),
            payload: "{}".to_owned(),
            actor: Principal {
                id: match n {
                    n if n % 400 == 0 => "seldom",
                    n if n % 2 == 0 => "ada",
                    _ => "bob",
                }
                .parse()
                .unwrap(),
                kind: PrincipalKind::Agent,
            },
            timestamp: Timestamp::from_millis(n as i64),
            private: false,
            subject: None,
        };
        let mut actors = Actors::default();
        for first in (0..1500).step_by(50) {
            let mut batch = Batch::default();
            let events: Vec<_> = (first + 1..=first + 50).map(event).collect();
            insert(&mut batch, events.into_iter(), &mut actors);
            batch.run(&mut connection).await.unwrap();
        }
        connection
    }

    /// The offsets of all that somebody did, read page by page.
    async fn deeds(log: &mut SqliteConnection, actor: &str, goes_back: bool) -> Vec<Offset> {
        let mut query =
            EventQuery { limit: 100, actor: actor.parse().ok(), ..EventQuery::default() };
        query.before = goes_back.then_some(1 << 40);
        let mut found = Vec::new();
        loop {
            let (page, more) = list(log, &query, &Principal::local()).await.unwrap();
            let offsets = page.iter().map(|entry| entry.offset);
            match goes_back {
                true => drop(found.splice(..0, offsets)),
                false => found.extend(offsets),
            }
            if !more {
                return found;
            }
            query.before = goes_back.then(|| found[0]);
            query.since = (!goes_back).then(|| found[found.len() - 1]);
        }
    }

    async fn offsets(log: &mut SqliteConnection, sql: &'static str, of: &str) -> Vec<Offset> {
        let found: Vec<i64> = sqlx::query_scalar(sql).bind(of).fetch_all(log).await.unwrap();
        found.into_iter().map(|offset| offset.try_into().unwrap()).collect()
    }

    #[tokio::test]
    async fn what_somebody_did_is_found_through_their_stretches() {
        let mut log = log().await;
        for forgotten in [0, 300, 5900, 9000] {
            forget(&mut log, forgotten, 2000).await.unwrap();
            for actor in ["ada", "bob", "seldom", "nobody"] {
                let all = "SELECT offset FROM events WHERE actor_id = ?1 ORDER BY offset";
                let expected = offsets(&mut log, all, actor).await;
                for goes_back in [false, true] {
                    assert_eq!(deeds(&mut log, actor, goes_back).await, expected, "{actor}");
                }
                let stretches = "SELECT stretch FROM actor_stretches WHERE actor = ?1";
                let kept = offsets(&mut log, stretches, actor).await;
                assert!(kept.iter().all(|stretch| *stretch >= forgotten >> 8), "{kept:?}");
            }
        }
        let rest = "SELECT count(*) FROM actor_stretches WHERE actor <> ?1";
        assert_eq!(offsets(&mut log, rest, "").await, [0]);
    }
}
