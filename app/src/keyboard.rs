//! Where the keyboard is: on a page that one goes to it begins at the heading, a button that does
//! nothing for the moment keeps it, and one that goes with its row hands it on.

use std::{cell::RefCell, iter::successors};

use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use leptos_router::hooks::use_location;
use web_sys::{Element, Event, FocusOptions, HtmlElement, MutationObserver, MutationObserverInit};

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
    // The router and `scroll_place` say where the page is scrolled to.
    let how = FocusOptions::new();
    how.set_prevent_scroll(true);
    focusable(heading)?.focus_with_options(&how).ok()
}

/// A heading that may have the keyboard, as it is read aloud then.
fn focusable(heading: Element) -> Option<HtmlElement> {
    heading.set_attribute("tabindex", "-1").ok()?;
    heading.dyn_into().ok()
}

thread_local! {
    /// What waits for the button that was pressed last to go.
    static WATCH: RefCell<Option<MutationObserver>> = const { RefCell::new(None) };
}

/// To be called when a button is pressed that goes with its row of a list: at once, with the answer or an
/// event, or once a dialog has asked. If it takes the keyboard along, its heir has it from then on.
pub(crate) fn hand_on(press: &Event) {
    let pressed = press.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(button) = pressed.and_then(|it| it.closest("button").ok().flatten()) else { return };
    let (heirs, around) = (heirs(&button), button.closest("dialog").ok().flatten());
    watch_page(move || {
        if button.is_connected() {
            // Whoever thought better of it has gone on to something else.
            if focused().as_ref() != Some(&button) && !is_asked(&around) {
                unwatch_page();
            }
            return;
        }
        let (heirs, around) = (heirs.clone(), around.clone());
        // A dialog that closes at the same time has closed by then.
        request_animation_frame(move || {
            if !is_asked(&around) {
                unwatch_page();
                inherit(&heirs);
            }
        });
    });
}

/// Calls back whenever something comes into the page or goes, in place of who was called until now.
fn watch_page(changed: impl Fn() + 'static) {
    unwatch_page();
    // The browser keeps it for as long as it watches.
    let changed = Closure::<dyn Fn()>::new(changed).into_js_value();
    if let Ok(watch) = MutationObserver::new(changed.unchecked_ref()) {
        let what = MutationObserverInit::new();
        what.set_child_list(true);
        what.set_subtree(true);
        watch.observe_with_options(&document(), &what).ok();
        WATCH.set(Some(watch));
    }
}

fn unwatch_page() {
    if let Some(watch) = WATCH.take() {
        watch.disconnect();
    }
}

/// What has the keyboard; it is the body that has it when nothing has.
pub(crate) fn focused() -> Option<Element> {
    document().active_element().filter(|it| it.tag_name() != "BODY")
}

/// Whether a dialog is open, but that around what was pressed.
fn is_asked(around: &Option<Element>) -> bool {
    let open = document().query_selector("dialog[open]").ok().flatten();
    open.is_some() && open != *around
}

/// Gives the keyboard to the first heir that is there, unless something has it.
fn inherit(heirs: &[Element]) {
    let heir = heirs.iter().find(|heir| heir.is_connected());
    if let Some(heir) = heir.filter(|_| focused().is_none()) {
        let heir = match heir.matches("h1, h2, h3") {
            Ok(true) => focusable(heir.clone()),
            _ => heir.clone().dyn_into().ok(),
        };
        // It fails only for an element that can have no focus.
        heir.and_then(|heir| heir.focus().ok());
    }
}

/// Who inherits the keyboard of a button in a row, the first of them that is there: the buttons of the
/// rows after it, of those before it, and the field that the rows stand in, or the heading above them.
fn heirs(button: &Element) -> Vec<Element> {
    let inside = |around: &str, what: &str| {
        let around = button.closest(around).ok().flatten()?;
        around.query_selector(what).ok().flatten()
    };
    let row = button.closest("li, tr, .capability").ok().flatten();
    let after = successors(row.clone(), Element::next_element_sibling).skip(1);
    let before = successors(row, Element::previous_element_sibling).skip(1);
    let same = |row: Element| row.query_selector("button").ok().flatten();
    let field = || inside(".field", "input");
    let heading = || inside("section", "h2, h3").or_else(|| inside("main", "h1"));
    after.chain(before).filter_map(same).chain(field().or_else(heading)).collect()
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
