//! What the events of the server carry.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    id::{AgentId, ChatId, CollectionId, MessageId, PrincipalId},
    model::{Agent, Chat, Collection, Message, Metadata, NotificationType, Receipt},
    time::Timestamp,
    topic::Topic,
};

/// An agent was created or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentChanged {
    /// Which.
    pub agent_id: AgentId,
    /// What it is now.
    pub agent: Agent,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// An agent is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentRemoved {
    /// Which.
    pub agent_id: AgentId,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// A chat was created or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatChanged {
    /// Which.
    pub chat_id: ChatId,
    /// What it is now.
    pub chat: Chat,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// A chat is gone, and with it its messages and their receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatRemoved {
    /// Which.
    pub chat_id: ChatId,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// Something was said in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageCreated {
    /// In which chat.
    pub chat_id: ChatId,
    /// Which message.
    pub message_id: MessageId,
    /// The message itself, so that nobody has to ask for it.
    pub message: Message,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// Somebody joined or left a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantChanged {
    /// Which chat.
    pub chat_id: ChatId,
    /// Who joined or left.
    pub participant_id: PrincipalId,
    /// What the chat is now.
    pub chat: Chat,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// Somebody received or read a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptUpdated {
    /// In which chat.
    pub chat_id: ChatId,
    /// Which message.
    pub message_id: MessageId,
    /// What is known now.
    pub receipt: Receipt,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// A collection was created or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionChanged {
    /// Which.
    pub collection_id: CollectionId,
    /// Its metadata field.
    pub metadata: Metadata,
    /// What it is now.
    pub collection: Collection,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// A collection is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionRemoved {
    /// Which.
    pub collection_id: CollectionId,
    /// Who acted.
    pub user_id: PrincipalId,
    /// When.
    pub timestamp: Timestamp,
}

/// Something that everybody should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notification {
    /// How serious it is.
    #[serde(rename = "type")]
    pub notification_type: NotificationType,
    /// For people.
    pub message: String,
    /// For programs: any JSON, `null` when there is none.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub details: Value,
    /// When.
    pub timestamp: Timestamp,
}

/// What every payload can tell.
pub(super) trait Payload {
    /// The topic of the entity that it is about; none: it goes to everybody.
    fn topic(&self) -> Option<Topic>;

    /// When it happened.
    fn timestamp(&self) -> Timestamp;
}

/// Names each payload's entity: the kind of its topic, and the field with its id.
macro_rules! payloads_about {
    ($($payload:ident => $kind:ident($id:ident);)*) => {
        $(
            impl Payload for $payload {
                fn topic(&self) -> Option<Topic> {
                    Some(Topic::$kind(self.$id.clone()))
                }

                fn timestamp(&self) -> Timestamp {
                    self.timestamp
                }
            }
        )*
    };
}

payloads_about! {
    AgentChanged => Agent(agent_id);
    AgentRemoved => Agent(agent_id);
    ChatChanged => Chat(chat_id);
    ChatRemoved => Chat(chat_id);
    MessageCreated => Chat(chat_id);
    ParticipantChanged => Chat(chat_id);
    ReceiptUpdated => Chat(chat_id);
    CollectionChanged => Collection(collection_id);
    CollectionRemoved => Collection(collection_id);
}

impl Payload for Notification {
    fn topic(&self) -> Option<Topic> {
        None
    }

    fn timestamp(&self) -> Timestamp {
        self.timestamp
    }
}
