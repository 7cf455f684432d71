//! Fields for passwords that are chosen.

use leptos::{html, prelude::*};

use crate::components::field::FieldNotes;

/// A password, hidden until somebody wants to see it. The field is the browser's: what a password
/// manager fills in counts, whether it tells or not.
#[component]
pub fn PasswordField(
    /// The field's id, which nothing else of the page has.
    id: &'static str,
    /// What it is.
    label: &'static str,
    /// `new-password` or `current-password`.
    autocomplete: &'static str,
    /// The field, to read it from.
    field: NodeRef<html::Input>,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<String>>,
    /// What is good to know before typing.
    #[prop(optional)]
    hint: &'static str,
) -> impl IntoView {
    let is_shown = RwSignal::new(false);
    let word = move || if is_shown.get() { "Hide" } else { "Show" };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="copy">
                <input
                    id=id
                    name=autocomplete
                    type=move || if is_shown.get() { "text" } else { "password" }
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    required
                    node_ref=field
                    aria-invalid=move || error.with(Option::is_some).to_string()
                    aria-describedby=format!("{id}-error {id}-hint")
                />
                <button
                    type="button"
                    class="button"
                    aria-label=move || format!("{}: {label}", word())
                    on:click=move |_| is_shown.update(|shown| *shown = !*shown)
                >
                    {move || word()}
                </button>
            </div>
            <FieldNotes id error hint />
        </div>
    }
    .into_any()
}

/// What was typed or filled in; nothing while the field is not there.
pub fn typed(field: NodeRef<html::Input>) -> String {
    field.get_untracked().map(|field| field.value()).unwrap_or_default()
}
