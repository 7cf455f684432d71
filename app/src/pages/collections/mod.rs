//! `/collections` and `/collections/{id}`.
//!
//! [`collection`] says what is a collection's own; the pages are those of every entity.

mod collection;

use colloquy_protocol::model::Collection;
use leptos::prelude::*;

use crate::{
    components::{
        entity_list::EntityList,
        entity_page::{EntityPage, story_of_one},
        title::Title,
    },
    parts::lazy_page,
    stores::part::part_of_list,
};

lazy_page! {
    /// The list.
    COLLECTIONS in hub: collections_page
}

fn collections_page() -> AnyView {
    view! {
        <Title text="Collections" />
        <EntityList<Collection> part=part_of_list() />
    }
    .into_any()
}

lazy_page! {
    /// One collection's data.
    COLLECTION in hub: collection_page
}

fn collection_page() -> AnyView {
    view! { <EntityPage<Collection> story=story_of_one() /> }.into_any()
}
