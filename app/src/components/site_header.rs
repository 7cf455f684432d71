//! The top of every page.

use leptos::prelude::*;
use leptos_router::components::A;

/// The name of the place, and where one can go.
#[component]
pub fn SiteHeader() -> impl IntoView {
    view! {
        <header class="site-header">
            <a class="brand" href="/demo/websocket">
                <img src="/favicon.svg" alt="" width="24" height="24" />
                "Colloquy"
            </a>
            <nav aria-label="Main">
                <A href="/demo/websocket">"Live"</A>
                // Not a page of this app: the browser goes there itself.
                <a href="/docs" rel="external">
                    "API"
                </a>
            </nav>
        </header>
    }
}
