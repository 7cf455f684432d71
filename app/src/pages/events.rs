//! `/events`: the log itself.

pub mod filters;
pub mod stream;

use colloquy_protocol::model::{LogEntry, Page};
use leptos::prelude::*;

use self::{
    filters::{Filters, use_filter},
    stream::Stream,
};
use crate::{
    api::{
        ApiError, Loaded,
        events::{self, Filter},
    },
    components::{note::LoadError, title::Title},
    parts::lazy_page,
    stores::people::{Names, load_names},
};

lazy_page! {
    /// The page.
    EVENTS in hub: events_page
}

fn events_page() -> AnyView {
    let filter = use_filter();
    let load = |filter: Filter| async move {
        let page = newest(&filter).await;
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
                        (filter, Ok((loaded, names))) => {
                            view! { <Stream filter loaded names /> }.into_any()
                        }
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

/// The newest events that fit, and what those people are called who acted.
async fn newest(filter: &Filter) -> Result<(Loaded<Page<LogEntry>>, Names), ApiError> {
    Ok((events::newest(filter, events::PAGE).await?, load_names().await?))
}
