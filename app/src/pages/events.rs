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
        ApiError, Seen,
        events::{self, Filter},
    },
    components::{event_row::agents_of, load::Load, title::Title},
    parts::lazy_page,
    stores::names::{Names, load_names},
};

lazy_page! {
    /// The page.
    EVENTS in hub: events_page
}

fn events_page() -> AnyView {
    let filter = use_filter();
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
            <Load
                from=page
                failure="These events could not be loaded."
                stays=true
                let((filter, loaded, names))
            >
                <Stream filter loaded names />
            </Load>
        </div>
    }
    .into_any()
}

/// The newest events that fit, and what those are called whom they name.
async fn load(filter: Filter) -> Result<(Filter, Seen<Page<LogEntry>>, Names), ApiError> {
    let page = events::newest(&filter, events::PAGE).await?;
    let names = load_names(agents_of(&page.value.items)).await?;
    Ok((filter, page, names))
}
