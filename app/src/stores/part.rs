//! A part of a list of agents or collections: its query stands in the page's address, its items
//! follow live.

use colloquy_protocol::{frame::EventFrame, model::Page, topic::Topic};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use super::live::{Live, Outcome};
use crate::api::{
    ApiError, Seen,
    entity::{Change, Entity, Followed, list},
};

/// The order without a choice: the newest first.
pub const DEFAULT_SORT: &str = "-createdAt";

/// How many rows a part of the list has.
const LIMIT: &str = "50";

/// When new ones have made a part so long, it is loaded afresh.
const MOST: usize = 200;

/// What was asked for; each as the REST API takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    q: Option<String>,
    status: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
}

/// A part of a list, and what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part<T> {
    /// What was asked for.
    pub query: Query,
    /// Those that fit, in their order.
    pub items: Vec<T>,
    /// Where the next part begins, if there is one.
    pub next: Option<String>,
}

/// A part of a list that is being loaded.
pub type PartResource<T> = Resource<Result<Seen<Part<T>>, ApiError>>;

/// Loads the part of the list that the page's address asks for.
pub fn part_of_list<T: Entity>() -> PartResource<T> {
    let parameters = use_query_map();
    let query = move || {
        let one = |name| parameters.with(|map| map.get(name)).filter(|value| !value.is_empty());
        Query { q: one("q"), status: one("status"), sort: one("sort"), cursor: one("cursor") }
    };
    Resource::new(query, load)
}

/// The part that begins with what was loaded.
pub fn live_part<T: Followed>(loaded: Seen<Part<T>>) -> Live<Part<T>> {
    let query = loaded.value.query.clone();
    Live::new(loaded, [Topic::All(T::KIND)], move || load(query.clone()), follow)
}

impl Query {
    /// Whether everything was asked for, from the start of the list on.
    pub fn is_whole(&self) -> bool {
        !self.is_narrowed() && self.cursor.is_none()
    }

    /// Whether only those that fit are listed.
    fn is_narrowed(&self) -> bool {
        self.q.is_some() || self.status.is_some()
    }

    fn sort(&self) -> &str {
        self.sort.as_deref().unwrap_or(DEFAULT_SORT)
    }

    /// Whether a change can move one to another place, into this part or out of it.
    fn is_moved_by_changes(&self) -> bool {
        self.is_narrowed() || !self.sort().ends_with("createdAt")
    }

    /// Whether a new one comes first.
    fn begins_with_new(&self) -> bool {
        self.is_whole() && self.sort() == DEFAULT_SORT
    }
}

async fn load<T: Entity>(query: Query) -> Result<Seen<Part<T>>, ApiError> {
    let parameters = [
        ("q", query.q.as_deref()),
        ("status", query.status.as_deref()),
        ("sort", Some(query.sort())),
        ("cursor", query.cursor.as_deref()),
        ("limit", Some(LIMIT)),
    ];
    let page = list::<T>(&parameters).await?;
    Ok(page.map(|Page { items, next_cursor }| Part { query, items, next: next_cursor }))
}

/// Changes what can be changed in place. Where the order, the filter or another part of the list
/// comes in, only the server knows.
fn follow<T: Followed>(part: &mut Part<T>, frame: &EventFrame) -> Outcome {
    match T::change(frame) {
        None => Outcome::None,
        Some(Change::Now(_)) if part.query.is_moved_by_changes() => Outcome::Stale,
        Some(Change::Now(entity)) => put(part, entity),
        Some(Change::Gone(topic)) => {
            let before = part.items.len();
            part.items.retain(|one| one.topic() != topic);
            match part.items.len() {
                after if after == before => Outcome::None,
                0 => Outcome::Stale,
                _ => Outcome::Changed,
            }
        }
    }
}

