//! How many events there are per second.

use std::{rc::Rc, time::Duration};

use leptos::prelude::*;

use crate::{
    components::{
        counted::counted,
        time::{every, now},
    },
    stores::{
        live::Live,
        rate::{Rate, SECONDS},
    },
};

/// The height of the drawing, in its own units; a second is 10 of them wide.
const HEIGHT: f64 = 100.0;

/// The lowest top of the scale: a single event does not fill the drawing.
const LEAST_TOP: u32 = 4;

/// The events of each of the last seconds as a bar, and the same in words.
#[component]
pub fn RateChart(
    /// What is shown, each second anew.
    rate: Live<Rate>,
) -> impl IntoView {
    let shown = RwSignal::new(rate.value().get_untracked());
    let tick = move || {
        let mut latest = rate.value().get_untracked();
        latest.advance(now());
        shown.set(latest);
    };
    every(Duration::from_secs(1), Rc::new(tick));
    let peak = Memo::new(move |_| shown.with(|rate| rate.counts().map(|(_, n)| n).max()));
    let top = move || peak.get().unwrap_or_default().max(LEAST_TOP);
    let count_at = move |place: usize| {
        shown.with(|rate| rate.counts().nth(place).map_or(0, |(_, count)| count))
    };
    let bars = (0..SECONDS)
        .map(|place| {
            let height = move || HEIGHT * f64::from(count_at(place)) / f64::from(top());
            view! {
                <rect
                    class="bar"
                    x=place * 10 + 1
                    width="8"
                    y=move || format!("{:.1}", HEIGHT - height())
                    height=move || format!("{:.1}", height())
                />
            }
        })
        .collect_view();
    view! {
        <figure class="chart">
            <div class="chart-scale" aria-hidden="true">
                <span>{top}</span>
                <span>"0"</span>
            </div>
            <svg
                viewBox=format!("0 0 {} {HEIGHT}", SECONDS * 10)
                preserveAspectRatio="none"
                aria-hidden="true"
            >
                {bars}
            </svg>
            <div class="chart-axis" aria-hidden="true">
                <span>"60 s ago"</span>
                <span>"now"</span>
            </div>
            <figcaption class="quiet">{move || shown.with(in_words)}</figcaption>
        </figure>
    }
    .into_any()
}

fn in_words(rate: &Rate) -> String {
    let total: u32 = rate.counts().map(|(_, count)| count).sum();
    let busiest = rate.counts().max_by_key(|(_, count)| *count);
    match (total, busiest) {
        (0, _) | (_, None) => "No event in the last minute.".to_owned(),
        (1, Some((ago, _))) => format!("1 event in the last minute, {ago} s ago."),
        (_, Some((ago, most))) => {
            let total = counted(total.into(), "event");
            format!("{total} in the last minute, at most {most} in a second, {ago} s ago.")
        }
    }
}
