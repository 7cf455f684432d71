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
    store::{Snapshot, agents, list, messages, receipts, search, visibility},
};

/// Of how many messages the receipts are read at once: each may have as many as the chat has participants.
const ACKNOWLEDGED_AT_ONCE: usize = 50;

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
        self.read(query.q.as_ref().map(|_| &caller.principal), move |snapshot| {
            async move { page(snapshot, &viewer, &chat, &query).await }.boxed()
        })
        .await
    }

    /// The receipts of the messages that [`Services::messages`] gives for the same query, in the
    /// order of the messages, and the `nextCursor` of that page; when they are too many for a page, those
    /// of some of the messages, and the `nextCursor` of these.
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
        self.read(query.q.as_ref().map(|_| &caller.principal), move |snapshot| {
            async move {
                let messages = page(snapshot, &viewer, &chat, &query).await?;
                receipts_of(snapshot, messages, query.after.is_some()).await
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
                    Some(id) if messages::is_taken(tx.connection().await?, &id).await? => {
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

/// The receipts of a page of messages, or of its first ones in the direction in which it is read.
async fn receipts_of(
    snapshot: &mut Snapshot,
    Page { items: mut messages, mut next_cursor }: Page<Message>,
    forward: bool,
) -> Result<Page<Receipt>> {
    if !forward {
        messages.reverse();
    }
    let (mut size, mut of_messages) = (0, Vec::new());
    'messages: for some in messages.chunks(ACKNOWLEDGED_AT_ONCE) {
        let ids = some.iter().map(|message| &message.id);
        let found = receipts::list(snapshot.connection(), ids).await?;
        let mut found = found.chunk_by(|one, other| one.message_id == other.message_id).peekable();
        for Message { id, .. } in some {
            let receipts = found.next_if(|of| of.iter().all(|one| one.message_id == *id));
            let receipts = receipts.unwrap_or_default();
            size += receipts.iter().map(list::bytes).sum::<usize>();
            if let (true, Some((last, _))) = (size > list::PAGE_BYTES, of_messages.last()) {
                next_cursor = Some(String::from(MessageId::clone(last)));
                break 'messages;
            }
            of_messages.push((id.clone(), receipts.to_vec()));
        }
    }
    if !forward {
        of_messages.reverse();
    }
    let items = of_messages.into_iter().flat_map(|(_, receipts)| receipts).collect();
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

#[cfg(test)]
mod tests {
    use colloquy_protocol::{request::NewChat, time::Timestamp};
    use futures_util::future::try_join_all;

    use super::*;
    use crate::{AppState, settings::Settings, store::chats};

    const READERS: usize = 400;

    #[tokio::test]
    async fn receipts_that_are_too_many_for_a_page_go_on_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        let services = AppState::open(settings).await.unwrap().services.clone();
        let caller = Caller::local();
        let by = || Change::by(caller.clone());
        let new = NewChat { title: "c".to_owned(), ..NewChat::default() };
        let chat = services.create_chat(by(), new).await.unwrap().id;
        let mut sent = Vec::new();
        for _ in 0..30 {
            let new = NewMessage { content: "Hello".to_owned(), ..NewMessage::default() };
            sent.push(services.send_message(by(), chat.clone(), new).await.unwrap().id);
        }
        // The last one has none.
        let all: Vec<_> = sent[..29].iter().flat_map(receipts_for).collect();
        let kept = all.clone();
        let put = services.writer.write(move |tx| {
            async move {
                for receipt in &kept {
                    receipts::put(tx.connection().await?, receipt).await?;
                }
                Ok(())
            }
            .boxed()
        });
        put.await.unwrap();

        for forward in [false, true] {
            let (mut found, mut pages, mut place) = (Vec::new(), 0, None);
            loop {
                let (before, after) = match (forward, place.take()) {
                    (true, None) => (None, Some(sent[0].clone())),
                    (true, place) => (None, place),
                    (false, place) => (place, None),
                };
                let query = MessageQuery { limit: 200, before, after, q: None };
                let page = services.chat_receipts(&caller, chat.clone(), query).await.unwrap();
                let Page { items, next_cursor } = page.value;
                pages += 1;
                match forward {
                    true => found.extend(items),
                    false => found = [items, found].concat(),
                }
                let Some(cursor) = next_cursor else { break };
                place = Some(cursor.parse().unwrap());
            }
            assert_eq!(pages, 3, "{forward}");
            // What comes after the first message does not have the first one's.
            assert_eq!(found, all[if forward { READERS } else { 0 }..], "{forward}");
        }
    }

    /// Nobody indexes here, so nothing is removed after the deletion.
    #[tokio::test]
    async fn what_a_large_chat_left_behind_keeps_its_id_and_no_message() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        let services = AppState::open(settings).await.unwrap().services.clone();
        let by = || Change::by(Caller::local());
        let create = async |id: &str| {
            let id = Some(id.parse::<ChatId>().unwrap());
            let new = NewChat { id, title: "c".to_owned(), ..NewChat::default() };
            services.create_chat(by(), new).await
        };
        let [large, other] = [create("large").await.unwrap().id, create("other").await.unwrap().id];
        let say = |chat: &ChatId, id: usize| {
            let id = Some(format!("m{id}").parse().unwrap());
            let new = NewMessage { id, content: "Hello".to_owned(), ..NewMessage::default() };
            services.send_message(by(), chat.clone(), new)
        };
        let many = chats::AT_ONCE as usize + 10;
        let ids = (0..many).collect::<Vec<_>>();
        for some in ids.chunks(100) {
            try_join_all(some.iter().map(|id| say(&large, *id))).await.unwrap();
        }
        services.delete_chat(by(), large.clone()).await.unwrap();

        assert!(matches!(create("large").await, Err(Error::Conflict(_))));
        say(&other, many - 1).await.unwrap();
        assert!(matches!(say(&other, many - 1).await, Err(Error::Conflict(_))));
        services.index_messages().await.unwrap();
        create("large").await.unwrap();
        let kept =
            services.messages(&Caller::local(), large, MessageQuery::default()).await.unwrap();
        assert_eq!(kept.value.items, []);
        let id = format!("m{}", many - 1).parse().unwrap();
        assert_eq!(services.message(&Caller::local(), &id).await.unwrap().value.chat_id, other);
    }

    fn receipts_for(message: &MessageId) -> impl Iterator<Item = Receipt> {
        (0..READERS).map(|number| Receipt {
            message_id: message.clone(),
            principal_id: format!("{number:064}").parse().unwrap(),
            principal_kind: PrincipalKind::Agent,
            received_at: Timestamp::from_millis(1),
            read_at: None,
        })
    }
}
