//! A choice among a few, all of them in sight.

use leptos::prelude::*;

/// Radio buttons that look like the parts of one control.
#[component]
pub fn Segments<T: Copy + PartialEq + Send + Sync + 'static>(
    /// Tells it from the other choices of the page.
    name: &'static str,
    /// What is chosen.
    label: &'static str,
    /// What there is, each with its word.
    options: Vec<(T, &'static str)>,
    /// What is chosen now.
    value: RwSignal<T>,
) -> impl IntoView {
    let radio = move |(option, word)| {
        view! {
            <label>
                <input
                    type="radio"
                    name=name
                    checked=value.get_untracked() == option
                    on:change=move |_| value.set(option)
                />
                <span>{word}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <fieldset class="segments">
            <legend class="visually-hidden">{label}</legend>
            {options.into_iter().map(radio).collect_view()}
        </fieldset>
    }
}
