//! One message.

use std::{collections::HashSet, sync::Arc, time::Duration};

use colloquy_protocol::{
    id::{MessageId, PrincipalId, PrincipalKind},
    model::Message,
};
use leptos::{html, prelude::*};
use web_sys::Element;

use super::{participants::Avatar, presence::Presence, receipts::Receipts};
use crate::{
    components::{
        counted::counted,
        markdown::{Markdown, TabIndex},
        time::TimeAgo,
    },
    keyboard::focus,
    session::use_session,
    stores::{open_chat::OpenChat, people::People},
};

/// The most characters and lines that are shown of a message until somebody wants all of it: a page
/// of messages stays quick, however long they are.
const SHOWN_CHARS: usize = 1_500;
const SHOWN_LINES: usize = 30;

/// How much of the message that is answered is shown, in characters.
const QUOTE_CHARS: usize = 140;

/// How long a message is marked that somebody was led to.
const MARKED: Duration = Duration::from_secs(2);

/// A message; the first of a group says who wrote it.
#[component]
pub fn MessageView(
    /// What to show.
    message: Arc<Message>,
    /// The messages that begin a group.
    beginnings: RwSignal<HashSet<MessageId>>,
    /// The chat that is open.
    chat: OpenChat,
    /// What people are called.
    people: People,
    /// Tells that it was read.
    presence: Presence,
    /// Is set to the message that somebody wants to answer.
    reply_to: RwSignal<Option<MessageId>>,
) -> impl IntoView {
    let element = NodeRef::<html::Li>::new();
    // The list is one stop of the Tab key: what is in a message is for who is at the message. Without
    // scripts nobody gets there but with that key.
    let at_message = RwSignal::new(true);
    Effect::new(move || {
        if let Some(element) = element.get() {
            presence.watch(&element);
            at_message.set(false);
        }
    });
    let tab_index: TabIndex = Signal::derive(move || if at_message.get() { "0" } else { "-1" });
    let id = StoredValue::new(message.id.clone());
    let sender_id = StoredValue::new(message.sender_id.clone());
    let Message { sender_kind: kind, created_at, .. } = *message;
    let is_mine = use_session().is_me(&message.sender_id, kind);
    let answered = message.reply_to.clone();
    let name = move || sender_id.with_value(|id| people.name(id, kind));
    let begins = Memo::new(move |_| beginnings.with(|all| id.with_value(|id| all.contains(id))));
    view! {
        <li
            node_ref=element
            class="message"
            id=id.with_value(anchor)
            data-message=id.with_value(MessageId::to_string)
            data-principal=kind.as_str()
            data-mine=is_mine.to_string()
            data-begins=move || begins.get().to_string()
            tabindex="-1"
            on:focusin=move |_| at_message.set(true)
            on:focusout=move |_| at_message.set(false)
        >
            {move || begins.get().then(|| view! { <Head sender_id kind name /> })}
            <div class="message-body">
                {answered.map(|id| view! { <Quote id chat people tab_index /> })}
                <Content message tab_index />
            </div>
            <div class="message-foot">
                <span class="message-time">
                    <TimeAgo at=created_at />
                </span>
                <Receipts id=id.get_value() chat people tab_index />
                // Shown to whom may speak: the list knows that.
                <button
                    type="button"
                    class="message-reply"
                    tabindex=tab_index
                    aria-label=move || format!("Reply to {}", name())
                    on:click=move |_| reply_to.set(Some(id.get_value()))
                >
                    "Reply"
                </button>
            </div>
        </li>
    }
    .into_any()
}

/// Who wrote the messages of a group.
#[component]
fn Head(
    sender_id: StoredValue<PrincipalId>,
    kind: PrincipalKind,
    name: impl Fn() -> String + Copy + Send + 'static,
) -> impl IntoView {
    let words = match kind {
        PrincipalKind::Agent => "agent",
        PrincipalKind::User => "person",
    };
    view! {
        <div class="message-head">
            <Avatar kind />
            <strong title=sender_id.with_value(PrincipalId::to_string) dir="auto">
                {move || name()}
            </strong>
            <span class="message-kind">{words}</span>
        </div>
    }
    .into_any()
}

/// The beginning of a text, on one line.
pub(super) fn beginning(text: &str, chars: usize) -> String {
    let mut line = text.chars().map(|char| if char.is_whitespace() { ' ' } else { char });
    let mut beginning: String = line.by_ref().take(chars).collect();
    if line.next().is_some() {
        beginning.push('…');
    }
    beginning
}

