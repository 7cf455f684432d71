//! The command palette: goes to any page, agent, chat or collection by its name, and runs commands.
//!
//! The button and its key are part of every page; the rest is loaded when the palette is first
//! opened. Whatever is typed meanwhile is kept, and is in the field when that is there.

mod commands;
mod dialog;
pub mod list;

use leptos::{
    ev::{self, KeyboardEvent},
    prelude::*,
};

use self::dialog::load_dialog;
use crate::{
    components::icon::{Icon, Shape},
    parts::lazy_dialog,
};

/// What the button, the field and the list have in common.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    open: RwSignal<bool>,
    /// Whether the field has the keyboard, or had it since the palette was opened.
    has_keyboard: RwSignal<bool>,
    /// What was typed.
    text: RwSignal<String>,
    /// How many lines there are; none until they are loaded.
    count: RwSignal<usize>,
    /// How far the arrow keys went down, round and round.
    steps: RwSignal<isize>,
    /// Whether Enter was pressed, and what it chooses is still to be found.
    entered: RwSignal<bool>,
    /// Whether everybody is being told something: a dialog that the palette can open.
    notifying: RwSignal<bool>,
}

impl Palette {
    fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            has_keyboard: RwSignal::new(false),
            text: RwSignal::default(),
            count: RwSignal::default(),
            steps: RwSignal::default(),
            entered: RwSignal::default(),
            notifying: RwSignal::default(),
        }
    }

    /// Opens it, with nothing typed yet.
    fn show(self) {
        if !self.open.get_untracked() {
            self.typed(String::new());
            self.has_keyboard.set(false);
            self.count.set(0);
            self.open.set(true);
        }
    }

    fn typed(self, text: String) {
        self.steps.set(0);
        self.entered.set(false);
        self.text.set(text);
    }

    /// Whether its field is still to come.
    fn is_awaited(self) -> bool {
        self.open.get() && !self.has_keyboard.get()
    }

    /// Does what a key does in the field; whether it does anything.
    fn press(self, event: &KeyboardEvent) -> bool {
        match event.key().as_str() {
            _ if event.is_composing() => return false,
            "ArrowDown" => self.steps.update(|steps| *steps += 1),
            "ArrowUp" => self.steps.update(|steps| *steps -= 1),
            "Enter" => self.entered.set(true),
            _ => return false,
        }
        true
    }

    /// Does what a key would do if the field were there already; whether it does anything.
    fn press_early(self, event: &KeyboardEvent) -> bool {
        let key = event.key();
        let is_command = event.ctrl_key() || event.meta_key() || event.alt_key();
        let mut text = self.text.get_untracked();
        match key.as_str() {
            "Escape" => self.open.set(false),
            "Backspace" => {
                text.pop();
                self.typed(text);
            }
            // Other keys have longer names.
            character if !is_command && character.chars().count() == 1 => {
                text.push_str(character);
                self.typed(text);
            }
            _ => return self.press(event),
        }
        true
    }

    /// The line that is chosen; none while there are no lines.
    fn active(self) -> Option<usize> {
        self.place_in(self.count.get())
    }

    fn place_in(self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.steps.get().rem_euclid(count as isize) as usize)
    }
}

/// Opens the palette; so does Ctrl-K, or Cmd-K.
#[component]
pub fn PaletteButton() -> impl IntoView {
    let palette = Palette::new();
    provide_context(palette);
    Effect::new(move || {
        let keys = window_event_listener(ev::keydown, move |event| {
            let modified = event.ctrl_key() || event.meta_key();
            let is_k = event.key().eq_ignore_ascii_case("k");
            if modified && !event.shift_key() && !event.alt_key() && is_k {
                event.prevent_default();
                palette.show();
            } else if untrack(|| palette.is_awaited()) && palette.press_early(&event) {
                event.prevent_default();
            }
        });
        on_cleanup(move || keys.remove());
    });
    view! {
        <button
            type="button"
            class="button search-button"
            aria-label="Go to anything (Ctrl K)"
            aria-haspopup="dialog"
            aria-busy=move || palette.is_awaited().to_string()
            on:click=move |_| palette.show()
        >
            <Icon shape=Shape::Search />
            <span>{move || if palette.is_awaited() { "Opening…" } else { "Go to…" }}</span>
            <kbd>"Ctrl K"</kbd>
        </button>
        {lazy_dialog(palette.open, || Box::pin(load_dialog()))}
    }
    .into_any()
}
