//! Names somebody who is to join.

use colloquy_protocol::{
    id::{PrincipalId, PrincipalKind},
    request::NewParticipant,
};
use leptos::{ev::SubmitEvent, html, prelude::*};

use crate::stores::people::People;

/// The form that names an agent or a person by id; those who are known are suggested.
#[component]
pub fn AddParticipant(
    /// Begins the ids of its elements: no two forms of a page have the same.
    name: &'static str,
    /// What people are called.
    people: People,
    /// What the button says.
    verb: &'static str,
    /// Takes who was named.
    on_add: Callback<NewParticipant>,
    /// How many were added so far: when it changes, the form is emptied.
    #[prop(into)]
    added: Signal<usize>,
    /// Whether somebody is being added.
    #[prop(into)]
    pending: Signal<bool>,
    /// Why the last one was not added.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let kind = RwSignal::new(PrincipalKind::Agent);
    let refused = RwSignal::new(None::<String>);
    let input = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else { return };
        match input.value().trim().parse::<PrincipalId>() {
            Ok(participant_id) => {
                refused.set(None);
                on_add.run(NewParticipant { participant_id, kind: kind.get_untracked() });
            }
            Err(invalid) => refused.set(Some(invalid.to_string())),
        }
    };
    // What was typed stays until it was added.
    Effect::new(move |before: Option<usize>| {
        let added = added.get();
        if before.is_some_and(|before| before != added)
            && let Some(input) = input.get_untracked()
        {
            input.set_value("");
        }
        added
    });
    let suggestions = move || {
        let option = |(id, name)| view! { <option value=id>{name}</option> };
        people.all(kind.get()).into_iter().map(option).collect_view()
    };
    let message = move || refused.get().or_else(|| error.get());
    let list = format!("{name}-known");
    let problem = format!("{name}-error");
    view! {
        <form class="add-participant" on:submit=submit>
            <fieldset class="segments">
                <legend class="visually-hidden">"Who joins"</legend>
                {[(PrincipalKind::Agent, "Agent"), (PrincipalKind::User, "Person")]
                    .map(|(one, words)| {
                        view! {
                            <label>
                                <input
                                    type="radio"
                                    name=format!("{name}-kind")
                                    value=one.as_str()
                                    checked=one == PrincipalKind::Agent
                                    on:change=move |_| kind.set(one)
                                />
                                <span>{words}</span>
                            </label>
                        }
                    })
                    .collect_view()}
            </fieldset>
            <label class="field">
                <span class="visually-hidden">"Id"</span>
                <input
                    node_ref=input
                    type="text"
                    placeholder="Id"
                    list=list.clone()
                    autocomplete="off"
                    spellcheck="false"
                    aria-invalid=move || message().is_some().to_string()
                    aria-describedby=problem.clone()
                />
            </label>
            <datalist id=list>{suggestions}</datalist>
            <button type="submit" class="button" disabled=pending>
                {verb}
            </button>
            <p class="error" id=problem role="alert">
                {message}
            </p>
        </form>
    }
    .into_any()
}
