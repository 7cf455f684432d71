//! Where no page is.

use leptos::prelude::*;

use crate::components::title::Title;

/// Says that there is no such page, and where to go on.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <Title text="Not found" />
        <section class="not-found">
            <p class="not-found-code">"404"</p>
            <h1>"There is no page here"</h1>
            <p>"The address may be mistyped, or what it showed is gone."</p>
            <div class="actions">
                <a class="button primary" href="/">
                    "To the overview"
                </a>
                <a class="button" href="/demo/websocket">
                    "Watch live events"
                </a>
            </div>
        </section>
    }
}