/// What was said; of a long message its beginning, until somebody wants all of it.
#[component]
fn Content(message: Arc<Message>, tab_index: TabIndex) -> impl IntoView {
    let all = RwSignal::new(false);
    let end = shown_end(&message.content);
    let is_long = end < message.content.len();
    let chars = is_long.then(|| counted(message.content.chars().count() as u64, "character"));
    let button = NodeRef::<html::Button>::new();
    let toggle = move |_| {
        if all.get_untracked() {
            stay_in_place(button);
        }
        all.update(|all| *all = !*all);
    };
    let shown =
        move || if all.get() { message.content.clone() } else { message.content[..end].to_owned() };
    view! {
        {move || view! { <Markdown text=shown() tab_index /> }}
        {chars
            .map(|chars| {
                view! {
                    <button
                        type="button"
                        class="button message-all"
                        tabindex=tab_index
                        aria-expanded=move || all.get().to_string()
                        node_ref=button
                        on:click=toggle
                    >
                        {move || {
                            if all.get() {
                                "Show less".to_owned()
                            } else {
                                format!("Show all {chars}")
                            }
                        }}
                    </button>
                }
            })}
    }
    .into_any()
}

/// The message that is answered, and the way to it if it is loaded.
#[component]
fn Quote(id: MessageId, chat: OpenChat, people: People, tab_index: TabIndex) -> impl IntoView {
    let place = anchor(&id);
    let quoted = chat.answered(id.clone());
    let is_held = chat.part(move |held| held.message(&id).is_some());
    let go = move |_| {
        if let Some(message) = document().get_element_by_id(&place) {
            message.scroll_into_view();
            focus(&message);
            mark(message);
        }
    };
    let go = StoredValue::new(go);
    move || {
        let words = match quoted.get() {
            Some(message) => {
                let name = people.name(&message.sender_id, message.sender_kind);
                format!("{name}: {}", beginning(&message.content, QUOTE_CHARS))
            }
            None => "In reply to a message that is not loaded".to_owned(),
        };
        let words = view! { <span dir="auto">{words}</span> };
        if is_held.get() {
            view! {
                <button
                    type="button"
                    class="message-quote"
                    tabindex=tab_index
                    on:click=move |event| go.with_value(|go| go(event))
                >
                    {words}
                </button>
            }
            .into_any()
        } else {
            view! { <p class="message-quote">{words}</p> }.into_any()
        }
    }
}

/// Marks what somebody was led to, for a moment.
fn mark(element: Element) {
    element.set_attribute("data-found", "true").ok();
    let unmark = move || drop(element.remove_attribute("data-found"));
    set_timeout(unmark, MARKED);
}

/// Keeps a button where it is on the screen while what is above it becomes shorter.
fn stay_in_place(button: NodeRef<html::Button>) {
    let Some(button) = button.get_untracked() else { return };
    let Some(scroller) = button.closest(".messages").ok().flatten() else { return };
    let place = {
        let scroller = scroller.clone();
        move || button.offset_top() - scroller.scroll_top()
    };
    let before = place();
    // It is shorter by then, and was not drawn yet.
    request_animation_frame(move || {
        scroller.set_scroll_top(scroller.scroll_top() + place() - before);
    });
}

/// The id of a message's element.
pub(super) fn anchor(id: &MessageId) -> String {
    format!("message-{id}")
}

/// Where the part of a text that is shown at first ends, in bytes.
fn shown_end(text: &str) -> usize {
    let by_chars = text.char_indices().nth(SHOWN_CHARS).map_or(text.len(), |(end, _)| end);
    let by_lines = text.match_indices('\n').nth(SHOWN_LINES).map_or(text.len(), |(end, _)| end);
    by_chars.min(by_lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_one_line_of_whole_characters() {
        assert_eq!(beginning("one\ntwo", 10), "one two");
        assert_eq!(beginning("äöü", 2), "äö…");
    }

    #[test]
    fn long_messages_and_those_of_many_lines_are_cut() {
        assert_eq!(shown_end("short"), 5);
        assert_eq!(shown_end(&"ä".repeat(SHOWN_CHARS + 1)), 2 * SHOWN_CHARS);
        assert_eq!(shown_end(&"\n".repeat(SHOWN_LINES + 5)), SHOWN_LINES);
    }
}
