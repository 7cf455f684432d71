//! The rules of agents.

use colloquy_protocol::{
    access::Action,
    id::{AgentId, Principal},
    model::{Agent, AgentStatus, Metadata, Page},
    position::Seen,
    request::{AgentPatch, NewAgent, StatusChange},
};
use futures_util::FutureExt;

use super::{
    AgentFilter, Change, ListQuery, NotificationService, Services, new_id, not_found, taken,
    valid::{Check, merge_metadata},
};
use crate::{
    access::Caller,
    error::Result,
    store::{WriteTx, agents, chats, idempotency, list::Paging, visibility},
};

impl Services {
    /// One agent.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`].
    pub async fn agent(&self, caller: &Caller, id: &AgentId) -> Result<Seen<Agent>> {
        caller.require(Action::Read)?;
        let mut snapshot = self.snapshot().await?;
        let value = agents::find(snapshot.connection(), id).await?;
        let value = value.ok_or_else(|| not_found("agent", id.as_str()))?;
        Ok(Seen { value, position: snapshot.into_position() })
    }

    /// Whether there is an agent of that id.
    ///
    /// # Errors
    /// Only the server's own.
    pub async fn agent_exists(&self, id: &AgentId) -> Result<bool> {
        let mut snapshot = self.snapshot().await?;
        Ok(agents::exists(snapshot.connection(), id.as_str()).await?)
    }

    /// A page of agents.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`] that names `sort` or `cursor`.
    pub async fn agents(
        &self,
        caller: &Caller,
        query: ListQuery,
        filter: AgentFilter,
    ) -> Result<Seen<Page<Agent>>> {
        caller.require(Action::Read)?;
        let paging = Paging::of::<Agent>(query)?;
        self.read(paging.text().map(|_| &caller.principal), move |snapshot| {
            async move {
                let (items, next_cursor) =
                    agents::list(snapshot.connection(), &paging, filter).await?;
                Ok(Page { items, next_cursor })
            }
            .boxed()
        })
        .await
    }

    /// Creates an agent, at first offline.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`]; [`crate::error::Error::Conflict`] when the id is taken.
    pub async fn create_agent(&self, change: Change, new: NewAgent) -> Result<Agent> {
        change.require(Action::CreateAgents)?;
        check(&new.name, new.description.as_deref(), &new.capabilities, &new.metadata)?;
        self.create(change, move |tx, actor| {
            async move {
                let id = match new.id {
                    Some(id) if agents::exists(tx.connection().await?, id.as_str()).await? => {
                        return Err(taken("agent"));
                    }
                    Some(id) => id,
                    None => new_id()?,
                };
                let agent = Agent {
                    id,
                    name: new.name,
                    description: new.description,
                    status: AgentStatus::Offline,
                    status_detail: None,
                    capabilities: new.capabilities,
                    metadata: new.metadata,
                    created_at: tx.now(),
                    updated_at: tx.now(),
                    version: tx.next_offset(),
                };
                agents::put(tx.connection().await?, &agent).await?;
                NotificationService::new(tx).agent_created(agent.clone(), &actor).await?;
                Ok(agent)
            }
            .boxed()
        })
        .await
    }

