//! A field for short texts, such as capabilities.

use leptos::{
    ev::{FocusEvent, InputEvent, KeyboardEvent},
    prelude::*,
};

use crate::components::{
    field::FieldNotes,
    flow::For,
    icon::{Icon, Shape},
};

/// What stands between texts that are typed or pasted in one go.
const SEPARATORS: [char; 3] = [',', '\n', '\r'];

/// A list of short texts: Enter adds what was typed, and so do a comma and leaving the field.
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
        let text = typed.get_untracked();
        typed.set(String::new());
        for text in texts(&text) {
            tags.update(|tags| {
                let tags = tags.get_or_insert_default();
                if !tags.contains(&text) {
                    tags.push(text);
                }
            });
        }
    };
    // It is taken before the field, which has one line, joins the lines.
    let before_input = move |event: InputEvent| {
        if let Some(text) = event.data().filter(|text| text.contains(SEPARATORS))
            && !event.is_composing()
        {
            event.prevent_default();
            typed.update(|typed| typed.push_str(&text));
            add();
        }
    };
    let remove = move |tag: &str| {
        tags.update(|tags| tags.get_or_insert_default().retain(|one| one != tag));
    };
    let keydown = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" if !event.is_composing() => {
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
                        <span dir="auto">{tag.clone()}</span>
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
                    dir="auto"
                    autocomplete="off"
                    aria-invalid=move || error.with(Option::is_some).to_string()
                    aria-describedby=format!("{id}-error {id}-hint")
                    prop:value=typed
                    on:input:target=move |event| typed.set(event.target().value())
                    on:beforeinput=before_input
                    on:keydown=keydown
                    on:blur=move |_: FocusEvent| add()
                />
            </div>
            <FieldNotes id error hint="Enter or a comma adds one; Backspace takes the last one away." />
        </div>
    }
    .into_any()
}

fn texts(typed: &str) -> Vec<String> {
    let texts = typed.split(SEPARATORS).map(str::trim);
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_taken_apart_at_commas_and_line_ends() {
        assert_eq!(texts("read, write,think"), ["read", "write", "think"]);
        assert_eq!(texts(" read it \r\nwrite\n"), ["read it", "write"]);
        assert!(texts(" , ").is_empty());
    }
}
