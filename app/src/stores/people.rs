//! Agents and people by their ids: what those are called, and what they do, whom a chat only knows
//! by id.

use std::collections::{BTreeMap, BTreeSet};

use colloquy_protocol::{
    event::ServerEvent,
    frame::EventFrame,
    id::{PrincipalId, PrincipalKind},
    model::{Agent, AgentStatus, Page},
    topic::{Kind, Topic},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    live::{Live, Outcome},
    names::{LiveNames, NAMED, Names, Unknown, keep_last, load_names, read_agents},
};
use crate::{
    api::{ApiError, Seen, get, with_query},
    session::{CurrentSession, use_session},
};

/// How many agents are read; others are known once they change, or once a page names them.
const LIMIT: &str = "200";

/// The most agents that are known without being named, and the most of those that are gone.
const CAPACITY: usize = 1_000;

/// The agents, following live events, what people are called, and who looks at them.
#[derive(Debug, Clone, Copy)]
pub struct People {
    agents: Live<Known>,
    unknown: Unknown,
    names: LiveNames,
    session: CurrentSession,
}

/// What [`People`] begin with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Everybody {
    agents: Seen<Agents>,
    names: Names,
}

/// Agents as they were read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Agents {
    agents: Vec<Agent>,
    /// Whether there are no others.
    are_all: bool,
    /// Those who were asked for by their ids, whether they exist or not.
    asked: Vec<PrincipalId>,
}

/// The agents that are known.
#[derive(Debug)]
struct Known {
    agents: BTreeMap<String, Agent>,
    /// What those were called that were deleted meanwhile: what they wrote is still there.
    gone: BTreeMap<String, String>,
    /// Whether there are no others, as far as events tell.
    are_all: bool,
}

/// How a text names somebody; the best way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Id,
    Name,
    NameInAnotherCase,
    Beginning,
}

/// What [`People`] begin with: the agents that changed last, those of `named` that are not among them,
/// and what people are called.
///
/// # Errors
/// As [`crate::api::get`].
pub async fn load_people(named: BTreeSet<PrincipalId>) -> Result<Everybody, ApiError> {
    let named = named.into_iter().collect();
    Ok(Everybody { agents: load_named(named).await?, names: load_names(BTreeSet::new()).await? })
}

async fn load_named(named: Vec<PrincipalId>) -> Result<Seen<Agents>, ApiError> {
    let Seen { value: Page { items: mut agents, next_cursor }, position } = load_agents().await?;
    let known: BTreeSet<_> = agents.iter().map(|one| one.id.as_str()).collect();
    let is_unknown = |id: &PrincipalId| !known.contains(id.as_str());
    let asked: Vec<_> = named.into_iter().filter(is_unknown).take(NAMED).collect();
    agents.extend(read_agents(&asked).await?);
    let are_all = next_cursor.is_none();
    Ok(Seen { value: Agents { agents, are_all, asked }, position })
}

/// The agents that changed last.
///
/// # Errors
/// As [`crate::api::get`].
pub async fn load_agents() -> Result<Seen<Page<Agent>>, ApiError> {
    get(&with_query("/agents", &[("limit", Some(LIMIT)), ("sort", Some("-updatedAt"))])).await
}

impl People {
    /// Follows the agents from what was loaded on, until the component goes.
    pub fn new(Everybody { agents, names }: Everybody) -> Self {
        let asked = StoredValue::new(agents.value.asked.clone());
        let load = move || {
            // The others are asked for again when they are named.
            let named = asked.try_update_value(|asked| {
                keep_last(asked, NAMED);
                asked.clone()
            });
            let named = named.unwrap_or_default();
            async { Ok(load_named(named).await?.map(known)) }
        };
        let agents = Live::new(agents.map(known), [Topic::All(Kind::Agent)], load, follow);
        let agents = agents.renewed();
        let unknown = Unknown::new(asked, move |new| async move {
            let read = read_agents(&new).await?;
            agents.set(|known| read.into_iter().for_each(|agent| known.learn(agent)));
            Ok(())
        });
        Self { agents, unknown, names: LiveNames::new(names), session: use_session() }
    }

    /// Reads afresh what people are called; if that fails, it stays as it was.
    pub async fn read_names(self) {
        self.names.read().await;
    }

