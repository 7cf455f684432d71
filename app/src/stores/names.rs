//! What agents and people are called by whose ids a page names them.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use colloquy_protocol::{
    account::PersonName,
    id::{Principal, PrincipalId, PrincipalKind},
    model::Agent,
};
use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use crate::{
    api::{ApiError, account, entity},
    readers::{forget_readers, renew},
};

/// The most of those whom a page names that are asked for at a time.
pub(super) const NAMED: usize = 200;

/// How many are asked for with one request: proxies may refuse an address of more than 8 KiB.
const AT_ONCE: usize = 100;

/// The same as a parameter.
const LIMIT: &str = "100";

/// How long to wait before those are asked for again who could not be read.
const AGAIN: Duration = Duration::from_secs(10);

/// How many of those who were asked for are remembered: more than a page names, so that none of them is asked
/// for again and again.
const REMEMBERED: usize = 2_000;

/// What agents and people are called, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    agents: BTreeMap<String, String>,
    people: BTreeMap<String, String>,
}

/// The names on a page that is open. Agents and people whom it names later are asked for then.
#[derive(Debug, Clone, Copy)]
pub struct LiveNames {
    names: RwSignal<Names>,
    unknown_agents: Unknown,
    unknown_people: Unknown,
}

/// Those whom a page names and does not know. Each of them is asked for once, whether they exist or not, for
/// as long as that is remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unknown {
    waiting: RwSignal<Vec<PrincipalId>>,
    /// The last ones last.
    asked: StoredValue<Vec<PrincipalId>>,
}

/// What people and these agents are called.
///
/// # Errors
/// As [`crate::api::get`].
pub async fn load_names(agents: BTreeSet<PrincipalId>) -> Result<Names, ApiError> {
    let agents = read_agents(&Vec::from_iter(agents)).await?;
    Ok(Names { agents: names_of(agents), people: load_people().await? })
}

async fn load_people() -> Result<BTreeMap<String, String>, ApiError> {
    let name = |one: PersonName| (one.id.to_string(), one.name);
    Ok(account::names().await?.into_iter().map(name).collect())
}

