//! Where the keyboard is: on a page that one goes to it begins at the heading, a button that does
//! nothing for the moment keeps it, and what goes with what was pressed hands it on.

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
fn focus_heading() {
    let Some(main) = document().get_element_by_id("content") else { return };
    let heading = main.query_selector("h1").ok().flatten().unwrap_or(main);
    focus(&heading);
}

/// Moves the keyboard to an element; whether it is there then. A heading may have it, too, as it is read
/// aloud then; the page does not scroll there.
pub(crate) fn focus(element: &Element) -> bool {
    let is_heading = element.matches("h1, h2, h3, main") == Ok(true);
    if is_heading {
        // It fails for no element of HTML.
        element.set_attribute("tabindex", "-1").ok();
    }
    let how = FocusOptions::new();
    how.set_prevent_scroll(is_heading);
    let it = element.dyn_ref::<HtmlElement>();
    it.is_some_and(|it| it.focus_with_options(&how).is_ok()) && focused().as_ref() == Some(element)
}

/// What has the keyboard; it is the body that has it when nothing has.
pub(crate) fn focused() -> Option<Element> {
    document().active_element().filter(|it| it.tag_name() != "BODY")
}

/// How many rows of a list on either side of what goes may inherit the keyboard.
const NEIGHBOURS: usize = 8;

/// What has the keyboard while something is done that may take it along.
struct Held {
    holder: Element,
    /// The dialog that it is in.
    dialog: Option<Element>,
    /// The path of the page that it is on.
    path: String,
    /// Who has the keyboard next: the first of them that can have it.
    heirs: Vec<Element>,
}

thread_local! {
    /// On the page, and in each dialog that is over it: a question may take along what asked it.
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
    /// Calls [`look`] when something comes into the page or goes. The browser keeps the closure for as
    /// long as it keeps this.
    static WATCH: Option<MutationObserver> = {
        let changed = Closure::<dyn Fn()>::new(look).into_js_value();
        MutationObserver::new(changed.unchecked_ref()).ok()
    };
}

/// To be called when something is done that may take along what has the keyboard: at once, with an answer
/// or an event, or once a dialog has asked. If it goes while it has the keyboard, its heir has it from then
/// on. Presses of buttons and links call this by themselves.
pub(crate) fn hand_on() {
    let Some(holder) = focused() else { return };
    let dialog = holder.closest("dialog").ok().flatten();
    let next = Held { dialog, path: path(), heirs: heirs(&holder), holder };
    HELD.with_borrow_mut(|held| {
        // What asked the question that this is in may still go.
        held.retain(|it| next.dialog.is_some() && it.dialog != next.dialog);
        held.push(next);
    });
    let what = MutationObserverInit::new();
    what.set_child_list(true);
    what.set_subtree(true);
    WATCH.with(|watch| {
        if let Some(watch) = watch {
            // It fails for no document.
            watch.observe_with_options(&document(), &what).ok();
        }
    });
}

/// To be called when something came into the page or went, or the keyboard was moved.
fn look() {
    let last = HELD.with_borrow(|held| held.last().map(|it| it.holder.clone()));
    if last.is_some() && last != focused() {
        // What happens at the same time, such as that a dialog closes, has happened by then.
        request_animation_frame(settle);
    }
}

/// Forgets what has the keyboard no more. Whoever moved it, or put it nowhere, meant to; what went with it
/// hands it on, on the page that it was on.
fn settle() {
    let mut held = HELD.take();
    let (mut is_lost, mut heirs) = (false, Vec::new());
    while let Some(it) = held.pop_if(|it| !it.keeps()) {
        is_lost |= !it.holder.is_connected() && it.path == path();
        // Behind a question's button comes what asked it.
        heirs.push(it.holder);
        heirs.extend(it.heirs);
    }
    if held.is_empty() {
        WATCH.with(|watch| {
            if let Some(watch) = watch {
                watch.disconnect();
            }
        });
    }
    HELD.set(held);
    if is_lost && focused().is_none() && !heirs.iter().any(focus) {
        focus_heading();
    }
}

impl Held {
    /// Whether it has the keyboard, or will have it again: once the dialog closes that is over it.
    fn keeps(&self) -> bool {
        let open = document().query_selector("dialog[open]").ok().flatten();
        focused().as_ref() == Some(&self.holder) || open.is_some() && open != self.dialog
    }
}

fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// Who inherits the keyboard of something, the first of them that is there then: the buttons of its row in
/// a list, of the rows after it and of those before it; the field or the list that it belongs to; the
/// headings above it.
fn heirs(of: &Element) -> Vec<Element> {
    let around = |place: &str| of.closest(place).ok().flatten();
    let first = |place: Element, what: &str| place.query_selector(what).ok().flatten();
    let row = around("li, tr, .capability, .toast");
    let after = successors(row.clone(), Element::next_element_sibling).take(NEIGHBOURS);
    let before = successors(row, Element::previous_element_sibling).take(NEIGHBOURS).skip(1);
    let buttons = after.chain(before).filter_map(|row| first(row, "button"));
    let wholes = [
        (".field", "input"),
        ("form", "input, textarea"),
        (".history", "[role=listbox]"),
        (".messages-frame", ".messages"),
    ];
    let parts = wholes.into_iter().filter_map(|(whole, part)| first(around(whole)?, part));
    let section = |inside: &Element| inside.closest("section, dialog").ok().flatten();
    // What is around a dialog is the business of what opened it.
    let sections = successors(section(of), |inner| match inner.matches("dialog") {
        Ok(false) => section(&inner.parent_element()?),
        _ => None,
    });
    let headings = sections.filter_map(|section| first(section, "h2, h3"));
    buttons.chain(parts).chain(headings).collect()
}

/// Lets presses of what says `aria-disabled` do nothing: unlike `disabled`, that does not take the keyboard
/// away from a button while what it does is being done. All others may take the keyboard along. To be called
/// once, by the app.
pub(crate) fn follow_presses() {
    Effect::new(|| {
        // Enter in a field presses the button of its form, and so comes here, too.
        hear("click", |press| {
            let pressed = press.target().and_then(|target| target.dyn_into::<Element>().ok());
            let is_in = |place: &str| {
                pressed.as_ref().is_some_and(|pressed| pressed.closest(place) != Ok(None))
            };
            if is_in("[aria-disabled=true]") {
                press.prevent_default();
                press.stop_immediate_propagation();
            } else if is_in("button, a") {
                hand_on();
            }
        });
        hear("focusout", |_| look());
    });
}

/// Hears of an event before all others.
fn hear(event: &str, heard: fn(Event)) {
    let heard = Closure::<dyn Fn(Event)>::new(heard);
    let listener = heard.as_ref().unchecked_ref();
    // It fails in no browser.
    window().add_event_listener_with_callback_and_bool(event, listener, true).ok();
    heard.forget();
}
