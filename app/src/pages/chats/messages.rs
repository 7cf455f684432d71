//! The messages of a chat, the newest last.
//!
//! The list scrolls from its end on (`column-reverse`): it begins there, without a script, and stays
//! there when more is said. Who reads further up is kept in place by the browser's scroll anchoring.
//! What is added before the oldest message changes nothing below it; the anchoring would go along with
//! it to the top, because the list moves the messages that it has, and then no message is an anchor. It
//! leaves out a layout in which the padding of what scrolls changes (CSS Scroll Anchoring, 2.3:
//! suppression triggers), so what is busy with loading older messages has a trace of it.

use std::collections::HashSet;

use colloquy_protocol::{access::Action as Right, id::MessageId, model::Message};
use leptos::{
    ev::KeyboardEvent,
    html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, HtmlElement},
};

use super::{
    message::{MessageView, anchor},
    presence::Presence,
};
use crate::{
    components::{
        counted::counted,
        flow::{For, Show},
        note::Empty,
    },
    readers::forget_readers,
    session::use_session,
    stores::{
        conversation::{Conversation, End},
        open_chat::{OpenChat, Paging},
        people::People,
    },
};

/// So close to the end, in pixels, the end is being read.
const AT_END: i32 = 48;

/// So close to an end, in pixels, more is loaded there.
const NEAR: i32 = 800;

/// Messages of the same sender belong together when no more time is between them, in milliseconds.
const GROUP_MILLIS: i64 = 5 * 60 * 1_000;

/// Where the arrow keys lead to, from top to bottom. All of it is one stop of the Tab key.
const OLDER: &str = ".messages-more:first-child .button";
const FIRST: &str = ".message:first-child";
const LAST: &str = ".message:last-child";
const NEWER: &str = ".messages-more:last-child .button";

/// The messages, and the way to the older ones and to the newest.
#[component]
pub fn Messages(
    /// The chat that is open.
    chat: OpenChat,
    /// What people are called.
    people: People,
    /// The message that is answered.
    reply_to: RwSignal<Option<MessageId>>,
    /// The element that scrolls.
    scroller: NodeRef<html::Div>,
) -> impl IntoView {
    let presence = Presence::new(chat, scroller);
    let (session, is_deleted) = (use_session(), chat.is_deleted());
    let is_empty = chat.part(|held| held.messages().next().is_none());
    let has_older = chat.part(|held| held.has_more(End::Older));
    let has_newer = chat.part(|held| held.has_more(End::Newer));
    let begins = chat.part(beginnings);
    let beginnings = RwSignal::new(begins.get_untracked());
    Effect::new(move || {
        // Rows come and go: a memo would keep a trace of each.
        beginnings.set(begins.get());
        forget_readers(beginnings);
    });
    let all = |held: &Conversation| held.messages().cloned().collect::<Vec<_>>();
    let look = move || {
        let Some(scroller) = scroller.try_get_untracked().flatten() else { return };
        // It counts from the end, downwards to negative numbers.
        let below = -scroller.scroll_top();
        let above = scroller.scroll_height() - scroller.client_height() - below;
        chat.reads_end(below < AT_END);
        if below == 0 && has_newer.get_untracked() {
            // At its very end the list would go along with what is added there.
            scroller.set_scroll_top(-1);
        }
        // Whose keyboard came to a button, and with it to an end of the list, has not pressed it.
        let is_at_button =
            scroller.query_selector(".messages-more :focus-visible").ok().flatten().is_some();
        if !is_at_button && chat.paging().with_untracked(|paging| *paging == Paging::Idle) {
            if above < NEAR {
                chat.read_more(End::Older);
            } else if below < NEAR {
                chat.read_more(End::Newer);
            }
        }
    };
    let is_at_end = chat.part(Conversation::is_at_end);
    Effect::new(move || {
        // What was loaded afresh does not know where one reads.
        is_at_end.get();
        request_animation_frame(look);
    });
    let is_loading_older = chat.paging_at(End::Older);

    view! {
        <div class="messages-frame">
            <div
                node_ref=scroller
                class="messages"
                role="log"
                aria-label="Messages"
                tabindex="0"
                aria-busy=move || is_loading_older.get().then_some("true")
                on:scroll=move |_| look()
                on:keydown=move |event| step(&event, presence)
            >
                <div>
                    <Show when=move || has_older.get()>
                        <More chat end=End::Older words="Load older messages" />
                    </Show>
                    <ol
                        class="message-list"
                        data-speaks=move || session.may(Right::Speak).to_string()
                    >
                        <For
                            each=move || chat.conversation().with(all)
                            key=|message| message.id.clone()
                            let:message
                        >
                            <MessageView message beginnings chat people presence reply_to />
                        </For>
                    </ol>
                    <Show when=move || has_newer.get()>
                        <More chat end=End::Newer words="Load newer messages" />
                    </Show>
                </div>
            </div>
            <Show when=move || is_empty.get()>
                <Empty title="Nothing was said yet.">
                    <Show when=move || session.may(Right::Speak) && !is_deleted.get()>
                        <p>"Write the first message below."</p>
                    </Show>
                </Empty>
            </Show>
            <ToNewest chat scroller />
        </div>
    }
    .into_any()
}

