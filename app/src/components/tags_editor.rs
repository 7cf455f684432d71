//! A field for short texts, such as capabilities.

use leptos::{
    ev::{FocusEvent, KeyboardEvent},
    prelude::*,
};

use crate::components::{
    field::FieldNotes,
    flow::For,
    icon::{Icon, Shape},
};

/// A list of short texts: Enter adds what was typed, and so does leaving the field.
#[component]
pub fn TagsEditor(
    /// The field's id, which nothing else of the page has.
    id: &'static str,
    /// What it is.
    label: &'static str,
    /// The texts; none is as good as an empty list.
    tags: RwSignal<Option<Vec<String>>>,
    /// What is wrong with them.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let add = move || {
        let text = typed.get_untracked().trim().to_owned();
        typed.set(String::new());
        if !text.is_empty() {
            tags.update(|tags| {
                let tags = tags.get_or_insert_default();
                if !tags.contains(&text) {
                    tags.push(text);
                }
            });
        }
    };
    let remove = move |tag: &str| {
        tags.update(|tags| tags.get_or_insert_default().retain(|one| one != tag));
    };
    let keydown = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" | "," if !event.is_composing() => {
            event.prevent_default();
            add();
        }
        "Backspace" if typed.with_untracked(String::is_empty) => {
            tags.update(|tags| drop(tags.get_or_insert_default().pop()));
        }
        _ => {}
    };
    let all = move || tags.get().unwrap_or_default();
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="tags-editor">
                <For each=all key=String::clone let:tag>
                    <span class="capability">
                        {tag.clone()}
                        <button
                            type="button"
                            class="button icon"
                            aria-label=format!("Remove {tag}")
                            on:click=move |_| remove(&tag)
                        >
                            <Icon shape=Shape::Close />
                        </button>
                    </span>
                </For>
                <input
                    id=id
                    type="text"
                    autocomplete="off"
                    aria-invalid=move || error.with(Option::is_some).to_string()
                    aria-describedby=format!("{id}-error {id}-hint")
                    prop:value=typed
                    on:input:target=move |event| typed.set(event.target().value())
                    on:keydown=keydown
                    on:blur=move |_: FocusEvent| add()
                />
            </div>
            <FieldNotes id error hint="Enter adds one; Backspace takes the last one away." />
        </div>
    }
    .into_any()
}
