//! A one-time link that was just made: it is shown this once.

use colloquy_protocol::account::{Invited, PersonState};
use leptos::prelude::*;

use crate::components::copy_text::CopyField;

/// The link, and what to do with it.
#[component]
pub fn OneTimeLink(
    /// Whose it is.
    invited: Invited,
    /// Called when somebody has it.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let Invited { person, link, expires_at } = invited;
    let origin = window().location().origin().unwrap_or_default();
    let until = expires_at.to_string();
    let until = until.get(..16).unwrap_or_default().replace('T', ", ");
    let what = match person.state {
        PersonState::Invited => "choose a password and come in",
        PersonState::Active | PersonState::Disabled => "choose a new password",
    };
    view! {
        <p>
            "Send it to " <strong>{person.name}</strong> " in a way that nobody else reads: whoever opens it first can "
            {what} ". Nothing is sent by itself, and it is shown only now."
        </p>
        <CopyField id="one-time-link" label="One-time link" text=format!("{origin}{link}") />
        <p class="quiet">"It works once, until " {until} " UTC."</p>
        <div class="actions end">
            <button type="button" class="button primary" on:click=move |_| on_done.run(())>
                "I have copied it"
            </button>
        </div>
    }
    .into_any()
}
