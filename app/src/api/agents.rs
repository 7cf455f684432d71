//! `/agents`.

use colloquy_protocol::{
    event::ServerEvent,
    frame::EventFrame,
    id::AgentId,
    model::Agent,
    position::Offset,
    request::{NewAgent, StatusChange},
    time::Timestamp,
    topic::{Kind, Topic},
};

use super::{
    ApiError, RequestKey,
    entity::{Change, Entity, Fields, Followed},
    post, put,
};

impl Entity for Agent {
    const KIND: Kind = Kind::Agent;

    fn topic(&self) -> Topic {
        Topic::Agent(self.id.clone())
    }

    fn fields(&self) -> Fields {
        Fields {
            name: self.name.clone(),
            description: self.description.clone(),
            capabilities: Some(self.capabilities.clone()),
            metadata: self.metadata.clone(),
        }
    }

    fn version(&self) -> Offset {
        self.version
    }
}

impl Followed for Agent {
    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn change(frame: &EventFrame) -> Option<Change<Self>> {
        use ServerEvent as Event;
        match frame.event().ok()? {
            Event::AgentCreated(p) | Event::AgentUpdated(p) | Event::AgentStatusChanged(p) => {
                Some(Change::Now(p.agent))
            }
            Event::AgentDeleted(p) => Some(Change::Gone(Topic::Agent(p.agent_id))),
            _ => None,
        }
    }
}

/// Creates an agent and returns it.
///
/// # Errors
/// As [`super::get`].
pub async fn create(key: &RequestKey, agent: &NewAgent) -> Result<Agent, ApiError> {
    post("/agents", key, agent).await
}

/// Says what an agent is doing.
///
/// # Errors
/// As [`super::get`].
pub async fn set_status(id: &AgentId, status: &StatusChange) -> Result<Agent, ApiError> {
    put(&format!("/agents/{id}/status"), status).await
}
