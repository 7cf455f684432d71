//! Agents and people by their ids: what those are called, and what they do, whom a chat only knows
//! by id.

use std::collections::BTreeMap;

use colloquy_protocol::{
    account::PersonName,
    event::ServerEvent,
    frame::EventFrame,
    id::{PrincipalId, PrincipalKind},
    model::{Agent, AgentStatus, Page},
    topic::{Kind, Topic},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::live::{Effect, Live};
use crate::{
    api::{ApiError, Loaded, account, get, with_query},
    session::{CurrentSession, use_session},
};

/// How many agents are read; of others, only those that change later are known.
const LIMIT: &str = "200";

/// The agents, following live events, what people are called, and who looks at them.
#[derive(Debug, Clone, Copy)]
pub struct People(Live<Known>, CurrentSession);

/// What is known of everybody.
#[derive(Debug)]
struct Known {
    agents: BTreeMap<String, Agent>,
    names: Names,
}

/// What people are called, by their ids. No event tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names(BTreeMap<String, String>);

/// What [`People`] begin with.
///
/// # Errors
/// As [`crate::api::get`].
pub async fn load_people() -> Result<Loaded<(Page<Agent>, Names)>, ApiError> {
    let (agents, names) = (load_agents().await?, load_names().await?);
    Ok(agents.map(|agents| (agents, names)))
}

/// What people are called.
///
/// # Errors
/// As [`crate::api::get`].
pub async fn load_names() -> Result<Names, ApiError> {
    let name = |one: PersonName| (one.id.to_string(), one.name);
    Ok(Names(account::names().await?.into_iter().map(name).collect()))
}

/// The agents that changed last.
///
/// # Errors
/// As [`crate::api::get`].
pub async fn load_agents() -> Result<Loaded<Page<Agent>>, ApiError> {
    get(&with_query("/agents", &[("limit", Some(LIMIT)), ("sort", Some("-updatedAt"))])).await
}

impl People {
    /// Follows the agents from what was loaded on, until the component goes.
    pub fn new(loaded: Loaded<(Page<Agent>, Names)>) -> Self {
        let load = async || Ok(load_people().await?.map(known));
        let known = Live::new(loaded.map(known), [Topic::All(Kind::Agent)], load, follow);
        Self(known, use_session())
    }

    /// What somebody is called.
    pub fn name(self, id: &PrincipalId, kind: PrincipalKind) -> String {
        if self.1.is_me(id, kind) {
            return "You".to_owned();
        }
        self.0.value().with(|known| match (kind, known.agents.get(id.as_str())) {
            (PrincipalKind::User, _) => known.names.of(id, kind),
            (PrincipalKind::Agent, Some(agent)) => agent.name.clone(),
            (PrincipalKind::Agent, None) => id.to_string(),
        })
    }

    /// What an agent is doing, if it is known.
    pub fn status(self, id: &PrincipalId) -> Option<AgentStatus> {
        self.0.value().with(|known| known.agents.get(id.as_str()).map(|agent| agent.status))
    }

    /// Everybody of that kind who is known: their ids and names.
    pub fn all(self, kind: PrincipalKind) -> Vec<(String, String)> {
        self.0.value().with(|known| match kind {
            PrincipalKind::Agent => {
                known.agents.iter().map(|(id, agent)| (id.clone(), agent.name.clone())).collect()
            }
            PrincipalKind::User => known.names.0.clone().into_iter().collect(),
        })
    }
}

impl Names {
    /// What a person is called. Of agents, and of whom it does not know, that is their id.
    pub fn of(&self, id: &PrincipalId, kind: PrincipalKind) -> String {
        let name = if kind == PrincipalKind::User { self.0.get(id.as_str()) } else { None };
        name.cloned().unwrap_or_else(|| id.to_string())
    }
}

fn known((page, names): (Page<Agent>, Names)) -> Known {
    let agents = page.items.into_iter().map(|agent| (agent.id.to_string(), agent)).collect();
    Known { agents, names }
}

fn follow(known: &mut Known, frame: &EventFrame) -> Effect {
    use ServerEvent as Event;
    if frame.kind() != Some(Kind::Agent) {
        return Effect::None;
    }
    let Ok(event) = frame.event() else { return Effect::Stale };
    match event {
        Event::AgentCreated(p) | Event::AgentUpdated(p) | Event::AgentStatusChanged(p) => {
            known.agents.insert(p.agent_id.to_string(), p.agent);
        }
        Event::AgentDeleted(p) => {
            known.agents.remove(p.agent_id.as_str());
        }
        _ => return Effect::None,
    }
    Effect::Changed
}
