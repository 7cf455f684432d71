//! The live history.

use colloquy_protocol::access::Action;
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
    session::use_session,
    stores::history::{CAPACITY, Counts, Entry, History},
};

/// What arrived, newest on top, and the payload of the entry that is opened.
#[component]
pub fn HistoryPanel(
    /// What to show.
    history: History,
) -> impl IntoView {
    let opened = RwSignal::new(None::<Entry>);
    let scroller = NodeRef::<html::Div>::new();
    let to_newest = move || {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(0);
        }
        history.set_reading(false);
    };
    let changed = move |()| {
        to_newest();
        let place = opened.with_untracked(|opened| untrack(|| history.place(opened.as_ref()?.key)));
        if place.is_none() {
            opened.set(None);
        }
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
                <HistoryTools history on_change=changed />
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
    let session = use_session();
    let title = Signal::derive(move || {
        match history.counts() {
            Counts { shown: 1.., .. } => "No event matches.",
            Counts { is_paused: true, .. } => "Paused.",
            _ => "Nothing to show yet.",
        }
        .to_owned()
    });
    let invites = move || {
        let Counts { shown, is_paused, .. } = history.counts();
        shown == 0 && !is_paused && session.may(Action::Speak)
    };
    view! {
        <Empty title>
            <p>
                <Show when=invites fallback=move || hint(history.counts()).into_any()>
                    "Every change shows up here by itself: make something happen on this page, or let "
                    <code>"colloquy demo"</code> " bring three agents to life."
                </Show>
            </p>
        </Empty>
    }
    .into_any()
}

/// When something shows up here; whoever may make it happen is told how instead.
fn hint(counts: Counts) -> String {
    match counts {
        Counts { is_paused: true, waiting: 1, .. } => "1 event waits for Resume.".to_owned(),
        Counts { is_paused: true, waiting, .. } => {
            format!("{} wait for Resume.", counted(waiting as u64, "event"))
        }
        Counts { shown: 0, .. } => "What others create shows up here by itself.".to_owned(),
        _ => "Events that match show up here when they happen.".to_owned(),
    }
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
