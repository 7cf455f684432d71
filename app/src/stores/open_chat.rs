//! A chat that somebody reads: a window of it that follows live events, and the way to the rest.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use colloquy_protocol::{
    id::{ChatId, MessageId, PrincipalId},
    model::{Chat, Message, Participant},
    session::Notice,
    topic::Topic,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    conversation::{CAPACITY, Conversation, End},
    live::Live,
};
use crate::{
    api::{
        ApiError, Seen,
        messages::{self, Part, Place},
    },
    live::use_websocket,
    session::use_session,
};

/// A chat that is open.
#[derive(Debug, Clone, Copy)]
pub struct OpenChat {
    id: StoredValue<ChatId>,
    conversation: Live<Conversation>,
    paging: RwSignal<Paging>,
    /// Answered messages that were not held, as they were read; none while one is being read. Of messages
    /// that are held or were not long ago.
    answered: RwSignal<HashMap<MessageId, Option<Arc<Message>>>>,
}

/// How it is with reading more messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// None are being read.
    Idle,
    /// They are being read, to be added at that end.
    Loading(End),
    /// They could not be read.
    Failed(ApiError),
}

impl OpenChat {
    /// Follows a chat from what was loaded on, until the component goes.
    pub fn new(loaded: Seen<(Chat, Part)>) -> Self {
        let id = loaded.value.0.id.clone();
        let topic = Topic::Chat(id.clone());
        let me = use_session().principal();
        let again = (id.clone(), me.clone());
        let load = move || {
            let (id, me) = again.clone();
            async move { Ok(messages::open(&id).await?.map(|read| Conversation::new(read, me))) }
        };
        let conversation = Live::new(
            loaded.map(|read| Conversation::new(read, me)),
            [topic.clone()],
            load,
            Conversation::follow,
        );
        // The hub ends the subscription of whoever leaves a private chat. Asked again, it tells when
        // they are in it again. What it refuses is not asked a third time.
        let socket = use_websocket();
        let is_asked = StoredValue::new(false);
        socket.on_notice(move |notice| match notice {
            Notice::Subscribed { topic: one, .. } if *one == topic => is_asked.set_value(false),
            Notice::Unsubscribed { topic: one, .. } if *one == topic && !is_asked.get_value() => {
                is_asked.set_value(true);
                socket.subscribe(topic.clone(), socket.position().get_untracked());
                // The hold from before is for both.
                socket.unsubscribe(topic.clone());
            }
            _ => {}
        });
        Self {
            id: StoredValue::new(id),
            conversation,
            paging: RwSignal::new(Paging::Idle),
            answered: RwSignal::new(HashMap::new()),
        }
    }

    /// The chat's id.
    pub fn id(self) -> ChatId {
        self.id.get_value()
    }

    /// What is read, as it is now.
    pub fn conversation(self) -> Signal<Conversation> {
        self.conversation.value()
    }

    /// Why it could not be loaded afresh, as long as that is so.
    pub fn error(self) -> Signal<Option<ApiError>> {
        self.conversation.error()
    }

    /// Whether it does not exist any more for who reads it: deleted meanwhile, or private and left.
    pub fn is_deleted(self) -> Signal<bool> {
        let (conversation, error) = (self.conversation(), self.error());
        let is_gone = move || error.with(|error| error.as_ref().is_some_and(ApiError::is_missing));
        Signal::derive(move || conversation.with(Conversation::is_deleted) || is_gone())
    }

    /// How it is with reading more messages.
    pub fn paging(self) -> Signal<Paging> {
        self.paging.into()
    }

    /// Whether more messages are being read for that end.
    pub fn paging_at(self, end: End) -> Memo<bool> {
        let paging = self.paging();
        Memo::new(move |_| paging.with(|paging| *paging == Paging::Loading(end)))
    }

