//! A list of agents or collections: its query stands in the page's address, its rows follow live.

use colloquy_protocol::{frame::EventFrame, model::Page, topic::Topic};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use serde::{Deserialize, Serialize};

use crate::{
    api::{
        ApiError, Loaded,
        entity::{Change, Entity, list, path_of},
    },
    components::{
        address::{Choice, Pager, SearchBox},
        entity_create::create_button,
        entity_view::EntityView,
        note::{Empty, LoadError},
        time::TimeAgo,
    },
    stores::live::{Effect, Live},
};

/// The order without a choice: the newest first.
const DEFAULT_SORT: &str = "-createdAt";

const SORTS: [(&str, &str); 6] = [
    (DEFAULT_SORT, "Newest first"),
    ("createdAt", "Oldest first"),
    ("name", "Name, A to Z"),
    ("-name", "Name, Z to A"),
    ("-updatedAt", "Changed last first"),
    ("updatedAt", "Unchanged longest first"),
];

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
    query: Query,
    items: Vec<T>,
    next: Option<String>,
}

/// A part of a list that is being loaded.
pub type PartResource<T> = Resource<Result<Loaded<Part<T>>, ApiError>>;

/// Loads the part of the list that the page's address asks for.
pub fn part_of_list<T: Entity>() -> PartResource<T> {
    let parameters = use_query_map();
    let query = move || {
        let one = |name| parameters.with(|map| map.get(name)).filter(|value| !value.is_empty());
        Query { q: one("q"), status: one("status"), sort: one("sort"), cursor: one("cursor") }
    };
    Resource::new(query, load)
}

/// The whole page of a list.
#[component]
pub fn EntityList<T: EntityView>(
    /// What [`part_of_list`] gave.
    part: PartResource<T>,
) -> impl IntoView {
    view! {
        <div class="page">
            <header class="page-header">
                <div>
                    <h1>{T::PLURAL}</h1>
                    <p class="lede">{T::LEDE}</p>
                </div>
                {create_button::<T>()}
            </header>
            <div class="toolbar" role="search">
                <SearchBox label="Search names, ids and descriptions" />
                {T::filters()}
                <Choice parameter="sort" label="Order" options=SORTS.to_vec() />
            </div>
            <Transition fallback=|| view! { <p class="quiet">"Loading…"</p> }>
                {move || Suspend::new(async move {
                    match part.await {
                        Ok(loaded) => view! { <Rows<T> loaded /> }.into_any(),
                        Err(error) => {
                            view! {
                                <LoadError
                                    title="The list could not be loaded."
                                    error
                                    on_retry=move |()| part.refetch()
                                />
                            }
                                .into_any()
                        }
                    }
                })}
            </Transition>
        </div>
    }
    .into_any()
}

#[component]
fn Rows<T: EntityView>(loaded: Loaded<Part<T>>) -> impl IntoView {
    let query = loaded.value.query.clone();
    let is_whole = !query.is_narrowed() && query.cursor.is_none();
    let live = Live::new(loaded, [Topic::All(T::KIND)], move || load(query.clone()), follow);
    let part = live.value();
    let topics = move || part.with(|part| part.items.iter().map(T::topic).collect::<Vec<_>>());
    let next = Signal::derive(move || part.with(|part| part.next.clone()));
    let columns = || T::COLUMNS.iter().map(|name| view! { <span>{*name}</span> }).collect_view();
    view! {
        {move || {
            live.error()
                .get()
                .map(|error| {
                    view! {
                        <LoadError
                            title="The list could not be loaded afresh."
                            error
                            on_retry=move |()| live.reload()
                        />
                    }
                })
        }}
        <Show
            when=move || part.with(|part| !part.items.is_empty())
            fallback={move || nothing::<T>(is_whole)}
        >
            <div class="card rows" data-kind=T::KIND.as_str()>
                <div class="rows-head" aria-hidden="true">
                    <span>"Name"</span>
                    {columns()}
                    <span>"Changed"</span>
                </div>
                <ul aria-label=T::PLURAL>
                    <For each=topics key=Topic::clone let:topic>
                        <Row<T> part topic />
                    </For>
                </ul>
            </div>
        </Show>
        <Pager next />
    }
    .into_any()
}

/// A row stays the same element while its content changes, so it keeps the keyboard's focus.
#[component]
fn Row<T: EntityView>(part: Signal<Part<T>>, topic: Topic) -> impl IntoView {
    let href = path_of(&topic);
    let id = topic.id().to_owned();
    let find =
        move || part.with(|part| part.items.iter().find(|one| one.topic() == topic).cloned());
    let first = untrack(&find)?;
    let entity = Memo::new(move |last: Option<&T>| {
        find().or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
    });
    let row = view! {
        <li class="row">
            <div class="row-name">
                <a href=href>{move || entity.with(|entity| entity.fields().name)}</a>
                <code>{id}</code>
            </div>
            {T::columns(entity.into())}
            <div class="row-time">
                <TimeAgo at=Signal::derive(move || entity.with(T::updated_at)) />
            </div>
        </li>
    };
    Some(row.into_any())
}

fn nothing<T: EntityView>(is_whole: bool) -> AnyView {
    let path = use_location().pathname;
    if is_whole {
        view! {
            <Empty title=format!("There are no {}s yet.", T::NOUN)>
                <p>
                    "Create the first one with the button above, or let " <code>"colloquy demo"</code>
                    " bring some to life: they show up here by themselves."
                </p>
            </Empty>
        }
        .into_any()
    } else {
        view! {
            <Empty title="Nothing fits.">
                <p>"Try fewer words or another filter."</p>
                <p>
                    <a class="button" href=path>
                        "Show all"
                    </a>
                </p>
            </Empty>
        }
        .into_any()
    }
}

impl Query {
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
        !self.is_narrowed() && self.cursor.is_none() && self.sort() == DEFAULT_SORT
    }
}

async fn load<T: Entity>(query: Query) -> Result<Loaded<Part<T>>, ApiError> {
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
fn follow<T: Entity>(part: &mut Part<T>, frame: &EventFrame) -> Effect {
    match T::change(frame) {
        None => Effect::None,
        Some(Change::Now(_)) if part.query.is_moved_by_changes() => Effect::Stale,
        Some(Change::Now(entity)) => put(part, entity),
        Some(Change::Gone(topic)) => {
            let before = part.items.len();
            part.items.retain(|one| one.topic() != topic);
            match part.items.len() {
                after if after == before => Effect::None,
                0 => Effect::Stale,
                _ => Effect::Changed,
            }
        }
    }
}

/// Puts one into a list whose order no change touches.
fn put<T: Entity>(part: &mut Part<T>, entity: T) -> Effect {
    let topic = entity.topic();
    if let Some(known) = part.items.iter_mut().find(|one| one.topic() == topic) {
        *known = entity;
        Effect::Changed
    } else if entity.created_at() != entity.updated_at() {
        // It is in another part of the list.
        Effect::None
    } else if part.query.begins_with_new() && part.items.len() < MOST {
        part.items.insert(0, entity);
        Effect::Changed
    } else {
        Effect::Stale
    }
}
