//! `/events`: the log itself.

pub mod filters;
pub mod stream;

use colloquy_protocol::model::{LogEntry, Page};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{LazyRoute, lazy_route};

use self::{
    filters::{Filters, use_filter},
    stream::Stream,
};
use crate::{
    api::{
        ApiError, Loaded,
        events::{self, Filter},
    },
    components::note::LoadError,
};

/// The page's data, and what shows it.
#[derive(Debug)]
pub struct EventsRoute {
    filter: Memo<Filter>,
    page: Resource<(Filter, Result<Loaded<Page<LogEntry>>, ApiError>)>,
}

#[lazy_route]
impl LazyRoute for EventsRoute {
    fn data() -> Self {
        let filter = use_filter();
        let load = |filter: Filter| async move {
            let page = events::newest(&filter, events::PAGE).await;
            (filter, page)
        };
        Self { filter, page: Resource::new(move || filter.get(), load) }
    }

    fn view(this: Self) -> AnyView {
        let EventsRoute { filter, page } = this;
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
