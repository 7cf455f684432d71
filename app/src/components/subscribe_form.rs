//! The form that subscribes to all of a kind, to one of what exists, or to an id.

use colloquy_protocol::topic::{Kind, Topic};
use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::sentence,
    components::{entity_field::EntityField, segments::Segments, subscriptions::all_of},
    stores::choices::LiveChoices,
};

/// Chooses a topic and hands it on.
#[component]
pub fn SubscribeForm(
    /// What there is to choose from.
    choices: LiveChoices,
    /// Takes what was chosen.
    subscribe: Callback<Topic>,
) -> impl IntoView {
    let kind = RwSignal::new(Kind::Agent);
    let id = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = id.get_untracked();
        let chosen = if typed.trim().is_empty() { "*" } else { typed.trim() };
        match Topic::of(kind.get_untracked(), chosen) {
            Ok(topic) => {
                error.set(None);
                id.set(String::new());
                subscribe.run(topic);
            }
            Err(invalid) => error.set(Some(sentence(&invalid.to_string()))),
        }
    };
    let kinds =
        vec![(Kind::Agent, "Agents"), (Kind::Chat, "Chats"), (Kind::Collection, "Collections")];

    view! {
        <form on:submit=submit>
            <Segments
                name="kind"
                label="Kind"
                options=kinds
                value=kind
                on_choose=move |one| kind.set(one)
            />
            <EntityField
                id="subscribe"
                label="Which"
                placeholder=Signal::derive(move || all_of(kind.get()))
                kind
                choices
                value=id
                error
            />
            <button type="submit" class="button">
                "Subscribe"
            </button>
        </form>
    }
    .into_any()
}