/// Those agents of these that there are.
///
/// # Errors
/// As [`crate::api::get`].
pub(super) async fn read_agents(ids: &[PrincipalId]) -> Result<Vec<Agent>, ApiError> {
    let mut agents = Vec::new();
    for ids in ids.chunks(AT_ONCE) {
        let ids = ids.iter().map(PrincipalId::as_str).collect::<Vec<_>>().join(",");
        let mut cursor = None::<String>;
        loop {
            let parameters = [
                ("ids", Some(ids.as_str())),
                ("limit", Some(LIMIT)),
                ("cursor", cursor.as_deref()),
            ];
            let page = entity::list::<Agent>(&parameters).await?.value;
            agents.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(agents)
}

fn names_of(agents: Vec<Agent>) -> BTreeMap<String, String> {
    agents.into_iter().map(|agent| (agent.id.to_string(), agent.name)).collect()
}

impl LiveNames {
    /// Begins with what was loaded.
    pub fn new(loaded: Names) -> Self {
        let names = RwSignal::new(loaded);
        // `local` acted before people had accounts, and has none.
        let asked = StoredValue::new(vec![Principal::local().id]);
        let unknown_people = Unknown::new(asked, move |_| read_people(names));
        let asked = StoredValue::new(Vec::new());
        let unknown_agents = Unknown::new(asked, move |new| async move {
            let agents = read_agents(&new).await?;
            names.try_update(|names| names.learn(agents, asked));
            forget_readers(names);
            Ok(())
        });
        renew(names);
        Self { names, unknown_agents, unknown_people }
    }

    /// What somebody is called, or else their id.
    pub fn of(self, id: &PrincipalId, kind: PrincipalKind) -> String {
        let name = self.names.with(|names| names.of_kind(kind).get(id.as_str()).cloned());
        name.unwrap_or_else(|| {
            match kind {
                PrincipalKind::Agent => self.unknown_agents.ask(id),
                PrincipalKind::User => self.unknown_people.ask(id),
            }
            id.to_string()
        })
    }

    /// All people who are known: their ids and names.
    pub fn people(self) -> Vec<(String, String)> {
        self.names.with(|names| names.people.clone().into_iter().collect())
    }

    /// Reads afresh what people are called; if that fails, it stays as it was.
    pub async fn read(self) {
        read_people(self.names).await.ok();
    }
}

async fn read_people(names: RwSignal<Names>) -> Result<(), ApiError> {
    let people = load_people().await?;
    names.try_update(|names| names.people = people);
    forget_readers(names);
    Ok(())
}

impl Names {
    fn of_kind(&self, kind: PrincipalKind) -> &BTreeMap<String, String> {
        match kind {
            PrincipalKind::Agent => &self.agents,
            PrincipalKind::User => &self.people,
        }
    }

    /// Takes in what was read, and forgets of whom it is not remembered any more that they were asked for.
    fn learn(&mut self, agents: Vec<Agent>, asked: StoredValue<Vec<PrincipalId>>) {
        self.agents.extend(names_of(agents));
        if self.agents.len() > REMEMBERED {
            let asked: BTreeSet<_> = asked.get_value().iter().map(ToString::to_string).collect();
            self.agents.retain(|id, _| asked.contains(id));
        }
    }
}

impl Unknown {
    /// Has those asked for who are told to [`ask`](Self::ask), in a browser, until the component goes. After an
    /// error that may pass they are asked for again.
    pub(super) fn new<F>(
        asked: StoredValue<Vec<PrincipalId>>,
        read: impl Fn(Vec<PrincipalId>) -> F + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), ApiError>> + 'static,
    {
        let waiting = RwSignal::new(Vec::new());
        Effect::new(move || {
            let new = waiting.get();
            if !new.is_empty() {
                asked.update_value(|asked| {
                    asked.extend(new.iter().cloned());
                    keep_last(asked, REMEMBERED);
                });
                waiting.update_untracked(Vec::clear);
                let reading = read(new.clone());
                spawn_local(async move {
                    if reading.await.is_err_and(|error| error.may_pass()) {
                        sleep(AGAIN).await;
                        waiting.try_update(|waiting| {
                            waiting.extend(new);
                            waiting.truncate(NAMED);
                        });
                    }
                });
            }
        });
        Self { waiting, asked }
    }

    /// Has somebody asked for, if nobody did. When too many wait already, it is for the next time that they
    /// are named.
    pub(super) fn ask(self, id: &PrincipalId) {
        let was_asked = self.asked.with_value(|asked| asked.contains(id));
        let may_wait = |waiting: &Vec<_>| waiting.len() < NAMED && !waiting.contains(id);
        if !was_asked && self.waiting.with_untracked(may_wait) {
            self.waiting.update(|waiting| waiting.push(id.clone()));
        }
    }
}

/// Forgets the first ones, as long as there are more than that.
pub(super) fn keep_last(asked: &mut Vec<PrincipalId>, most: usize) {
    asked.drain(..asked.len().saturating_sub(most));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_asked_for_once_and_not_too_many_at_a_time() {
        let id = |number: usize| -> PrincipalId { format!("a{number}").parse().unwrap() };
        let owner = Owner::new();
        owner.set();
        let unknown = Unknown {
            waiting: RwSignal::new(Vec::new()),
            asked: StoredValue::new(vec![id(0), id(1)]),
        };
        for number in (0..NAMED + 5).chain(0..5) {
            unknown.ask(&id(number));
        }
        assert_eq!(unknown.waiting.get_untracked(), (2..NAMED + 2).map(id).collect::<Vec<_>>());
    }

    #[test]
    fn who_was_asked_for_first_is_forgotten_first() {
        let ids = |all: &[&str]| -> Vec<PrincipalId> {
            all.iter().map(|id| id.parse().unwrap()).collect()
        };
        let mut asked = ids(&["ada", "bob", "eve"]);
        keep_last(&mut asked, 3);
        assert_eq!(asked, ids(&["ada", "bob", "eve"]));
        keep_last(&mut asked, 2);
        assert_eq!(asked, ids(&["bob", "eve"]));
    }
}
