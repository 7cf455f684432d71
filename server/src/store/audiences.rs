//! Who sees which chat, as the writing task remembers it: a message need not ask the database.
//!
//! Nobody else writes, and whoever changes a chat or who is in it appends an event of that chat, so
//! what is remembered is forgotten in time.

use std::{
    collections::{HashMap, HashSet},
    mem,
};

use colloquy_protocol::id::ChatId;

use super::visibility::ChatAudience;

/// The most participants, of all chats together, that are remembered; a chat counts as one more.
const MOST: usize = 10_000;

/// Those of the chats that were asked for lately.
#[derive(Debug, Default)]
pub(super) struct ChatAudiences {
    known: HashMap<ChatId, ChatAudience>,
    /// How large all the known ones are.
    size: usize,
    /// Those that became known during the change that runs: they go when it is undone.
    new: Vec<ChatId>,
    /// Those that the change that runs changes: what is read of them meanwhile is not kept.
    changed: HashSet<ChatId>,
}

impl ChatAudiences {
    /// That of a chat, if it is known.
    pub(super) fn get(&self, chat: &ChatId) -> Option<ChatAudience> {
        self.known.get(chat).cloned()
    }

    /// Remembers one that was read.
    pub(super) fn keep(&mut self, chat: &ChatId, audience: &ChatAudience) {
        if self.changed.contains(chat) {
            return;
        }
        if self.size > MOST {
            self.known.clear();
            self.size = 0;
        }
        self.size += audience.size();
        self.known.insert(chat.clone(), audience.clone());
        self.new.push(chat.clone());
    }

    /// The change that runs changes that of a chat.
    pub(super) fn change(&mut self, chat: &ChatId) {
        self.forget(chat);
        self.changed.insert(chat.clone());
    }

    /// The change that ran was kept, or undone.
    pub(super) fn settle(&mut self, kept: bool) {
        self.changed.clear();
        for chat in mem::take(&mut self.new) {
            if !kept {
                self.forget(&chat);
            }
        }
    }

    fn forget(&mut self, chat: &ChatId) {
        if let Some(audience) = self.known.remove(chat) {
            self.size -= audience.size();
        }
    }
}
