//! The command palette: goes to any page, agent, chat or collection by its name.

use leptos::prelude::*;

use crate::components::icon::{Icon, Shape};

/// Opens the palette; so does Ctrl-K.
#[component]
pub fn PaletteButton() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <button
            type="button"
            class="button search-button"
            aria-label="Go to anything (Ctrl K)"
            on:click=move |_| open.set(true)
        >
            <Icon shape=Shape::Search />
            <span>"Go to…"</span>
            <kbd>"Ctrl K"</kbd>
        </button>
    }
    .into_any()
}
