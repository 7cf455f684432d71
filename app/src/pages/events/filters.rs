//! Which events the page shows: all of it is in the page's address.

use colloquy_protocol::{event::ServerEvent, id::PrincipalId, time::Timestamp, topic::Topic};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    api::{
        entity::path_of,
        events::{Filter, NO_RECEIPTS},
    },
    components::{
        address::{
            Choice, FilterField, SearchBox, not_used, problem, use_parameter, use_set_parameters,
            use_usable,
        },
        field::FieldNotes,
        flow::Show,
    },
};

/// What the page's address asks for, as far as it can be asked for: what is wrong with the rest is said
/// at its field.
pub(super) fn use_filter() -> Memo<Filter> {
    let [event, q, before] = ["event", "q", "before"].map(use_parameter);
    let topic = use_usable::<Topic>("topic");
    let actor = use_usable::<PrincipalId>("actor");
    let [from, to] = ["from", "to"].map(use_usable::<Timestamp>);
    Memo::new(move |_| Filter {
        event: event.get().filter(|name| no_event(name).is_none()),
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
    let all = [("", "All events"), (NO_RECEIPTS, "All but receipts")];
    let events = all.into_iter().chain(names).collect::<Vec<_>>();
    let unknown = not_used(use_parameter("event"), no_event);
    let search = use_location().search;
    let is_narrowed = move || search.with(|search| !search.is_empty());
    view! {
        <div class="toolbar" role="search" aria-label="Filter the events">
            <SearchBox label="Search the payloads" />
            <div class="field">
                <Choice parameter="event" label="Event" options=events />
                <FieldNotes id="event" error=unknown />
            </div>
            <FilterField
                parameter="topic"
                label="Entity"
                placeholder="agent:ada or chat:*"
                problem={problem::<Topic>}
            />
            <FilterField
                parameter="actor"
                label="Actor"
                placeholder="Actor's id"
                problem={problem::<PrincipalId>}
            />
            <div class="moments">
                <Moment parameter="from" label="From (UTC)" />
                <Moment parameter="to" label="To (UTC)" />
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

/// A moment, in UTC as all times of this page.
#[component]
fn Moment(parameter: &'static str, label: &'static str) -> impl IntoView {
    let value = use_parameter(parameter);
    let set = use_set_parameters();
    let error = not_used(value, no_moment);
    // The browser's field knows no time zone; in the address there is one.
    let local = move || value.get().unwrap_or_default().trim_end_matches('Z').to_owned();
    view! {
        <label class="moment">
            {label}
            <input
                type="datetime-local"
                aria-invalid=move || error.with(Option::is_some).to_string()
                aria-describedby=format!("{parameter}-error")
                value=untrack(local)
                prop:value=local
                on:change:target=move |event| {
                    let moment = in_utc(&event.target().value());
                    set(&[(parameter, moment.as_deref())]);
                }
            />
        </label>
        <FieldNotes id=parameter error />
    }
    .into_any()
}

/// RFC 3339 of a field's value; the field leaves out seconds that are zero.
fn in_utc(local: &str) -> Option<String> {
    match local.len() {
        0 => None,
        16 => Some(format!("{local}:00Z")),
        _ => Some(format!("{local}Z")),
    }
}

/// What is wrong with a text that is to name an event, and the text: the choice does not show it.
fn no_event(text: &str) -> Option<String> {
    let is_choice = text == NO_RECEIPTS || ServerEvent::NAMES.contains(&text);
    (!is_choice).then(|| format!("no event is called {text}"))
}

/// What is wrong with a text that is to be a moment, and the text: the browser's field does not show it.
fn no_moment(text: &str) -> Option<String> {
    problem::<Timestamp>(text).map(|problem| format!("{text} is {problem}"))
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
    fn what_is_no_event_is_said_with_its_text() {
        assert_eq!(no_event("agent:created"), None);
        assert_eq!(no_event(NO_RECEIPTS), None);
        assert_eq!(no_event("bogus").as_deref(), Some("no event is called bogus"));
    }

    #[test]
    fn what_is_no_moment_is_said_with_its_text() {
        assert_eq!(no_moment("2026-01-31T12:00:00Z"), None);
        assert!(
            no_moment("xx").is_some_and(|problem| problem.starts_with("xx is not an RFC 3339"))
        );
    }

    #[test]
    fn only_one_entity_has_a_story() {
        assert!(entity("agent:ada").is_some());
        assert!(entity("agent:*").is_none());
        assert!(entity("ada").is_none());
    }
}
