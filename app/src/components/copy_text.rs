//! A text to take along, such as a secret that is shown this once.

use js_sys::futures::JsFuture;
use leptos::{html, prelude::*, task::spawn_local};

/// A text of one line, and the button that copies it.
#[component]
pub fn CopyField(
    /// The field's id, which nothing else of the page has.
    id: &'static str,
    /// What it is.
    label: &'static str,
    /// The text.
    text: String,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let copied = text.clone();
    let select = move || {
        if let Some(field) = field.get_untracked() {
            field.select();
        }
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="copy">
                <input
                    id=id
                    type="text"
                    class="secret"
                    readonly
                    autocomplete="off"
                    spellcheck="false"
                    value=text
                    node_ref=field
                    on:focus=move |_| select()
                />
                <CopyButton text=move |()| copied.clone() what=label on_refused=move |()| select() />
            </div>
        </div>
    }
    .into_any()
}

/// Lines of a program or for a shell, and the button that copies them.
#[component]
pub fn CopyLines(
    /// What they are for.
    label: &'static str,
    /// The lines.
    text: String,
) -> impl IntoView {
    let copied = text.clone();
    view! {
        <section class="copy-lines" aria-label=label>
            <header>
                <h3>{label}</h3>
                <CopyButton text=move |()| copied.clone() what=label />
            </header>
            <pre tabindex="0" role="region" aria-label=format!("{label}, lines")>
                <code>{text}</code>
            </pre>
        </section>
    }
    .into_any()
}

/// Copies a text, and says whether that was possible.
#[component]
pub fn CopyButton(
    /// Gives the text.
    #[prop(into)]
    text: Callback<(), String>,
    /// What it is.
    what: &'static str,
    /// Selects the text, for when the browser does not let the page copy.
    #[prop(into, optional)]
    on_refused: Option<Callback<()>>,
    /// Whether the Tab key stops at the button.
    #[prop(into, default = "0".into())]
    tab_index: Signal<&'static str>,
) -> impl IntoView {
    let said = RwSignal::new("");
    let press = move |_| {
        let text = text.run(());
        spawn_local(async move {
            let words = match (copy(&text).await, on_refused) {
                (true, _) => "Copied",
                (false, Some(on_refused)) => {
                    on_refused.try_run(());
                    "Press Ctrl-C"
                }
                (false, None) => "The browser does not let this page copy",
            };
            said.try_set(words);
        });
    };
    view! {
        <button
            type="button"
            class="button"
            aria-label=format!("Copy: {what}")
            tabindex=tab_index
            on:click=press
        >
            "Copy"
        </button>
        <span class="quiet" role="status">
            {said}
        </span>
    }
    .into_any()
}

/// Puts a text on the clipboard; whether the browser lets the page do that.
pub(crate) async fn copy(text: &str) -> bool {
    // Elsewhere the browser has no clipboard for pages.
    let is_secure = window().is_secure_context();
    let clipboard = || window().navigator().clipboard().write_text(text);
    is_secure && JsFuture::from(clipboard()).await.is_ok()
}
