//! `/collections`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{LazyRoute, lazy_route};

/// The page.
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
            <div class="page">
                <h1>"Collections"</h1>
            </div>
        }
        .into_any()
    }
}

/// The page.
#[derive(Debug)]
pub struct CollectionRoute;

#[lazy_route]
impl LazyRoute for CollectionRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Title text="Collection" />
            <div class="page">
                <h1>"Collection"</h1>
            </div>
        }
        .into_any()
    }
}
