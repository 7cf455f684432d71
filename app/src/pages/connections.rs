//! `/connections`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{LazyRoute, lazy_route};

/// The page.
#[derive(Debug)]
pub struct ConnectionsRoute;

#[lazy_route]
impl LazyRoute for ConnectionsRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Title text="Connections" />
            <div class="page">
                <h1>"Connections"</h1>
            </div>
        }
        .into_any()
    }
}
