//! The command palette: goes to any page, agent, chat or collection by its name, and runs commands.
//!
//! The button and its key are part of every page. All else is loaded when it is first opened.

mod commands;
pub mod panel;

use leptos::{ev, prelude::*};
use send_wrapper::SendWrapper;

use self::panel::Palette;
use crate::components::icon::{Icon, Shape};

/// Opens the palette; so does Ctrl-K, or Cmd-K.
#[component]
pub fn PaletteButton() -> impl IntoView {
    let open = RwSignal::new(false);
    let was_opened = Memo::new(move |before: Option<&bool>| before == Some(&true) || open.get());
    Effect::new(move || {
        let keys = window_event_listener(ev::keydown, move |event| {
            let modified = event.ctrl_key() || event.meta_key();
            if modified && !event.shift_key() && !event.alt_key() && event.key() == "k" {
                event.prevent_default();
                open.set(true);
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
            on:click=move |_| open.set(true)
        >
            <Icon shape=Shape::Search />
            <span>"Go to…"</span>
            <kbd>"Ctrl K"</kbd>
        </button>
        // Nothing in a browser moves between threads, so the wrapper is only for the types.
        {move || was_opened.get().then(|| Suspend::new(SendWrapper::new(load_palette(open))))}
    }
    .into_any()
}

#[lazy]
fn load_palette(open: RwSignal<bool>) -> AnyView {
    view! { <Palette open /> }.into_any()
}
