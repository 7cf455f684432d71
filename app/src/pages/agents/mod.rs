//! `/agents` and `/agents/{id}`.
//!
//! [`agent`] says what is an agent's own; the pages are those of every entity.

mod agent;

use colloquy_protocol::model::Agent;
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
pub struct AgentsRoute {
    part: PartResource<Agent>,
}

#[lazy_route]
impl LazyRoute for AgentsRoute {
    fn data() -> Self {
        Self { part: part_of_list() }
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Agents" />
            <EntityList<Agent> part=this.part />
        }
        .into_any()
    }
}

/// One agent's data.
#[derive(Debug)]
pub struct AgentRoute {
    story: StoryResource<Agent>,
}

#[lazy_route]
impl LazyRoute for AgentRoute {
    fn data() -> Self {
        Self { story: story_of_one() }
    }

    fn view(this: Self) -> AnyView {
        view! { <EntityPage<Agent> story=this.story /> }.into_any()
    }
}
