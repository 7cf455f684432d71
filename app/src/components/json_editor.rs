//! A field for JSON.

use colloquy_protocol::model::Metadata;
use leptos::{
    ev::{FocusEvent, KeyboardEvent},
    html,
    prelude::*,
    wasm_bindgen::JsCast,
};
use web_sys::{HtmlDocument, HtmlTextAreaElement};

use crate::components::{
    field::FieldNotes,
    json_text::{Edit, Mistake, indent, parse_object, pretty},
};

/// A field for a JSON object that says where its mistake is, while it is typed.
///
/// Tab indents, as in an editor; Escape gives the key back, so the keyboard is not caught in it.
#[component]
pub fn JsonEditor(
    /// The field's id, which nothing else of the page has.
    id: &'static str,
    /// What it is.
    label: &'static str,
    /// What was typed.
    text: RwSignal<String>,
    /// What is wrong with it although it is JSON.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let parsed = Memo::new(move |_| text.with(|text| parse_object(text)));
    let problem = Signal::derive(move || match parsed.get() {
        Err(mistake) => Some(mistake.to_string()),
        Ok(_) => error.get(),
    });
    let area = NodeRef::<html::Textarea>::new();
    let format = move |_| {
        if let (Some(area), Ok(object)) = (area.get_untracked(), parsed.get_untracked()) {
            replace_all(&area, &pretty(&object));
        }
    };
    view! {
        <div class="field">
            <div class="field-head">
                <label for=id>{label}</label>
                <button
                    type="button"
                    class="button small"
                    disabled=move || parsed.with(Result::is_err)
                    on:click=format
                >
                    "Format"
                </button>
            </div>
            <Lines id area text parsed invalid=Signal::derive(move || problem.get().is_some()) />
            <FieldNotes
                id
                error=problem
                hint="A JSON object. Tab indents; Escape, then Tab, leaves the field."
            />
        </div>
    }
    .into_any()
}

/// The text with its line numbers; the line of the mistake is marked.
#[component]
fn Lines(
    id: &'static str,
    area: NodeRef<html::Textarea>,
    text: RwSignal<String>,
    parsed: Memo<Result<Metadata, Mistake>>,
    invalid: Signal<bool>,
) -> impl IntoView {
    let count = Memo::new(move |_| text.with(|text| text.split('\n').count()));
    let numbers = move || (1..=count.get()).map(|line| format!("{line}\n")).collect::<String>();
    let wrong = move || parsed.with(|parsed| parsed.as_ref().err().map(|mistake| mistake.line));
    // Escape lets the next Tab go on to the next field.
    let released = StoredValue::new(false);
    let keydown = move |event: KeyboardEvent| match event.key().as_str() {
        "Tab" if !released.get_value() => {
            event.prevent_default();
            if let Some(area) = area.get_untracked() {
                shift(&area, event.shift_key());
            }
        }
        "Escape" if !released.get_value() => {
            released.set_value(true);
            // A dialog around it stays open; the next Escape closes it.
            event.prevent_default();
        }
        "Tab" | "Escape" | "Shift" => {}
        _ => released.set_value(false),
    };
    view! {
        <div class="json-editor">
            <pre class="json-numbers" aria-hidden="true">
                {numbers}
            </pre>
            {move || {
                wrong()
                    .map(|line| {
                        view! { <span class="json-mistake" style:--line-number=line.to_string()></span> }
                    })
            }}
            <textarea
                id=id
                node_ref=area
                wrap="off"
                spellcheck="false"
                autocomplete="off"
                autocapitalize="off"
                rows=move || count.get().max(3).to_string()
                aria-invalid=move || invalid.get().to_string()
                aria-describedby=format!("{id}-error {id}-hint")
                prop:value=text
                on:input:target=move |event| text.set(event.target().value())
                on:keydown=keydown
                on:blur=move |_: FocusEvent| released.set_value(false)
            ></textarea>
        </div>
    }
    .into_any()
}

fn shift(area: &HtmlTextAreaElement, back: bool) {
    let place = |place: Result<Option<u32>, _>| place.ok().flatten().unwrap_or_default();
    let (start, end) = (place(area.selection_start()), place(area.selection_end()));
    apply(area, &indent(&area.value(), start, end, back));
}

fn replace_all(area: &HtmlTextAreaElement, text: &str) {
    let to = area.value().encode_utf16().count() as u32;
    apply(area, &Edit { from: 0, to, text: text.to_owned(), selected: (0, 0) });
}

/// Edits as if it had been typed, so that it can be undone with the keyboard.
fn apply(area: &HtmlTextAreaElement, edit: &Edit) {
    area.focus().ok();
    area.set_selection_range(edit.from, edit.to).ok();
    let command = if edit.text.is_empty() { "delete" } else { "insertText" };
    document()
        .unchecked_into::<HtmlDocument>()
        .exec_command_with_show_ui_and_value(command, false, &edit.text)
        .ok();
    area.set_selection_range(edit.selected.0, edit.selected.1).ok();
}
