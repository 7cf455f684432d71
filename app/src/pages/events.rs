//! `/events`: the log itself.

pub mod filters;
pub mod stream;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{LazyRoute, lazy_route};

use self::{
    filters::{Filters, use_filter},
    stream::Stream,
};
use crate::{
    api::events::{self, Filter},
    components::note::LoadError,
};

/// The page.
#[derive(Debug)]
pub struct EventsRoute;

#[lazy_route]
impl LazyRoute for EventsRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        let filter = use_filter();
        let load = |filter: Filter| async move {
            let page = events::newest(&filter, events::PAGE).await;
            (filter, page)
        };
        let page = Resource::new(move || filter.get(), load);
        view! {
            <Title text="Events" />
            <div class="page">
                <header class="page-header">
                    <div>
                        <h1>"Events"</h1>
                        <p class="lede">"The log: everything that happened, newest on top."</p>
                    </div>
                </header>
                <Filters filter />
                <Transition fallback=|| view! { <p class="quiet">"Loading…"</p> }>
                    {move || Suspend::new(async move {
                        match page.await {
                            (filter, Ok(loaded)) => view! { <Stream filter loaded /> }.into_any(),
                            (_, Err(error)) => {
                                view! {
                                    <LoadError
                                        title="These events could not be loaded."
                                        error
                                        on_retry=move |()| page.refetch()
                                    />
                                }
                                    .into_any()
                            }
                        }
                    })}
                </Transition>
            </div>
        }
        .into_any()
    }
}
