//! `/`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{LazyRoute, lazy_route};

/// The page.
#[derive(Debug)]
pub struct OverviewRoute;

#[lazy_route]
impl LazyRoute for OverviewRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Title text="Overview" />
            <div class="page">
                <h1>"Overview"</h1>
            </div>
        }
        .into_any()
    }
}
