//! What people are called. No event tells it, so it is asked for.

use std::collections::BTreeMap;

use colloquy_protocol::{
    account::PersonName,
    id::{Principal, PrincipalId, PrincipalKind},
};
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use crate::api::{ApiError, account};

/// The most of those whom a page names that are asked for at a time.
pub(super) const NAMED: usize = 200;

/// How many of those who were asked for are remembered: more than a page names, so that none of them is asked
/// for again and again.
const REMEMBERED: usize = 2_000;

/// What people are called, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names(BTreeMap<String, String>);

/// The names of people on a page that is open. People who come in meanwhile are asked for once the page
/// names them.
#[derive(Debug, Clone, Copy)]
pub struct LiveNames {
    names: RwSignal<Names>,
    unknown: Unknown,
}

/// Those whom a page names and does not know. Each of them is asked for once, whether they exist or not, for
/// as long as that is remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unknown {
    waiting: RwSignal<Vec<PrincipalId>>,
    /// The last ones last.
    asked: StoredValue<Vec<PrincipalId>>,
}

/// What people are called.
///
/// # Errors
/// As [`crate::api::get`].
pub async fn load_names() -> Result<Names, ApiError> {
    let name = |one: PersonName| (one.id.to_string(), one.name);
    Ok(Names(account::names().await?.into_iter().map(name).collect()))
}

impl LiveNames {
    /// Begins with what was loaded.
    pub fn new(loaded: Names) -> Self {
        let names = RwSignal::new(loaded);
        // `local` acted before people had accounts, and has none.
        let asked = StoredValue::new(vec![Principal::local().id]);
        let unknown = Unknown::new(asked, move |_| spawn_local(read(names)));
        Self { names, unknown }
    }

    /// What a person is called, or else their id, as that of an agent.
    pub fn of(self, id: &PrincipalId, kind: PrincipalKind) -> String {
        let name = match kind {
            PrincipalKind::User => self.names.with(|names| names.0.get(id.as_str()).cloned()),
            PrincipalKind::Agent => return id.to_string(),
        };
        name.unwrap_or_else(|| {
            self.unknown.ask(id);
            id.to_string()
        })
    }

    /// Everybody who is known: their ids and names.
    pub fn all(self) -> Vec<(String, String)> {
        self.names.with(|names| names.0.clone().into_iter().collect())
    }

    /// Reads afresh what people are called; if that fails, it stays as it was.
    pub async fn read(self) {
        read(self.names).await;
    }
}

async fn read(names: RwSignal<Names>) {
    if let Ok(read) = load_names().await {
        names.try_set(read);
    }
}

impl Unknown {
    /// Has those asked for who are told to [`ask`](Self::ask), in a browser, until the component goes.
    pub(super) fn new(
        asked: StoredValue<Vec<PrincipalId>>,
        read: impl Fn(Vec<PrincipalId>) + 'static,
    ) -> Self {
        let waiting = RwSignal::new(Vec::new());
        Effect::new(move || {
            let new = waiting.get();
            if !new.is_empty() {
                asked.update_value(|asked| {
                    asked.extend(new.iter().cloned());
                    keep_last(asked, REMEMBERED);
                });
                waiting.update_untracked(Vec::clear);
                read(new);
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
