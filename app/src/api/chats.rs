//! `/chats`.

use colloquy_protocol::{
    id::{ChatId, PrincipalId},
    model::{Chat, Participant},
    position::Offset,
    request::{NewChat, NewParticipant},
    topic::{Kind, Topic},
};

use super::{
    ApiError, RequestKey, delete,
    entity::{Entity, Fields},
    post,
};

impl Entity for Chat {
    const KIND: Kind = Kind::Chat;
    const NAME: &'static str = "title";

    fn topic(&self) -> Topic {
        Topic::Chat(self.id.clone())
    }

    fn fields(&self) -> Fields {
        Fields { name: self.title.clone(), metadata: self.metadata.clone(), ..Fields::default() }
    }

    fn version(&self) -> Offset {
        self.version
    }
}

/// Creates a chat and returns it.
///
/// # Errors
/// As [`super::get`].
pub async fn create(key: &RequestKey, chat: &NewChat) -> Result<Chat, ApiError> {
    post("/chats", key, chat).await
}

/// Lets somebody join.
///
/// # Errors
/// As [`super::get`].
pub async fn join(
    id: &ChatId,
    key: &RequestKey,
    who: &NewParticipant,
) -> Result<Participant, ApiError> {
    post(&format!("/chats/{id}/participants"), key, who).await
}

/// Lets somebody leave.
///
/// # Errors
/// As [`super::get`].
pub async fn leave(id: &ChatId, who: &PrincipalId) -> Result<(), ApiError> {
    delete(&format!("/chats/{id}/participants/{who}")).await
}
