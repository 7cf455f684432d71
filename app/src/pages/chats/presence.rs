//! That somebody is here: what arrives is received, and what was on a visible screen is read.

use std::{collections::HashSet, rc::Rc};

use colloquy_protocol::{
    event::Acknowledgement,
    id::{MessageId, Principal},
    model::Message,
    session::{Notice, RequestError},
};
use leptos::{
    html::Div,
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use send_wrapper::SendWrapper;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use crate::{
    components::time::{is_visible, when_visible},
    live::{Connection, Websocket, use_websocket},
    session::{CurrentSession, use_session},
    stores::{
        conversation::{CAPACITY, Conversation},
        open_chat::OpenChat,
    },
};

/// How far from the edge of what is visible a message counts as seen.
const EDGE: &str = "-12px 0px";

/// Sends the receipts of whoever looks at a chat.
#[derive(Debug, Clone, Copy)]
pub struct Presence {
    chat: OpenChat,
    socket: Websocket,
    session: CurrentSession,
    scroller: NodeRef<Div>,
    /// What is on the screen.
    visible: StoredValue<HashSet<MessageId>>,
    /// What was told already, of messages that are held or were not long ago.
    received: StoredValue<HashSet<MessageId>>,
    read: StoredValue<HashSet<MessageId>>,
    /// Made in the browser only, whose one thread it stays in.
    observer: StoredValue<Option<SendWrapper<Observer>>>,
}

#[derive(Debug)]
struct Observer {
    observer: IntersectionObserver,
    /// The browser calls it for as long as it is kept.
    _callback: Closure<dyn Fn(js_sys::Array)>,
}

impl Presence {
    /// Begins to send receipts, until the component goes.
    pub(super) fn new(chat: OpenChat, scroller: NodeRef<Div>) -> Self {
        let presence = Self {
            chat,
            socket: use_websocket(),
            session: use_session(),
            scroller,
            visible: StoredValue::new(HashSet::new()),
            received: StoredValue::new(HashSet::new()),
            read: StoredValue::new(HashSet::new()),
            observer: StoredValue::new(None),
        };
        let conversation = chat.conversation();
        Effect::new(move || conversation.with(|held| presence.receive(held)));
        // What could not be told is told with the next event, or when somebody looks next.
        presence.socket.on_notice(move |notice| {
            if let Notice::Acknowledged { message, what, outcome: Err(error) } = notice
                && may_pass(error)
            {
                let told = match what {
                    Acknowledgement::Received => presence.received,
                    Acknowledgement::Read => presence.read,
                };
                told.try_update_value(|told| told.remove(message));
            }
        });
        // What was told when the connection ended for good may not have been heard.
        let connection = presence.socket.connection();
        let ended = Memo::new(move |_| matches!(connection.get(), Connection::Closed(_)));
        Effect::new(move |had_ended: Option<bool>| {
            let ended = ended.get();
            if had_ended == Some(true) && !ended {
                conversation.with_untracked(|held| presence.receive(held));
                presence.read();
            }
            ended
        });
        when_visible(Rc::new(move || presence.read()));
        presence
    }

    /// The newest of the messages that are on the screen.
    pub(super) fn last_visible(self) -> Option<MessageId> {
        self.visible.with_value(|visible| {
            self.chat.conversation().with_untracked(|held| {
                let mut newest_first = held.messages().rev();
                newest_first.find(|one| visible.contains(&one.id)).map(|one| one.id.clone())
            })
        })
    }

    /// Watches whether a message is on the screen. Its element names it in `data-message`.
    pub(super) fn watch(self, element: &Element) {
        self.observer.update_value(|observer| {
            if observer.is_none() {
                *observer = self.observe().map(SendWrapper::new);
            }
            if let Some(watching) = observer {
                watching.observer.observe(element);
            }
        });
    }

    fn observe(self) -> Option<Observer> {
        let callback = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
            for entry in entries.iter().filter_map(|entry| entry.dyn_into().ok()) {
                self.moved(&entry);
            }
            self.read();
        });
        let options = IntersectionObserverInit::new();
        let root: Option<Element> = self.scroller.get_untracked().map(Into::into);
        options.set_root(root.as_ref());
        options.set_root_margin(EDGE);
        let function = callback.as_ref().unchecked_ref();
        let observer = IntersectionObserver::new_with_options(function, &options).ok()?;
        Some(Observer { observer, _callback: callback })
    }

    fn moved(self, entry: &IntersectionObserverEntry) {
        let id = entry.target().get_attribute("data-message").and_then(|id| id.parse().ok());
        let Some(id) = id else { return };
        self.visible.try_update_value(|visible| {
            if entry.is_intersecting() { visible.insert(id) } else { visible.remove(&id) }
        });
    }

    /// Says of all that is held that it was received.
    fn receive(self, held: &Conversation) {
        let Some(me) = self.session.principal() else { return };
        forget_others(self.received, held);
        forget_others(self.read, held);
        for message in held.messages().filter(|message| !is_by(message, &me)) {
            if held.receipt(&message.id, &me).is_none()
                && self.received.try_update_value(|told| told.insert(message.id.clone()))
                    == Some(true)
            {
                self.socket.acknowledge_received(message.id.clone());
            }
        }
    }

    /// Says of what is on the screen that it was read, if the screen is looked at.
    fn read(self) {
        if !is_visible() {
            return;
        }
        let Some(me) = self.session.principal() else { return };
        let visible = self.visible.try_get_value().unwrap_or_default();
        for id in visible.into_iter().filter(|id| self.is_unread(id, &me)) {
            if self.read.try_update_value(|told| told.insert(id.clone())) == Some(true) {
                self.socket.acknowledge_read(id);
            }
        }
    }

    fn is_unread(self, id: &MessageId, me: &Principal) -> bool {
        self.chat.conversation().with_untracked(|held| {
            let is_others = held.message(id).is_some_and(|message| !is_by(message, me));
            is_others && held.receipt(id, me).is_none_or(|receipt| receipt.read_at.is_none())
        })
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Forgets, now and then, what was told of messages that are not held any more.
fn forget_others(told: StoredValue<HashSet<MessageId>>, held: &Conversation) {
    told.try_update_value(|told| {
        if told.len() > 2 * CAPACITY {
            let ids: HashSet<_> = held.messages().map(|message| &message.id).collect();
            told.retain(|id| ids.contains(id));
        }
    });
}

/// Whether the hub may take another time what it did not take.
fn may_pass(error: &RequestError) -> bool {
    match error {
        RequestError::Refused(error) => error.retryable,
        RequestError::Ended | RequestError::TooMany => true,
        RequestError::Unreadable(_) => false,
    }
}

/// Whether they wrote it. An agent and a person may have the same id.
fn is_by(message: &Message, who: &Principal) -> bool {
    message.sender_kind == who.kind && message.sender_id == who.id
}
