//! The live history.

use leptos::prelude::*;

use crate::{
    components::{create_agent::CreateAgent, event_row::EventRow},
    stores::history::{CAPACITY, Entry, History, Line},
};

/// What arrived, newest on top.
#[component]
pub fn HistoryPanel(
    /// What to show.
    history: History,
) -> impl IntoView {
    let held = move || match history.len() {
        1 => "1 entry".to_owned(),
        CAPACITY => {
            "the latest 1,000 entries; older ones are dropped here, not in the log".to_owned()
        }
        many => format!("{many} entries"),
    };

    view! {
        <section class="card history" aria-labelledby="history-title">
            <header class="card-header">
                <div>
                    <h2 id="history-title">"Live history"</h2>
                    <p class="quiet">{held}</p>
                </div>
                <CreateAgent />
                <button
                    type="button"
                    class="button"
                    disabled=move || history.is_empty()
                    on:click=move |_| history.clear()
                >
                    "Clear"
                </button>
            </header>
            <div class="history-scroll" role="region" aria-label="Events" tabindex="0">
                <div class="history-head" aria-hidden="true">
                    <span>"Time (UTC)"</span>
                    <span>"Event"</span>
                    <span>"What"</span>
                    <span>"Entity"</span>
                    <span>"Offset"</span>
                </div>
                <Show when=move || history.is_empty()>
                    <EmptyHistory />
                </Show>
                <ol class="history-list">
                    <For each=move || history.entries() key=|entry| entry.key let:entry>
                        <li>
                            <HistoryLine entry />
                        </li>
                    </For>
                </ol>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn HistoryLine(entry: Entry) -> impl IntoView {
    match entry.line {
        Line::Event { frame, name } => view! { <EventRow frame name /> }.into_any(),
        Line::Recovered { count, gap } => {
            let gap = gap.as_secs_f32();
            let what = match count {
                0 => "nothing was missed".to_owned(),
                1 => "the one missed event was replayed".to_owned(),
                many => format!("the {many} missed events were replayed"),
            };
            view! { <p class="gap">{format!("Back after {gap:.1} s: {what}.")}</p> }.into_any()
        }
        Line::NotRecovered => view! {
            <p class="gap lost">
                "The log no longer holds what was missed: the lists are loaded afresh."
            </p>
        }
        .into_any(),
    }
}

#[component]
fn EmptyHistory() -> impl IntoView {
    view! {
        <div class="empty">
            <p>
                <strong>"Nothing has happened yet."</strong>
            </p>
            <p>
                "Create an agent with the button above, or let " <code>"colloquy demo"</code>
                " bring three of them to life: every change shows up here by itself."
            </p>
        </div>
    }
}
