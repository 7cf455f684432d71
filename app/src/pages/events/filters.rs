//! Which events the page shows: all of it is in the page's address.

use colloquy_protocol::{event::ServerEvent, topic::Topic};
use leptos::prelude::*;

use crate::{
    api::{entity::path_of, events::Filter},
    components::{
        address::{Choice, SearchBox, use_parameter, use_set_parameters},
        flow::Show,
    },
};

/// What the page's address asks for.
pub(super) fn use_filter() -> Memo<Filter> {
    let [event, topic, actor, from, to, q, before] =
        ["event", "topic", "actor", "from", "to", "q", "before"].map(use_parameter);
    Memo::new(move |_| Filter {
        event: event.get(),
        topic: topic.get(),
        actor: actor.get(),
        from: from.get(),
        to: to.get(),
        q: q.get(),
        before: before.get(),
    })
}

/// The fields that narrow the log down.
#[component]
pub fn Filters(
    /// What the page's address asks for.
    filter: Memo<Filter>,
) -> impl IntoView {
    let names = ServerEvent::NAMES.iter().map(|name| (*name, *name));
    let events = [("", "All events")].into_iter().chain(names).collect::<Vec<_>>();
    let is_narrowed = move || filter.with(|filter| *filter != Filter::default());
    view! {
        <div class="toolbar" role="search" aria-label="Filter the events">
            <SearchBox label="Search the payloads" />
            <Choice parameter="event" label="Event" options=events />
            <Field parameter="topic" label="Entity" placeholder="agent:ada or chat:*" />
            <Field parameter="actor" label="Actor" placeholder="Actor's id" />
            <div class="moments">
                <Moment parameter="from" label="From" />
                <Moment parameter="to" label="To" />
            </div>
            <Show when=is_narrowed>
                <a class="button" href="/events">
                    "Clear"
                </a>
            </Show>
        </div>
        {move || filter.with(|filter| filter.topic.as_deref().and_then(entity)).map(story)}
    }
    .into_any()
}

/// A text field that takes effect when it is left, or with the Enter key.
#[component]
fn Field(parameter: &'static str, label: &'static str, placeholder: &'static str) -> impl IntoView {
    let value = use_parameter(parameter);
    let set = use_set_parameters();
    view! {
        <input
            class="filter"
            aria-label=label
            placeholder=placeholder
            autocomplete="off"
            spellcheck="false"
            value=value.get_untracked()
            prop:value=move || value.get().unwrap_or_default()
            on:change:target=move |event| {
                set(&[(parameter, Some(event.target().value().trim())), ("before", None)]);
            }
        />
    }
}

/// A moment, in UTC as all times of this page.
#[component]
fn Moment(parameter: &'static str, label: &'static str) -> impl IntoView {
    let value = use_parameter(parameter);
    let set = use_set_parameters();
    // The browser's field knows no time zone; in the address there is one.
    let local = move || value.get().unwrap_or_default().trim_end_matches('Z').to_owned();
    view! {
        <label class="moment">
            {label}
            <input
                type="datetime-local"
                title="UTC"
                value=untrack(local)
                prop:value=local
                on:change:target=move |event| {
                    let moment = in_utc(&event.target().value());
                    set(&[(parameter, moment.as_deref()), ("before", None)]);
                }
            />
        </label>
    }
}

/// RFC 3339 of a field's value; the field leaves out seconds that are zero.
fn in_utc(local: &str) -> Option<String> {
    match local.len() {
        0 => None,
        16 => Some(format!("{local}:00Z")),
        _ => Some(format!("{local}Z")),
    }
}

fn entity(topic: &str) -> Option<Topic> {
    topic.parse().ok().filter(|topic| !matches!(topic, Topic::All(_)))
}

/// Whose story it is, and the way to its page.
fn story(topic: Topic) -> impl IntoView {
    view! {
        <p class="story">
            "The story of " <code>{topic.to_string()}</code>
            <a href=path_of(&topic)>"Open it"</a>
        </p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fields_moment_is_in_utc() {
        assert_eq!(in_utc(""), None);
        assert_eq!(in_utc("2026-01-31T12:00").as_deref(), Some("2026-01-31T12:00:00Z"));
        assert_eq!(in_utc("2026-01-31T12:00:05").as_deref(), Some("2026-01-31T12:00:05Z"));
    }

    #[test]
    fn only_one_entity_has_a_story() {
        assert!(entity("agent:ada").is_some());
        assert!(entity("agent:*").is_none());
        assert!(entity("ada").is_none());
    }
}
