//! Where a page was scrolled to when it was left, for whoever comes back to it.
//!
//! The browser scrolls at once when somebody goes back, while what the page shows is still being loaded
//! and the page is too short. Here it is scrolled until it is there, or somebody scrolls themselves. New
//! pages begin at their top, and anchors are the browser's.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use web_sys::{Event, History};

use crate::tab_storage::{keep, read};

/// How long a page may take to be high enough, in milliseconds.
const PATIENCE: f64 = 2_000.0;

/// What is listened to: all but the first two are what people do themselves.
const EVENTS: [&str; 6] = ["scroll", "popstate", "wheel", "touchmove", "keydown", "pointerdown"];

/// A page that is being scrolled to where it was.
#[derive(Debug, Clone)]
struct Return {
    /// The key of the entry in the tab's history.
    key: String,
    /// How far from its top, in pixels.
    place: i32,
    /// When it is given up.
    until: f64,
    /// How high the page was when it was there. While that stays, nobody but a person scrolls away.
    height: Option<i32>,
}

/// Keeps where each entry of the tab's history is scrolled to. To be called once, in the router.
pub(crate) fn keep_scroll_places() {
    let path = use_location().pathname;
    let returning = StoredValue::new(None::<Return>);
    let hear = move |event: Event| match event.type_().as_str() {
        "scroll" => {
            // While another page is on its way, the address is still that of the one before.
            let here = window().location().pathname();
            let is_here = here.is_ok_and(|here| path.with_untracked(|path| *path == here));
            if is_here && returning.with_value(Option::is_none) {
                keep_place();
            }
        }
        "popstate" => {
            returning.set_value(place_before());
            go_on(returning);
        }
        _ => returning.set_value(None),
    };
    Effect::new(move || {
        for name in EVENTS {
            let listener = window_event_listener_untyped(name, hear);
            on_cleanup(move || listener.remove());
        }
    });
}

/// Scrolls, frame by frame, for as long as somebody is returning.
fn go_on(returning: StoredValue<Option<Return>>) {
    request_animation_frame(move || {
        if let Some(next) = returning.get_value().and_then(step) {
            returning.set_value(Some(next));
            go_on(returning);
        } else {
            returning.set_value(None);
        }
    });
}

/// Scrolls as far as it goes; none when there is no more to do.
fn step(mut entry: Return) -> Option<Return> {
    let is_another = window().history().ok().and_then(|it| key(&it)).as_ref() != Some(&entry.key);
    if is_another || js_sys::Date::now() > entry.until {
        return None;
    }
    let height = document().document_element().map_or(0, |root| root.scroll_height());
    if place() != entry.place {
        if entry.height == Some(height) {
            return None;
        }
        window().scroll_to_with_x_and_y(0.0, entry.place.into());
    }
    entry.height = (place() == entry.place).then_some(height);
    Some(entry)
}

/// Where the page was when somebody was at this entry of the history before.
fn place_before() -> Option<Return> {
    let is_anchor = window().location().hash().is_ok_and(|hash| !hash.is_empty());
    if is_anchor {
        return None;
    }
    let key = key(&window().history().ok()?)?;
    let place = read(&key)?;
    Some(Return { key, place, until: js_sys::Date::now() + PATIENCE, height: None })
}

fn keep_place() {
    let Ok(history) = window().history() else { return };
    let key = key(&history).unwrap_or_else(|| {
        let new = format!("place {}", js_sys::Date::now() as u64);
        // Browsers refuse it only when it is done very often.
        history.replace_state(&new.as_str().into(), "").ok();
        new
    });
    keep(&key, &place());
}

/// The key of the current entry of the tab's history, if it has one.
fn key(history: &History) -> Option<String> {
    history.state().ok()?.as_string()
}

fn place() -> i32 {
    window().scroll_y().unwrap_or_default().round() as i32
}
