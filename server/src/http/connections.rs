//! `/connections`: who is connected, subscribed to what, how far behind.

use axum::extract::State;
use colloquy_protocol::{
    access::Action,
    close::CloseCode,
    id::{ChatId, ConnectionId, PrincipalId, PrincipalKind},
    model::{ConnectionInfo, Page},
    position::Seen,
    topic::Topic,
};

use crate::{
    access::Caller,
    error::Error,
    http::{
        answer::{Gone, Shown},
        extract::{ActingAs, Path},
        problem::{ListProblems, Problem, ReadProblems},
    },
    hub::Hub,
    service::Services,
};

/// List open WebSocket connections: one's own, or everybody's for those who may see them.
///
/// Of other people's, those subscriptions to a chat are left out whose chat one does not see.
#[utoipa::path(
    get, path = "/connections", tag = "connections", operation_id = "listConnections",
    params(ActingAs),
    responses(Shown<Page<ConnectionInfo>>, ListProblems),
)]
pub(crate) async fn list(
    State(hub): State<Hub>,
    State(services): State<Services>,
    caller: Caller,
) -> Result<Shown<Page<ConnectionInfo>>, Problem> {
    caller.require(Action::Read)?;
    let position = hub.position();
    let mut items = hub.connections(|visitor| {
        let who = &visitor.caller.principal;
        sees(&caller, &who.id, who.kind)
    });
    hide_chats(&services, &caller, &mut items).await?;
    Ok(Shown(Seen { value: Page { items, next_cursor: None }, position }))
}

/// Read a connection.
#[utoipa::path(
    get, path = "/connections/{id}", tag = "connections", operation_id = "getConnection",
    params(("id" = ConnectionId, Path), ActingAs),
    responses(Shown<ConnectionInfo>, ReadProblems),
)]
pub(crate) async fn get(
    State(hub): State<Hub>,
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ConnectionId>,
) -> Result<Shown<ConnectionInfo>, Problem> {
    let position = hub.position();
    let mut value = find(&hub, &caller, &id)?;
    hide_chats(&services, &caller, std::slice::from_mut(&mut value)).await?;
    Ok(Shown(Seen { value, position }))
}

/// Close a connection, with a code that says not to come back.
#[utoipa::path(
    delete, path = "/connections/{id}", tag = "connections", operation_id = "closeConnection",
    params(("id" = ConnectionId, Path), ActingAs),
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
    let found = hub.connection(id).filter(|one| sees(caller, &one.user_id, one.user_kind));
    Ok(found.ok_or_else(|| not_found(id))?)
}

/// Whether the caller may see the connections of that principal.
fn sees(caller: &Caller, id: &PrincipalId, kind: PrincipalKind) -> bool {
    is_own(caller, id, kind) || caller.may(Action::WatchConnections)
}

fn is_own(caller: &Caller, id: &PrincipalId, kind: PrincipalKind) -> bool {
    *id == caller.principal.id && kind == caller.principal.kind
}

/// Takes the topics of chats that do not exist for the caller out of others' connections.
async fn hide_chats(
    services: &Services,
    caller: &Caller,
    connections: &mut [ConnectionInfo],
) -> Result<(), Problem> {
    let is_others = |one: &ConnectionInfo| !is_own(caller, &one.user_id, one.user_kind);
    let topics = connections.iter().filter(|one| is_others(one)).flat_map(|one| &one.subscriptions);
    let chats = topics.filter_map(chat_of).collect::<Vec<_>>();
    let seen = services.seen_chats(caller, chats).await?;
    for one in connections.iter_mut().filter(|one| is_others(one)) {
        one.subscriptions.retain(|topic| chat_of(topic).is_none_or(|chat| seen.contains(chat)));
    }
    Ok(())
}

fn chat_of(topic: &Topic) -> Option<&ChatId> {
    match topic {
        Topic::Chat(id) => Some(id),
        _ => None,
    }
}

fn not_found(id: &ConnectionId) -> Error {
    Error::NotFound { what: "connection", id: id.to_string() }
}
