//! The events that fit, following live.

use colloquy_protocol::{
    access::Action as Right,
    model::{LogEntry, Page},
    position::Offset,
    topic::{Kind, Topic},
};
use leptos::{ev, prelude::*};

use crate::{
    api::{
        ApiError, Seen,
        events::{self, Filter},
        with_query,
    },
    components::{
        counted::counted,
        flow::{For, Show},
        log_row::LogRow,
        note::{Empty, LoadError, NoneYet, OutOfDate},
    },
    stores::{
        live::{Live, Outcome},
        log::{Stretch, Waiting},
        names::{LiveNames, Names},
    },
};

/// So near to its top the page follows live, and so near to its end it loads older events, in
/// pixels.
const NEAR: f64 = 40.0;
const NEAR_END: f64 = 800.0;

/// The stretch of the log that is shown, and how it grows at both of its ends.
#[derive(Clone, Copy)]
struct Paging {
    filter: StoredValue<Filter>,
    /// The newest page that fits.
    newest: Signal<Page<LogEntry>>,
    stretch: RwSignal<Stretch>,
    /// Whether one looks at the top.
    at_top: RwSignal<bool>,
    paused: RwSignal<bool>,
    /// Loads the events before a place.
    older: Action<Offset, Result<(), ApiError>>,
}

/// The events, newest on top. New ones appear by themselves while one looks at the top; scrolled
/// down or paused, they are counted, and what one reads stays where it is.
#[component]
pub fn Stream(
    /// What is shown.
    filter: Filter,
    /// Its newest events.
    loaded: Seen<Page<LogEntry>>,
    /// What agents and people are called.
    names: Names,
) -> impl IntoView {
    let names = LiveNames::new(names);
    let mut stretch = Stretch::default();
    stretch.join(&loaded.value);
    let filter = StoredValue::new(filter);
    let live = follow(filter, loaded);
    let paging = Paging::new(filter, live.value(), stretch);
    let Paging { stretch, older, .. } = paging;

    let older_address = move || {
        let before = stretch.with(Stretch::oldest).map(|oldest| oldest.to_string());
        address(filter, before.as_deref())
    };
    let failure = move || older.value().get().and_then(Result::err);
    view! {
        <OutOfDate
            title="The events could not be refreshed."
            error=live.error()
            on_retry=move |()| live.reload()
        />
        <section class="card log" aria-label="Log">
            <LogBar paging />
            <Show when=move || stretch.with(|stretch| stretch.entries().is_empty())>
                <Nothing filter />
            </Show>
            <ol class="log-list">
                <For
                    each=move || stretch.with(|stretch| stretch.entries().to_vec())
                    key=|entry| entry.offset
                    let:entry
                >
                    <li>
                        <LogRow entry names />
                    </li>
                </For>
            </ol>
            <Show when=move || stretch.with(Stretch::has_older)>
                <p class="log-end">
                    <a class="button" href=older_address>
                        {move || if older.pending().get() { "Loading…" } else { "Older events" }}
                    </a>
                </p>
            </Show>
            {move || {
                failure()
                    .map(|error| {
                        view! {
                            <LoadError
                                title="Older events could not be loaded."
                                error
                                on_retry=move |()| paging.load_older()
                            />
                        }
                    })
            }}
        </section>
    }
    .into_any()
}

/// How many events are shown, and the ways to newer ones.
#[component]
fn LogBar(paging: Paging) -> impl IntoView {
    let Paging { filter, newest, stretch, paused, .. } = paging;
    let is_latest = filter.with_value(|filter| filter.before.is_none());
    let waiting =
        Memo::new(move |_| newest.with(|newest| stretch.with(|stretch| stretch.waiting(newest))));
    view! {
        <header class="log-bar">
            <p class="quiet" role="status">
                {move || stretch.with(how_many)}
            </p>
            <Show when=move || waiting.get().count != 0>
                <button
                    type="button"
                    class="button primary"
                    on:click=move |_| {
                        window().scroll_to_with_x_and_y(0.0, 0.0);
                        paging.catch_up();
                    }
                >
                    {move || in_words(waiting.get())}
                </button>
            </Show>
            {if is_latest {
                view! {
                    <button
                        type="button"
                        class="button"
                        data-paused=move || paused.get().to_string()
                        on:click=move |_| paused.update(|paused| *paused = !*paused)
                    >
                        {move || if paused.get() { "Resume" } else { "Pause" }}
                    </button>
                }
                    .into_any()
            } else {
                view! {
                    <a class="button" href=address(filter, None)>
                        "To the newest"
                    </a>
                }
                    .into_any()
            }}
        </header>
    }
    .into_any()
}

