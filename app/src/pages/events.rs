//! `/events`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{LazyRoute, lazy_route};

/// The page.
#[derive(Debug)]
pub struct EventsRoute;

#[lazy_route]
impl LazyRoute for EventsRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Title text="Events" />
            <div class="page">
                <h1>"Events"</h1>
            </div>
        }
        .into_any()
    }
}
