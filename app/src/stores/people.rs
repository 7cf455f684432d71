//! Agents and people by their ids: what those are called, and what they do, whom a chat only knows
//! by id.

use std::collections::{BTreeMap, BTreeSet};

use colloquy_protocol::{
    account::PersonName,
    event::ServerEvent,
    frame::EventFrame,
    id::{PrincipalId, PrincipalKind},
    model::{Agent, AgentStatus, Page},
    topic::{Kind, Topic},
};
use futures_util::future::join_all;
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use super::live::{Live, Outcome};
use crate::{
    api::{ApiError, Seen, account, entity::read, get, with_query},
    session::{CurrentSession, use_session},
};

/// How many agents are read; others are known once they change, or once a page names them.
const LIMIT: &str = "200";

/// The most agents that are known without being named.
const CAPACITY: usize = 1_000;

/// The most of those whom a page names that are asked for.
const NAMED: usize = 200;

/// Somebody, as a chat knows them.
type Somebody = (PrincipalId, PrincipalKind);

/// The agents, following live events, what people are called, and who looks at them.
#[derive(Debug, Clone, Copy)]
pub struct People {
    known: Live<Known>,
    /// Those who were asked for because a page names them: each of them once.
    asked: StoredValue<BTreeSet<Somebody>>,
    session: CurrentSession,
}

/// What [`People`] begin with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Everybody {
    agents: Vec<Agent>,
    /// Whether there are no other agents.
    are_all: bool,
    /// Those who were asked for because the page names them, whether they exist or not.
    asked: BTreeSet<Somebody>,
    names: Names,
}

/// What is known of everybody.
#[derive(Debug)]
struct Known {
    agents: BTreeMap<String, Agent>,
    /// Whether there are no other agents, as far as events tell.
    are_all: bool,
    names: Names,
}

/// How a text names somebody; the best way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Id,
    Name,
    NameInAnotherCase,
    Beginning,
}

/// What people are called, by their ids. No event tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names(BTreeMap<String, String>);

/// What [`People`] begin with: the agents that changed last, those of `named` that are not among them,
/// and what people are called.
///
/// # Errors
/// As [`crate::api::get`].
pub async fn load_people(named: BTreeSet<Somebody>) -> Result<Seen<Everybody>, ApiError> {
    let (page, names) = (load_agents().await?, load_names().await?);
    let Seen { value: Page { items: mut agents, next_cursor }, position } = page;
    let known: BTreeSet<_> = agents.iter().map(|one| one.id.as_str()).collect();
    let is_unknown = |(id, kind): &Somebody| match kind {
        PrincipalKind::Agent => !known.contains(id.as_str()),
        PrincipalKind::User => !names.knows(id),
    };
    let asked: BTreeSet<_> = named.into_iter().filter(is_unknown).take(NAMED).collect();
    agents.extend(read_each(&asked).await);
    let are_all = next_cursor.is_none();
    Ok(Seen { value: Everybody { agents, are_all, asked, names }, position })
}

/// Those agents among these that can be read; the others go by their ids.
async fn read_each(named: &BTreeSet<Somebody>) -> Vec<Agent> {
    let agents = named.iter().filter(|(_, kind)| *kind == PrincipalKind::Agent);
    let each = agents.map(|(id, _)| read::<Agent>(id.as_str()));
    join_all(each).await.into_iter().flatten().map(|agent| agent.value).collect()
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
pub async fn load_agents() -> Result<Seen<Page<Agent>>, ApiError> {
    get(&with_query("/agents", &[("limit", Some(LIMIT)), ("sort", Some("-updatedAt"))])).await
}

impl People {
    /// Follows the agents from what was loaded on, until the component goes.
    pub fn new(loaded: Seen<Everybody>) -> Self {
        let asked = StoredValue::new(loaded.value.asked.clone());
        let load = move || {
            let named = asked.try_get_value().unwrap_or_default();
            async { Ok(load_people(named).await?.map(known)) }
        };
        let known = Live::new(loaded.map(known), [Topic::All(Kind::Agent)], load, follow);
        Self { known, asked, session: use_session() }
    }

    /// Asks for those of these who are not known, once: no event tells of people who come in.
    pub fn read_named<'a>(self, named: impl Iterator<Item = (&'a PrincipalId, PrincipalKind)>) {
        let unknown: Vec<Somebody> = self.known.value().with_untracked(|known| {
            let unknown = named
                .filter(|(id, kind)| !known.knows(id, *kind) && !self.session.is_me(id, *kind));
            unknown.map(|(id, kind)| (id.clone(), kind)).collect()
        });
        let mut new = BTreeSet::new();
        self.asked.update_value(|asked| {
            for who in unknown {
                if asked.len() < NAMED && asked.insert(who.clone()) {
                    new.insert(who);
                }
            }
        });
        if !new.is_empty() {
            spawn_local(async move {
                let agents = read_each(&new).await;
                self.known.set(|known| agents.into_iter().for_each(|agent| known.put(agent)));
                if new.iter().any(|(_, kind)| *kind == PrincipalKind::User) {
                    self.read_names().await;
                }
            });
        }
    }

    /// Reads afresh what people are called; if that fails, it stays as it was.
    pub async fn read_names(self) {
        if let Ok(names) = load_names().await {
            self.known.set(|known| known.names = names);
        }
    }

    /// What somebody is called.
    pub fn name(self, id: &PrincipalId, kind: PrincipalKind) -> String {
        if self.session.is_me(id, kind) {
            return "You".to_owned();
        }
        self.known.value().with(|known| match (kind, known.agents.get(id.as_str())) {
            (PrincipalKind::User, _) => known.names.of(id, kind),
            (PrincipalKind::Agent, Some(agent)) => agent.name.clone(),
            (PrincipalKind::Agent, None) => id.to_string(),
        })
    }

    /// What an agent is doing, if it is known.
    pub fn status(self, id: &PrincipalId) -> Option<AgentStatus> {
        self.known.value().with(|known| known.agents.get(id.as_str()).map(|agent| agent.status))
    }

    /// The ids of those of that kind whom a text names best: by the id, by the name, by the name in
    /// another case, or by how that begins.
    pub fn called(self, text: &str, kind: PrincipalKind) -> Vec<PrincipalId> {
        self.known.value().with_untracked(|known| known.called(text, kind))
    }

    /// Everybody of that kind who is known: their ids and names.
    pub fn all(self, kind: PrincipalKind) -> Vec<(String, String)> {
        self.known.value().with(|known| known.all(kind))
    }
}