/// Shows the newest message.
pub(super) fn go_to_end(chat: OpenChat, scroller: NodeRef<html::Div>) {
    if let Some(scroller) = scroller.get_untracked() {
        scroller.set_scroll_top(0);
    }
    chat.go_to_end();
}

/// Loads more at one end, and says when it could not.
#[component]
fn More(chat: OpenChat, end: End, words: &'static str) -> impl IntoView {
    let paging = chat.paging();
    let is_loading = chat.paging_at(end);
    let error = move || match paging.get() {
        Paging::Failed(error) => Some(format!("They could not be loaded. {error}")),
        _ => None,
    };
    view! {
        <div class="messages-more">
            <p class="error" role="alert">
                {error}
            </p>
            <button
                type="button"
                class="button"
                tabindex="-1"
                aria-disabled=move || is_loading.get().to_string()
                on:click=move |_| chat.read_more(end)
            >
                {move || if is_loading.get() { "Loading…" } else { words }}
            </button>
        </div>
    }
    .into_any()
}

/// Tells who reads further up how much is new.
#[component]
fn ToNewest(chat: OpenChat, scroller: NodeRef<html::Div>) -> impl IntoView {
    let is_at_end = chat.part(Conversation::is_at_end);
    let unseen = chat.part(Conversation::unseen);
    let words = move || match unseen.get() {
        0 => "Jump to newest".to_owned(),
        many => format!("Jump to newest: {}", counted(many as u64, "new message")),
    };
    view! {
        <Show when=move || !is_at_end.get()>
            <button
                type="button"
                class="button to-newest"
                on:click=move |_| go_to_end(chat, scroller)
            >
                {words} <span aria-hidden="true">" ↓"</span>
            </button>
        </Show>
    }
    .into_any()
}

/// Goes from message to message with the arrow keys, and to the buttons before and after them; to the
/// first and the last with Home and End.
fn step(event: &KeyboardEvent, presence: Presence) {
    let to = document().active_element().and_then(|at| neighbour(&at, &event.key(), presence));
    if let Some(to) = to.and_then(|to| to.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        to.focus().ok();
    }
}

/// Where a key leads from there; from the list itself, to what is on the screen.
fn neighbour(at: &Element, key: &str, presence: Presence) -> Option<Element> {
    let find = |selector| document().query_selector(selector).ok().flatten();
    let is_at = |selector| at.matches(selector) == Ok(true);
    let message = at.closest(".message").ok().flatten();
    match (key, message) {
        ("Home", _) => find(FIRST),
        ("End", _) => find(LAST),
        ("ArrowUp", Some(message)) => message.previous_element_sibling().or_else(|| find(OLDER)),
        ("ArrowDown", Some(message)) => message.next_element_sibling().or_else(|| find(NEWER)),
        ("ArrowUp", None) if is_at(NEWER) => find(LAST),
        ("ArrowDown", None) if is_at(OLDER) => find(FIRST),
        ("ArrowUp" | "ArrowDown", None) if is_at(".messages") => {
            document().get_element_by_id(&anchor(&presence.last_visible()?))
        }
        _ => None,
    }
}

/// The messages that begin a group: another sender than before, or later.
fn beginnings(held: &Conversation) -> HashSet<MessageId> {
    let mut before: Option<&Message> = None;
    let mut begins = |message| {
        let begins = before.is_none_or(|before| !belongs(before, message));
        before = Some(message);
        begins
    };
    held.messages().filter(|message| begins(message)).map(|message| message.id.clone()).collect()
}

fn belongs(before: &Message, message: &Message) -> bool {
    before.sender_id == message.sender_id
        && before.sender_kind == message.sender_kind
        && message.created_at.as_millis() - before.created_at.as_millis() < GROUP_MILLIS
}
