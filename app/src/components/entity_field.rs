//! A field that names an agent, a chat or a collection: chosen by its name, or any id.

use colloquy_protocol::topic::{Kind, Topic};
use leptos::prelude::*;

use crate::{
    api::choices::Choice,
    stores::choices::{LiveChoices, of_kind},
};

/// A field with an id, which offers what exists: [`Offers`] has to be in the page.
#[component]
pub fn EntityField(
    /// Tells it from the other fields of the page.
    id: &'static str,
    /// What it is for.
    label: &'static str,
    /// What stands in it while it is empty.
    #[prop(into)]
    placeholder: Signal<&'static str>,
    /// What kind of entity it names.
    #[prop(into)]
    kind: Signal<Kind>,
    /// What there is to choose from.
    choices: LiveChoices,
    /// The id.
    value: RwSignal<String>,
    /// What is wrong with it.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let error_id = format!("{id}-error");
    let name = move || {
        choices.value().with(|choices| {
            let (kind, id) = (kind.get(), value.get());
            let is_it = |topic: &Topic| topic.kind() == kind && topic.id() == id;
            choices.iter().find(|choice| is_it(&choice.topic)).map(|choice| choice.name.clone())
        })
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                type="text"
                list=move || list(kind.get())
                placeholder=move || placeholder.get()
                autocomplete="off"
                spellcheck="false"
                aria-invalid=move || error.with(Option::is_some).to_string()
                aria-describedby=error_id.clone()
                value=value.get_untracked()
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
            />
            <p class="quiet">{move || name()}</p>
            <p class="error" id=error_id role="alert">
                {move || error.get()}
            </p>
        </div>
    }
    .into_any()
}

/// What the fields of the page offer.
#[component]
pub fn Offers(
    /// What there is to choose from.
    choices: LiveChoices,
) -> impl IntoView {
    let offers = move |kind| {
        view! {
            <datalist id=list(kind)>
                {move || of_kind(choices, kind).into_iter().map(option).collect_view()}
            </datalist>
        }
        .into_any()
    };
    Kind::ALL.map(offers).collect_view().into_any()
}

fn option(choice: Choice) -> AnyView {
    view! { <option value=choice.topic.id().to_owned()>{choice.name}</option> }.into_any()
}

fn list(kind: Kind) -> &'static str {
    match kind {
        Kind::Agent => "agents",
        Kind::Chat => "chats",
        Kind::Collection => "collections",
    }
}
