//! The form that subscribes to all of a kind, to one of what exists, or to an id.

use colloquy_protocol::topic::{Kind, Topic};
use leptos::{ev::SubmitEvent, html, prelude::*};

use crate::{
    components::subscriptions::all_of,
    stores::choices::{LiveChoices, of_kind},
};

/// The value of the choice that asks for an id; no id is empty.
const BY_ID: &str = "";

/// Chooses a topic and hands it on.
#[component]
pub fn SubscribeForm(
    /// What there is to choose from.
    choices: LiveChoices,
    /// Takes what was chosen.
    subscribe: Callback<Topic>,
) -> impl IntoView {
    let kind = RwSignal::new(Kind::Agent);
    let by_id = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let select = NodeRef::<html::Select>::new();
    let input = NodeRef::<html::Input>::new();

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let chosen = if by_id.get_untracked() {
            input.get_untracked().map(|input| input.value().trim().to_owned())
        } else {
            select.get_untracked().map(|select| select.value())
        };
        match Topic::of(kind.get_untracked(), &chosen.unwrap_or_default()) {
            Ok(topic) => {
                error.set(None);
                subscribe.run(topic);
            }
            Err(invalid) => error.set(Some(invalid.to_string())),
        }
    };
    let choose_kind = move |one| {
        kind.set(one);
        by_id.set(false);
        error.set(None);
        if let Some(select) = select.get_untracked() {
            select.set_value("*");
        }
    };

    view! {
        <form class="subscribe" on:submit=submit>
            <fieldset class="segments">
                <legend class="visually-hidden">"Kind"</legend>
                {Kind::ALL
                    .map(|one| {
                        view! {
                            <label>
                                <input
                                    type="radio"
                                    name="kind"
                                    value=one.as_str()
                                    checked=one == Kind::Agent
                                    on:change=move |_| choose_kind(one)
                                />
                                <span>{plural(one)}</span>
                            </label>
                        }
                    })
                    .collect_view()}
            </fieldset>
            <label class="field">
                <span>"Which"</span>
                <select
                    node_ref=select
                    on:change=move |event| by_id.set(event_target_value(&event) == BY_ID)
                >
                    <option value="*">{move || all_of(kind.get())}</option>
                    <For
                        each=move || of_kind(choices, kind.get())
                        // A name that changed makes another option.
                        key=|choice| (choice.topic.clone(), choice.name.clone())
                        let:choice
                    >
                        <option value=choice.topic.id().to_owned()>{choice.name.clone()}</option>
                    </For>
                    <option value=BY_ID>"By id…"</option>
                </select>
            </label>
            <Show when=move || by_id.get()>
                <label class="field">
                    <span>"Id"</span>
                    <input
                        node_ref=input
                        type="text"
                        placeholder="agent-123"
                        autocomplete="off"
                        spellcheck="false"
                        aria-invalid=move || error.with(Option::is_some).to_string()
                        aria-describedby="subscribe-error"
                    />
                </label>
            </Show>
            <p class="error" id="subscribe-error" role="alert">
                {error}
            </p>
            <button type="submit" class="button">
                "Subscribe"
            </button>
        </form>
    }
    .into_any()
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Agent => "Agents",
        Kind::Chat => "Chats",
        Kind::Collection => "Collections",
    }
}
