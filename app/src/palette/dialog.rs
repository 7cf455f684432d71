//! The palette's dialog: its field, and the list below it.

use leptos::{html, prelude::*};

use super::{
    Palette,
    list::{LIST, List, option_id},
};
use crate::{
    components::{dialog::Dialog, notify::NotifyDialog},
    parts::{self, lazy_function},
};

lazy_function! {
    hub, pub(super) fn load_dialog() -> parts::Dialog = dialog
}

/// For the palette of the context.
fn dialog() -> AnyView {
    let palette = expect_context::<Palette>();
    view! {
        <Dialog id="palette-title" open=palette.open title="Go to anything">
            <Field palette />
        </Dialog>
        <NotifyDialog id="palette-notify-title" open=palette.notifying />
    }
    .into_any()
}

/// A combobox as the ARIA practices describe it: the focus stays in the field, the arrow keys
/// move through the list.
#[component]
fn Field(palette: Palette) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    Effect::new(move || {
        // It fails only for a field that is not in the page any more.
        input.get().map(|input| input.focus().ok());
    });
    view! {
        <div class="palette">
            <input
                node_ref=input
                type="text"
                role="combobox"
                aria-label="Name, id or command"
                placeholder="Name, id or command"
                aria-expanded=move || palette.active().is_some().to_string()
                aria-controls=LIST
                aria-autocomplete="list"
                aria-activedescendant=move || palette.active().map(option_id)
                autocomplete="off"
                spellcheck="false"
                autofocus
                prop:value=move || palette.text.get()
                on:input:target=move |event| palette.typed(event.target().value())
                on:keydown=move |event| {
                    if palette.press(&event) {
                        event.prevent_default();
                    }
                }
                on:focus=move |_| palette.has_keyboard.set(true)
            />
            <List palette />
        </div>
    }
    .into_any()
}
