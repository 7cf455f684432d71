//! The live history.

use leptos::{html, prelude::*};

use crate::{
    components::{
        counted::{counted, thousands},
        event_list::EventList,
        flow::Show,
        history_tools::HistoryTools,
        note::Empty,
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
    // It outlives a filter that nothing matches: what is shown again is not new.
    let newest = StoredValue::new((0, 0));
    let waiting = move || history.counts().waiting as u64;

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
                <Show when=move || waiting() != 0>
                    <button
                        type="button"
                        class="button primary newest"
                        on:click=move |_| {
                            history.set_paused(false);
                            to_newest();
                        }
                    >
                        {move || format!("↑ {} new", thousands(waiting()))}
                    </button>
                </Show>
                <Show
                    when=move || history.counts().fitting != 0
                    fallback=move || view! { <Nothing history /> }
                >
                    <EventList history newest opened scroller />
                </Show>
            </div>
            <Payload opened />
        </section>
    }
    .into_any()
}

/// Says why no entry is shown.
#[component]
fn Nothing(history: History) -> impl IntoView {
    view! {
        <Show
            when=move || history.counts().shown != 0
            fallback=|| {
                view! {
                    <Empty title="Nothing to show yet.">
                        <p>
                            "Every change shows up here by itself: make something happen on this page, or let "
                            <code>"colloquy demo"</code> " bring three agents to life."
                        </p>
                    </Empty>
                }
            }
        >
            <Empty title="No event matches.">
                <p>"Events that match show up here when they happen."</p>
            </Empty>
        </Show>
    }
    .into_any()
}

fn words(counts: Counts) -> String {
    let Counts { shown, fitting, .. } = counts;
    let entries = counted(shown as u64, "entry");
    if fitting < shown {
        format!("{} of {entries}", thousands(fitting as u64))
    } else if shown == CAPACITY {
        format!("the latest {entries}; the log has the older ones")
    } else {
        entries
    }
}
