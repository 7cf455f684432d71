//! `/agents`.

use axum::extract::State;
use colloquy_protocol::{
    id::AgentId,
    model::{Agent, AgentStatus, Page},
    request::{AgentPatch, NewAgent, StatusChange},
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    access::Caller,
    http::{
        answer::{Changed, Created, Gone, NotModified, Shown},
        extract::{ActingAs, Body, IfNoneMatch, Limit, Path, Post, Query, Search},
        problem::{
            ChangeProblems, CreateProblems, DeleteProblems, ListProblems, Problem, ReadProblems,
        },
    },
    service::{Change, ListQuery, Services},
};

/// Which agents to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AgentsQuery {
    /// How many at most.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// The `nextCursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// Text that the id, the name or the description has, whatever the case of A to Z.
    #[param(nullable = false, value_type = Option<String>, max_length = 200)]
    q: Option<Search>,
    /// What to sort by; `-` in front: descending.
    #[param(nullable = false, pattern = "^-?(createdAt|updatedAt|name)$", default = "createdAt")]
    sort: Option<String>,
    /// Only those with this status.
    #[param(nullable = false)]
    status: Option<AgentStatus>,
}

/// List agents.
#[utoipa::path(
    get, path = "/agents", tag = "agents", operation_id = "listAgents",
    params(AgentsQuery, ActingAs),
    responses(Shown<Page<Agent>>, ListProblems),
)]
pub(crate) async fn list(
    State(services): State<Services>,
    caller: Caller,
    Query(AgentsQuery { limit, cursor, q, sort, status }): Query<AgentsQuery>,
) -> Result<Shown<Page<Agent>>, Problem> {
    let list = ListQuery { limit: limit.into(), cursor, q: q.map(Into::into), sort };
    Ok(Shown(services.agents(&caller, list, status).await?))
}

/// Create an agent.
///
/// It is `offline` until it says what it does. Its event is `agent:created`.
#[utoipa::path(
    post, path = "/agents", tag = "agents", operation_id = "createAgent",
    params(Post<NewAgent>), request_body = NewAgent,
    responses(Created<Agent>, CreateProblems),
)]
pub(crate) async fn create(
    State(services): State<Services>,
    Post { change, body }: Post<NewAgent>,
) -> Result<Created<Agent>, Problem> {
    let agent = services.create_agent(change, body).await?;
    Ok(Created { location: format!("/agents/{}", agent.id), resource: agent })
}

/// Read an agent.
#[utoipa::path(
    get, path = "/agents/{id}", tag = "agents", operation_id = "getAgent",
    params(("id" = AgentId, Path), ActingAs, IfNoneMatch),
    responses(Shown<Agent>, NotModified, ReadProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<AgentId>,
) -> Result<Shown<Agent>, Problem> {
    Ok(Shown(services.agent(&caller, &id).await?))
}

/// Change an agent.
///
/// The body is a JSON merge patch. Its event is `agent:updated`, when anything changed.
#[utoipa::path(
    patch, path = "/agents/{id}", tag = "agents", operation_id = "updateAgent",
    params(("id" = AgentId, Path), Change),
    request_body(content((AgentPatch = "application/merge-patch+json"), (AgentPatch = "application/json"))),
    responses(Changed<Agent>, ChangeProblems),
)]
pub(crate) async fn update(
    State(services): State<Services>,
    Path(id): Path<AgentId>,
    change: Change,
    Body(patch): Body<AgentPatch>,
) -> Result<Changed<Agent>, Problem> {
    Ok(Changed(services.update_agent(change, id, patch).await?))
}

/// Say what an agent is doing.
///
/// Its event is `agent:statusChanged`, when anything changed.
#[utoipa::path(
    put, path = "/agents/{id}/status", tag = "agents", operation_id = "setAgentStatus",
    params(("id" = AgentId, Path), Change), request_body = StatusChange,
    responses(Changed<Agent>, ChangeProblems),
)]
pub(crate) async fn set_status(
    State(services): State<Services>,
    Path(id): Path<AgentId>,
    change: Change,
    Body(status): Body<StatusChange>,
) -> Result<Changed<Agent>, Problem> {
    Ok(Changed(services.set_agent_status(change, id, status).await?))
}

/// Delete an agent.
///
/// It leaves its chats first (`chat:participantLeft` for each; a private chat in which it was the
/// last is deleted), its tokens are revoked, and then there is `agent:deleted`. Its messages stay.
#[utoipa::path(
    delete, path = "/agents/{id}", tag = "agents", operation_id = "deleteAgent",
    params(("id" = AgentId, Path), Change),
    responses(Gone, DeleteProblems),
)]
pub(crate) async fn delete(
    State(services): State<Services>,
    Path(id): Path<AgentId>,
    change: Change,
) -> Result<Gone, Problem> {
    services.delete_agent(change, id).await?;
    Ok(Gone)
}
