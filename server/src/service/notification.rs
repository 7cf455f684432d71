//! One typed method per server event: the only place where events are made.

use colloquy_protocol::{
    event::{
        AgentChanged, AgentRemoved, ChatChanged, ChatRemoved, CollectionChanged, CollectionRemoved,
        MessageCreated, Notification, ParticipantChanged, ReceiptUpdated, ServerEvent,
    },
    id::{AgentId, ChatId, CollectionId, Principal, PrincipalId},
    model::{Agent, Chat, Collection, Message, NotificationType, Receipt},
    position::Offset,
};
use serde_json::Value;

use crate::{
    error::Result,
    store::{WriteTx, visibility::Turn},
};

/// One method per server event (docs/protocol.md, "What the hub says").
///
/// A notification is a row of the log, written in the same transaction as what it tells about, so
/// it goes live exactly when that is durable. `by` is who acted: the event's `userId`.
///
/// It is used like this (`notify` is what a change is handed by the transaction that it runs in):
///
/// ```
/// use colloquy_protocol::{id::Principal, model::{Agent, Chat, NotificationType}};
/// use colloquy_server::{error::Result, service::NotificationService};
/// use serde_json::json;
///
/// async fn examples(
///     notify: &mut NotificationService<'_>, agent: Agent, chat: Chat, user: &Principal,
/// ) -> Result<()> {
///     // Send an agent created notification
///     notify.agent_created(agent, user).await?;
///
///     // Send a chat updated notification
///     notify.chat_updated(chat, user).await?;
///
///     // Send a system notification
///     notify
///         .send_system_notification(
///             NotificationType::Info,
///             "Collection backup completed",
///             json!({ "collectionId": "agents", "backupId": "backup-123" }),
///             user,
///         )
///         .await?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct NotificationService<'tx> {
    tx: &'tx mut WriteTx,
}

impl<'tx> NotificationService<'tx> {
    /// Notifications that belong to this transaction.
    pub(crate) fn new(tx: &'tx mut WriteTx) -> Self {
        Self { tx }
    }

    /// `agent:created`. The offset of the event.
    pub async fn agent_created(&mut self, agent: Agent, by: &Principal) -> Result<Offset> {
        let payload = self.agent_changed(agent, by);
        self.send(ServerEvent::AgentCreated(payload), by).await
    }

    /// `agent:updated`. The offset of the event.
    pub async fn agent_updated(&mut self, agent: Agent, by: &Principal) -> Result<Offset> {
        let payload = self.agent_changed(agent, by);
        self.send(ServerEvent::AgentUpdated(payload), by).await
    }

    /// `agent:statusChanged`. The offset of the event.
    pub async fn agent_status_changed(&mut self, agent: Agent, by: &Principal) -> Result<Offset> {
        let payload = self.agent_changed(agent, by);
        self.send(ServerEvent::AgentStatusChanged(payload), by).await
    }

    /// `agent:deleted`. The offset of the event.
    pub async fn agent_deleted(&mut self, agent_id: AgentId, by: &Principal) -> Result<Offset> {
        let payload = AgentRemoved { agent_id, user_id: by.id.clone(), timestamp: self.tx.now() };
        self.send(ServerEvent::AgentDeleted(payload), by).await
    }

    /// `chat:created`. The offset of the event.
    pub async fn chat_created(&mut self, chat: Chat, by: &Principal) -> Result<Offset> {
        let payload = self.chat_changed(chat, by);
        self.send(ServerEvent::ChatCreated(payload), by).await
    }

    /// `chat:updated`. The offset of the event.
    pub async fn chat_updated(&mut self, chat: Chat, by: &Principal) -> Result<Offset> {
        let payload = self.chat_changed(chat, by);
        self.send(ServerEvent::ChatUpdated(payload), by).await
    }

    /// `chat:deleted`; who sees it is read from the chat, so it is deleted after that. The offset of
    /// the event.
    pub async fn chat_deleted(&mut self, chat_id: ChatId, by: &Principal) -> Result<Offset> {
        let payload = ChatRemoved { chat_id, user_id: by.id.clone(), timestamp: self.tx.now() };
        self.send(ServerEvent::ChatDeleted(payload), by).await
    }