    /// What somebody is called. Who is not known goes by their id until they were asked for.
    pub fn name(self, id: &PrincipalId, kind: PrincipalKind) -> String {
        if self.session.is_me(id, kind) {
            return "You".to_owned();
        }
        if kind == PrincipalKind::User {
            return self.names.of(id, kind);
        }
        let name = |known: &Known| known.name(id.as_str()).cloned();
        self.agents.value().with(name).unwrap_or_else(|| {
            self.unknown.ask(id);
            id.to_string()
        })
    }

    /// What an agent is doing, if it is known.
    pub fn status(self, id: &PrincipalId) -> Option<AgentStatus> {
        self.agents.value().with(|known| known.agents.get(id.as_str()).map(|agent| agent.status))
    }

    /// The ids of those of that kind whom a text names best: by the id, by the name, by the name in
    /// another case, or by how that begins.
    pub fn called(self, text: &str, kind: PrincipalKind) -> Vec<PrincipalId> {
        // It may be the id of an agent that is not known: then it names nobody by half.
        let may_be_id = || {
            kind == PrincipalKind::Agent
                && self.agents.value().with_untracked(|known| !known.are_all)
                && text.parse::<PrincipalId>().is_ok()
        };
        let worst = if may_be_id() { Fit::Name } else { Fit::Beginning };
        best(text, worst, untrack(|| self.all(kind)))
    }

    /// Everybody of that kind who is known: their ids and names.
    pub fn all(self, kind: PrincipalKind) -> Vec<(String, String)> {
        match kind {
            PrincipalKind::Agent => self.agents.value().with(|known| {
                let all = known.agents.iter();
                all.map(|(id, agent)| (id.clone(), agent.name.clone())).collect()
            }),
            PrincipalKind::User => self.names.people(),
        }
    }
}

/// The ids of those among these whom a text names best, and not worse than that.
fn best(text: &str, worst: Fit, all: Vec<(String, String)>) -> Vec<PrincipalId> {
    let mut fits: Vec<_> = all
        .into_iter()
        .filter_map(|(id, name)| Some((Fit::of(text, &id, &name)?, id.parse().ok()?)))
        .filter(|(fit, _)| *fit <= worst)
        .collect();
    let best = fits.iter().map(|(fit, _)| *fit).min();
    fits.retain(|(fit, _)| Some(*fit) == best);
    fits.into_iter().map(|(_, id)| id).collect()
}

impl Known {
    fn name(&self, id: &str) -> Option<&String> {
        self.agents.get(id).map(|agent| &agent.name).or_else(|| self.gone.get(id))
    }

    fn remove(&mut self, id: &str) {
        if self.gone.len() >= CAPACITY {
            self.gone.pop_first();
        }
        let name = self.agents.remove(id).map_or_else(|| id.to_owned(), |agent| agent.name);
        self.gone.insert(id.to_owned(), name);
    }

    /// Takes an agent that was asked for, unless it was deleted meanwhile.
    fn learn(&mut self, agent: Agent) {
        if !self.gone.contains_key(agent.id.as_str()) {
            self.put(agent);
        }
    }

    /// Takes an agent as it is now, or was before what is known of it: versions only grow.
    fn put(&mut self, agent: Agent) {
        let known = self.agents.get(agent.id.as_str());
        if known.is_none_or(|known| known.version <= agent.version) {
            self.agents.insert(agent.id.to_string(), agent);
        }
    }
}

impl Fit {
    fn of(text: &str, id: &str, name: &str) -> Option<Self> {
        if id == text {
            return Some(Self::Id);
        }
        if name == text {
            return Some(Self::Name);
        }
        let is_all = name.to_lowercase().strip_prefix(&text.to_lowercase())?.is_empty();
        Some(if is_all { Self::NameInAnotherCase } else { Self::Beginning })
    }
}

fn known(Agents { agents, are_all, .. }: Agents) -> Known {
    let agents = agents.into_iter().map(|agent| (agent.id.to_string(), agent)).collect();
    Known { agents, gone: BTreeMap::new(), are_all }
}

