//! Where the keyboard is: on a page that one goes to it begins at the heading, and a button that does
//! nothing for the moment keeps it.

use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use leptos_router::hooks::use_location;
use web_sys::{Element, Event, FocusOptions, HtmlElement};

/// The page whose heading had the keyboard last, by its path.
#[derive(Debug, Clone, Copy)]
struct Begun {
    path: Memo<String>,
    last: StoredValue<String>,
    hash: Memo<String>,
}

/// To be called once, in the router. The page that is there at first is where the browser says.
pub(crate) fn provide_beginnings() {
    let location = use_location();
    let last = StoredValue::new(location.pathname.get_untracked());
    provide_context(Begun { path: location.pathname, last, hash: location.hash });
}

/// To be called by a page that has something to show: who came to it from another one is at its
/// heading then, which is read aloud, unless something in it took the keyboard already. An address
/// with an anchor leads there.
#[cfg_attr(feature = "ssr", expect(dead_code, reason = "nobody comes to a page on the server"))]
pub(crate) fn begin_at_the_heading() {
    let Some(Begun { path, last, hash }) = use_context() else { return };
    // It is in the page in the next frame.
    request_animation_frame(move || {
        let here = path.get_untracked();
        let is_new = last.with_value(|last| *last != here);
        last.set_value(here);
        if is_new && hash.with_untracked(String::is_empty) && !is_taken() {
            focus_heading();
        }
    });
}

/// Whether something in the page has the keyboard.
fn is_taken() -> bool {
    let focused = document().query_selector("#content :focus");
    focused.is_ok_and(|focused| focused.is_some())
}

/// Moves the keyboard to the heading of the page, or to the page if it has none.
pub(crate) fn focus_heading() -> Option<()> {
    let main = document().get_element_by_id("content")?;
    let heading = main.query_selector("h1").ok().flatten().unwrap_or(main);
    heading.set_attribute("tabindex", "-1").ok()?;
    // The router and `scroll_place` say where the page is scrolled to.
    let how = FocusOptions::new();
    how.set_prevent_scroll(true);
    heading.dyn_into::<HtmlElement>().ok()?.focus_with_options(&how).ok()
}

/// Lets presses of what says `aria-disabled` do nothing. Unlike `disabled`, which takes the keyboard
/// away from a button while what it does is being done. To be called once, by the app.
pub(crate) fn ignore_presses_of_disabled() {
    Effect::new(|| {
        let ignore = Closure::<dyn Fn(Event)>::new(|press: Event| {
            let pressed = press.target().and_then(|target| target.dyn_into::<Element>().ok());
            let is_disabled = |it: &Element| it.closest("[aria-disabled=true]") != Ok(None);
            if pressed.as_ref().is_some_and(is_disabled) {
                press.prevent_default();
                press.stop_immediate_propagation();
            }
        });
        // Enter in a field presses the button of its form, and so comes here, too. Before all others.
        let listener = ignore.as_ref().unchecked_ref();
        window().add_event_listener_with_callback_and_bool("click", listener, true).ok();
        ignore.forget();
    });
}