    /// A part of the conversation that views follow by itself.
    pub fn part<T: PartialEq + Send + Sync + 'static>(
        self,
        of: impl Fn(&Conversation) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        let conversation = self.conversation();
        Memo::new(move |_| conversation.with(&of))
    }

    /// A message that is answered. One that is not held is read: there is none until the answer comes,
    /// nor if that is a refusal. After an error that may pass, it is read again when it is next shown.
    pub fn answered(self, id: MessageId) -> Memo<Option<Arc<Message>>> {
        let (conversation, read) = (self.conversation(), self.answered);
        let wanted = id.clone();
        let answered = Memo::new(move |last: Option<&Option<Arc<Message>>>| {
            // What was seen once stays when the window moves on.
            let last = last.cloned().flatten();
            last.or_else(|| conversation.with(|held| held.message(&wanted).cloned()))
                .or_else(|| read.with(|read| read.get(&wanted).cloned().flatten()))
        });
        Effect::new(move || {
            if answered.with(Option::is_none) {
                self.read_answered(id.clone());
            }
        });
        answered
    }

    /// Says whether the end of what is held is being read.
    pub fn reads_end(self, at_end: bool) {
        let (was, unseen) =
            self.conversation().with_untracked(|held| (held.is_at_end(), held.unseen()));
        if was != at_end || (at_end && unseen > 0) {
            self.conversation.set(|held| held.reads_end(at_end));
        }
    }

    /// Shows what a request of this page made of the chat.
    pub fn changed(self, chat: Chat) {
        self.conversation.set(|held| held.changed(chat));
    }

    /// Shows what a request of this page said.
    pub fn sent(self, message: Message) {
        self.conversation.set(|held| held.sent(message));
    }

    /// Shows whom a request of this page let in.
    pub fn joined(self, who: Participant) {
        self.conversation.set(|held| held.joined(who));
    }

    /// Shows whom a request of this page took out.
    pub fn left(self, who: &PrincipalId) {
        self.conversation.set(|held| held.left(who));
    }

    /// Goes to the newest messages.
    pub fn go_to_end(self) {
        if self.conversation().with_untracked(|held| held.has_more(End::Newer)) {
            self.reload();
        } else {
            self.reads_end(true);
        }
    }

    /// Loads the chat and its newest messages afresh.
    pub fn reload(self) {
        self.conversation.reload();
    }

    /// Reads more messages at that end, if there are any and none are being read.
    pub fn read_more(self, end: End) {
        let edge = self.conversation().with_untracked(|held| {
            let edge = held.edge(end).cloned();
            edge.filter(|_| held.has_more(end) && !held.is_deleted())
        });
        if let Some(edge) = edge
            && !self.paging.with_untracked(|paging| matches!(paging, Paging::Loading(_)))
        {
            self.paging.set(Paging::Loading(end));
            self.conversation.set(Conversation::begins_part);
            spawn_local(self.read_part(end, edge));
        }
    }

    /// Reads a message that is not held, unless that was done or is being done.
    fn read_answered(self, id: MessageId) {
        if self.answered.with_untracked(|read| read.contains_key(&id)) {
            return;
        }
        let conversation = self.conversation();
        self.answered.update(|read| {
            conversation.with_untracked(|held| forget_others(read, held));
            read.insert(id.clone(), None);
        });
        spawn_local(async move {
            let message = messages::read(&id).await;
            self.answered.try_update(|read| match message {
                Ok(message) => read.insert(id, Some(Arc::new(message.value))),
                Err(error) if error.may_pass() => read.remove(&id),
                Err(_) => None,
            });
        });
    }

    async fn read_part(self, end: End, edge: MessageId) {
        let Some(id) = self.id.try_get_value() else { return };
        let place = match end {
            End::Older => Place::Before(&edge),
            End::Newer => Place::After(&edge),
        };
        let read = messages::part(&id, place).await;
        if self.paging.is_disposed() {
            return;
        }
        match read {
            Ok(part) => {
                self.conversation.set(|held| held.add(end, &edge, part.value));
                self.paging.set(Paging::Idle);
            }
            Err(error) => {
                self.conversation.set(Conversation::ends_part);
                self.paging.set(Paging::Failed(error));
            }
        }
    }
}

/// Forgets, now and then, what was read that no message that is held answers any more.
fn forget_others(read: &mut HashMap<MessageId, Option<Arc<Message>>>, held: &Conversation) {
    if read.len() > 2 * CAPACITY {
        let ids: HashSet<_> =
            held.messages().filter_map(|message| message.reply_to.as_ref()).collect();
        read.retain(|id, _| ids.contains(id));
    }
}
