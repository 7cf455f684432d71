//! One line of the live history.

use leptos::prelude::*;

use crate::{
    components::event_row::{Detail, Words, cells},
    stores::history::{Entry, History, Line},
};

/// An event, or what happened to the connection between two events: an option of a list box.
#[component]
pub fn HistoryRow(
    /// What it shows.
    entry: Entry,
    /// Whether it has just arrived.
    is_new: bool,
    /// The history that it is in.
    history: History,
    /// Is set to the entry whose payload is to be shown.
    opened: RwSignal<Option<Entry>>,
    /// The key of the one whose payload is shown.
    opened_key: RwSignal<Option<u64>>,
) -> impl IntoView {
    let key = entry.key;
    let words = words(&entry.line);
    let kind = words.kind;
    let is_opened = move || opened_key.get() == Some(key);
    view! {
        <div
            class="event event-cells"
            class:new=is_new
            id=row_id(key)
            role="option"
            data-kind=kind
            aria-selected=move || is_opened().to_string()
            aria-setsize=move || history.counts().fitting.to_string()
            aria-posinset=move || history.place(key).map(|place| (place + 1).to_string())
            on:click=move |_| opened.set(Some(entry.clone()))
        >
            {cells(words)}
        </div>
    }
}

/// The id of an entry's row.
pub(crate) fn row_id(key: u64) -> String {
    format!("event-{key}")
}

fn words(line: &Line) -> Words {
    match line {
        Line::Event { frame, name } => {
            let words = Words::of_event(frame, name.clone().unwrap_or_default());
            // Without a name (it was deleted just now, say) the id says which it is.
            let entity = name.clone().unwrap_or_else(|| words.id.clone());
            Words { entity, ..words }
        }
        Line::Recovered { count, gap } => {
            let tenths = gap.as_millis() / 100;
            let text = match count {
                0 => "Nothing was missed.".to_owned(),
                1 => "The one missed event was replayed.".to_owned(),
                many => format!("The {many} missed events were replayed."),
            };
            Words {
                kind: "gap",
                name: format!("Back after {}.{} s", tenths / 10, tenths % 10),
                detail: Detail { text, ..Detail::default() },
                ..Words::default()
            }
        }
        Line::NotRecovered => Words {
            kind: "lost",
            name: "Back, with a gap".to_owned(),
            detail: Detail {
                text: "The log no longer holds what was missed, so the lists are refreshed."
                    .to_owned(),
                ..Detail::default()
            },
            ..Words::default()
        },
    }
}
