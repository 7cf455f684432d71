//! `/`: what there is, what happens, and what is wrong.

pub mod counts;
pub mod trouble;

use std::{sync::Arc, time::Duration};

use colloquy_protocol::{
    access::Action,
    topic::{Kind, Topic},
};
use futures_util::future::try_join;
use leptos::prelude::*;

use self::{
    counts::{Counts, HubFacts},
    trouble::Trouble,
};
use crate::{
    api::{
        ApiError, Seen,
        overview::{Summary, summary},
    },
    components::{
        chart::RateChart,
        event_row::agents_of,
        flow::{For, Show},
        life_hint::LifeHint,
        load::Load,
        log_row::LogRow,
        note::{Empty, OutOfDate},
        notify::NotifyDialog,
        time::{now, while_visible},
        title::Title,
    },
    live::{Connection, use_websocket},
    parts::lazy_page,
    session::use_session,
    stores::{
        live::{Live, Outcome},
        names::{LiveNames, Names, load_names},
        rate::{self, Rate, recent_rate},
    },
};

/// How often is asked what no event tells: who is connected, and how the hub is.
const PERIOD: Duration = Duration::from_secs(3);

lazy_page! {
    /// The page.
    OVERVIEW in hub: overview_page
}

fn overview_page() -> AnyView {
    let loaded = Resource::new(|| (), |()| load());
    let notifying = RwSignal::new(false);
    let session = use_session();
    view! {
        <Title text="Overview" />
        <div class="page">
            <header class="page-header">
                <div>
                    <h1>"Overview"</h1>
                    <p class="lede">"What lives here, what happens, and what needs attention."</p>
                </div>
                <Show when=move || session.may(Action::Notify)>
                    <button type="button" class="button" on:click=move |_| notifying.set(true)>
                        "Notify everybody…"
                    </button>
                </Show>
            </header>
            <Load
                from=loaded
                failure="The overview could not be loaded."
                let((summary, rate, names))
            >
                <Everything summary rate names />
            </Load>
        </div>
        <NotifyDialog id="notify-title" open=notifying />
    }
    .into_any()
}

/// The summary, the rate of the last minutes, and what those are called whom the latest events name.
async fn load() -> Result<(Seen<Summary>, Seen<Rate>, Names), ApiError> {
    let (summary, rate) = try_join(summary(now()), recent_rate(now())).await?;
    let names = load_names(agents_of(&summary.value.latest)).await?;
    Ok((summary, rate, names))
}

#[component]
fn Everything(summary: Seen<Summary>, rate: Seen<Rate>, names: Names) -> impl IntoView {
    let everything = Kind::ALL.map(Topic::All);
    // What an event changes in the counts can often not be told from the event alone.
    let load = || self::summary(now());
    let live = Live::new(summary, everything.clone(), load, |_, _| Outcome::Stale);
    let rate = Live::new(rate, everything, || recent_rate(now()), rate::follow);
    while_visible(PERIOD, move || live.poll());
    // This page's own connection is counted, too.
    let connection = use_websocket().connection();
    let is_live = Memo::new(move |_| connection.get() == Connection::Live);
    Effect::new(move || {
        if is_live.get() {
            live.reload();
        }
    });

    let summary = live.value();
    let overview = Signal::derive(move || summary.with(|summary| summary.overview.clone()));
    let is_empty = Memo::new(move |_| {
        summary.with(|summary| {
            let Summary { overview, .. } = summary;
            overview.agents.total + overview.chats + overview.collections == 0
        })
    });
    view! {
        <Counts overview />
        <Trouble summary error=live.error() />
        <div class="columns">
            <div class="side">
                <section class="card" aria-labelledby="rate-title">
                    <h2 id="rate-title">"Events per second"</h2>
                    <OutOfDate
                        title="The chart could not be refreshed."
                        error=rate.error()
                        on_retry=move |()| rate.reload()
                    />
                    <RateChart rate />
                </section>
                <LatestEvents summary names />
            </div>
            <div class="side">
                <Show when=move || is_empty.get()>
                    <FirstSteps />
                </Show>
                <HubFacts overview />
                <LifeHint />
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn LatestEvents(summary: Signal<Summary>, names: Names) -> impl IntoView {
    let names = LiveNames::new(names);
    let latest = Memo::new(move |_| {
        summary.with(|it| it.latest.iter().rev().cloned().map(Arc::new).collect::<Vec<_>>())
    });
    view! {
        <section class="card log" aria-labelledby="latest-title">
            <header class="card-header">
                <h2 id="latest-title">"Latest events"</h2>
                <a class="button" href="/events">
                    "All events"
                </a>
            </header>
            <Show when=move || latest.with(Vec::is_empty)>
                <Empty title="Nothing has happened yet.">
                    <p>"Every change shows up here by itself."</p>
                </Empty>
            </Show>
            <ol class="log-list">
                <For each=move || latest.get() key=|entry| entry.offset let:entry>
                    <li>
                        <LogRow entry names />
                    </li>
                </For>
            </ol>
        </section>
    }
    .into_any()
}

/// What to do with a hub that holds nothing yet.
#[component]
fn FirstSteps() -> impl IntoView {
    let session = use_session();
    view! {
        <section class="card" aria-labelledby="first-title">
            <h2 id="first-title">"Begin here"</h2>
            <ol class="steps">
                <Show when=move || session.may(Action::CreateAgents)>
                    <li>
                        <a href="/agents?new=1">"Create an agent"</a>
                        ", the first one to live here."
                    </li>
                </Show>
                <li>
                    <a href="/demo/websocket">"Watch what happens"</a>
                    " while programs work together."
                </li>
                <li>
                    "Let your own program take part: the "
                    <a href="/docs" rel="external">
                        "API"
                    </a>
                    " is all that this page uses."
                </li>
            </ol>
        </section>
    }
    .into_any()
}
