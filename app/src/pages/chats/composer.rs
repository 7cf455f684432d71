//! Where somebody writes.

use colloquy_protocol::{
    MAX_MESSAGE_CHARS,
    access::Action as Right,
    id::{ChatId, MessageId},
    problem::FieldError,
    request::NewMessage,
};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};

use super::draft::Draft;
use crate::{
    api::{ApiError, RequestKey, messages},
    components::{
        counted::counted,
        flow::Show,
        icon::{Icon, Shape},
    },
    session::use_session,
    stores::{open_chat::OpenChat, people::People},
};

/// How long a message that is answered is shown, in characters.
const QUOTE_CHARS: usize = 120;

/// What is said to who may not write.
pub(super) const LOOKS_ON: &str = "You can read here; viewers cannot write.";

/// What is sent: where, what, and the key of the request.
type Request = (ChatId, NewMessage, RequestKey);

/// What somebody is writing in a chat, and where they write it.
#[derive(Debug, Clone, Copy)]
struct Writing {
    chat: OpenChat,
    /// The message that is answered.
    reply_to: RwSignal<Option<MessageId>>,
    field: NodeRef<html::Textarea>,
    /// What the field holds; typing must not wait for anything.
    draft: StoredValue<Draft>,
    is_written: RwSignal<bool>,
    /// The text that was not sent, and why, for as long as the field begins with it.
    unsent: RwSignal<Option<(String, String)>>,
}

/// The field for a message. What was typed stays in it until the server has it, also when nothing can be
/// sent any more.
#[component]
pub fn Composer(
    /// The chat that is open.
    chat: OpenChat,
    /// What people are called.
    people: People,
    /// The message that is answered.
    reply_to: RwSignal<Option<MessageId>>,
    /// Called when a message was sent.
    #[prop(into)]
    on_sent: Callback<()>,
) -> impl IntoView {
    // What is shown only where Enter sends: see the style of it.
    let keys = NodeRef::<html::Span>::new();
    let writing = Writing::new(chat, reply_to);
    let Writing { field, is_written, .. } = writing;
    let is_deleted = chat.is_deleted();
    let may_write = use_session().allows(Right::Speak);
    let is_closed = Signal::derive(move || is_deleted.get() || !may_write.get());

    let send = Action::new(move |(id, message, key): &Request| {
        let (id, message, key) = (id.clone(), message.clone(), key.clone());
        async move {
            let outcome = messages::send(&id, &key, &message).await;
            let is_left = writing.draft.is_disposed();
            match outcome {
                // Who left the chat meanwhile comes back to what they have not sent.
                Ok(_) if is_left => Draft::kept(&id).without(&message).keep(&id),
                Ok(sent) => {
                    chat.sent(sent);
                    writing.read();
                    writing.show(writing.draft.get_value().without(&message));
                    on_sent.run(());
                }
                Err(_) if is_left => {}
                Err(error) => {
                    let why = in_words(&error, &message.content);
                    writing.unsent.set(Some((message.content, why)));
                    writing.read();
                }
            }
        }
    });
    let submit = move || {
        writing.read();
        let can_send = !is_closed.get_untracked() && !send.pending().get_untracked();
        if let Some(request) = can_send.then(|| writing.request()).flatten() {
            writing.unsent.set(None);
            send.dispatch(request);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let sends = || keys.get_untracked().is_some_and(|keys| keys.offset_width() > 0);
        // An input method's Enter ends its own composition.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() && sends() {
            event.prevent_default();
            submit();
        }
    };
    let unsent = Signal::derive(move || {
        writing.unsent.get().filter(|_| !is_closed.get()).map(|(_, why)| why)
    });
    let is_idle = move || is_closed.get() || send.pending().get();

    view! {
        <form
            class="composer"
            on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                submit();
            }
        >
            {move || {
                reply_to.get().map(|id| view! { <Answered id chat people reply_to /> })
            }}
            <Show when=move || is_closed.get() && is_written.get()>
                <p class="quiet">"What you wrote is still here."</p>
            </Show>
            <Unsent why=unsent />
            <div class="composer-row">
                <textarea
                    node_ref=field
                    rows="1"
                    dir="auto"
                    aria-label="Message"
                    placeholder="Write a message"
                    on:input=move |_| writing.read()
                    on:keydown=on_key
                ></textarea>
                <button
                    type="submit"
                    class="button primary"
                    aria-disabled=move || is_idle().to_string()
                >
                    "Send"
                </button>
            </div>
            <Show
                when=move || may_write.get()
                fallback=|| view! { <p class="quiet">{LOOKS_ON}</p> }
            >
                <Hint keys />
            </Show>
        </form>
    }
    .into_any()
}

