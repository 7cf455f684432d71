//! What people are called. No event tells it, so it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use colloquy_protocol::{
    account::PersonName,
    id::{Principal, PrincipalId, PrincipalKind},
};
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use crate::api::{ApiError, account};

/// The most of those whom a page names that are asked for.
pub(super) const NAMED: usize = 200;

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

/// Those whom a page names and does not know. Each of them is asked for once, whether they exist or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unknown {
    waiting: RwSignal<BTreeSet<PrincipalId>>,
    asked: StoredValue<BTreeSet<PrincipalId>>,
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
        let asked = StoredValue::new(BTreeSet::from([Principal::local().id]));
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
        asked: StoredValue<BTreeSet<PrincipalId>>,
        read: impl Fn(BTreeSet<PrincipalId>) + 'static,
    ) -> Self {
        let waiting = RwSignal::new(BTreeSet::new());
        Effect::new(move || {
            let new = waiting.get();
            if !new.is_empty() {
                asked.update_value(|asked| asked.extend(new.iter().cloned()));
                waiting.update_untracked(BTreeSet::clear);
                read(new);
            }
        });
        Self { waiting, asked }
    }

    /// Has somebody asked for, if nobody did.
    pub(super) fn ask(self, id: &PrincipalId) {
        let is_new = self.asked.with_value(|asked| asked.len() < NAMED && !asked.contains(id));
        if is_new && self.waiting.with_untracked(|waiting| !waiting.contains(id)) {
            self.waiting.update(|waiting| {
                waiting.insert(id.clone());
            });
        }
    }
}
