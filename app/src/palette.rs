//! The command palette: goes to any page, agent, chat or collection by its name, and runs commands.
//!
//! The button, its key and the field are part of every page: whatever is typed right after Ctrl-K
//! has a place. What fits it is loaded when the palette is first opened.

mod commands;
pub mod list;

use leptos::{
    ev::{self, KeyboardEvent},
    html,
    prelude::*,
};
use send_wrapper::SendWrapper;

use self::list::{LIST, List, option_id};
use crate::{
    components::{
        dialog::Dialog,
        icon::{Icon, Shape},
        notify::NotifyDialog,
    },
    parts::lazy_function,
};

/// What the field and the list have in common.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    open: RwSignal<bool>,
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
            self.count.set(0);
            self.open.set(true);
        }
    }

    fn typed(self, text: String) {
        self.steps.set(0);
        self.entered.set(false);
        self.text.set(text);
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
    Effect::new(move || {
        let keys = window_event_listener(ev::keydown, move |event| {
            let modified = event.ctrl_key() || event.meta_key();
            if modified && !event.shift_key() && !event.alt_key() && event.key() == "k" {
                event.prevent_default();
                palette.show();
            }
        });
        on_cleanup(move || keys.remove());
    });
    let notified =
        Memo::new(move |before: Option<&bool>| before == Some(&true) || palette.notifying.get());
    view! {
        <button
            type="button"
            class="button search-button"
            aria-label="Go to anything (Ctrl K)"
            aria-haspopup="dialog"
            on:click=move |_| palette.show()
        >
            <Icon shape=Shape::Search />
            <span>"Go to…"</span>
            <kbd>"Ctrl K"</kbd>
        </button>
        <Dialog id="palette-title" open=palette.open title="Go to anything">
            <Field palette />
        </Dialog>
        // Nothing in a browser moves between threads, so the wrappers are only for the types.
        {move || {
            notified.get().then(|| Suspend::new(SendWrapper::new(load_notify(palette.notifying))))
        }}
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
    let on_key = move |event: KeyboardEvent| {
        match event.key().as_str() {
            _ if event.is_composing() => return,
            "ArrowDown" => palette.steps.update(|steps| *steps += 1),
            "ArrowUp" => palette.steps.update(|steps| *steps -= 1),
            "Enter" => palette.entered.set(true),
            _ => return,
        }
        event.prevent_default();
    };
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
                on:input:target=move |event| palette.typed(event.target().value())
                on:keydown=on_key
            />
            {Suspend::new(SendWrapper::new(load_list(palette)))}
        </div>
    }
    .into_any()
}

lazy_function! {
    hub, fn load_list(palette: Palette) -> AnyView { view! { <List palette /> }.into_any() }
}

lazy_function! {
    hub,
    fn load_notify(open: RwSignal<bool>) -> AnyView {
        view! { <NotifyDialog id="palette-notify-title" open /> }.into_any()
    }
}
