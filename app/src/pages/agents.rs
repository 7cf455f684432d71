//! `/agents`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{LazyRoute, lazy_route};

/// The page.
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
            <div class="page">
                <h1>"Agents"</h1>
            </div>
        }
        .into_any()
    }
}

/// The page.
#[derive(Debug)]
pub struct AgentRoute;

#[lazy_route]
impl LazyRoute for AgentRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Title text="Agent" />
            <div class="page">
                <h1>"Agent"</h1>
            </div>
        }
        .into_any()
    }
}
