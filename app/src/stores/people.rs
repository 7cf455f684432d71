//! The agents by their ids: what those are called, and what they do, whom a chat only knows by id.

use std::collections::BTreeMap;

use colloquy_protocol::{
    event::ServerEvent,
    frame::EventFrame,
    id::{AgentId, PrincipalId, PrincipalKind},
    model::{Agent, AgentStatus, Page},
    topic::{Kind, Topic},
};
use leptos::prelude::*;

use super::live::{Effect, Live};
use crate::{
    api::{ApiError, Loaded, get, with_query},
    session::{CurrentSession, use_session},
};

/// How many agents are read; of others, only those that change later are known.
const LIMIT: &str = "200";

/// The agents, following live events, and who looks at them.
#[derive(Debug, Clone, Copy)]
pub struct People(Live<Known>, CurrentSession);

type Known = BTreeMap<String, Agent>;

/// What [`People`] begin with.
///
/// # Errors
/// As [`crate::api::get`].
pub async fn load_agents() -> Result<Loaded<Page<Agent>>, ApiError> {
    get(&with_query("/agents", &[("limit", Some(LIMIT)), ("sort", Some("-updatedAt"))])).await
}

impl People {
    /// Follows the agents from what was loaded on, until the component goes.
    pub fn new(loaded: Loaded<Page<Agent>>) -> Self {
        let load = async || Ok(load_agents().await?.map(by_id));
        let agents = Live::new(loaded.map(by_id), [Topic::All(Kind::Agent)], load, follow);
        Self(agents, use_session())
    }

    /// What somebody is called.
    pub fn name(self, id: &PrincipalId, kind: PrincipalKind) -> String {
        if self.1.is_me(id, kind) {
            return "You".to_owned();
        }
        let name = |known: &Known| known.get(id.as_str()).map(|agent| agent.name.clone());
        let name = if kind == PrincipalKind::Agent { self.0.value().with(name) } else { None };
        name.unwrap_or_else(|| id.to_string())
    }

    /// What an agent is doing, if it is known.
    pub fn status(self, id: &PrincipalId) -> Option<AgentStatus> {
        self.0.value().with(|known| known.get(id.as_str()).map(|agent| agent.status))
    }

    /// Every agent that is known, with its name.
    pub fn agents(self) -> Vec<(AgentId, String)> {
        let names = |known: &Known| {
            known.values().map(|agent| (agent.id.clone(), agent.name.clone())).collect()
        };
        self.0.value().with(names)
    }
}

fn by_id(page: Page<Agent>) -> Known {
    page.items.into_iter().map(|agent| (agent.id.to_string(), agent)).collect()
}

fn follow(known: &mut Known, frame: &EventFrame) -> Effect {
    use ServerEvent as Event;
    if frame.kind() != Some(Kind::Agent) {
        return Effect::None;
    }
    let Ok(event) = frame.event() else { return Effect::Stale };
    match event {
        Event::AgentCreated(p) | Event::AgentUpdated(p) | Event::AgentStatusChanged(p) => {
            known.insert(p.agent_id.to_string(), p.agent);
        }
        Event::AgentDeleted(p) => {
            known.remove(p.agent_id.as_str());
        }
        _ => return Effect::None,
    }
    Effect::Changed
}
