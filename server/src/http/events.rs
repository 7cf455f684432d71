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
    service::{EventQuery, Services},
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
    /// Only those of this name.
    #[param(nullable = false, schema_with = event_name)]
    event: Option<EventName>,
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
    let event = event.map(|name| name.0);
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

/// The name of an event that there is.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct EventName(String);

impl TryFrom<String> for EventName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match ServerEvent::NAMES.contains(&name.as_str()) {
            true => Ok(Self(name)),
            false => Err("there is no event of this name"),
        }
    }
}

fn event_name() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(ServerEvent::NAMES.to_vec()))
}
