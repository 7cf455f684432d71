//! What the live page can make happen, each by one request, so that every event can be seen.

use colloquy_protocol::{
    access::Action,
    id::MessageId,
    model::{AgentStatus, NotificationType, Page},
    request::{
        AgentPatch, ChatPatch, CollectionPatch, NewAgent, NewChat, NewCollection, NewMessage,
        NewNotification, NewParticipant, StatusChange,
    },
    topic::{Kind, Topic},
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;

use super::{ApiError, RequestKey, delete, entity::path_of, get, patch, post, put};
use crate::{
    live::Websocket,
    parts::{LocalFuture, lazy_function},
};

/// What can be done, each the cause of one event.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "each is what its event says")]
pub enum Act {
    CreateAgent,
    RenameAgent,
    SetStatus(AgentStatus),
    DeleteAgent,
    OpenChat,
    RenameChat,
    PostMessage,
    Join,
    Leave,
    Receive,
    Read,
    DeleteChat,
    CreateCollection,
    RenameCollection,
    DeleteCollection,
    Notify(NotificationType),
}

/// An act, and what it is done to.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// What is to be done.
    pub act: Act,
    /// To which entity; a notification has none.
    pub topic: Option<Topic>,
    /// The name, the title or the message.
    pub text: String,
    /// Who joins or leaves.
    pub participant: Option<NewParticipant>,
}

impl Act {
    /// The event that follows.
    pub fn event(self) -> &'static str {
        match self {
            Self::CreateAgent => "agent:created",
            Self::RenameAgent => "agent:updated",
            Self::SetStatus(_) => "agent:statusChanged",
            Self::DeleteAgent => "agent:deleted",
            Self::OpenChat => "chat:created",
            Self::RenameChat => "chat:updated",
            Self::PostMessage => "chat:messageCreated",
            Self::Join => "chat:participantJoined",
            Self::Leave => "chat:participantLeft",
            Self::Receive | Self::Read => "chat:receiptUpdated",
            Self::DeleteChat => "chat:deleted",
            Self::CreateCollection => "collection:created",
            Self::RenameCollection => "collection:updated",
            Self::DeleteCollection => "collection:deleted",
            Self::Notify(_) => "system:notification",
        }
    }

    /// What one must be allowed to.
    pub fn needs(self) -> Action {
        match self {
            Self::CreateAgent => Action::CreateAgents,
            Self::RenameAgent | Self::DeleteAgent => Action::ChangeAgents,
            Self::SetStatus(_) => Action::SetStatuses,
            Self::OpenChat | Self::RenameChat | Self::DeleteChat | Self::Join => {
                Action::ChangeChats
            }
            // Oneself; for others it takes more, which the server says.
            Self::Leave => Action::LeaveChats,
            Self::PostMessage => Action::Speak,
            Self::Receive | Self::Read => Action::Acknowledge,
            Self::CreateCollection | Self::RenameCollection | Self::DeleteCollection => {
                Action::ChangeCollections
            }
            Self::Notify(_) => Action::Notify,
        }
    }

    /// The kind of the entity that begins with it.
    pub fn creates(self) -> Option<Kind> {
        match self {
            Self::CreateAgent => Some(Kind::Agent),
            Self::OpenChat => Some(Kind::Chat),
            Self::CreateCollection => Some(Kind::Collection),
            _ => None,
        }
    }

    /// Whether an entity ends with it.
    pub fn deletes(self) -> bool {
        matches!(self, Self::DeleteAgent | Self::DeleteChat | Self::DeleteCollection)
    }
}

/// [`perform`], for whoever has to load it.
pub(crate) type Perform = fn(Ask, RequestKey, Websocket) -> LocalFuture<Result<(), String>>;

lazy_function! {
    hub,
    pub(crate) fn load_perform() -> Perform =
        |ask, key, socket| Box::pin(perform(ask, key, socket))
}

/// Does what is asked for.
///
/// # Errors
/// As [`get`], in words. Whether an acknowledgement succeeded is told by
/// [`colloquy_protocol::session::Notice::Acknowledged`].
pub async fn perform(ask: Ask, key: RequestKey, socket: Websocket) -> Result<(), String> {
    send(ask, &key, socket).await.map_err(|error| error.to_string())
}

async fn send(ask: Ask, key: &RequestKey, socket: Websocket) -> Result<(), ApiError> {
    let Ask { act, topic, text, participant } = ask;
    let id = topic.as_ref().map(Topic::id).unwrap_or_default();
    let path = topic.as_ref().map(path_of).unwrap_or_default();
    match act {
        Act::CreateAgent => {
            let new = NewAgent { id: id.parse().ok(), name: text, ..NewAgent::default() };
            create("/agents", key, &new).await
        }
        Act::OpenChat => {
            let new = NewChat { id: id.parse().ok(), title: text, ..NewChat::default() };
            create("/chats", key, &new).await
        }
        Act::CreateCollection => {
            let new = NewCollection { id: id.parse().ok(), name: text, ..NewCollection::default() };
            create("/collections", key, &new).await
        }
        Act::RenameAgent => {
            change(&path, &AgentPatch { name: Some(text), ..AgentPatch::default() }).await
        }
        Act::RenameChat => {
            change(&path, &ChatPatch { title: Some(text), ..ChatPatch::default() }).await
        }
        Act::RenameCollection => {
            change(&path, &CollectionPatch { name: Some(text), ..CollectionPatch::default() }).await
        }
        Act::SetStatus(status) => {
            let status_detail = Some(text).filter(|text| !text.is_empty());
            let body = StatusChange { status, status_detail };
            put::<IgnoredAny>(&format!("{path}/status"), &body).await.map(drop)
        }
        Act::PostMessage => {
            let new = NewMessage { content: text, ..NewMessage::default() };
            create(&format!("{path}/messages"), key, &new).await
        }
        Act::Join => create(&format!("{path}/participants"), key, &participant).await,
        Act::Leave => {
            let who = participant.map(|one| one.participant_id.to_string()).unwrap_or_default();
            delete(&format!("{path}/participants/{who}")).await
        }
        Act::Receive => newest_message(&path).await.map(|id| socket.acknowledge_received(id)),
        Act::Read => newest_message(&path).await.map(|id| socket.acknowledge_read(id)),
        Act::DeleteAgent | Act::DeleteChat | Act::DeleteCollection => delete(&path).await,
        Act::Notify(notification_type) => {
            let new = NewNotification { notification_type, message: text, details: Value::Null };
            create("/notifications", key, &new).await
        }
    }
}

async fn create(path: &str, key: &RequestKey, body: &impl Serialize) -> Result<(), ApiError> {
    post::<IgnoredAny>(path, key, body).await.map(drop)
}

async fn change(path: &str, body: &impl Serialize) -> Result<(), ApiError> {
    patch::<IgnoredAny>(path, None, body).await.map(drop)
}

async fn newest_message(chat: &str) -> Result<MessageId, ApiError> {
    /// All that is needed of a message.
    #[derive(Deserialize)]
    struct Named {
        id: MessageId,
    }
    let page = get::<Page<Named>>(&format!("{chat}/messages?limit=1")).await?;
    let newest = page.value.items.into_iter().next_back().map(|message| message.id);
    newest.ok_or_else(|| ApiError::Unexpected("the chat has no message".to_owned()))
}
