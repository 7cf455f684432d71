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

    /// Goes on from what is saved now: it is shown where nothing else was typed than `before`. Metadata
    /// that says the same stays as it was typed.
    pub fn continue_from(self, before: &Fields, now: Fields) {
        if self.name.get_untracked() == before.name {
            self.name.set(now.name.clone());
        }
        if self.description.get_untracked() == text(&before.description) {
            self.description.set(text(&now.description).to_owned());
        }
        if self.capabilities.get_untracked() == before.capabilities {
            self.capabilities.set(now.capabilities.clone());
        }
        let typed = self.metadata.with_untracked(|text| parse_object(text));
        if before.metadata != now.metadata && typed.as_ref() == Ok(&before.metadata) {
            self.metadata.set(pretty(&now.metadata));
        }
        self.saved.set(Some(now));
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
        self.description.set(text(&fields.description).to_owned());
        self.capabilities.set(fields.capabilities.clone());
        self.metadata.set(pretty(&fields.metadata));
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::new()
    }
}

/// The fields that were changed here and by somebody else, each to something else; the name goes by
/// `name`.
pub fn conflicts(name: &'static str, base: &Fields, mine: &Fields, theirs: &Fields) -> Vec<Sides> {
    let labels = [name, "Description", "Capabilities", "Metadata"];
    let [base, mine, theirs] = [base, mine, theirs].map(texts);
    let fields = labels.into_iter().zip(base).zip(mine.into_iter().zip(theirs));
    fields
        .filter(|((_, base), (mine, theirs))| mine != base && theirs != base && mine != theirs)
        .map(|((label, _), (mine, theirs))| Sides { label, mine, theirs })
        .collect()
}

/// What somebody else saved, but for the fields that were changed here.
pub fn merged(base: &Fields, mine: &Fields, theirs: &Fields) -> Fields {
    let [before, here, there] = [base, mine, theirs].map(|fields| text(&fields.description));
    let description = changed(before, here, there);
    Fields {
        name: changed(&base.name, &mine.name, &theirs.name).clone(),
        description: (!description.is_empty()).then(|| description.to_owned()),
        capabilities: changed(&base.capabilities, &mine.capabilities, &theirs.capabilities).clone(),
        metadata: changed(&base.metadata, &mine.metadata, &theirs.metadata).clone(),
    }
}

fn changed<'a, T: PartialEq + ?Sized>(base: &T, mine: &'a T, theirs: &'a T) -> &'a T {
    if mine == base { theirs } else { mine }
}

/// The fields as they are shown to be compared.
fn texts(fields: &Fields) -> [String; 4] {
    [
        fields.name.clone(),
        text(&fields.description).to_owned(),
        fields.capabilities.as_deref().unwrap_or_default().join("\n"),
        pretty(&fields.metadata),
    ]
}

/// A text; none is the same as one without a word.
fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(name: &str, description: &str, team: &str) -> Fields {
        Fields {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            capabilities: Some(vec!["plan".to_owned()]),
            metadata: parse_object(&format!("{{\"team\": \"{team}\"}}")).unwrap(),
        }
    }

    #[test]
    fn only_what_both_changed_is_a_conflict() {
        let base = fields("Ada", "Plans.", "blue");
        let mine = fields("Ada of mine", "Plans.", "red");
        let labels = |theirs: &Fields| {
            let sides = conflicts("Name", &base, &mine, theirs);
            sides.iter().map(|sides| sides.label).collect::<Vec<_>>()
        };
        assert!(labels(&fields("Ada", "Theirs.", "blue")).is_empty());
        assert!(labels(&fields("Ada of mine", "Plans.", "red")).is_empty());
        assert_eq!(labels(&fields("Ada of theirs", "Theirs.", "blue")), ["Name"]);
        assert_eq!(labels(&fields("Ada of theirs", "Plans.", "green")), ["Name", "Metadata"]);
    }

    #[test]
    fn what_is_saved_over_theirs_is_what_was_changed_here() {
        let base = fields("Ada", "Plans.", "blue");
        let mine = fields("Ada of mine", "Plans.", "blue");
        let theirs = fields("Ada of theirs", "Theirs.", "red");
        assert_eq!(merged(&base, &mine, &theirs), fields("Ada of mine", "Theirs.", "red"));
        assert_eq!(merged(&base, &base, &theirs), theirs);
        assert_eq!(merged(&base, &mine, &base), mine);
    }

    #[test]
    fn no_description_is_the_same_as_an_empty_one() {
        let base = fields("Ada", "", "blue");
        let mine = Fields { description: None, ..fields("Ada of mine", "", "blue") };
        let theirs = fields("Ada", "Theirs.", "blue");
        assert!(conflicts("Name", &base, &mine, &theirs).is_empty());
        assert_eq!(merged(&base, &mine, &theirs), fields("Ada of mine", "Theirs.", "blue"));
    }
}
