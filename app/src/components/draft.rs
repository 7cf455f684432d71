//! What people type about an entity, before it is saved.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    api::{entity::Fields, merge_patch::unsendable},
    components::{
        conflict::Sides,
        json_text::{parse_object, pretty},
    },
};

/// What stands in the fields of a form.
#[derive(Debug, Clone, Copy)]
pub struct Draft {
    /// The name.
    pub name: RwSignal<String>,
    /// What it is for.
    pub description: RwSignal<String>,
    /// What it can do; none for what can do nothing.
    pub capabilities: RwSignal<Option<Vec<String>>>,
    /// JSON.
    pub metadata: RwSignal<String>,
    /// What the change begins with; none for something new.
    saved: RwSignal<Option<Fields>>,
}

/// What stands in the fields, whether it can be saved or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    name: String,
    description: String,
    capabilities: Option<Vec<String>>,
    metadata: String,
}

impl Draft {
    /// The draft of something new.
    pub fn new() -> Self {
        let draft = Self {
            name: RwSignal::default(),
            description: RwSignal::default(),
            capabilities: RwSignal::default(),
            metadata: RwSignal::default(),
            saved: RwSignal::default(),
        };
        draft.show(&Fields::default());
        draft
    }

    /// The draft of a change.
    pub fn of(saved: Fields) -> Self {
        let draft = Self::new();
        draft.show(&saved);
        draft.saved.set(Some(saved));
        draft
    }

    /// What stands in the fields.
    pub fn contents(self) -> Contents {
        Contents {
            name: self.name.get(),
            description: self.description.get(),
            capabilities: self.capabilities.get(),
            metadata: self.metadata.get(),
        }
    }

    /// Puts back what stood in the fields.
    pub fn restore(self, contents: Contents) {
        self.name.set(contents.name);
        self.description.set(contents.description);
        self.capabilities.set(contents.capabilities);
        self.metadata.set(contents.metadata);
    }

    /// What was typed; none while it cannot be saved, which the field at fault says.
    pub fn fields(self) -> Option<Fields> {
        self.loss().is_none().then(|| self.typed()).flatten()
    }

    /// What saving would lose of the metadata although it is JSON.
    pub fn loss(self) -> Option<String> {
        let place = unsendable(&self.saved.get()?.metadata, &self.typed()?.metadata)?;
        Some(format!(
            "{place} cannot become null: in a change, null says that a member goes. Take it out, or give it another value."
        ))
    }

    /// Whether something else was typed than what was there.
    pub fn is_changed(self) -> bool {
        self.typed() != Some(self.saved.get().unwrap_or_default())
    }

    /// Goes on from what somebody else saved: where nothing was typed here, theirs is shown.
    pub fn continue_from(self, theirs: Fields) {
        let before = self.saved.get_untracked().unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        if self.name.get_untracked() == before.name {
            self.name.set(theirs.name.clone());
        }
        if self.description.get_untracked() == text(&before.description) {
            self.description.set(text(&theirs.description));
        }
        if self.capabilities.get_untracked() == before.capabilities {
            self.capabilities.set(theirs.capabilities.clone());
        }
        if self.metadata.with_untracked(|text| parse_object(text)) == Ok(before.metadata) {
            self.metadata.set(pretty(&theirs.metadata));
        }
        self.saved.set(Some(theirs));
    }

    /// Goes on from what was saved from here; what stands in the fields stays.
    pub fn was_saved(self, fields: Fields) {
        self.saved.set(Some(fields));
    }

    fn typed(self) -> Option<Fields> {
        let description = self.description.get();
        Some(Fields {
            name: self.name.get(),
            description: (!description.is_empty()).then_some(description),
            capabilities: self.capabilities.get(),
            metadata: self.metadata.with(|text| parse_object(text)).ok()?,
        })
    }

    fn show(self, fields: &Fields) {
        self.name.set(fields.name.clone());
        self.description.set(fields.description.clone().unwrap_or_default());
        self.capabilities.set(fields.capabilities.clone());
        self.metadata.set(pretty(&fields.metadata));
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::new()
    }
}

/// The fields in which two versions differ; the name goes by `name`.
pub fn differences(name: &'static str, mine: &Fields, theirs: &Fields) -> Vec<Sides> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let list = |list: &Option<Vec<String>>| list.as_deref().unwrap_or_default().join("\n");
    let (mine_json, their_json) = (pretty(&mine.metadata), pretty(&theirs.metadata));
    let all = [
        (name, mine.name.clone(), theirs.name.clone()),
        ("Description", text(&mine.description), text(&theirs.description)),
        ("Capabilities", list(&mine.capabilities), list(&theirs.capabilities)),
        ("Metadata", mine_json, their_json),
    ];
    let sides = all.map(|(label, mine, theirs)| Sides { label, mine, theirs });
    sides.into_iter().filter(|sides| sides.mine != sides.theirs).collect()
}
