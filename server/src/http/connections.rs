//! `/connections`: who is connected, subscribed to what, how far behind.

use axum::extract::State;
use colloquy_protocol::{
    access::Action,
    close::CloseCode,
    id::ConnectionId,
    model::{ConnectionInfo, Page},
};

use crate::{
    access::Caller,
    error::Error,
    http::{
        answer::{Gone, Shown},
        extract::Path,
        problem::{ListProblems, Problem, ReadProblems},
    },
    hub::Hub,
    service::Seen,
};

/// List open WebSocket connections: one's own, or everybody's for those who may see them.
#[utoipa::path(
    get, path = "/connections", tag = "connections", operation_id = "listConnections",
    responses(Shown<Page<ConnectionInfo>>, ListProblems),
)]
pub(crate) async fn list(
    State(hub): State<Hub>,
    caller: Caller,
) -> Result<Shown<Page<ConnectionInfo>>, Problem> {
    caller.require(Action::Read)?;
    let position = hub.position();
    let mut items = hub.connections();
    items.retain(|one| is_visible(&caller, one));
    Ok(Shown(Seen { value: Page { items, next_cursor: None }, position }))
}

/// Read a connection.
#[utoipa::path(
    get, path = "/connections/{id}", tag = "connections", operation_id = "getConnection",
    params(("id" = ConnectionId, Path)),
    responses(Shown<ConnectionInfo>, ReadProblems),
)]
pub(crate) async fn get(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<ConnectionId>,
) -> Result<Shown<ConnectionInfo>, Problem> {
    let position = hub.position();
    let value = find(&hub, &caller, &id)?;
    Ok(Shown(Seen { value, position }))
}

/// Close a connection, with a code that says not to come back.
#[utoipa::path(
    delete, path = "/connections/{id}", tag = "connections", operation_id = "closeConnection",
    params(("id" = ConnectionId, Path)),
    responses(Gone, ReadProblems),
)]
pub(crate) async fn close(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<ConnectionId>,
) -> Result<Gone, Problem> {
    find(&hub, &caller, &id)?;
    match hub.disconnect(&id, CloseCode::ClosedByOperator) {
        true => Ok(Gone),
        false => Err(not_found(&id).into()),
    }
}

/// A connection that the caller may see; others do not exist for them.
fn find(hub: &Hub, caller: &Caller, id: &ConnectionId) -> Result<ConnectionInfo, Problem> {
    caller.require(Action::Read)?;
    let found = hub.connection(id).filter(|one| is_visible(caller, one));
    Ok(found.ok_or_else(|| not_found(id))?)
}

fn is_visible(caller: &Caller, one: &ConnectionInfo) -> bool {
    let own = one.user_id == caller.principal.id && one.user_kind == caller.principal.kind;
    own || caller.may(Action::WatchConnections)
}

fn not_found(id: &ConnectionId) -> Error {
    Error::NotFound { what: "connection", id: id.to_string() }
}
