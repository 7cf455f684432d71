//! Names somebody who is to join a chat.

use colloquy_protocol::{
    id::{PrincipalId, PrincipalKind},
    request::NewParticipant,
};
use leptos::{ev::SubmitEvent, prelude::*};

use crate::{components::segments::Segments, stores::people::People};

/// What stands in the form.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    id: RwSignal<String>,
    kind: RwSignal<PrincipalKind>,
    /// Why who was named last could not be added.
    refused: RwSignal<Option<String>>,
}

impl Naming {
    /// Nobody, and no complaint.
    pub(super) fn new() -> Self {
        Self {
            id: RwSignal::default(),
            kind: RwSignal::new(PrincipalKind::Agent),
            refused: RwSignal::default(),
        }
    }

    /// Whether nobody is named.
    pub fn is_empty(self) -> bool {
        self.id.with_untracked(|id| id.trim().is_empty())
    }

    /// Who is named; none if it can not be an id, which the form then says.
    pub fn named(self) -> Option<NewParticipant> {
        let id = self.id.with_untracked(|id| id.trim().parse::<PrincipalId>());
        self.refuse(id.as_ref().err().map(ToString::to_string));
        Some(NewParticipant { participant_id: id.ok()?, kind: self.kind.get_untracked() })
    }

    /// Says why who was named could not be added, or that there is nothing to say. The form may have
    /// been left meanwhile.
    pub fn refuse(self, why: Option<String>) {
        self.refused.try_set(why);
    }

    /// Empties the form; what was typed of somebody else meanwhile stays.
    pub fn was_added(self, who: &NewParticipant) {
        let is_it = |id: &String| id.trim() == who.participant_id.as_str();
        if self.id.try_with_untracked(is_it) == Some(true) {
            self.clear();
        }
    }

    /// Empties the form.
    pub fn clear(self) {
        self.id.set(String::new());
        self.refuse(None);
    }
}

/// The form that names an agent or a person by id; those who are known are suggested.
#[component]
pub fn AddParticipant(
    /// Begins the ids of its elements, and tells its choice from others: no two forms of a page have
    /// the same.
    name: &'static str,
    /// What people are called.
    people: People,
    /// What the button says.
    verb: &'static str,
    /// What is typed.
    naming: Naming,
    /// Takes who was named.
    on_add: Callback<NewParticipant>,
    /// Whether somebody is being added.
    #[prop(into)]
    pending: Signal<bool>,
) -> impl IntoView {
    let Naming { id, kind, refused } = naming;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(who) = naming.named() {
            on_add.run(who);
        }
    };
    let suggestions = move || {
        let option = |(id, name)| view! { <option value=id>{name}</option> };
        people.all(kind.get()).into_iter().map(option).collect_view()
    };
    let kinds = vec![(PrincipalKind::Agent, "Agent"), (PrincipalKind::User, "Person")];
    let list = format!("{name}-known");
    let problem = format!("{name}-error");
    view! {
        <form class="add-participant" on:submit=submit>
            <Segments
                name
                label="Who joins"
                options=kinds
                value=kind
                on_choose=move |one| kind.set(one)
            />
            <label class="field">
                <span class="visually-hidden">"Id"</span>
                <input
                    type="text"
                    placeholder="Id"
                    list=list.clone()
                    autocomplete="off"
                    spellcheck="false"
                    aria-invalid=move || refused.with(Option::is_some).to_string()
                    aria-describedby=problem.clone()
                    prop:value=move || id.get()
                    on:input:target=move |event| id.set(event.target().value())
                />
            </label>
            <datalist id=list>{suggestions}</datalist>
            <button type="submit" class="button" disabled=pending>
                {verb}
            </button>
            <p class="error" id=problem role="alert">
                {move || refused.get()}
            </p>
        </form>
    }
    .into_any()
}
