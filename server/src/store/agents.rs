//! Rows of agents.

use std::collections::HashMap;

use colloquy_protocol::{
    id::AgentId,
    model::{Agent, AgentStatus},
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    list::{Keys, Listed, Paging},
    row,
    search::Searched,
};
use crate::error::Result;

const SEARCHED: Searched =
    Searched { index: "agent_search", columns: &["id", "name", "description"] };

impl Listed for Agent {
    const NAME: &'static str = "name";

    fn keys(&self) -> Keys<'_> {
        Keys {
            id: self.id.as_str(),
            name: &self.name,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The agent of that id.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    id: &AgentId,
) -> sqlx::Result<Option<Agent>> {
    sqlx::query("SELECT * FROM agents WHERE id = ?1")
        .bind(id.as_str())
        .try_map(|found| agent(&found))
        .fetch_optional(connection)
        .await
}

/// Whether there is an agent of that id.
pub(crate) async fn exists(connection: &mut SqliteConnection, id: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM agents WHERE id = ?1)")
        .bind(id)
        .fetch_one(connection)
        .await
}

/// Which agents are wanted; none of both: all.
#[derive(Debug, Clone, Default)]
pub struct AgentFilter {
    /// Those with that status.
    pub status: Option<AgentStatus>,
    /// Those with one of these ids.
    pub ids: Option<Vec<AgentId>>,
}

/// One page of the agents that are wanted, and the cursor of the next.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    paging: &Paging,
    AgentFilter { status, ids }: AgentFilter,
) -> Result<(Vec<Agent>, Option<String>)> {
    let search = SEARCHED.look_up(connection, paging.text()).await?;
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM agents WHERE TRUE");
    if let Some(status) = status {
        // With a plus SQLite does not go by this condition to find the rows.
        let is_narrow = search.is_narrow() || ids.is_some();
        sql.push(if is_narrow { " AND +status = " } else { " AND status = " });
        sql.push_bind(status.as_str());
    }
    if let Some(ids) = ids {
        sql.push(" AND id IN (SELECT value FROM json_each(")
            .push_bind(serde_json::to_string(&ids)?)
            .push("))");
    }
    search.push(&mut sql);
    paging.push(&mut sql);
    paging.page(sql.build().try_map(|found| agent(&found)).fetch(connection)).await
}

/// What those agents are called that there are among these, by their ids.
pub(crate) async fn names(
    connection: &mut SqliteConnection,
    ids: &[&str],
) -> Result<HashMap<String, String>> {
    let named = "SELECT id, name FROM agents WHERE id IN (SELECT value FROM json_each(?1))";
    let names =
        sqlx::query_as(named).bind(serde_json::to_string(&ids)?).fetch_all(connection).await?;
    Ok(names.into_iter().collect())
}

/// Adds an agent, or puts it in the place of the one with its id.
pub(crate) async fn put(connection: &mut SqliteConnection, agent: &Agent) -> Result<()> {
    sqlx::query(
        "INSERT INTO agents (id, name, description, status, status_detail, capabilities, \
         metadata, created_at, updated_at, version, born) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10) \
         ON CONFLICT (id) DO UPDATE SET name = ?2, description = ?3, status = ?4, \
         status_detail = ?5, capabilities = ?6, metadata = ?7, updated_at = ?9, version = ?10",
    )
    .bind(agent.id.as_str())
    .bind(&agent.name)
    .bind(&agent.description)
    .bind(agent.status.as_str())
    .bind(&agent.status_detail)
    .bind(serde_json::to_string(&agent.capabilities)?)
    .bind(serde_json::to_string(&agent.metadata)?)
    .bind(agent.created_at.as_millis())
    .bind(agent.updated_at.as_millis())
    .bind(row::integer(agent.version))
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the agent of that id.
pub(crate) async fn delete(connection: &mut SqliteConnection, id: &AgentId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM agents WHERE id = ?1").bind(id.as_str()).execute(connection).await?;
    Ok(())
}

fn agent(found: &SqliteRow) -> sqlx::Result<Agent> {
    Ok(Agent {
        id: row::text(found, "id")?,
        name: found.try_get("name")?,
        description: found.try_get("description")?,
        status: row::text(found, "status")?,
        status_detail: found.try_get("status_detail")?,
        capabilities: row::json(found, "capabilities")?,
        metadata: row::json(found, "metadata")?,
        created_at: row::moment(found, "created_at")?,
        updated_at: row::moment(found, "updated_at")?,
        version: row::number(found, "version")?,
    })
}