    /// Changes an agent's own fields (its status has a method of its own).
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`], [`crate::error::Error::PreconditionFailed`],
    /// [`crate::error::Error::Invalid`].
    pub async fn update_agent(
        &self,
        change: Change,
        id: AgentId,
        patch: AgentPatch,
    ) -> Result<Agent> {
        change.caller.require_of_agent(&id, Action::ChangeAgents)?;
        self.writer
            .write(move |tx| {
                async move {
                    let before = find(tx, &id).await?;
                    let mut agent = before.clone();
                    if let Some(name) = patch.name {
                        agent.name = name;
                    }
                    if let Some(description) = patch.description {
                        agent.description = description;
                    }
                    if let Some(capabilities) = patch.capabilities {
                        agent.capabilities = capabilities.unwrap_or_default();
                    }
                    if let Some(metadata) = patch.metadata {
                        merge_metadata(&mut agent.metadata, metadata);
                    }
                    check(
                        &agent.name,
                        agent.description.as_deref(),
                        &agent.capabilities,
                        &agent.metadata,
                    )?;
                    change.allows(before.version)?;
                    if agent == before {
                        return Ok(before);
                    }
                    stamp(tx, &mut agent);
                    agents::put(tx.connection().await?, &agent).await?;
                    NotificationService::new(tx)
                        .agent_updated(agent.clone(), &change.caller.principal)
                        .await?;
                    Ok(agent)
                }
                .boxed()
            })
            .await
    }

    /// Says what an agent is doing.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`], [`crate::error::Error::PreconditionFailed`],
    /// [`crate::error::Error::Invalid`].
    pub async fn set_agent_status(
        &self,
        change: Change,
        id: AgentId,
        to: StatusChange,
    ) -> Result<Agent> {
        change.caller.require_of_agent(&id, Action::SetStatuses)?;
        let mut checked = Check::default();
        if let Some(detail) = &to.status_detail {
            checked.at_most("statusDetail", detail, 1_000);
        }
        checked.done()?;
        self.writer
            .write(move |tx| {
                async move {
                    let mut agent = find(tx, &id).await?;
                    change.allows(agent.version)?;
                    if agent.status == to.status && agent.status_detail == to.status_detail {
                        return Ok(agent);
                    }
                    agent.status = to.status;
                    agent.status_detail = to.status_detail;
                    stamp(tx, &mut agent);
                    agents::put(tx.connection().await?, &agent).await?;
                    NotificationService::new(tx)
                        .agent_status_changed(agent.clone(), &change.caller.principal)
                        .await?;
                    Ok(agent)
                }
                .boxed()
            })
            .await
    }

    /// Deletes an agent: it leaves its chats first and its tokens are revoked, in the same
    /// transaction. Its messages and receipts stay, under its id; nothing else of it passes to an
    /// agent that gets its id later.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`], [`crate::error::Error::PreconditionFailed`].
    pub async fn delete_agent(&self, change: Change, id: AgentId) -> Result<()> {
        change.require(Action::ChangeAgents)?;
        let services = self.clone();
        self.writer
            .write(move |tx| {
                async move {
                    let agent = find(tx, &id).await?;
                    change.allows(agent.version)?;
                    let who = Principal::agent(id.clone());
                    services.shut_out(tx, who.clone()).await?;
                    let by = &change.caller.principal;
                    // For all of its chats together.
                    let mut room = chats::AT_ONCE;
                    for chat in chats::of_agent(tx.connection().await?, &who.id).await? {
                        let (who, room) = (who.clone(), &mut room);
                        super::chats::remove_participant(tx, chat, who, by, room).await?;
                    }
                    agents::delete(tx.connection().await?, &id).await?;
                    visibility::forget(tx.connection().await?, &who).await?;
                    idempotency::forget_of(tx.connection().await?, &who).await?;
                    NotificationService::new(tx).agent_deleted(id, by).await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}

async fn find(tx: &mut WriteTx, id: &AgentId) -> Result<Agent> {
    let found = agents::find(tx.connection().await?, id).await?;
    found.ok_or_else(|| not_found("agent", id.as_str()))
}

fn stamp(tx: &WriteTx, agent: &mut Agent) {
    agent.updated_at = tx.now();
    agent.version = tx.next_offset();
}

fn check(
    name: &str,
    description: Option<&str>,
    capabilities: &[String],
    metadata: &Metadata,
) -> Result<()> {
    let mut check = Check::default();
    check.text("name", name, 200);
    check.at_most("description", description.unwrap_or_default(), 10_000);
    check.capabilities(capabilities);
    check.metadata(metadata);
    check.done()
}
