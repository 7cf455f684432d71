//! `/collections` and `/collections/{id}`.
//!
//! [`collection`] says what is a collection's own; the pages are those of every entity.

mod collection;

use colloquy_protocol::model::Collection;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{LazyRoute, lazy_route};

use crate::{
    components::{
        entity_list::EntityList,
        entity_page::{EntityPage, story_of_one},
    },
    stores::part::part_of_list,
};

/// The list.
#[derive(Debug)]
pub struct CollectionsRoute;

#[lazy_route]
impl LazyRoute for CollectionsRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Title text="Collections" />
            <EntityList<Collection> part=part_of_list() />
        }
        .into_any()
    }
}

/// One collection's data.
#[derive(Debug)]
pub struct CollectionRoute;

#[lazy_route]
impl LazyRoute for CollectionRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <EntityPage<Collection> story=story_of_one() /> }.into_any()
    }
}
