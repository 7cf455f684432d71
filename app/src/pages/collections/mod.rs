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
        entity_page::{EntityPage, StoryResource, story_of_one},
    },
    stores::part::{PartResource, part_of_list},
};

/// The list's data.
#[derive(Debug)]
pub struct CollectionsRoute {
    part: PartResource<Collection>,
}

#[lazy_route]
impl LazyRoute for CollectionsRoute {
    fn data() -> Self {
        Self { part: part_of_list() }
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Collections" />
            <EntityList<Collection> part=this.part />
        }
        .into_any()
    }
}

/// One collection's data.
#[derive(Debug)]
pub struct CollectionRoute {
    story: StoryResource<Collection>,
}

#[lazy_route]
impl LazyRoute for CollectionRoute {
    fn data() -> Self {
        Self { story: story_of_one() }
    }

    fn view(this: Self) -> AnyView {
        view! { <EntityPage<Collection> story=this.story /> }.into_any()
    }
}
