//! What can be done with the history: filter it, stop it, empty it, take it along.

use std::time::Duration;

use colloquy_protocol::{event::ServerEvent, model::NotificationType};
use js_sys::Array;
use leptos::{leptos_dom::helpers::debounce, prelude::*, task::spawn_local, wasm_bindgen::JsCast};
use web_sys::{Blob, HtmlAnchorElement, Url};

use crate::{
    api::events::NO_RECEIPTS,
    components::{
        address::TYPING,
        copy_text::copy,
        toasts::{Toasts, use_toasts},
    },
    stores::history::{Filter, History},
};

/// How long the browser may take to begin a download.
const DOWNLOADING: Duration = Duration::from_secs(60);

/// What the names of the events of one kind begin with.
const KINDS: [&str; 4] = ["agent:", "chat:", "collection:", "system:"];

/// The filter, and the buttons.
#[component]
pub fn HistoryTools(
    /// What they are for.
    history: History,
    /// Called when other entries are shown: others fit, or they were cleared.
    #[prop(into)]
    on_change: Callback<()>,
) -> impl IntoView {
    let filter = RwSignal::new(Filter::default());
    let apply = move || {
        history.set_filter(filter.get_untracked());
        on_change.run(());
    };
    let mut search = debounce(TYPING, move |()| apply());

    let toasts = use_toasts();
    let is_paused = move || history.counts().is_paused;

    view! {
        <div class="toolbar">
            <select
                aria-label="Which events"
                on:change:target=move |event| {
                    filter.update(|filter| filter.event = event.target().value());
                    apply();
                }
            >
                <option value="">"Every event"</option>
                <option value=NO_RECEIPTS>"All but receipts"</option>
                {KINDS.map(options).collect_view()}
            </select>
            <input
                type="search"
                aria-label="Text in the events"
                placeholder="Text"
                autocomplete="off"
                on:input:target=move |event| {
                    filter.update(|filter| filter.text = event.target().value());
                    search(());
                }
            />
            <button
                type="button"
                class="button pause"
                on:click=move |_| history.set_paused(!is_paused())
            >
                {move || if is_paused() { "Resume" } else { "Pause" }}
            </button>
            <button
                type="button"
                class="button"
                aria-disabled=move || is_empty(history)
                on:click=move |_| {
                    history.clear();
                    on_change.run(());
                }
            >
                "Clear"
            </button>
            <button
                type="button"
                class="button"
                aria-disabled=move || is_empty(history)
                on:click=move |_| spawn_local(take_along(history.to_json(), toasts))
            >
                "Copy"
            </button>
            <button
                type="button"
                class="button"
                aria-disabled=move || is_empty(history)
                on:click=move |_| offer(&history.to_json())
            >
                "Download"
            </button>
        </div>
    }
    .into_any()
}

/// Whether there is nothing to do it with, as `aria-disabled` says it.
fn is_empty(history: History) -> String {
    (history.counts().fitting == 0).to_string()
}

fn options(kind: &'static str) -> AnyView {
    let of_kind = ServerEvent::NAMES.iter().filter(|name| name.starts_with(kind));
    let option = |name: &&'static str| view! { <option value=*name>{*name}</option> }.into_any();
    view! {
        <option value=kind>{format!("{kind} all")}</option>
        {of_kind.map(option).collect_view()}
    }
    .into_any()
}

async fn take_along(text: String, toasts: Toasts) {
    if copy(&text).await {
        toasts.show(NotificationType::Success, "The shown events are copied, as JSON.");
    } else {
        let text = "The browser does not let this page copy. The events can be downloaded.";
        toasts.show(NotificationType::Error, text);
    }
}

/// Lets the browser save a text.
fn offer(text: &str) {
    // Neither fails for a text that the browser has memory for.
    let Ok(blob) = Blob::new_with_str_sequence(&Array::of1(&text.into())) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    let link = document().create_element("a").ok().and_then(|link| link.dyn_into().ok());
    let Some::<HtmlAnchorElement>(link) = link else { return };
    link.set_href(&url);
    link.set_download("colloquy-events.json");
    link.click();
    set_timeout(move || drop(Url::revoke_object_url(&url)), DOWNLOADING);
}
