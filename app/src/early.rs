//! What people do on a page before it is alive: it was rendered on the server and can be read, but
//! the program that listens to its fields and buttons is still on its way.
//!
//! Coming to life sets every field to what the program knows, which is not what was typed meanwhile.
//! So that is kept by a script in the page's head, and told to the program when it listens: the
//! fields first, then the button that was pressed last. No component has to know.

use leptos::{
    html,
    prelude::*,
    task::{spawn_local, tick},
};
use web_sys::Event;

use crate::{live::use_websocket, session::use_session};

/// What the root of a page has as long as it is not alive.
pub(crate) const ASLEEP: &str = "data-asleep";

/// Keeps what is typed and pressed on a page that is not alive ([`ASLEEP`]).
///
/// The frame around `#content` has buttons too, and comes to life earlier. Pressing a button does
/// nothing else meanwhile, so a form is not sent the browser's own way. Where Enter sends a message, it
/// presses the composer's button.
pub(crate) const SCRIPT: &str = r##"{
const root = document.documentElement, asleep = new Set(["frame", "content"]);
const typed = new Map(), pressed = {};
const part = (target) => target.closest("#content") ? "content" : "frame";
const note = ({ target }) => {
  if (part(target) === "frame") return;
  typed.delete(target);
  typed.set(target, [target.value, target.checked]);
  // Nobody has sent that yet.
  const composer = target.closest(".composer");
  if (composer && pressed.content?.form === composer) delete pressed.content;
};
const press = (event) => {
  const button = event.target.closest("button");
  if (!button || !asleep.has(part(button))) return;
  event.preventDefault();
  pressed[part(button)] = button;
};
// Where Enter sends, it begins no line. A draft from before, which nobody sees yet, it does not send.
const enter = (event) => {
  const { key, shiftKey, isComposing, target } = event;
  if (key !== "Enter" || shiftKey || isComposing || !target.matches(".composer textarea")) return;
  if (!target.form.querySelector(".composer-keys")?.offsetWidth) return;
  event.preventDefault();
  if (typed.has(target)) target.form.querySelector("[type=submit]").click();
};
const wake = (part) => {
  asleep.delete(part);
  // Unless what was typed took the button away.
  setTimeout(() => pressed[part]?.isConnected && pressed[part].click());
};
root.dataset.asleep = "";
addEventListener("input", note, true);
addEventListener("click", press, true);
addEventListener("keydown", enter, true);
addEventListener("frame-alive", () => wake("frame"), { once: true });
addEventListener("alive", () => {
  delete root.dataset.asleep;
  removeEventListener("input", note, true);
  removeEventListener("click", press, true);
  removeEventListener("keydown", enter, true);
  for (const [field, [value, checked]] of typed) {
    field.value = value;
    field.checked = checked;
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
  }
  wake("content");
}, { once: true });
}"##;

/// Stands behind everything in the page, so it comes to life last: then the page is alive.
#[component]
pub fn Alive() -> impl IntoView {
    let (socket, session) = (use_websocket(), use_session());
    let end = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if end.get().is_some() {
            // Nobody who is not known gets a connection.
            if session.principal().is_some() {
                socket.start();
            }
            spawn_local(tell("alive"));
        }
    });
    view! { <div node_ref=end hidden></div> }
}

/// To be called by the frame around the page, which is alive when its effects run.
pub(crate) fn frame_is_alive() {
    Effect::new(|| spawn_local(tell("frame-alive")));
}

/// Tells the script.
async fn tell(what: &str) {
    // What components do when they have come to life, such as showing a draft, is done before.
    tick().await;
    if let Ok(event) = Event::new(what) {
        window().dispatch_event(&event).ok();
    }
}
