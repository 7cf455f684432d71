//! The live history.

use leptos::{html, prelude::*};

use crate::{
    components::{
        event_list::EventList, flow::Show, history_tools::HistoryTools, note::Empty,
        payload::Payload,
    },
    stores::history::{CAPACITY, Counts, History},
};

/// What arrived, newest on top, and the payload of the entry that is opened.
#[component]
pub fn HistoryPanel(
    /// What to show.
    history: History,
) -> impl IntoView {
    let opened = RwSignal::new(None);
    let scroller = NodeRef::<html::Div>::new();
    let to_newest = move || {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(0);
        }
        history.set_reading(false);
    };
    let is_empty = Memo::new(move |_| history.counts().shown == 0);
    let waiting = move || history.counts().waiting;

    view! {
        <section class="card history live" aria-labelledby="history-title">
            <header class="card-header">
                <div>
                    <h2 id="history-title">"Live history"</h2>
                    <p class="quiet">{move || words(history.counts())}</p>
                </div>
                <HistoryTools history on_filter=move |()| to_newest() />
            </header>
            <div class="event-head" aria-hidden="true">
                <span>"Time (UTC)"</span>
                <span>"Event"</span>
                <span>"What"</span>
                <span>"Entity"</span>
                <span>"Offset"</span>
            </div>
            <div class="events-frame">
                <button
                    type="button"
                    class="button primary newest"
                    hidden=move || waiting() == 0
                    on:click=move |_| {
                        history.set_paused(false);
                        to_newest();
                    }
                >
                    {move || format!("↑ {} new", thousands(waiting()))}
                </button>
                <Show
                    when=move || !is_empty.get()
                    fallback=|| {
                        view! {
                            <Empty title="Nothing has happened yet.">
                                <p>
                                    "Every change shows up here by itself: make something happen on this page, or let "
                                    <code>"colloquy demo"</code> " bring three agents to life."
                                </p>
                            </Empty>
                        }
                    }
                >
                    <EventList history opened scroller />
                </Show>
            </div>
            <Payload opened />
        </section>
    }
    .into_any()
}

fn words(counts: Counts) -> String {
    match counts {
        Counts { shown: 1, fitting: 1, .. } => "1 entry".to_owned(),
        Counts { shown: CAPACITY, fitting: CAPACITY, .. } => {
            format!("the latest {} entries; the log has the older ones", thousands(CAPACITY))
        }
        Counts { shown, fitting, .. } if shown == fitting => {
            format!("{} entries", thousands(shown))
        }
        Counts { shown, fitting, .. } => {
            format!("{} of {} entries", thousands(fitting), thousands(shown))
        }
    }
}

/// A number below a million.
fn thousands(number: usize) -> String {
    match (number / 1_000, number % 1_000) {
        (0, ones) => ones.to_string(),
        (thousands, ones) => format!("{thousands},{ones:03}"),
    }
}
