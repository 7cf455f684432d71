//! `/agents` and `/agents/{id}`.
//!
//! [`agent`] says what is an agent's own; the pages are those of every entity.

mod agent;
pub mod chats;

use colloquy_protocol::model::Agent;
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
pub struct AgentsRoute;

#[lazy_route]
impl LazyRoute for AgentsRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Title text="Agents" />
            <EntityList<Agent> part=part_of_list() />
        }
        .into_any()
    }
}

/// One agent's data.
#[derive(Debug)]
pub struct AgentRoute;

#[lazy_route]
impl LazyRoute for AgentRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <EntityPage<Agent> story=story_of_one() /> }.into_any()
    }
}