impl Names {
    fn knows(&self, id: &PrincipalId) -> bool {
        self.0.contains_key(id.as_str())
    }

    /// What a person is called. Of agents, and of whom it does not know, that is their id.
    pub fn of(&self, id: &PrincipalId, kind: PrincipalKind) -> String {
        let name = if kind == PrincipalKind::User { self.0.get(id.as_str()) } else { None };
        name.cloned().unwrap_or_else(|| id.to_string())
    }
}

impl Known {
    fn knows(&self, id: &PrincipalId, kind: PrincipalKind) -> bool {
        match kind {
            PrincipalKind::Agent => self.agents.contains_key(id.as_str()),
            PrincipalKind::User => self.names.knows(id),
        }
    }

    fn all(&self, kind: PrincipalKind) -> Vec<(String, String)> {
        match kind {
            PrincipalKind::Agent => {
                self.agents.iter().map(|(id, agent)| (id.clone(), agent.name.clone())).collect()
            }
            PrincipalKind::User => self.names.0.clone().into_iter().collect(),
        }
    }

    fn called(&self, text: &str, kind: PrincipalKind) -> Vec<PrincipalId> {
        // It may be the id of an agent that is not known: then it names nobody by half.
        let may_be_id = kind == PrincipalKind::Agent && !self.are_all && is_id(text);
        let worst = if may_be_id { Fit::Name } else { Fit::Beginning };
        let all = self.all(kind).into_iter();
        let mut fits: Vec<_> = all
            .filter_map(|(id, name)| Some((Fit::of(text, &id, &name)?, id.parse().ok()?)))
            .filter(|(fit, _)| *fit <= worst)
            .collect();
        let best = fits.iter().map(|(fit, _)| *fit).min();
        fits.retain(|(fit, _)| Some(*fit) == best);
        fits.into_iter().map(|(_, id)| id).collect()
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

fn is_id(text: &str) -> bool {
    text.parse::<PrincipalId>().is_ok()
}

fn known(Everybody { agents, are_all, names, .. }: Everybody) -> Known {
    let agents = agents.into_iter().map(|agent| (agent.id.to_string(), agent)).collect();
    Known { agents, are_all, names }
}

fn follow(known: &mut Known, frame: &EventFrame) -> Outcome {
    use ServerEvent as Event;
    if frame.kind() != Some(Kind::Agent) {
        return Outcome::None;
    }
    let Ok(event) = frame.event() else { return Outcome::Stale };
    match event {
        Event::AgentCreated(p) | Event::AgentUpdated(p) | Event::AgentStatusChanged(p) => {
            let is_known = known.agents.contains_key(p.agent_id.as_str());
            if !is_known && known.agents.len() >= CAPACITY {
                // It is read when it is named.
                known.are_all = false;
                return Outcome::None;
            }
            known.put(p.agent);
        }
        Event::AgentDeleted(p) => {
            known.agents.remove(p.agent_id.as_str());
        }
        _ => return Outcome::None,
    }
    Outcome::Changed
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::event::AgentChanged;
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
        let (asked, names) = (BTreeSet::new(), Names::default());
        known(Everybody { agents, are_all: true, asked, names })
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
    fn who_is_named_is_who_fits_best() {
        let mut known = knowing(["ada", "bob"].map(|id| agent(id, 1)).into());
        known.put(Agent { name: "Ada".to_owned(), ..agent("x7", 1) });
        let called = |known: &Known, text| -> Vec<_> {
            let ids = known.called(text, PrincipalKind::Agent).into_iter();
            ids.map(|id| id.to_string()).collect()
        };
        assert_eq!(called(&known, "ada"), ["ada"]);
        assert_eq!(called(&known, "Ada"), ["x7"]);
        assert_eq!(called(&known, "ADA"), ["x7"]);
        assert_eq!(called(&known, "BOB 1"), ["bob"]);
        assert_eq!(called(&known, "b"), ["bob"]);
        assert_eq!(called(&known, "AD"), ["ada", "x7"]);
        assert_eq!(called(&known, "nobody"), [""; 0]);
        // There may be an agent with that id.
        known.are_all = false;
        assert_eq!(called(&known, "b"), [""; 0]);
        assert_eq!(called(&known, "ADA"), [""; 0]);
        assert_eq!(called(&known, "Ada"), ["x7"]);
        assert_eq!(called(&known, "bob 1"), ["bob"]);
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
