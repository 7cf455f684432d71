//! The title of the page.

use leptos::prelude::*;

/// Sets the document's title, until another page does, and begins at the page's heading.
///
/// The server leaves that to Leptos, which puts it in the head. In a browser it is one line, and
/// what Leptos has there for titles within titles would be 12 kB.
#[component]
pub fn Title(
    /// What the page shows.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let title = move || format!("{} · Colloquy", text.get());
    #[cfg(feature = "ssr")]
    {
        // It is in the head now; what is left of it shows nothing.
        let _ = leptos_meta::Title(leptos_meta::TitleProps::builder().text(title).build());
    }
    #[cfg(not(feature = "ssr"))]
    {
        Effect::new(move || document().set_title(&title()));
        crate::keyboard::begin_at_the_heading();
    }
}
