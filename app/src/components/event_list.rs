//! The rows of the history, of which only those are in the page that can be seen.

use leptos::{
    ev::{Event, KeyboardEvent},
    html,
    prelude::*,
};

use crate::{
    components::{
        flow::For,
        history_row::{HistoryRow, row_id},
    },
    readers::forget_readers,
    stores::history::{Entry, History},
};

/// The height of a row in pixels: all are alike, so that a place in the list is a row's number.
const ROW: usize = 40;

/// How many rows are in the page: more than the tallest screen shows.
const ROWS: usize = 60;

/// How many of them are above what is seen.
const ABOVE: usize = 8;

/// How far the page keys go.
const LEAP: usize = 10;

/// What arrived, newest on top: a list box whose chosen entry is the opened one. At its top it
/// follows what comes; scrolled down, what is read stays where it is and what comes waits.
#[component]
pub fn EventList(
    /// What to show.
    history: History,
    /// The keys of the newest entry that was shown before, and of the newest one now.
    newest: StoredValue<(u64, u64)>,
    /// The entry whose payload is shown.
    opened: RwSignal<Option<Entry>>,
    /// The element that scrolls.
    scroller: NodeRef<html::Div>,
) -> impl IntoView {
    let first = RwSignal::new(0_usize);
    let fitting = Memo::new(move |_| history.counts().fitting);
    let rows = move || history.entries(first.get(), ROWS);
    // Told with each change of the history, so that it forgets the rows that went.
    let opened_key = RwSignal::new(None);
    Effect::new(move || {
        history.counts();
        opened_key.set(opened.with(|opened| opened.as_ref().map(|entry| entry.key)));
        forget_readers(opened_key);
    });

    // What has a higher key than all that was there before is new; what scrolling shows is not.
    let each = move || {
        let rows = rows();
        let top = history.entries(0, 1).first().map_or(0, |entry| entry.key);
        newest.update_value(|(before, now)| (*before, *now) = (*now, top.max(*now)));
        rows
    };

    let scroll = move |_: Event| {
        let Some(scroller) = scroller.get_untracked() else { return };
        let top = usize::try_from(scroller.scroll_top()).unwrap_or_default();
        let row = (top / ROW).saturating_sub(ABOVE);
        if first.get_untracked() != row {
            first.set(row);
        }
        history.set_reading(top > 0);
    };
    on_cleanup(move || history.set_reading(false));

    let open = move |place: usize| {
        opened.set(history.entries(place, 1).pop());
        // The payload, when it is shown first, leaves less room for the rows.
        request_animation_frame(move || {
            let Some(scroller) = scroller.try_get_untracked().flatten() else { return };
            let (top, seen) = (scroller.scroll_top(), scroller.client_height());
            let (above, below) = ((place * ROW) as i32, ((place + 1) * ROW) as i32);
            scroller.set_scroll_top(top.min(above).max(below - seen));
        });
    };
    let key_down = move |event: KeyboardEvent| {
        let place = opened.with_untracked(|opened| history.place(opened.as_ref()?.key));
        let last = fitting.get_untracked().saturating_sub(1);
        let next = match event.key().as_str() {
            "ArrowDown" => place.map_or(0, |place| place + 1),
            "ArrowUp" => place.map_or(0, |place| place.saturating_sub(1)),
            "PageDown" => place.unwrap_or_default() + LEAP,
            "PageUp" => place.unwrap_or_default().saturating_sub(LEAP),
            "Home" => 0,
            "End" => last,
            "Escape" => return opened.set(None),
            _ => return,
        };
        event.prevent_default();
        open(next.min(last));
    };
    view! {
        <div
            class="events"
            node_ref=scroller
            role="listbox"
            aria-label="Events"
            aria-activedescendant=move || {
                // It may only name what is in the page.
                let key = opened_key.get()?;
                let place = history.place(key)?;
                (first.get()..first.get() + ROWS).contains(&place).then(|| row_id(key))
            }
            tabindex="0"
            on:scroll=scroll
            on:keydown=key_down
        >
            <div
                class="event-rows"
                style:height=move || pixels(fitting.get())
                style:padding-top=move || pixels(first.get().min(fitting.get()))
            >
                <For each key=|entry| entry.key let:entry>
                    <HistoryRow
                        is_new={entry.key > newest.with_value(|(before, _)| *before)}
                        entry
                        history
                        opened
                        opened_key
                    />
                </For>
            </div>
        </div>
    }
    .into_any()
}

/// None for no rows: what the server renders has none, and its policy lets no style attribute in.
fn pixels(rows: usize) -> Option<String> {
    (rows > 0).then(|| format!("{}px", rows * ROW))
}
