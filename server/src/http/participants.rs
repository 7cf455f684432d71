//! `/chats/{id}/participants`.

use axum::extract::State;
use colloquy_protocol::{
    id::{ChatId, PrincipalId},
    model::{Page, Participant},
    request::NewParticipant,
};

use crate::{
    access::Caller,
    http::{
        answer::{Created, Gone, Shown},
        extract::{ActingAs, IfMatch, Path, Post},
        problem::{ChangeProblems, CreateProblems, DeleteProblems, Problem, ReadProblems},
    },
    service::{Change, Services},
};

/// List who is in a chat, in the order in which they joined.
#[utoipa::path(
    get, path = "/chats/{id}/participants", tag = "chats", operation_id = "listParticipants",
    params(("id" = ChatId, Path), ActingAs),
    responses(Shown<Page<Participant>>, ReadProblems),
)]
pub(crate) async fn list(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ChatId>,
) -> Result<Shown<Page<Participant>>, Problem> {
    Ok(Shown(services.participants(&caller, &id).await?))
}

/// Let somebody join a chat.
///
/// Its event is `chat:participantJoined`. `If-Match` names versions of the chat.
#[utoipa::path(
    post, path = "/chats/{id}/participants", tag = "chats", operation_id = "joinChat",
    params(("id" = ChatId, Path), IfMatch, Post<NewParticipant>), request_body = NewParticipant,
    responses(Created<Participant>, CreateProblems, ChangeProblems),
)]
pub(crate) async fn join(
    State(services): State<Services>,
    Path(id): Path<ChatId>,
    Post { change, body }: Post<NewParticipant>,
) -> Result<Created<Participant>, Problem> {
    let participant = services.join_chat(change, id.clone(), body).await?;
    let location = format!("/chats/{id}/participants/{}", participant.participant_id);
    Ok(Created { location, resource: participant })
}

/// Get one of those who are in a chat.
#[utoipa::path(
    get, path = "/chats/{id}/participants/{participantId}", tag = "chats",
    operation_id = "getParticipant",
    params(("id" = ChatId, Path), ("participantId" = PrincipalId, Path), ActingAs),
    responses(Shown<Participant>, ReadProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    caller: Caller,
    Path((id, participant)): Path<(ChatId, PrincipalId)>,
) -> Result<Shown<Participant>, Problem> {
    Ok(Shown(services.participant(&caller, &id, participant).await?))
}

/// Let somebody leave a chat.
///
/// Its event is `chat:participantLeft`. A private chat is deleted with the last who leaves it, and
/// then there is `chat:deleted`, too. `If-Match` names versions of the chat.
#[utoipa::path(
    delete, path = "/chats/{id}/participants/{participantId}", tag = "chats",
    operation_id = "leaveChat",
    params(("id" = ChatId, Path), ("participantId" = PrincipalId, Path), Change),
    responses(Gone, DeleteProblems),
)]
pub(crate) async fn leave(
    State(services): State<Services>,
    Path((id, participant)): Path<(ChatId, PrincipalId)>,
    change: Change,
) -> Result<Gone, Problem> {
    services.leave_chat(change, id, participant).await?;
    Ok(Gone)
}
