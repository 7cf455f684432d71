//! `/chats`.

use axum::extract::State;
use colloquy_protocol::{
    id::{ChatId, PrincipalId},
    model::{Chat, Page},
    request::{ChatPatch, NewChat},
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

/// Which chats to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChatsQuery {
    /// How many at most.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// The `nextCursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// Text that the id or the title has, whatever the case of A to Z.
    #[param(nullable = false, value_type = Option<String>, max_length = 200)]
    q: Option<Search>,
    /// What to sort by; `-` in front: descending.
    #[param(nullable = false, pattern = "^-?(createdAt|updatedAt|title)$", default = "createdAt")]
    sort: Option<String>,
    /// Only those in which this agent or person is.
    #[param(nullable = false)]
    participant: Option<PrincipalId>,
}

/// List chats.
#[utoipa::path(
    get, path = "/chats", tag = "chats", operation_id = "listChats",
    params(ChatsQuery, ActingAs),
    responses(Shown<Page<Chat>>, ListProblems),
)]
pub(crate) async fn list(
    State(services): State<Services>,
    caller: Caller,
    Query(ChatsQuery { limit, cursor, q, sort, participant }): Query<ChatsQuery>,
) -> Result<Shown<Page<Chat>>, Problem> {
    let list = ListQuery { limit: limit.into(), cursor, q: q.map(Into::into), sort };
    Ok(Shown(services.chats(&caller, list, participant).await?))
}

/// Create a chat.
///
/// Its event is `chat:created`.
#[utoipa::path(
    post, path = "/chats", tag = "chats", operation_id = "createChat",
    params(Post<NewChat>), request_body = NewChat,
    responses(Created<Chat>, CreateProblems),
)]
pub(crate) async fn create(
    State(services): State<Services>,
    Post { change, body }: Post<NewChat>,
) -> Result<Created<Chat>, Problem> {
    let chat = services.create_chat(change, body).await?;
    Ok(Created { location: format!("/chats/{}", chat.id), resource: chat })
}

/// Read a chat and who is in it.
#[utoipa::path(
    get, path = "/chats/{id}", tag = "chats", operation_id = "getChat",
    params(("id" = ChatId, Path), ActingAs, IfNoneMatch),
    responses(Shown<Chat>, NotModified, ReadProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ChatId>,
) -> Result<Shown<Chat>, Problem> {
    Ok(Shown(services.chat(&caller, &id).await?))
}

/// Change a chat.
///
/// The body is a JSON merge patch. Its event is `chat:updated`, when anything changed.
#[utoipa::path(
    patch, path = "/chats/{id}", tag = "chats", operation_id = "updateChat",
    params(("id" = ChatId, Path), Change),
    request_body(content((ChatPatch = "application/merge-patch+json"), (ChatPatch = "application/json"))),
    responses(Changed<Chat>, ChangeProblems),
)]
pub(crate) async fn update(
    State(services): State<Services>,
    Path(id): Path<ChatId>,
    change: Change,
    Body(patch): Body<ChatPatch>,
) -> Result<Changed<Chat>, Problem> {
    Ok(Changed(services.update_chat(change, id, patch).await?))
}

/// Delete a chat, its messages and their receipts.
///
/// Its event is `chat:deleted`.
#[utoipa::path(
    delete, path = "/chats/{id}", tag = "chats", operation_id = "deleteChat",
    params(("id" = ChatId, Path), Change),
    responses(Gone, DeleteProblems),
)]
pub(crate) async fn delete(
    State(services): State<Services>,
    Path(id): Path<ChatId>,
    change: Change,
) -> Result<Gone, Problem> {
    services.delete_chat(change, id).await?;
    Ok(Gone)
}
