//! `/events`: the log itself.

use axum::extract::State;
use colloquy_protocol::{
    event::ServerEvent,
    id::PrincipalId,
    model::{LogEntry, Page},
    position::Offset,
    time::Timestamp,
    topic::Topic,
};
use serde::Deserialize;
use utoipa::{
    IntoParams,
    openapi::{ObjectBuilder, schema::Type},
};

use crate::{
    access::Caller,
    http::{
        answer::Shown,
        extract::{ActingAs, Limit, Query, Search},
        problem::{ListProblems, Problem},
    },
    service::{EventQuery, Named, Services},
};

/// Which events to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Only those after this offset.
    #[param(nullable = false, value_type = Option<u64>)]
    since: Option<Place>,
    /// Only those before this offset.
    #[param(nullable = false, value_type = Option<u64>)]
    before: Option<Place>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// Only those of this topic: `agent:ID`, `chat:ID`, `collection:ID`, or `*` for the id.
    #[param(nullable = false)]
    topic: Option<Topic>,
    /// Only those of this name; with `-` in front, all but those.
    #[param(nullable = false, schema_with = event_choice)]
    event: Option<EventChoice>,
    /// Only those of this agent or person.
    #[param(nullable = false)]
    actor: Option<PrincipalId>,
    /// Only those at or after this moment.
    #[param(nullable = false)]
    from: Option<Timestamp>,
    /// Only those before this moment.
    #[param(nullable = false)]
    to: Option<Timestamp>,
    /// Text that the payload has, in one of its texts or across its JSON, whatever the case of A to Z.
    #[param(nullable = false, value_type = Option<String>, max_length = 200)]
    q: Option<Search>,
}

/// List events.
///
/// A page has the oldest that fit, and its `nextCursor` is the next page's `since`; with `before`
/// and without `since` it has the newest, and its `nextCursor` is the next page's `before`. On a
/// page the oldest is first. All filters can be combined. `before=9223372036854775807`, the
/// greatest offset there can be, asks for the latest events.
#[utoipa::path(
    get, path = "/events", tag = "events", operation_id = "listEvents",
    params(EventsQuery, ActingAs),
    responses(Shown<Page<LogEntry>>, ListProblems),
)]
pub(crate) async fn list(
    State(services): State<Services>,
    caller: Caller,
    Query(query): Query<EventsQuery>,
) -> Result<Shown<Page<LogEntry>>, Problem> {
    let EventsQuery { since, before, limit, topic, event, actor, from, to, q } = query;
    let event = event.map(|choice| choice.0);
    let (since, before) = (since.map(|place| place.0), before.map(|place| place.0));
    let (limit, q) = (limit.into(), q.map(Into::into));
    let query = EventQuery { since, before, limit, topic, event, actor, from, to, q };
    Ok(Shown(services.events(&caller, query).await?))
}

/// An offset that the log can hold: SQLite's integers end at 2^63 - 1.
#[derive(Deserialize)]
#[serde(try_from = "u64")]
struct Place(Offset);

impl TryFrom<u64> for Place {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        match i64::try_from(number) {
            Ok(_) => Ok(Self(number)),
            Err(_) => Err("no log is that long"),
        }
    }
}

/// The events of a name that there is, or all others.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct EventChoice(Named);

impl TryFrom<String> for EventChoice {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (named, name): (fn(&'static str) -> Named, _) = match text.strip_prefix('-') {
            Some(name) => (Named::AllBut, name),
            None => (Named::Only, text.as_str()),
        };
        let found = ServerEvent::NAMES.iter().find(|one| **one == name);
        found.map(|name| Self(named(name))).ok_or("there is no event of this name")
    }
}

fn event_choice() -> ObjectBuilder {
    let only = ServerEvent::NAMES.iter().map(|name| (*name).to_owned());
    let all_but = ServerEvent::NAMES.iter().map(|name| format!("-{name}"));
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(only.chain(all_but)))
}
