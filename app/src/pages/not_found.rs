//! Where no page is.

use leptos::prelude::*;

use crate::components::note::NotFound;

/// Says that there is no such page, and where to go on.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <NotFound
            title="There is no page here"
            text="The address may be mistyped, or what it showed is gone."
        >
            <a class="button primary" href="/">
                "To the overview"
            </a>
            <a class="button" href="/demo/websocket">
                "Watch live events"
            </a>
        </NotFound>
    }
}
