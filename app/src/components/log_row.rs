//! One event of the log.

use std::sync::Arc;

use colloquy_protocol::{model::LogEntry, topic::Topic};
use leptos::{ev::MouseEvent, prelude::*, wasm_bindgen::JsCast};
use web_sys::Element;

use crate::{
    api::with_query,
    components::{event_row::Detail, flow::Show},
    stores::names::LiveNames,
};

/// When, what, of which entity, by whom, and where in the log; on demand, the payload.
///
/// The entity leads to its whole story, the actor to everything that they did. The name's button is for
/// the keyboard; whoever clicks does so anywhere.
#[component]
pub fn LogRow(
    /// The event.
    entry: Arc<LogEntry>,
    /// What agents and people are called.
    names: LiveNames,
) -> impl IntoView {
    let opened = RwSignal::new(false);
    let offset = entry.offset;
    let kind = entry.topic.as_ref().map_or("system", |topic| topic.kind().as_str());
    let exact = entry.timestamp.to_string();
    // RFC 3339 with milliseconds, in three words.
    let words = exact.replace('T', " ").replace('Z', " UTC");
    let name = entity_name(&entry);
    let actor = entry.actor_id.to_string();
    let acted = entry.clone();
    let actor_name = move || names.of(&acted.actor_id, acted.actor_kind);
    let (event, payload) = (entry.event.clone(), entry.payload.to_string());
    let detail = move || Detail::of(&event, &payload, &|id, kind| names.of(id, kind)).shown();
    let payload = entry.clone();
    let payload_id = format!("payload-{offset}");

    view! {
        <article
            class="log-row"
            data-kind=kind
            aria-label=format!("{} #{offset}", entry.event)
            on:click=move |click| {
                if is_for_row(&click) {
                    opened.update(|opened| *opened = !*opened);
                }
            }
        >
            <time datetime=exact>{words}</time>
            <button
                type="button"
                class="event-name"
                aria-expanded=move || opened.get().to_string()
                aria-controls=payload_id.clone()
            >
                <span aria-hidden="true">{move || if opened.get() { "▾" } else { "▸" }}</span>
                {entry.event.clone()}
            </button>
            <span class="event-what">
                {name.map(|name| view! { <strong>{name}</strong> })}
                {detail}
            </span>
            <span class="log-entity">{entry.topic.as_ref().map(story_link)}</span>
            <a
                class="log-actor"
                href=with_query("/events", &[("actor", Some(&actor))])
                title=format!("Everything by {actor}")
            >
                {actor_name}
            </a>
            <span class="event-offset">"#" {offset}</span>
            <div id=payload_id class="log-payload">
                <Show when=move || opened.get()>
                    <pre tabindex="0" role="region" aria-label="Payload">
                        <code>{pretty(&payload)}</code>
                    </pre>
                </Show>
            </div>
        </article>
    }
    .into_any()
}

/// Whether a click opens or closes the row: it is the button's, or none of a link, of the payload, or of
/// somebody who selects text.
fn is_for_row(click: &MouseEvent) -> bool {
    let Some(clicked) = click.target().and_then(|it| it.dyn_into::<Element>().ok()) else {
        return false;
    };
    let is_in = |what| clicked.closest(what).is_ok_and(|it| it.is_some());
    let selects = || {
        let selection = window().get_selection().ok().flatten();
        selection.is_some_and(|selection| !selection.is_collapsed())
    };
    is_in("button") || (!is_in("a, pre") && !selects())
}

fn story_link(topic: &Topic) -> impl IntoView + use<> {
    let topic = topic.to_string();
    view! {
        <a
            href=with_query("/events", &[("topic", Some(&topic))])
            title=format!("The whole story of {topic}")
        >
            {topic.clone()}
        </a>
    }
}

/// What the entity is called, if the event says so.
fn entity_name(entry: &LogEntry) -> Option<String> {
    let entity = entry.payload.get(entry.topic.as_ref()?.kind().as_str())?;
    let name = entity.get("name").or_else(|| entity.get("title"))?;
    Some(name.as_str()?.to_owned())
}

fn pretty(entry: &LogEntry) -> String {
    serde_json::to_string_pretty(&entry.payload).unwrap_or_else(|error| error.to_string())
}
