//! The rules of chats and of who is in them.

use std::collections::HashSet;

use colloquy_protocol::{
    access::Action,
    id::{ChatId, Principal, PrincipalId, PrincipalKind},
    model::{Chat, Metadata, Page, Participant},
    position::Seen,
    request::{ChatPatch, NewChat, NewParticipant},
};
use futures_util::FutureExt;
use sqlx::SqliteConnection;

use super::{
    Change, ListQuery, NotificationService, Services, new_id, not_found,
    valid::{Check, MAX_PARTICIPANTS, merge_metadata},
};
use crate::{
    access::Caller,
    error::{Error, Result},
    store::{WriteTx, agents, chats, list::Paging, people, visibility},
};

/// What is said to whoever wants the id of a chat whose messages are still being removed.
/// What is said of a chat's id that cannot be used now.
const TAKEN: &str = "there is another chat with this id, or a large one was just deleted and is still being \
                     emptied";

impl Services {
    /// One chat.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn chat(&self, caller: &Caller, id: &ChatId) -> Result<Seen<Chat>> {
        caller.require(Action::Read)?;
        let mut snapshot = self.snapshot().await?;
        let value = chats::find(snapshot.connection(), id, &caller.principal).await?;
        let value = value.ok_or_else(|| not_found("chat", id.as_str()))?;
        Ok(Seen { value, position: snapshot.into_position() })
    }

    /// A page of chats, perhaps only those that somebody is in.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names `sort` or `cursor`.
    pub async fn chats(
        &self,
        caller: &Caller,
        query: ListQuery,
        participant: Option<PrincipalId>,
    ) -> Result<Seen<Page<Chat>>> {
        caller.require(Action::Read)?;
        let paging = Paging::of::<Chat>(query)?;
        let viewer = caller.principal.clone();
        self.read(paging.text().map(|_| &caller.principal), move |snapshot| {
            async move {
                let connection = snapshot.connection();
                let (items, next_cursor) =
                    chats::list(connection, &paging, participant.as_ref(), &viewer).await?;
                Ok(Page { items, next_cursor })
            }
            .boxed()
        })
        .await
    }

    /// Which of these chats exist for the caller.
    ///
    /// # Errors
    /// Only the server's own.
    pub async fn seen_chats(
        &self,
        caller: &Caller,
        chats: impl IntoIterator<Item = &ChatId> + Send,
    ) -> Result<HashSet<ChatId>> {
        let mut snapshot = self.snapshot().await?;
        Ok(visibility::seen_chats(snapshot.connection(), chats, &caller.principal).await?)
    }

    /// Who is in a chat, all of them.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn participants(
        &self,
        caller: &Caller,
        id: &ChatId,
    ) -> Result<Seen<Page<Participant>>> {
        let Seen { value, position } = self.chat(caller, id).await?;
        Ok(Seen { value: Page { items: value.participants, next_cursor: None }, position })
    }

    /// One of those who are in a chat.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn participant(
        &self,
        caller: &Caller,
        id: &ChatId,
        who: PrincipalId,
    ) -> Result<Seen<Participant>> {
        let Seen { value, position } = self.chat(caller, id).await?;
        let found = value.participants.into_iter().find(|one| one.participant_id == who);
        Ok(Seen { value: found.ok_or_else(|| not_found("participant", who))?, position })
    }

    /// Creates a chat, perhaps with participants: one event tells of all of them. Who creates a
    /// private chat is in it.
    ///
    /// # Errors
    /// [`Error::Invalid`]; [`Error::Conflict`] when the id is taken.
    pub async fn create_chat(&self, change: Change, new: NewChat) -> Result<Chat> {
        change.require(Action::ChangeChats)?;
        check(&new.title, &new.metadata)?;
        let creator = (!new.visibility.is_open()).then(|| change.caller.principal.clone());
        let creator = creator.filter(|who| !new.participants.iter().any(|one| is(one, who)));
        check_new_participants(&new.participants, creator.as_ref())?;
        let services = self.clone();
        self.create(change, move |tx, actor| {
            async move {
                let id = match new.id {
                    // Which of the two it is, not everybody may know.
                    Some(id)
                        if chats::exists(tx.connection().await?, &id).await?
                            || chats::is_being_emptied(tx.connection().await?, &id).await? =>
                    {
                        return Err(Error::conflict("id", TAKEN));
                    }
                    Some(id) => id,
                    None => new_id()?,
                };
                let joined_at = tx.now();
                let mut chat = Chat {
                    id,
                    title: new.title,
                    visibility: new.visibility,
                    participants: Vec::new(),
                    metadata: new.metadata,
                    created_at: tx.now(),
                    updated_at: tx.now(),
                    version: tx.next_offset(),
                };
                chats::put(tx.connection().await?, &chat).await?;
                if let Some(who) = &creator
                    && who.kind == PrincipalKind::Agent
                    && !agents::exists(tx.connection().await?, who.id.as_str()).await?
                {
                    // It was deleted since it asked; whoever gets its id is not to be in the chat.
                    return Err(not_found("agent", who.id.clone()));
                }
                for (index, who) in new.participants.iter().enumerate() {
                    let field = format!("participants[{index}].participantId");
                    services.require_somebody(tx.connection().await?, who, &field).await?;
                }
                let creator = creator.map(|who| (who.id, who.kind));
                let others = new.participants.into_iter().map(|who| (who.participant_id, who.kind));
                for (participant_id, kind) in creator.into_iter().chain(others) {
                    let who = Participant { participant_id, kind, joined_at };
                    chats::join(tx.connection().await?, &chat.id, &who).await?;
                    chat.participants.push(who);
                }
                NotificationService::new(tx).chat_created(chat.clone(), &actor).await?;
                Ok(chat)
            }
            .boxed()
        })
        .await
    }

    /// Changes a chat's own fields.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::PreconditionFailed`], [`Error::Invalid`].
    pub async fn update_chat(&self, change: Change, id: ChatId, patch: ChatPatch) -> Result<Chat> {
        change.require(Action::ChangeChats)?;
        self.writer
            .write(move |tx| {
                async move {
                    let before = find(tx, &id, &change.caller.principal).await?;
                    let mut chat = before.clone();
                    if let Some(title) = patch.title {
                        chat.title = title;
                    }
                    if let Some(metadata) = patch.metadata {
                        merge_metadata(&mut chat.metadata, metadata);
                    }
                    check(&chat.title, &chat.metadata)?;
                    change.allows(before.version)?;
                    if chat == before {
                        return Ok(before);
                    }
                    stamp(tx, &mut chat);
                    chats::put(tx.connection().await?, &chat).await?;
                    NotificationService::new(tx)
                        .chat_updated(chat.clone(), &change.caller.principal)
                        .await?;
                    Ok(chat)
                }
                .boxed()
            })
            .await
    }

    /// Deletes a chat, and with it its messages and receipts.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::PreconditionFailed`].
    pub async fn delete_chat(&self, change: Change, id: ChatId) -> Result<()> {
        change.require(Action::ChangeChats)?;
        self.writer
            .write(move |tx| {
                async move {
                    let by = &change.caller.principal;
                    change.allows(find(tx, &id, by).await?.version)?;
                    let mut room = chats::AT_ONCE;
                    delete(tx, id, by, &mut room).await
                }
                .boxed()
            })
            .await
    }

    /// Puts somebody into a chat.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the chat; [`Error::PreconditionFailed`]; [`Error::Conflict`] when
    /// they are in it already or it is full; [`Error::Invalid`] when nobody has that id.
    pub async fn join_chat(
        &self,
        change: Change,
        id: ChatId,
        new: NewParticipant,
    ) -> Result<Participant> {
        change.require(Action::ChangeChats)?;
        let if_match = Change { idempotency: None, ..change.clone() };
        let services = self.clone();
        self.create(change, move |tx, actor| {
            async move {
                let mut chat = find(tx, &id, &actor).await?;
                if_match.allows(chat.version)?;
                services.require_somebody(tx.connection().await?, &new, "participantId").await?;
                if chat.participants.iter().any(|who| who.participant_id == new.participant_id) {
                    return Err(Error::conflict("participantId", "is in the chat already"));
                }
                if chat.participants.len() >= MAX_PARTICIPANTS {
                    let full = format!("the chat has {MAX_PARTICIPANTS} participants, the most");
                    return Err(Error::conflict("participantId", full));
                }
                let who = Participant {
                    participant_id: new.participant_id,
                    kind: new.kind,
                    joined_at: tx.now(),
                };
                chats::join(tx.connection().await?, &id, &who).await?;
                chat.participants.push(who.clone());
                stamp(tx, &mut chat);
                chats::put(tx.connection().await?, &chat).await?;
                NotificationService::new(tx)
                    .chat_participant_joined(chat, principal(&who), &actor)
                    .await?;
                Ok(who)
            }
            .boxed()
        })
        .await
    }

    /// Takes somebody out of a chat. A private one is deleted with the last of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the chat or the participant; [`Error::PreconditionFailed`].
    pub async fn leave_chat(&self, change: Change, id: ChatId, who: PrincipalId) -> Result<()> {
        let action = |itself| if itself { Action::LeaveChats } else { Action::ChangeChats };
        change.require(action(change.caller.principal.id == who))?;
        self.writer
            .write(move |tx| {
                async move {
                    let by = &change.caller.principal;
                    let chat = find(tx, &id, by).await?;
                    change.allows(chat.version)?;
                    let Some(who) = chat.participants.iter().find(|one| one.participant_id == who)
                    else {
                        return Err(not_found("participant", who));
                    };
                    let who = principal(who);
                    // Who leaves may be an agent with the id of the person that asks.
                    change.require(action(who == *by))?;
                    let mut room = chats::AT_ONCE;
                    remove_participant(tx, chat, who, by, &mut room).await
                }
                .boxed()
            })
            .await
    }

    /// Who joins must be an agent, or a person who may sign in. In local mode nobody has an
    /// identity, so any person is somebody.
    async fn require_somebody(
        &self,
        connection: &mut SqliteConnection,
        who: &NewParticipant,
        field: &str,
    ) -> Result<()> {
        let id = who.participant_id.as_str();
        let (exists, message) = match who.kind {
            PrincipalKind::Agent => {
                (agents::exists(connection, id).await?, "there is no agent with this id")
            }
            PrincipalKind::User => (
                self.mode.is_local() || people::may_come_in(connection, id).await?,
                "there is no person with this id who may sign in",
            ),
        };
        if exists { Ok(()) } else { Err(Error::invalid(field, message)) }
    }
}

