//! The rules of messages and their receipts.

use colloquy_protocol::{
    MAX_MESSAGE_CHARS,
    access::Action,
    event::Acknowledgement,
    id::{ChatId, MessageId, Principal, PrincipalKind},
    model::{Message, Page, Receipt},
    position::Seen,
    request::NewMessage,
};
use futures_util::FutureExt;
use tokio::time::{Instant, sleep};

use super::{
    Change, MessageQuery, NotificationService, Services, new_id, not_found, taken, valid::Check,
};
use crate::{
    access::Caller,
    error::{Error, Result},
    store::{Snapshot, agents, messages, receipts, search, visibility},
};

impl Services {
    /// One message.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn message(&self, caller: &Caller, id: &MessageId) -> Result<Seen<Message>> {
        caller.require(Action::Read)?;
        let mut snapshot = self.snapshot().await?;
        let value = messages::find(snapshot.connection(), id, &caller.principal).await?;
        let value = value.ok_or_else(|| not_found("message", id.as_str()))?;
        Ok(Seen { value, position: snapshot.into_position() })
    }

    /// A page of a chat's messages, newest last. `nextCursor` is the message to give as `after`
    /// when the query has an `after`, otherwise the one to give as `before`.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the chat; [`Error::Invalid`] when `before` or `after` is no message
    /// of the chat.
    pub async fn messages(
        &self,
        caller: &Caller,
        chat: ChatId,
        query: MessageQuery,
    ) -> Result<Seen<Page<Message>>> {
        caller.require(Action::Read)?;
        let viewer = caller.principal.clone();
        self.read(query.q.is_some(), move |snapshot| {
            async move { page(snapshot, &viewer, &chat, &query).await }.boxed()
        })
        .await
    }

    /// The receipts of the messages that [`Services::messages`] gives for the same query, in the
    /// order of the messages, and the `nextCursor` of that page.
    ///
    /// # Errors
    /// As [`Services::messages`].
    pub async fn chat_receipts(
        &self,
        caller: &Caller,
        chat: ChatId,
        query: MessageQuery,
    ) -> Result<Seen<Page<Receipt>>> {
        caller.require(Action::Read)?;
        let viewer = caller.principal.clone();
        self.read(query.q.is_some(), move |snapshot| {
            async move {
                let Page { items, next_cursor } = page(snapshot, &viewer, &chat, &query).await?;
                let ids = items.iter().map(|message| &message.id);
                let items = receipts::list(snapshot.connection(), ids).await?;
                Ok(Page { items, next_cursor })
            }
            .boxed()
        })
        .await
    }

    /// Says something in a chat, as the one who acts.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the chat; [`Error::Invalid`]; [`Error::Conflict`] when the id is
    /// taken.
    pub async fn send_message(
        &self,
        change: Change,
        chat_id: ChatId,
        new: NewMessage,
    ) -> Result<Message> {
        change.require(Action::Speak)?;
        let mut check = Check::default();
        check.text("content", &new.content, MAX_MESSAGE_CHARS);
        check.done()?;
        self.create(change, move |tx, actor| {
            async move {
                if !tx.sees_chat(&chat_id, &actor).await? {
                    return Err(not_found("chat", chat_id));
                }
                if let Some(answered) = &new.reply_to
                    && messages::place(tx.connection().await?, &chat_id, answered).await?.is_none()
                {
                    return Err(Error::invalid("replyTo", "there is no such message in this chat"));
                }
                let id = match new.id {
                    Some(id) if messages::exists(tx.connection().await?, &id).await? => {
                        return Err(taken("message"));
                    }
                    Some(id) => id,
                    None => new_id()?,
                };
                let message = Message {
                    id,
                    chat_id,
                    sender_id: actor.id.clone(),
                    sender_kind: actor.kind,
                    content: new.content,
                    reply_to: new.reply_to,
                    created_at: tx.now(),
                };
                let place = tx.next_offset();
                tx.insert_message(message.clone(), place);
                NotificationService::new(tx).chat_message_created(message.clone(), &actor).await?;
                Ok(message)
            }
            .boxed()
        })
        .await
    }

    /// Who received and who read a message, all of them.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn receipts(&self, caller: &Caller, id: &MessageId) -> Result<Seen<Page<Receipt>>> {
        caller.require(Action::Read)?;
        let mut snapshot = self.snapshot().await?;
        if messages::find(snapshot.connection(), id, &caller.principal).await?.is_none() {
            return Err(not_found("message", id.as_str()));
        }
        let items = receipts::list(snapshot.connection(), [id]).await?;
        let value = Page { items, next_cursor: None };
        Ok(Seen { value, position: snapshot.into_position() })
    }

    /// Stores that the one who acts received or read a message. Doing so again, or saying that a
    /// read message was received, changes nothing and is no event.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the message, or for the agent that acts: it may have been deleted
    /// since it connected.
    pub async fn acknowledge(
        &self,
        caller: Caller,
        id: MessageId,
        how: Acknowledgement,
    ) -> Result<Receipt> {
        caller.require(Action::Acknowledge)?;
        let actor = caller.principal;
        self.writer
            .write(move |tx| {
                async move {
                    let Some(message) = messages::find(tx.connection().await?, &id, &actor).await?
                    else {
                        return Err(not_found("message", id));
                    };
                    if actor.kind == PrincipalKind::Agent
                        && !agents::exists(tx.connection().await?, actor.id.as_str()).await?
                    {
                        return Err(not_found("agent", actor.id));
                    }
                    let now = tx.now();
                    let before = receipts::find(tx.connection().await?, &id, &actor).await?;
                    let mut receipt = before.clone().unwrap_or(Receipt {
                        message_id: id,
                        principal_id: actor.id.clone(),
                        principal_kind: actor.kind,
                        received_at: now,
                        read_at: None,
                    });
                    if how == Acknowledgement::Read && receipt.read_at.is_none() {
                        receipt.read_at = Some(now);
                    }
                    if before.as_ref() == Some(&receipt) {
                        return Ok(receipt);
                    }
                    receipts::put(tx.connection().await?, &receipt).await?;
                    NotificationService::new(tx)
                        .chat_receipt_updated(message.chat_id, receipt.clone(), &actor)
                        .await?;
                    Ok(receipt)
                }
                .boxed()
            })
            .await
    }

    /// Brings the index of messages up to date, and removes those of deleted chats, in portions, with
    /// room between them for changes.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn index_messages(&self) -> Result<()> {
        loop {
            let mut snapshot = self.snapshot().await?;
            let portions = search::next_portions(snapshot.connection()).await?;
            drop(snapshot);
            if portions.is_empty() {
                return Ok(());
            }
            for portion in portions {
                let begun = Instant::now();
                self.writer
                    .write(move |tx| {
                        async move { search::index(tx.connection().await?, portion).await }.boxed()
                    })
                    .await?;
                sleep(begun.elapsed()).await;
            }
        }
    }
}

async fn page(
    snapshot: &mut Snapshot,
    viewer: &Principal,
    chat: &ChatId,
    query: &MessageQuery,
) -> Result<Page<Message>> {
    if !visibility::sees_chat(snapshot.connection(), chat, viewer).await? {
        return Err(not_found("chat", chat.as_str()));
    }
    let before = place(snapshot, chat, "before", query.before.as_ref()).await?;
    let after = place(snapshot, chat, "after", query.after.as_ref()).await?;
    let (items, more) = messages::list(snapshot.connection(), chat, before, after, query).await?;
    let end = if after.is_some() { items.last() } else { items.first() };
    let next_cursor = end.filter(|_| more).map(|message| message.id.to_string());
    Ok(Page { items, next_cursor })
}

async fn place(
    snapshot: &mut Snapshot,
    chat: &ChatId,
    field: &str,
    id: Option<&MessageId>,
) -> Result<Option<u64>> {
    let Some(id) = id else { return Ok(None) };
    let place = messages::place(snapshot.connection(), chat, id).await?;
    place.map(Some).ok_or_else(|| Error::invalid(field, "there is no such message in this chat"))
}
