//! The pages through which one comes in.

use leptos::prelude::*;

/// A card on an otherwise empty page.
#[component]
pub fn Entrance(
    /// What the page is for.
    #[prop(into)]
    title: Signal<String>,
    /// What is asked for.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="entrance">
            <p class="brand">
                <img src="/favicon.svg" alt="" width="24" height="24" />
                "Colloquy"
            </p>
            <section class="card" aria-labelledby="entrance-title">
                <h1 id="entrance-title">{title}</h1>
                {children()}
            </section>
        </div>
    }
    .into_any()
}
