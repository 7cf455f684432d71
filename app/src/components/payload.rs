//! What an event carries.

use colloquy_protocol::frame::EventFrame;
use leptos::prelude::*;

use crate::{
    components::icon::{Icon, Shape},
    stores::history::{Entry, Line},
};

/// The payload of the opened entry, below the history.
#[component]
pub fn Payload(
    /// The entry.
    opened: RwSignal<Option<Entry>>,
) -> impl IntoView {
    let payload = move || {
        let entry = opened.get()?;
        let Line::Event { frame, .. } = &*entry.line else { return None };
        let view = view! {
            <section class="payload" aria-label="Opened event">
                <header>
                    <h3>{format!("{} #{}", frame.name, frame.offset)}</h3>
                    <button
                        type="button"
                        class="button icon"
                        aria-label="Close the payload"
                        on:click=move |_| opened.set(None)
                    >
                        <Icon shape=Shape::Close />
                    </button>
                </header>
                <pre tabindex="0" role="region" aria-label="Payload">
                    <code>{payload(frame)}</code>
                </pre>
            </section>
        };
        Some(view.into_any())
    };
    view! { {move || payload()} }.into_any()
}

/// The payload as people read it.
pub(crate) fn payload(frame: &EventFrame) -> String {
    indented(frame.payload.get())
}

/// JSON without spaces, with a line for each field.
///
/// Numbers and the order of fields stay as they are, which neither the browser's own parser nor
/// serde's [`serde_json::Value`] promises.
fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut is_escaped = false;
    let mut before = ' ';
    for character in json.chars() {
        let is_structure = !in_string;
        if is_structure && matches!(character, '}' | ']') {
            depth = depth.saturating_sub(1);
            if !matches!(before, '{' | '[') {
                break_line(&mut text, depth);
            }
        } else if is_structure && matches!(before, '{' | '[') {
            break_line(&mut text, depth);
        }
        text.push(character);
        match character {
            '"' if !is_escaped => in_string = !in_string,
            '{' | '[' if is_structure => depth += 1,
            ',' if is_structure => break_line(&mut text, depth),
            ':' if is_structure => text.push(' '),
            _ => {}
        }
        is_escaped = in_string && character == '\\' && !is_escaped;
        before = if is_structure { character } else { ' ' };
    }
    text
}

fn break_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn reads_as_serde_would_write_it() {
        let values = [
            json!({}),
            json!([]),
            json!({"a": [], "b": {}, "c": [1, [2.5, -3e30]], "d": null}),
            json!({"text": "a \"quoted\", {braced}: [and] back\\slashed\\", "": "\\\""}),
            json!([[["ü \u{1}"]], "", true]),
        ];
        for value in values {
            let expected = serde_json::to_string_pretty(&value).unwrap();
            assert_eq!(indented(&Value::to_string(&value)), expected);
        }
    }
}