impl Paging {
    /// Begins with that stretch, and follows where one looks until the component goes.
    fn new(filter: StoredValue<Filter>, newest: Signal<Page<LogEntry>>, stretch: Stretch) -> Self {
        let stretch = RwSignal::new(stretch);
        let older = Action::new(move |place: &Offset| {
            let (filter, place) = (filter.get_value(), *place);
            async move {
                let page = events::before(&filter, place).await?;
                // Unless the list has begun anew or was left meanwhile.
                if stretch.try_with_untracked(Stretch::oldest) == Some(Some(place)) {
                    stretch.update(|stretch| stretch.extend(page.value));
                }
                Ok::<_, ApiError>(())
            }
        });
        let (at_top, paused) = (RwSignal::new(true), RwSignal::new(false));
        let paging = Self { filter, newest, stretch, at_top, paused, older };
        Effect::new(move || {
            if at_top.get() && !paused.get() {
                paging.catch_up();
            }
        });
        Effect::new(move || {
            // It may have been scrolled before this page could hear of it.
            paging.look();
            let scrolled = window_event_listener(ev::scroll, move |_| paging.look());
            on_cleanup(move || scrolled.remove());
        });
        paging
    }

    /// Shows the newest events.
    fn catch_up(self) {
        self.newest.with(|newest| self.stretch.update(|stretch| stretch.join(newest)));
    }

    /// Notices where one looks, and loads older events before their end is reached.
    fn look(self) {
        self.at_top.set(to_top() < NEAR);
        let is_full = self.stretch.with_untracked(Stretch::is_full);
        let failed = self.older.value().with_untracked(|it| matches!(it, Some(Err(_))));
        if to_end() < NEAR_END && !is_full && !failed {
            self.load_older();
        }
    }

    /// Loads older events, if there are any and none are being loaded.
    fn load_older(self) {
        let place = self.stretch.with_untracked(|it| it.oldest().filter(|_| it.has_older()));
        if let Some(place) = place.filter(|_| !self.older.pending().get_untracked()) {
            self.older.dispatch(place);
        }
    }
}

/// The newest page that fits. Whether an event fits is for the server to say, which knows what is
/// searched for and who acted: so each makes this page load the newest again, a few times a second
/// at most.
fn follow(filter: StoredValue<Filter>, loaded: Seen<Page<LogEntry>>) -> Live<Page<LogEntry>> {
    let topics = filter.with_value(|filter| match (&filter.before, &filter.topic) {
        (Some(_), _) => Vec::new(),
        (None, Some(topic)) => topic.parse().into_iter().collect(),
        (None, None) => Kind::ALL.map(Topic::All).to_vec(),
    });
    let load = move || async move { events::newest(&filter.get_value(), events::PAGE).await };
    Live::new(loaded, topics, load, |_, _| Outcome::Stale)
}

/// The page's address, with the list beginning elsewhere.
fn address(filter: StoredValue<Filter>, before: Option<&str>) -> String {
    filter.with_value(|filter| {
        let mut parameters = filter.parameters();
        parameters.push(("before", before));
        with_query("/events", &parameters)
    })
}

#[component]
fn Nothing(filter: StoredValue<Filter>) -> impl IntoView {
    if filter.with_value(|filter| *filter == Filter::default()) {
        return view! {
            <NoneYet title="Nothing has happened yet." right=Right::CreateAgents>
                "Create an agent, or let "
                <code>"colloquy demo"</code>
                " bring three of them to life: every change shows up here by itself."
            </NoneYet>
        }
        .into_any();
    }
    view! {
        <Empty title="No event matches.">
            <p>
                "Events that match show up here when they happen. " <a href="/events">"Show all"</a>
            </p>
        </Empty>
    }
    .into_any()
}

fn how_many(stretch: &Stretch) -> String {
    let more = if stretch.has_older() { "the latest " } else { "" };
    format!("{more}{}", counted(stretch.entries().len() as u64, "event"))
}

fn in_words(waiting: Waiting) -> String {
    let or_more = if waiting.or_more { "+" } else { "" };
    format!("{}{or_more} new", waiting.count)
}

/// How far the page is scrolled from its top.
fn to_top() -> f64 {
    window().scroll_y().unwrap_or_default()
}

/// How far the page can be scrolled yet.
fn to_end() -> f64 {
    let height = document().document_element().map_or(0, |root| root.scroll_height());
    let shown = window().inner_height().ok().and_then(|shown| shown.as_f64()).unwrap_or_default();
    f64::from(height) - to_top() - shown
}
