//! The field that narrows the list of chats down to those of one participant.

use colloquy_protocol::id::PrincipalId;
use leptos::prelude::*;

use crate::components::{
    address::{use_parameter, use_search},
    field::FieldNotes,
};

/// The parameter that names somebody who takes part.
pub(super) const PARTICIPANT: &str = "participant";

/// Whose chats the page's address asks for, as far as it can be asked for: what is wrong is said at the
/// field.
pub(super) fn use_participant() -> Signal<Option<String>> {
    let id = use_parameter(PARTICIPANT);
    Signal::derive(move || {
        let usable = id.get().filter(|id| problem(id).is_none())?;
        Some(usable.trim().to_owned())
    })
}

/// Whose chats are listed. It takes effect while one types, unless the text can be no id.
#[component]
pub fn ParticipantField() -> impl IntoView {
    let id = use_parameter(PARTICIPANT);
    let mut search = use_search(PARTICIPANT);
    let error = Signal::derive(move || Some(format!("Not used: {}.", problem(&id.get()?)?)));
    view! {
        <div class="field filter">
            <input
                type="search"
                aria-label="Id of a participant"
                placeholder="Id of a participant"
                autocomplete="off"
                spellcheck="false"
                aria-invalid=move || error.with(Option::is_some).to_string()
                aria-describedby="participant-error"
                value=id.get_untracked()
                prop:value=move || id.get().unwrap_or_default()
                on:input:target=move |event| search(event.target().value())
            />
            <FieldNotes id=PARTICIPANT error />
        </div>
    }
    .into_any()
}

/// What is wrong with a text that is to be somebody's id.
fn problem(id: &str) -> Option<String> {
    id.trim().parse::<PrincipalId>().err().map(|error| error.to_string())
}
