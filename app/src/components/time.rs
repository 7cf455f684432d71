//! Times: relative where they are read, exact on hover, by the clock of who reads and by the hub's.

#[cfg(target_family = "wasm")]
use std::sync::atomic::{AtomicI64, Ordering};
use std::{rc::Rc, time::Duration};

use colloquy_protocol::time::Timestamp;
use leptos::prelude::*;
use web_sys::VisibilityState;

use crate::readers::forget_readers;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How often relative times are brought up to date.
const STEP: Duration = Duration::from_secs(10);

/// By how many milliseconds the hub's clock is ahead of the browser's.
#[cfg(target_family = "wasm")]
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// Says of each time that is pointed at when it is where one is, and exactly, in UTC.
///
/// Only the browser knows where that is, so no page is rendered with it.
pub(crate) const EXACT_SCRIPT: &str = r#"addEventListener("pointerover", ({ target }) => {
  const time = target.closest?.("time");
  if (!time?.dateTime) return;
  const here = new Date(time.dateTime).toLocaleString([], { dateStyle: "full", timeStyle: "long" });
  time.title = `${here}\n${time.dateTime}`;
});"#;

/// What time it is, for all the relative times of a page.
#[derive(Debug, Clone, Copy)]
struct Clock(RwSignal<Timestamp>);

/// Gives relative times the time. To be called once, by the app.
///
/// The first time that is shown is that of the rendering, so that the browser, whose clock may
/// differ, begins with the same words.
pub fn provide_clock() {
    let rendered = SharedValue::new(now).into_inner();
    #[cfg(target_family = "wasm")]
    set_by(rendered);
    let clock = Clock(RwSignal::new(rendered));
    provide_context(clock);
    let step = move || {
        clock.0.set(now());
        forget_readers(clock.0);
    };
    every(STEP, Rc::new(step));
}

/// Calls back in that rhythm, in a browser, until the component goes.
pub(crate) fn every(period: Duration, callback: Rc<dyn Fn()>) {
    Effect::new(move || {
        let callback = callback.clone();
        // It fails in no browser.
        if let Ok(ticking) = set_interval_with_handle(move || callback(), period) {
            on_cleanup(move || ticking.clear());
        }
    });
}

/// Calls back in that rhythm while somebody looks at the page, and as soon as they do so again, until the
/// component goes: what no event tells has to be asked for, again and again.
pub(crate) fn while_visible(period: Duration, callback: impl Fn() + 'static) {
    let look: Rc<dyn Fn()> = Rc::new(move || {
        if is_visible() {
            callback();
        }
    });
    when_visible(look.clone());
    every(period, look);
}

/// Calls back each time that somebody looks at the page again, in a browser, until the component goes.
pub(crate) fn when_visible(callback: Rc<dyn Fn()>) {
    Effect::new(move || {
        let callback = callback.clone();
        let look = move |_| {
            if is_visible() {
                callback();
            }
        };
        let handle = window_event_listener_untyped("visibilitychange", look);
        on_cleanup(move || handle.remove());
    });
}

/// Whether somebody looks at the page. To be called in the browser only.
pub(crate) fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// How long ago something was.
#[component]
pub fn TimeAgo(
    /// When it was.
    #[prop(into)]
    at: Signal<Timestamp>,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    view! {
        <time datetime=move || at.get().to_string()>
            {move || relative(at.get(), clock.0.get())}
        </time>
    }
}

/// The day on which something ends; once it is over, that it is.
#[component]
pub fn EndsOn(
    /// When it ends.
    at: Timestamp,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let is_over = Memo::new(move |_| clock.0.get() >= at);
    view! {
        <time datetime=at.to_string() class:tag=is_over>
            {move || if is_over.get() { "expired".to_owned() } else { day(at) }}
        </time>
    }
}

/// The day of a moment, in UTC.
fn day(moment: Timestamp) -> String {
    moment.to_string().get(..10).unwrap_or_default().to_owned()
}

/// The moment by the hub's clock: a browser's may be wrong.
pub(crate) fn now() -> Timestamp {
    #[cfg(target_family = "wasm")]
    return Timestamp::from_millis(js_sys::Date::now() as i64 + AHEAD.load(Ordering::Relaxed));
    #[cfg(not(target_family = "wasm"))]
    Timestamp::now()
}

/// Finds out how far the two clocks are apart: the hub rendered the page when the browser asked for it.
/// A few seconds may have been the way to the hub.
#[cfg(target_family = "wasm")]
fn set_by(rendered: Timestamp) {
    let open_for = window().performance().map_or(0.0, |performance| performance.now());
    let asked = js_sys::Date::now() - open_for;
    let ahead = rendered.as_millis() - asked as i64;
    if ahead.abs() > 10 * SECOND {
        AHEAD.store(ahead, Ordering::Relaxed);
    }
}

fn relative(at: Timestamp, now: Timestamp) -> String {
    match now.as_millis() - at.as_millis() {
        ago if ago < 10 * SECOND => "just now".to_owned(),
        ago if ago < MINUTE => format!("{} s ago", ago / SECOND),
        ago if ago < HOUR => format!("{} min ago", ago / MINUTE),
        ago if ago < DAY => format!("{} h ago", ago / HOUR),
        ago if ago < 14 * DAY => format!("{} d ago", ago / DAY),
        _ => day(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_now() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let ago = |millis| relative(Timestamp::from_millis(now.as_millis() - millis), now);
        assert_eq!(ago(-5), "just now");
        assert_eq!(ago(59_999), "59 s ago");
        assert_eq!(ago(60_000), "1 min ago");
        assert_eq!(ago(5 * HOUR), "5 h ago");
        assert_eq!(ago(13 * DAY), "13 d ago");
        assert_eq!(ago(14 * DAY), "2023-10-31");
    }
}
