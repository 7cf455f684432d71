//! `/agents` and `/agents/{id}`.
//!
//! [`agent`] says what is an agent's own; the pages are those of every entity.

mod agent;
pub mod chats;

use colloquy_protocol::model::Agent;
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
    AGENTS in hub: agents_page
}

fn agents_page() -> AnyView {
    view! {
        <Title text="Agents" />
        <EntityList<Agent> part=part_of_list() />
    }
    .into_any()
}

lazy_page! {
    /// One agent's data.
    AGENT in hub: agent_page
}

fn agent_page() -> AnyView {
    view! { <EntityPage<Agent> story=story_of_one() /> }.into_any()
}
