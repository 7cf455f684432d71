//! Counting what there is.

use colloquy_protocol::{
    id::Principal,
    model::{AgentCounts, AgentStatus, LogSpan},
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{row, visibility};

/// How much of everything the database holds for somebody.
pub(crate) struct Counts {
    pub(crate) agents: AgentCounts,
    pub(crate) chats: u64,
    pub(crate) collections: u64,
    pub(crate) messages: u64,
    pub(crate) events: LogSpan,
    pub(crate) database_bytes: u64,
}

/// Counts everything that exists for the viewer. Neither events nor messages are counted one by one. Of
/// the events' offsets only those are missing that are known to, and only the oldest are ever forgotten;
/// so they are everybody's. The messages of a chat were counted when they came into their index; those
/// that are not in it yet are few.
pub(crate) async fn count(
    connection: &mut SqliteConnection,
    viewer: &Principal,
) -> sqlx::Result<Counts> {
    let agents = agents(connection).await?;
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT count(*) AS chats, coalesce(sum(messages), 0) + (SELECT count(*) FROM messages AS new \
         JOIN chats ON chats.id = new.chat_id \
         WHERE new.seq > (SELECT seq FROM message_search_end) AND ",
    );
    visibility::push_chat(&mut sql, viewer);
    sql.push(
        ") AS messages, (SELECT count(*) FROM collections) AS collections, \
         (SELECT min(offset) FROM events) AS first, \
         (SELECT max(offset) FROM events) AS last, \
         (SELECT coalesce(sum(length), 0) FROM gaps WHERE after \
         BETWEEN (SELECT min(offset) FROM events) AND (SELECT max(offset) - 1 FROM events)) \
         AS missing, \
         (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) AS bytes \
         FROM chats WHERE ",
    );
    visibility::push_chat(&mut sql, viewer);
    sql.build()
        .try_map(|found: SqliteRow| {
            let first = row::optional_number(&found, "first")?;
            let last = row::optional_number(&found, "last")?;
            let missing: u64 = row::number(&found, "missing")?;
            let count = first.zip(last).map_or(0, |(first, last)| last - first + 1 - missing);
            Ok(Counts {
                agents,
                chats: row::number(&found, "chats")?,
                collections: row::number(&found, "collections")?,
                messages: row::number(&found, "messages")?,
                events: LogSpan { first, last, count },
                database_bytes: row::number(&found, "bytes")?,
            })
        })
        .fetch_one(connection)
        .await
}

async fn agents(connection: &mut SqliteConnection) -> sqlx::Result<AgentCounts> {
    let found = sqlx::query("SELECT status, count(*) AS agents FROM agents GROUP BY status")
        .try_map(|found: SqliteRow| {
            Ok((row::text(&found, "status")?, row::number(&found, "agents")?))
        })
        .fetch_all(connection)
        .await?;
    let mut counts = AgentCounts::default();
    for (status, agents) in found {
        counts.total += agents;
        match status {
            AgentStatus::Idle => counts.idle = agents,
            AgentStatus::Working => counts.working = agents,
            AgentStatus::Waiting => counts.waiting = agents,
            AgentStatus::Error => counts.error = agents,
            AgentStatus::Offline => counts.offline = agents,
        }
    }
    Ok(counts)
}
