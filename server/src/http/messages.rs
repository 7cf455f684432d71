//! `/chats/{id}/messages` and `/messages`.

use axum::extract::State;
use colloquy_protocol::{
    id::{ChatId, MessageId},
    model::{Message, Page, Receipt},
    request::NewMessage,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    access::Caller,
    http::{
        answer::{Created, Shown},
        extract::{ActingAs, Limit, Path, Post, Query, Search},
        problem::{CreateProblems, ListProblems, Problem, ReadProblems},
    },
    limits::Limits,
    service::{MessageQuery, Services},
};

/// Which messages to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessagesQuery {
    /// Only those before this message of the chat, the newest of them.
    #[param(nullable = false)]
    before: Option<MessageId>,
    /// Only those after this message of the chat, the oldest of them.
    #[param(nullable = false)]
    after: Option<MessageId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// Text that the content has, whatever the case of A to Z.
    #[param(nullable = false, value_type = Option<String>, max_length = 200)]
    q: Option<Search>,
}

/// List a chat's messages, the newest last.
///
/// A page has the newest that fit, and its `nextCursor` is the next page's `before`; with `after`
/// it has the oldest, and its `nextCursor` is the next page's `after`.
#[utoipa::path(
    get, path = "/chats/{id}/messages", tag = "messages", operation_id = "listMessages",
    params(("id" = ChatId, Path), MessagesQuery, ActingAs),
    responses(Shown<Page<Message>>, ListProblems, ReadProblems),
)]
pub(crate) async fn list(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ChatId>,
    Query(query): Query<MessagesQuery>,
) -> Result<Shown<Page<Message>>, Problem> {
    Ok(Shown(services.messages(&caller, id, query.into()).await?))
}

/// List who received and who read the messages of a page.
///
/// They are the receipts of exactly the messages that `/chats/{id}/messages` lists when it is asked
/// the same, in the order of the messages, and `nextCursor` is that of the messages, too; unless they
/// would have more than 1 MiB: then they are those of fewer messages, and `nextCursor` goes on behind
/// these.
#[utoipa::path(
    get, path = "/chats/{id}/receipts", tag = "messages", operation_id = "listChatReceipts",
    params(("id" = ChatId, Path), MessagesQuery, ActingAs),
    responses(Shown<Page<Receipt>>, ListProblems, ReadProblems),
)]
pub(crate) async fn chat_receipts(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ChatId>,
    Query(query): Query<MessagesQuery>,
) -> Result<Shown<Page<Receipt>>, Problem> {
    Ok(Shown(services.chat_receipts(&caller, id, query.into()).await?))
}

/// Say something in a chat.
///
/// Its event is `chat:messageCreated`.
#[utoipa::path(
    post, path = "/chats/{id}/messages", tag = "messages", operation_id = "sendMessage",
    params(("id" = ChatId, Path), Post<NewMessage>), request_body = NewMessage,
    responses(Created<Message>, CreateProblems, ReadProblems),
)]
pub(crate) async fn send(
    State(services): State<Services>,
    State(limits): State<Limits>,
    Path(id): Path<ChatId>,
    Post { change, body }: Post<NewMessage>,
) -> Result<Created<Message>, Problem> {
    limits.message(&change.caller)?;
    let message = services.send_message(change, id, body).await?;
    Ok(Created { location: format!("/messages/{}", message.id), resource: message })
}

/// Read a message.
#[utoipa::path(
    get, path = "/messages/{id}", tag = "messages", operation_id = "getMessage",
    params(("id" = MessageId, Path), ActingAs),
    responses(Shown<Message>, ReadProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<MessageId>,
) -> Result<Shown<Message>, Problem> {
    Ok(Shown(services.message(&caller, &id).await?))
}

/// List who received and who read a message.
#[utoipa::path(
    get, path = "/messages/{id}/receipts", tag = "messages", operation_id = "listReceipts",
    params(("id" = MessageId, Path), ActingAs),
    responses(Shown<Page<Receipt>>, ReadProblems),
)]
pub(crate) async fn receipts(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<MessageId>,
) -> Result<Shown<Page<Receipt>>, Problem> {
    Ok(Shown(services.receipts(&caller, &id).await?))
}

impl From<MessagesQuery> for MessageQuery {
    fn from(MessagesQuery { before, after, limit, q }: MessagesQuery) -> Self {
        Self { before, after, limit: limit.into(), q: q.map(Into::into) }
    }
}
