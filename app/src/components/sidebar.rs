//! Where one can go, beside every page.

use leptos::prelude::*;
use leptos_router::{components::A, hooks::use_location};

use crate::{
    components::{
        connection_pill::ConnectionPill,
        icon::{Icon, Shape},
        theme::ThemeSwitch,
    },
    palette::PaletteButton,
};

/// The pages that one can go to: address, name, drawing.
pub(crate) const PAGES: [(&str, &str, Shape); 7] = [
    ("/", "Overview", Shape::Overview),
    ("/demo/websocket", "Live", Shape::Live),
    ("/agents", "Agents", Shape::Agent),
    ("/chats", "Chats", Shape::Chat),
    ("/collections", "Collections", Shape::Collection),
    ("/events", "Events", Shape::Log),
    ("/connections", "Connections", Shape::Connection),
];

/// The name of the place, the pages, and how the connection is.
#[component]
pub fn Sidebar() -> impl IntoView {
    let open = RwSignal::new(false);
    let path = use_location().pathname;
    // Going somewhere closes the menu of a narrow screen.
    Effect::new(move || {
        path.track();
        open.set(false);
    });

    let links = PAGES.map(|(href, name, shape)| {
        view! {
            <A href exact=href == "/">
                <Icon shape />
                {name}
            </A>
        }
    });
    view! {
        <header class="sidebar" data-open=move || open.get().to_string()>
            <a class="brand" href="/">
                <img src="/favicon.svg" alt="" width="24" height="24" />
                "Colloquy"
            </a>
            <PaletteButton />
            <nav id="pages" aria-label="Main">
                <div class="nav-links">
                    {links}
                    // Not a page of this app: the browser goes there itself.
                    <a href="/docs" rel="external">
                        <Icon shape=Shape::Code />
                        "API"
                    </a>
                </div>
            </nav>
            <div class="sidebar-foot">
                <ConnectionPill />
                <ThemeSwitch />
            </div>
            <button
                type="button"
                class="button icon menu-button"
                aria-label="Pages"
                aria-controls="pages"
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon shape=Shape::Menu />
            </button>
        </header>
    }
    .into_any()
}