/// Puts one into a list whose order no change touches.
fn put<T: Followed>(part: &mut Part<T>, entity: T) -> Outcome {
    let topic = entity.topic();
    if let Some(known) = part.items.iter_mut().find(|one| one.topic() == topic) {
        *known = entity;
        Outcome::Changed
    } else if entity.created_at() != entity.updated_at() {
        // It is in another part of the list.
        Outcome::None
    } else if part.query.begins_with_new() && part.items.len() < MOST {
        part.items.insert(0, entity);
        Outcome::Changed
    } else {
        Outcome::Stale
    }
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::{
        event::{AgentChanged, AgentRemoved, ServerEvent},
        model::{Agent, AgentStatus},
        time::Timestamp,
    };

    use super::*;

    fn agent(id: &str, updated_at: i64) -> Agent {
        Agent {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            description: None,
            status: AgentStatus::Idle,
            status_detail: None,
            capabilities: Vec::new(),
            metadata: Default::default(),
            created_at: Timestamp::from_millis(1),
            updated_at: Timestamp::from_millis(updated_at),
            version: 1,
        }
    }

    fn changed(id: &str, updated_at: i64) -> EventFrame {
        let agent = agent(id, updated_at);
        let payload = AgentChanged {
            agent_id: agent.id.clone(),
            timestamp: agent.updated_at,
            user_id: "local".parse().unwrap(),
            agent,
        };
        EventFrame::new(&ServerEvent::AgentUpdated(payload), 1).unwrap()
    }

    fn deleted(id: &str) -> EventFrame {
        let payload = AgentRemoved {
            agent_id: id.parse().unwrap(),
            timestamp: Timestamp::from_millis(3),
            user_id: "local".parse().unwrap(),
        };
        EventFrame::new(&ServerEvent::AgentDeleted(payload), 1).unwrap()
    }

    /// What an event does to a list of Ada and Ben, and who is in it then.
    fn after(query: Query, frame: &EventFrame) -> (Outcome, Vec<String>) {
        let items = vec![agent("ada", 1), agent("ben", 1)];
        let mut part = Part { query, items, next: None };
        let outcome = follow(&mut part, frame);
        (outcome, part.items.iter().map(|one| format!("{} {}", one.id, one.updated_at)).collect())
    }

    #[test]
    fn what_keeps_its_place_is_changed_there() {
        let (outcome, items) = after(Query::default(), &changed("ben", 2));
        assert_eq!(outcome, Outcome::Changed);
        assert!(items[1].starts_with("ben") && items[1].ends_with("002Z"), "{items:?}");
        assert_eq!(after(Query::default(), &changed("eve", 2)).0, Outcome::None);
    }

    #[test]
    fn a_new_one_comes_first_where_the_newest_do() {
        let (outcome, items) = after(Query::default(), &changed("eve", 1));
        assert_eq!((outcome, items.len()), (Outcome::Changed, 3));
        assert!(items[0].starts_with("eve"));
        let oldest_first = Query { sort: Some("createdAt".to_owned()), ..Query::default() };
        assert_eq!(after(oldest_first, &changed("eve", 1)).0, Outcome::Stale);
        let later = Query { cursor: Some("x".to_owned()), ..Query::default() };
        assert_eq!(after(later, &changed("eve", 1)).0, Outcome::Stale);
    }

    #[test]
    fn only_the_server_knows_what_fits_and_in_what_order() {
        let some = || Some("idle".to_owned());
        for query in [
            Query { q: some(), ..Query::default() },
            Query { status: some(), ..Query::default() },
            Query { sort: Some("-updatedAt".to_owned()), ..Query::default() },
        ] {
            assert_eq!(after(query.clone(), &changed("ben", 2)).0, Outcome::Stale);
            assert_eq!(after(query, &deleted("ben")), (Outcome::Changed, vec![written("ada")]));
        }
        assert_eq!(after(Query::default(), &deleted("eve")).0, Outcome::None);
    }

    fn written(id: &str) -> String {
        format!("{id} {}", Timestamp::from_millis(1))
    }
}
