//! The page of a list of agents or collections.

use leptos::prelude::*;

use crate::{
    api::{Seen, entity::path_of},
    components::{
        address::{Choice, Pager, SearchBox},
        entity_create::create_button,
        entity_view::EntityView,
        flow::{LiveRows, Show},
        load::Load,
        note::{NoneYet, NothingMatches, OutOfDate},
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
    ("-updatedAt", "Recently changed first"),
    ("updatedAt", "Least recently changed first"),
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
    let items = Memo::new(move |_| part.with(|part| part.items.clone()));
    let next = Signal::derive(move || part.with(|part| part.next.clone()));
    let columns = || T::COLUMNS.iter().map(|name| view! { <span>{*name}</span> }).collect_view();
    view! {
        <OutOfDate
            title="The list could not be refreshed."
            error=live.error()
            on_retry=move |()| live.reload()
        />
        <Show
            when=move || items.with(|items| !items.is_empty())
            fallback={move || nothing::<T>(is_whole)}
        >
            <div class="card rows" data-kind=T::KIND.as_str()>
                <div class="rows-head" aria-hidden="true">
                    <span>"Name"</span>
                    {columns()}
                    <span>"Changed"</span>
                </div>
                <ul aria-label=T::PLURAL>
                    <LiveRows all=items.into() key=T::topic let:entity>
                        <Row<T> entity />
                    </LiveRows>
                </ul>
            </div>
        </Show>
        <Pager next />
    }
    .into_any()
}

#[component]
fn Row<T: EntityView>(entity: Memo<T>) -> impl IntoView {
    let topic = entity.with_untracked(T::topic);
    let (href, id) = (path_of(&topic), topic.id().to_owned());
    view! {
        <li class="row">
            <div class="row-name">
                <a href=href dir="auto">
                    {move || entity.with(|entity| entity.fields().name)}
                </a>
                <code>{id}</code>
            </div>
            {T::columns(entity.into())}
            <div class="row-time">
                <TimeAgo at=Signal::derive(move || entity.with(T::updated_at)) />
            </div>
        </li>
    }
    .into_any()
}

fn nothing<T: EntityView>(is_whole: bool) -> AnyView {
    if !is_whole {
        return view! { <NothingMatches /> }.into_any();
    }
    view! {
        <NoneYet title=format!("There are no {}s yet.", T::NOUN) right=T::CREATION>
            "Create the first one with the button above, or let "
            <code>"colloquy demo"</code>
            " bring some to life: they show up here by themselves."
        </NoneYet>
    }
    .into_any()
}