/// Takes somebody who is in the chat out of it. A private chat that everybody left would be nobody's
/// for ever, so it is deleted with the last of them, and of its messages as many at once as there is `room`
/// for.
pub(super) async fn remove_participant(
    tx: &mut WriteTx,
    mut chat: Chat,
    who: Principal,
    by: &Principal,
    room: &mut u32,
) -> Result<()> {
    chats::leave(tx.connection().await?, &chat.id, &who.id).await?;
    chat.participants.retain(|one| one.participant_id != who.id);
    stamp(tx, &mut chat);
    chats::put(tx.connection().await?, &chat).await?;
    let id = chat.id.clone();
    let is_nobodys = !chat.visibility.is_open() && chat.participants.is_empty();
    NotificationService::new(tx).chat_participant_left(chat, who, by).await?;
    if is_nobodys { delete(tx, id, by, room).await } else { Ok(()) }
}

async fn delete(tx: &mut WriteTx, id: ChatId, by: &Principal, room: &mut u32) -> Result<()> {
    let died = NotificationService::new(tx).chat_deleted(id.clone(), by).await?;
    Ok(chats::delete(tx.connection().await?, &id, died, room).await?)
}

/// The chat, if it exists for who asks.
async fn find(tx: &mut WriteTx, id: &ChatId, by: &Principal) -> Result<Chat> {
    let found = chats::find(tx.connection().await?, id, by).await?;
    found.ok_or_else(|| not_found("chat", id.as_str()))
}

fn principal(who: &Participant) -> Principal {
    Principal { id: who.participant_id.clone(), kind: who.kind }
}

fn is(one: &NewParticipant, who: &Principal) -> bool {
    one.participant_id == who.id && one.kind == who.kind
}

fn stamp(tx: &WriteTx, chat: &mut Chat) {
    chat.updated_at = tx.now();
    chat.version = tx.next_offset();
}

fn check(title: &str, metadata: &Metadata) -> Result<()> {
    let mut check = Check::default();
    check.text("title", title, 200);
    check.metadata(metadata);
    check.done()
}

/// `creator` is in the chat beside those who are named.
fn check_new_participants(new: &[NewParticipant], creator: Option<&Principal>) -> Result<()> {
    let mut check = Check::default();
    let mut seen: HashSet<&PrincipalId> = creator.map(|who| &who.id).into_iter().collect();
    let most = MAX_PARTICIPANTS - seen.len();
    if new.len() > most {
        check.fail("participants", format!("must have at most {most} items"));
    }
    for (index, who) in new.iter().enumerate() {
        if !seen.insert(&who.participant_id) {
            check.fail(format!("participants[{index}].participantId"), "is there twice");
        }
    }
    check.done()
}
