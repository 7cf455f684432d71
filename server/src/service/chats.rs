//! The rules of chats and of who is in them.

use std::collections::HashSet;

use colloquy_protocol::{
    access::Action,
    id::{ChatId, Principal, PrincipalId, PrincipalKind},
    model::{Chat, Metadata, Page, Participant},
    request::{ChatPatch, NewChat, NewParticipant},
};
use futures_util::FutureExt;
use sqlx::SqliteConnection;

use super::{
    Change, ListQuery, NotificationService, Seen, Services, new_id, not_found, taken,
    valid::{Check, MAX_PARTICIPANTS, merge_metadata},
};
use crate::{
    access::Caller,
    error::{Error, Result},
    store::{WriteTx, agents, chats, list::Paging},
};

impl Services {
    /// One chat.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn chat(&self, caller: &Caller, id: &ChatId) -> Result<Seen<Chat>> {
        caller.require(Action::Read)?;
        let mut snapshot = self.snapshot().await?;
        let value = chats::find(snapshot.connection(), id).await?;
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
        let mut snapshot = self.snapshot().await?;
        let (items, next_cursor) =
            chats::list(snapshot.connection(), &paging, participant.as_ref()).await?;
        Ok(Seen { value: Page { items, next_cursor }, position: snapshot.into_position() })
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

    /// Creates a chat, perhaps with participants: one event tells of all of them.
    ///
    /// # Errors
    /// [`Error::Invalid`]; [`Error::Conflict`] when the id is taken.
    pub async fn create_chat(&self, change: Change, new: NewChat) -> Result<Chat> {
        change.require(Action::ChangeChats)?;
        check(&new.title, &new.metadata)?;
        check_new_participants(&new.participants)?;
        self.create(change, move |tx, actor| {
            async move {
                let id = match new.id {
                    Some(id) if chats::exists(tx.connection(), &id).await? => {
                        return Err(taken("chat"));
                    }
                    Some(id) => id,
                    None => new_id()?,
                };
                let joined_at = tx.now();
                let mut chat = Chat {
                    id,
                    title: new.title,
                    participants: Vec::new(),
                    metadata: new.metadata,
                    created_at: tx.now(),
                    updated_at: tx.now(),
                    version: tx.next_offset(),
                };
                chats::put(tx.connection(), &chat).await?;
                for (index, who) in new.participants.into_iter().enumerate() {
                    let field = format!("participants[{index}].participantId");
                    require_agent(tx.connection(), &who, &field).await?;
                    let who = Participant {
                        participant_id: who.participant_id,
                        kind: who.kind,
                        joined_at,
                    };
                    chats::join(tx.connection(), &chat.id, &who).await?;
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
                    let before = find(tx, &id).await?;
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
                    chats::put(tx.connection(), &chat).await?;
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
                    change.allows(find(tx, &id).await?.version)?;
                    chats::delete(tx.connection(), &id).await?;
                    NotificationService::new(tx).chat_deleted(id, &change.caller.principal).await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Puts somebody into a chat.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the chat; [`Error::PreconditionFailed`]; [`Error::Conflict`] when
    /// they are in it already; [`Error::Invalid`] when no agent has that id or the chat is full.
    pub async fn join_chat(
        &self,
        change: Change,
        id: ChatId,
        new: NewParticipant,
    ) -> Result<Participant> {
        change.require(Action::ChangeChats)?;
        let if_match = Change { idempotency: None, ..change.clone() };
        self.create(change, move |tx, actor| {
            async move {
                let mut chat = find(tx, &id).await?;
                if_match.allows(chat.version)?;
                require_agent(tx.connection(), &new, "participantId").await?;
                if chat.participants.iter().any(|who| who.participant_id == new.participant_id) {
                    return Err(Error::conflict("participantId", "is in the chat already"));
                }
                if chat.participants.len() >= MAX_PARTICIPANTS {
                    let full = format!("the chat has {MAX_PARTICIPANTS} participants, the most");
                    return Err(Error::invalid("participantId", full));
                }
                let who = Participant {
                    participant_id: new.participant_id,
                    kind: new.kind,
                    joined_at: tx.now(),
                };
                chats::join(tx.connection(), &id, &who).await?;
                chat.participants.push(who.clone());
                stamp(tx, &mut chat);
                chats::put(tx.connection(), &chat).await?;
                NotificationService::new(tx)
                    .chat_participant_joined(chat, who.participant_id.clone(), &actor)
                    .await?;
                Ok(who)
            }
            .boxed()
        })
        .await
    }

    /// Takes somebody out of a chat.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the chat or the participant; [`Error::PreconditionFailed`].
    pub async fn leave_chat(&self, change: Change, id: ChatId, who: PrincipalId) -> Result<()> {
        let leaves_itself = change.caller.principal.id == who;
        change.require(if leaves_itself { Action::LeaveChats } else { Action::ChangeChats })?;
        self.writer
            .write(move |tx| {
                async move {
                    let chat = find(tx, &id).await?;
                    change.allows(chat.version)?;
                    if !chat.participants.iter().any(|one| one.participant_id == who) {
                        return Err(not_found("participant", who));
                    }
                    remove_participant(tx, chat, &who, &change.caller.principal).await
                }
                .boxed()
            })
            .await
    }
}

/// Takes somebody who is in the chat out of it.
pub(super) async fn remove_participant(
    tx: &mut WriteTx,
    mut chat: Chat,
    who: &PrincipalId,
    by: &Principal,
) -> Result<()> {
    chats::leave(tx.connection(), &chat.id, who).await?;
    chat.participants.retain(|one| one.participant_id != *who);
    stamp(tx, &mut chat);
    chats::put(tx.connection(), &chat).await?;
    NotificationService::new(tx).chat_participant_left(chat, who.clone(), by).await?;
    Ok(())
}

async fn find(tx: &mut WriteTx, id: &ChatId) -> Result<Chat> {
    let found = chats::find(tx.connection(), id).await?;
    found.ok_or_else(|| not_found("chat", id.as_str()))
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

fn check_new_participants(new: &[NewParticipant]) -> Result<()> {
    let mut check = Check::default();
    if new.len() > MAX_PARTICIPANTS {
        check.fail("participants", format!("must have at most {MAX_PARTICIPANTS} items"));
    }
    let mut seen = HashSet::new();
    for (index, who) in new.iter().enumerate() {
        if !seen.insert(&who.participant_id) {
            check.fail(format!("participants[{index}].participantId"), "is there twice");
        }
    }
    check.done()
}

/// An agent that joins must exist; people have no identities yet (design, "Local mode").
async fn require_agent(
    connection: &mut SqliteConnection,
    who: &NewParticipant,
    field: &str,
) -> Result<()> {
    let exists = who.kind != PrincipalKind::Agent
        || agents::exists(connection, who.participant_id.as_str()).await?;
    if exists { Ok(()) } else { Err(Error::invalid(field, "there is no agent with this id")) }
}
