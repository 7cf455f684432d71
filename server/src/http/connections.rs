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
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    access::Caller,
    error::Error,
    http::{
        answer::{Gone, Shown},
        extract::{ActingAs, Limit, Path, Query, Search},
        problem::{ListProblems, Problem, ReadProblems},
    },
    hub::{Hub, Visitor},
    service::Services,
    store::list::page_of,
};

/// Which connections to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConnectionsQuery {
    /// How many at most.
    #[serde(default = "Limit::most")]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 200)]
    limit: Limit,
    /// The `nextCursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<ConnectionId>,
    /// Text that the connection's id, its user's id or name, the address or the user agent has, whatever
    /// the case of A to Z.
    #[param(nullable = false, value_type = Option<String>, max_length = 200)]
    q: Option<Search>,
    /// Only those that are at least so many events behind.
    #[serde(default)]
    behind: u64,
}

/// List open WebSocket connections: one's own, or everybody's for those who may see them.
///
/// The oldest come first. Of other people's, those subscriptions to a chat are left out whose chat one
/// does not see, or which does not exist.
#[utoipa::path(
    get, path = "/connections", tag = "connections", operation_id = "listConnections",
    params(ConnectionsQuery, ActingAs),
    responses(Shown<Page<ConnectionInfo>>, ListProblems),
)]
pub(crate) async fn list(
    State(hub): State<Hub>,
    State(services): State<Services>,
    caller: Caller,
    Query(ConnectionsQuery { limit, cursor, q, behind }): Query<ConnectionsQuery>,
) -> Result<Shown<Page<ConnectionInfo>>, Problem> {
    caller.require(Action::Read)?;
    let position = hub.position();
    let wanted = match q {
        None => None,
        Some(Search(text)) => {
            let names = services.names_of(hub.principals()).await?;
            Some((text.to_ascii_lowercase(), names))
        }
    };
    let is_wanted = |visitor: &Visitor| {
        let who = &visitor.caller.principal;
        sees(&caller, &who.id, who.kind)
            && cursor.as_ref().is_none_or(|last| visitor.id > *last)
            && wanted.as_ref().is_none_or(|(text, names)| has(visitor, names.get(who), text))
    };
    let found = stream::iter(hub.connections(behind, is_wanted).map(Ok::<_, Problem>));
    let (mut items, more) = page_of(found, limit.into()).await?;
    let last = items.last().filter(|_| more);
    let next_cursor = last.map(|last| last.id.to_string());
    hide_chats(&services, &caller, &mut items).await?;
    Ok(Shown(Seen { value: Page { items, next_cursor }, position }))
}

/// Whether what is told of a connection has that text, which has no capitals, or its user's name has it.
fn has(visitor: &Visitor, name: Option<&String>, text: &str) -> bool {
    let told = [visitor.id.as_str(), visitor.caller.principal.id.as_str(), &visitor.address];
    let more = [visitor.user_agent.as_ref(), name].into_iter().flatten().map(String::as_str);
    told.into_iter().chain(more).any(|one| one.to_ascii_lowercase().contains(text))
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
