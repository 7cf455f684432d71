//! What all three agents can do.

use std::time::Duration;

use colloquy_client::{
    Client, Error,
    live::{Live, Notices},
    protocol::{
        event::{Acknowledgement, ServerEvent},
        id::{AgentId, ChatId, InvalidId, MessageId, PrincipalKind},
        model::{AgentStatus, Message},
        request::{NewMessage, NewParticipant, StatusChange},
        session::{Notice, State},
        topic::{Kind, Topic},
    },
};
use tokio::time::sleep;

use super::{cast::Clients, role::Role};

/// An agent that is registered and listens to all chats.
pub(crate) struct Actor {
    /// Which of the three.
    pub(crate) role: Role,
    /// Its id at the hub.
    pub(crate) id: AgentId,
    /// Acts as this agent.
    pub(crate) client: Client,
    live: Live,
    notices: Notices,
    /// How often it paused: no two pauses in a row are equally long.
    pauses: u64,
}

/// Why an agent plays no longer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// A request was not done.
    #[error(transparent)]
    Call(#[from] Error),
    /// What was missed while the hub was away cannot be replayed.
    #[error("the hub does not know any more what was missed")]
    Missed,
    /// The hub ended the connection for good: the agent was deleted, or an operator closed it.
    #[error("the hub ended the connection of the agent {0}")]
    ShutOut(AgentId),
    /// Nobody can act as that agent.
    #[error("nothing lets the demo act as the agent {0}")]
    Uncast(AgentId),
    /// An id of ours is none.
    #[error(transparent)]
    Id(#[from] InvalidId),
}

impl Actor {
    /// Listens, and says that it is there.
    pub(crate) async fn enter(clients: &Clients, role: Role) -> Result<Self, Ended> {
        let id = role.id()?;
        let client = clients.get(&id).cloned().ok_or_else(|| Ended::Uncast(id.clone()))?;
        let (live, notices) = client.live();
        let all_chats = Topic::All(Kind::Chat);
        live.subscribe(all_chats.clone(), None).await;
        let mut actor = Self { role, id, client, live, notices, pauses: 0 };
        while !matches!(actor.notice().await?, Notice::Subscribed { topic, .. } if topic == all_chats)
        {
        }
        actor.is(AgentStatus::Idle, "Ready").await?;
        Ok(actor)
    }

    /// What happens next in the chats.
    pub(crate) async fn hear(&mut self) -> Result<ServerEvent, Ended> {
        loop {
            if let Notice::Event(frame) = self.notice().await?
                && let Ok(event) = frame.event()
            {
                return Ok(event);
            }
        }
    }

    /// Says what it is doing.
    pub(crate) async fn is(&self, status: AgentStatus, detail: &str) -> Result<(), Ended> {
        let change = StatusChange { status, status_detail: Some(detail.to_owned()) };
        self.client.set_agent_status(&self.id, &change).await?;
        Ok(())
    }

    /// Joins a chat, unless it is in it.
    pub(crate) async fn join(&self, chat: &ChatId) -> Result<(), Ended> {
        let me =
            NewParticipant { participant_id: self.id.clone().into(), kind: PrincipalKind::Agent };
        match self.client.join_chat(chat, &me).await {
            Err(error) if error.status() == Some(CONFLICT) => {}
            joined => drop(joined?),
        }
        Ok(())
    }

    /// Says something in a chat.
    pub(crate) async fn say(
        &self,
        chat: &ChatId,
        content: String,
        reply_to: Option<MessageId>,
    ) -> Result<(), Ended> {
        self.client.send_message(chat, &NewMessage { id: None, content, reply_to }).await?;
        Ok(())
    }

    /// Takes a message in: received at once, read after a moment.
    pub(crate) async fn read(&mut self, message: &Message) {
        self.live.acknowledge(message.id.clone(), Acknowledgement::Received).await;
        sleep(Duration::from_millis(400)).await;
        self.live.acknowledge(message.id.clone(), Acknowledgement::Read).await;
    }

    /// Takes the time that a person needs to follow: 1 to 2 seconds.
    pub(crate) async fn pause(&mut self) {
        self.pauses += 1;
        sleep(Duration::from_millis(1000 + self.pauses * 370 % 1000)).await;
    }

    async fn notice(&mut self) -> Result<Notice, Ended> {
        match self.notices.recv().await {
            Some(Notice::Reload { .. }) | None => Err(Ended::Missed),
            Some(Notice::State(State::Closed(_))) => Err(Ended::ShutOut(self.id.clone())),
            Some(notice) => Ok(notice),
        }
    }
}

/// The status of a refusal: it is there already.
pub(crate) const CONFLICT: u16 = 409;
