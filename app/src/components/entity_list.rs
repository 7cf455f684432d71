//! The page of a list of agents or collections.

use colloquy_protocol::topic::Topic;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    api::{Seen, entity::path_of},
    components::{
        address::{Choice, Pager, SearchBox},
        entity_create::create_button,
        entity_view::EntityView,
        flow::{For, Show},
        load::Load,
        note::{Empty, OutOfDate},
        time::TimeAgo,
    },
    session::use_session,
    stores::part::{DEFAULT_SORT, Part, PartResource, live_part},
};

const SORTS: [(&str, &str); 6] = [
    (DEFAULT_SORT, "Newest first"),
    ("createdAt", "Oldest first"),
    ("name", "Name, A to Z"),
    ("-name", "Name, Z to A"),
    ("-updatedAt", "Changed last first"),
    ("updatedAt", "Unchanged longest first"),
];

/// The whole page of a list.
#[component]
pub fn EntityList<T: EntityView>(
    /// What [`crate::stores::part::part_of_list`] gave.
    part: PartResource<T>,
) -> impl IntoView {
    let session = use_session();
    view! {
        <div class="page">
            <header class="page-header">
                <div>
                    <h1>{T::PLURAL}</h1>
                    <p class="lede">{T::LEDE}</p>
                </div>
                <Show when=move || session.may(T::CREATION)>{create_button::<T>()}</Show>
            </header>
            <div class="toolbar" role="search">
                <SearchBox label="Search names, ids and descriptions" />
                {T::filters()}
                <Choice parameter="sort" label="Order" options=SORTS.to_vec() />
            </div>
            <Load from=part failure="The list could not be loaded." stays=true let:loaded>
                <Rows<T> loaded />
            </Load>
        </div>
    }
    .into_any()
}

#[component]
fn Rows<T: EntityView>(loaded: Seen<Part<T>>) -> impl IntoView {
    let is_whole = loaded.value.query.is_whole();
    let live = live_part(loaded);
    let part = live.value();
    let topics = move || part.with(|part| part.items.iter().map(T::topic).collect::<Vec<_>>());
    let next = Signal::derive(move || part.with(|part| part.next.clone()));
    let columns = || T::COLUMNS.iter().map(|name| view! { <span>{*name}</span> }).collect_view();
    view! {
        <OutOfDate
            title="The list could not be loaded afresh."
            error=live.error()
            on_retry=move |()| live.reload()
        />
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