    /// `chat:messageCreated`. The offset of the event.
    pub async fn chat_message_created(
        &mut self,
        message: Message,
        by: &Principal,
    ) -> Result<Offset> {
        let payload = MessageCreated {
            chat_id: message.chat_id.clone(),
            message_id: message.id.clone(),
            message,
            user_id: by.id.clone(),
            timestamp: self.tx.now(),
        };
        self.send(ServerEvent::ChatMessageCreated(payload), by).await
    }

    /// `chat:participantJoined`; `chat` is the chat with them. The offset of the event.
    pub async fn chat_participant_joined(
        &mut self,
        chat: Chat,
        who: Principal,
        by: &Principal,
    ) -> Result<Offset> {
        let payload = self.participant_changed(chat, who.id.clone(), by);
        let event = ServerEvent::ChatParticipantJoined(payload);
        self.tx.append(&event, by, Some(Turn::Joined(who))).await
    }

    /// `chat:participantLeft`; `chat` is the chat without them. The offset of the event.
    pub async fn chat_participant_left(
        &mut self,
        chat: Chat,
        who: Principal,
        by: &Principal,
    ) -> Result<Offset> {
        let payload = self.participant_changed(chat, who.id.clone(), by);
        let event = ServerEvent::ChatParticipantLeft(payload);
        self.tx.append(&event, by, Some(Turn::Left(who))).await
    }

    /// `chat:receiptUpdated`. The offset of the event.
    pub async fn chat_receipt_updated(
        &mut self,
        chat_id: ChatId,
        receipt: Receipt,
        by: &Principal,
    ) -> Result<Offset> {
        let payload = ReceiptUpdated {
            chat_id,
            message_id: receipt.message_id.clone(),
            receipt,
            user_id: by.id.clone(),
            timestamp: self.tx.now(),
        };
        self.send(ServerEvent::ChatReceiptUpdated(payload), by).await
    }

    /// `collection:created`. The offset of the event.
    pub async fn collection_created(
        &mut self,
        collection: Collection,
        by: &Principal,
    ) -> Result<Offset> {
        let payload = self.collection_changed(collection, by);
        self.send(ServerEvent::CollectionCreated(payload), by).await
    }

    /// `collection:updated`. The offset of the event.
    pub async fn collection_updated(
        &mut self,
        collection: Collection,
        by: &Principal,
    ) -> Result<Offset> {
        let payload = self.collection_changed(collection, by);
        self.send(ServerEvent::CollectionUpdated(payload), by).await
    }

    /// `collection:deleted`. The offset of the event.
    pub async fn collection_deleted(
        &mut self,
        collection_id: CollectionId,
        by: &Principal,
    ) -> Result<Offset> {
        let payload =
            CollectionRemoved { collection_id, user_id: by.id.clone(), timestamp: self.tx.now() };
        self.send(ServerEvent::CollectionDeleted(payload), by).await
    }

    /// `system:notification`: goes to every ready connection. The offset of the event.
    pub async fn send_system_notification(
        &mut self,
        notification_type: NotificationType,
        message: impl Into<String>,
        details: Value,
        by: &Principal,
    ) -> Result<Offset> {
        let payload = Notification {
            notification_type,
            message: message.into(),
            details,
            timestamp: self.tx.now(),
        };
        self.send(ServerEvent::SystemNotification(payload), by).await
    }

    async fn send(&mut self, event: ServerEvent, by: &Principal) -> Result<Offset> {
        self.tx.append(&event, by, None).await
    }

    fn agent_changed(&self, agent: Agent, by: &Principal) -> AgentChanged {
        AgentChanged {
            agent_id: agent.id.clone(),
            agent,
            user_id: by.id.clone(),
            timestamp: self.tx.now(),
        }
    }

    fn chat_changed(&self, chat: Chat, by: &Principal) -> ChatChanged {
        ChatChanged {
            chat_id: chat.id.clone(),
            chat,
            user_id: by.id.clone(),
            timestamp: self.tx.now(),
        }
    }

    fn participant_changed(
        &self,
        chat: Chat,
        participant_id: PrincipalId,
        by: &Principal,
    ) -> ParticipantChanged {
        ParticipantChanged {
            chat_id: chat.id.clone(),
            participant_id,
            chat,
            user_id: by.id.clone(),
            timestamp: self.tx.now(),
        }
    }

    fn collection_changed(&self, collection: Collection, by: &Principal) -> CollectionChanged {
        CollectionChanged {
            collection_id: collection.id.clone(),
            metadata: collection.metadata.clone(),
            collection,
            user_id: by.id.clone(),
            timestamp: self.tx.now(),
        }
    }
}
