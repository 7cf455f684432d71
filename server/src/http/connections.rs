//! `/connections`: who is connected, subscribed to what, how far behind.

use axum::extract::State;
use colloquy_protocol::{
    close::CloseCode,
    id::ConnectionId,
    model::{ConnectionInfo, Page},
};

use crate::{
    error::Error,
    http::{
        answer::{Gone, Shown},
        extract::Path,
        problem::{ListProblems, Problem, ReadProblems},
    },
    hub::Hub,
    service::Seen,
};

/// List open WebSocket connections.
#[utoipa::path(
    get, path = "/connections", tag = "connections", operation_id = "listConnections",
    responses(Shown<Page<ConnectionInfo>>, ListProblems),
)]
pub(crate) async fn list(State(hub): State<Hub>) -> Shown<Page<ConnectionInfo>> {
    let position = hub.position();
    Shown(Seen { value: Page { items: hub.connections(), next_cursor: None }, position })
}

/// Read a connection.
#[utoipa::path(
    get, path = "/connections/{id}", tag = "connections", operation_id = "getConnection",
    params(("id" = ConnectionId, Path)),
    responses(Shown<ConnectionInfo>, ReadProblems),
)]
pub(crate) async fn get(
    State(hub): State<Hub>,
    Path(id): Path<ConnectionId>,
) -> Result<Shown<ConnectionInfo>, Problem> {
    let position = hub.position();
    let value = hub.connection(&id).ok_or_else(|| not_found(&id))?;
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
    Path(id): Path<ConnectionId>,
) -> Result<Gone, Problem> {
    match hub.disconnect(&id, CloseCode::ClosedByOperator) {
        true => Ok(Gone),
        false => Err(not_found(&id).into()),
    }
}

fn not_found(id: &ConnectionId) -> Error {
    Error::NotFound { what: "connection", id: id.to_string() }
}
