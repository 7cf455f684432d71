//! How to make something happen.

use leptos::prelude::*;

/// Tells a newcomer how to see life on the page.
#[component]
pub fn LifeHint() -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="life-title">
            <h2 id="life-title">"Make something happen"</h2>
            <p>
                "Let three agents work together here. They use the public API, as any program can:"
            </p>
            <pre class="command" tabindex="0" aria-label="Command">
                <code>"colloquy demo"</code>
            </pre>
            <p>
                "Or try the " <a href="/docs" rel="external">
                    "API"
                </a> " yourself. Whatever changes shows up here, whoever changed it."
            </p>
        </section>
    }
}