/// Why the message was not sent, and the way to try again.
#[component]
fn Unsent(why: Signal<Option<String>>) -> impl IntoView {
    let unsent = |why: String| {
        view! {
            <div class="composer-error" role="alert">
                <p class="error">"It was not sent. " {why}</p>
                <button type="submit" class="button">
                    "Try again"
                </button>
            </div>
        }
        .into_any()
    };
    view! { {move || why.get().map(unsent)} }.into_any()
}

/// Why a message was not sent, in words that fit where it is written.
fn in_words(error: &ApiError, text: &str) -> String {
    let is_content = |error: &FieldError| error.field == "content";
    match error {
        // The server speaks of a field that is not here.
        ApiError::Refused(problem)
            if problem.errors.iter().any(is_content)
                && text.chars().count() > MAX_MESSAGE_CHARS =>
        {
            format!("A message has at most {}.", counted(MAX_MESSAGE_CHARS as u64, "character"))
        }
        _ => error.to_string(),
    }
}

/// As whom somebody writes, and what the keys do.
#[component]
fn Hint(keys: NodeRef<html::Span>) -> impl IntoView {
    let session = use_session();
    let as_whom = move || session.caller().map(|me| me.name.unwrap_or_else(|| me.id.to_string()));
    view! {
        <p class="quiet composer-hint">
            "You write as " <strong dir="auto">{move || as_whom()}</strong> ". "
            <span node_ref=keys class="composer-keys">
                <kbd>"Enter"</kbd>
                " sends, "
                <kbd>"Shift Enter"</kbd>
                " begins a new line. "
            </span> "Markdown is fine."
        </p>
    }
    .into_any()
}

impl Writing {
    /// Begins with what the browser kept, and follows which message is answered.
    fn new(chat: OpenChat, reply_to: RwSignal<Option<MessageId>>) -> Self {
        let writing = Self {
            chat,
            reply_to,
            field: NodeRef::new(),
            draft: StoredValue::new(Draft::default()),
            is_written: RwSignal::new(false),
            unsent: RwSignal::new(None),
        };
        Effect::new(move || {
            if writing.field.get().is_some() {
                writing.show(Draft::kept(&chat.id()));
            }
        });
        Effect::new(move |was: Option<Option<MessageId>>| {
            let answered = reply_to.get();
            if was.is_some_and(|was| was != answered) {
                writing.read();
                if answered.is_some() {
                    writing.field.get_untracked().map(|field| field.focus());
                }
            }
            answered
        });
        writing
    }

    /// Takes what the field holds.
    fn read(self) {
        let text = self.field.get_untracked().map(|field| field.value()).unwrap_or_default();
        let is_gone = |(unsent, _): &(String, String)| !text.starts_with(unsent.as_str());
        if self.unsent.with_untracked(|unsent| unsent.as_ref().is_some_and(is_gone)) {
            self.unsent.set(None);
        }
        self.draft.update_value(|draft| {
            draft.text = text;
            draft.reply_to = self.reply_to.get_untracked();
            draft.keep(&self.chat.id());
            self.is_written.set(!draft.text.is_empty());
        });
    }

    /// Puts a draft into the field.
    fn show(self, shown: Draft) {
        if let Some(field) = self.field.get_untracked() {
            field.set_value(&shown.text);
        }
        self.reply_to.set(shown.reply_to.clone());
        shown.keep(&self.chat.id());
        self.is_written.set(!shown.text.is_empty());
        self.draft.set_value(shown);
    }

    /// What sends the draft, unless it is empty.
    fn request(self) -> Option<Request> {
        let id = self.chat.id();
        let request = self.draft.try_update_value(|draft| {
            if draft.text.trim().is_empty() {
                return None;
            }
            let request = draft.request();
            draft.keep(&id);
            Some(request)
        });
        let (message, key) = request.flatten()?;
        Some((id, message, key))
    }
}

/// The message that is answered, and the way to write one that answers none.
#[component]
fn Answered(
    id: MessageId,
    chat: OpenChat,
    people: People,
    reply_to: RwSignal<Option<MessageId>>,
) -> impl IntoView {
    let answered = chat.answered(id);
    let words = move || match answered.get() {
        Some(message) => {
            let name = people.name(&message.sender_id, message.sender_kind);
            format!("{name}: {}", super::message::beginning(&message.content, QUOTE_CHARS))
        }
        None => "a message that is not loaded".to_owned(),
    };
    view! {
        <p class="answered">
            <span>"Replying to " <span dir="auto">{words}</span></span>
            <button
                type="button"
                class="button icon"
                aria-label="Cancel the reply"
                on:click=move |_| reply_to.set(None)
            >
                <Icon shape=Shape::Close />
            </button>
        </p>
    }
    .into_any()
}
