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
    service::{AgentFilter, Change, ListQuery, Services},
};

/// How many agents can be asked for by their ids: as many as a page can have.
const MOST_IDS: usize = 200;

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
    /// Only those with one of these ids: at most 200, with commas between them.
    #[param(nullable = false, value_type = Option<String>)]
    ids: Option<AgentIds>,
}

/// Ids with commas between them.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct AgentIds(Vec<AgentId>);

impl TryFrom<String> for AgentIds {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let ids = text.split(',').map(str::parse).collect::<Result<Vec<_>, _>>();
        match ids {
            Ok(ids) if ids.len() <= MOST_IDS => Ok(Self(ids)),
            Ok(_) => Err(format!("expected {MOST_IDS} ids at most")),
            Err(error) => Err(error.to_string()),
        }
    }
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
    Query(AgentsQuery { limit, cursor, q, sort, status, ids }): Query<AgentsQuery>,
) -> Result<Shown<Page<Agent>>, Problem> {
    let list = ListQuery { limit: limit.into(), cursor, q: q.map(Into::into), sort };
    let filter = AgentFilter { status, ids: ids.map(|AgentIds(ids)| ids) };
    Ok(Shown(services.agents(&caller, list, filter).await?))
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
