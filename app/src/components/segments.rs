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
    #[prop(into)]
    value: Signal<T>,
    /// Takes what somebody chooses.
    #[prop(into)]
    on_choose: Callback<T>,
) -> impl IntoView {
    let radio = move |(option, word)| {
        let is_chosen = Signal::derive(move || value.get() == option);
        radio(name, word, is_chosen, Callback::new(move |()| on_choose.run(option)))
    };
    view! {
        <fieldset class="segments">
            <legend class="visually-hidden">{label}</legend>
            {options.into_iter().map(radio).collect_view()}
        </fieldset>
    }
    .into_any()
}

fn radio(
    name: &'static str,
    word: &'static str,
    is_chosen: Signal<bool>,
    on_choose: Callback<()>,
) -> AnyView {
    view! {
        <label>
            <input
                type="radio"
                name=name
                checked=is_chosen.get_untracked()
                prop:checked=move || is_chosen.get()
                on:change=move |_| on_choose.run(())
            />
            <span>{word}</span>
        </label>
    }
    .into_any()
}