fn follow(known: &mut Known, frame: &EventFrame) -> Outcome {
    use ServerEvent as Event;
    if frame.kind() != Some(Kind::Agent) {
        return Outcome::None;
    }
    let Ok(event) = frame.event() else { return Outcome::Stale };
    match event {
        Event::AgentCreated(p) | Event::AgentUpdated(p) | Event::AgentStatusChanged(p) => {
            known.gone.remove(p.agent_id.as_str());
            let is_known = known.agents.contains_key(p.agent_id.as_str());
            if !is_known && known.agents.len() >= CAPACITY {
                // It is read when it is named.
                known.are_all = false;
                return Outcome::None;
            }
            known.put(p.agent);
        }
        Event::AgentDeleted(p) => known.remove(p.agent_id.as_str()),
        _ => return Outcome::None,
    }
    Outcome::Changed
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::event::{AgentChanged, AgentRemoved};
    use serde_json::json;

    use super::*;

    const AT: &str = "2026-01-01T00:00:00.000Z";

    fn agent(id: &str, version: u64) -> Agent {
        let agent = json!({
            "id": id, "name": format!("{id} {version}"), "description": null, "status": "idle",
            "statusDetail": null, "capabilities": [], "metadata": {}, "createdAt": AT,
            "updatedAt": AT, "version": version,
        });
        serde_json::from_value(agent).unwrap()
    }

    fn knowing(agents: Vec<Agent>) -> Known {
        known(Agents { agents, are_all: true, asked: Vec::new() })
    }

    fn happens(known: &mut Known, agent: Agent) -> Outcome {
        let changed = AgentChanged {
            agent_id: agent.id.clone(),
            timestamp: agent.updated_at,
            user_id: "local".parse().unwrap(),
            agent,
        };
        follow(known, &EventFrame::new(&ServerEvent::AgentUpdated(changed), 1).unwrap())
    }

    #[test]
    fn what_was_read_does_not_undo_what_happened_since() {
        let mut known = knowing(vec![agent("ada", 1)]);
        happens(&mut known, agent("ada", 3));
        known.put(agent("ada", 2));
        assert_eq!(known.agents["ada"].name, "ada 3");
    }

    #[test]
    fn who_is_deleted_keeps_their_name_and_nothing_else() {
        let mut known = knowing(vec![agent("ada", 1)]);
        let removed = AgentRemoved {
            agent_id: "ada".parse().unwrap(),
            user_id: "local".parse().unwrap(),
            timestamp: AT.parse().unwrap(),
        };
        let deleted = EventFrame::new(&ServerEvent::AgentDeleted(removed), 1).unwrap();
        assert_eq!(follow(&mut known, &deleted), Outcome::Changed);
        assert_eq!(known.name("ada").unwrap(), "ada 1");
        assert!(known.agents.is_empty());
        happens(&mut known, agent("ada", 2));
        assert_eq!(known.name("ada").unwrap(), "ada 2");
    }

    #[test]
    fn who_is_deleted_while_they_are_asked_for_does_not_come_back() {
        let mut known = knowing(vec![]);
        known.remove("zoe");
        known.learn(agent("zoe", 1));
        assert!(known.agents.is_empty());
        happens(&mut known, agent("zoe", 3));
        known.learn(agent("zoe", 3));
        assert_eq!(known.name("zoe").unwrap(), "zoe 3");
    }

    #[test]
    fn who_is_named_is_who_fits_best() {
        let all = [("ada", "ada 1"), ("bob", "bob 1"), ("x7", "Ada")];
        let called = |text, worst| -> Vec<String> {
            let all = all.map(|(id, name)| (id.to_owned(), name.to_owned())).into();
            best(text, worst, all).iter().map(ToString::to_string).collect()
        };
        assert_eq!(called("ada", Fit::Beginning), ["ada"]);
        assert_eq!(called("Ada", Fit::Beginning), ["x7"]);
        assert_eq!(called("ADA", Fit::Beginning), ["x7"]);
        assert_eq!(called("BOB 1", Fit::Beginning), ["bob"]);
        assert_eq!(called("b", Fit::Beginning), ["bob"]);
        assert_eq!(called("AD", Fit::Beginning), ["ada", "x7"]);
        assert_eq!(called("nobody", Fit::Beginning), [""; 0]);
        // What may be the id of somebody who is not known names nobody by half.
        assert_eq!(called("b", Fit::Name), [""; 0]);
        assert_eq!(called("ADA", Fit::Name), [""; 0]);
        assert_eq!(called("Ada", Fit::Name), ["x7"]);
        assert_eq!(called("bob 1", Fit::Name), ["bob"]);
    }

    #[test]
    fn agents_that_nobody_names_are_known_up_to_a_limit() {
        let all = (0..CAPACITY).map(|number| agent(&format!("a{number}"), 1)).collect();
        let mut known = knowing(all);
        assert_eq!(happens(&mut known, agent("eve", 2)), Outcome::None);
        assert!(!known.are_all);
        assert_eq!(happens(&mut known, agent("a7", 2)), Outcome::Changed);
        known.put(agent("zoe", 1));
        assert_eq!(known.agents.len(), CAPACITY + 1);
    }
}
