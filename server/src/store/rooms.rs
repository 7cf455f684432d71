//! Who sees which chat, as the writing task remembers it: a message need not ask the database.
//!
//! Nobody else writes, and whoever changes a chat or who is in it appends an event of that chat, so
//! what is remembered is forgotten in time.

use std::{
    collections::{HashMap, HashSet},
    mem,
};

use colloquy_protocol::id::ChatId;

use super::visibility::Room;

/// The most participants, of all rooms together, that are remembered; a room counts as one more.
const MOST: usize = 10_000;

/// The rooms that were asked for lately.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    known: HashMap<ChatId, Room>,
    /// How large all the known ones are.
    size: usize,
    /// Those that became known during the change that runs: they go when it is undone.
    new: Vec<ChatId>,
    /// Those that the change that runs changes: what is read of them meanwhile is not kept.
    changed: HashSet<ChatId>,
}

impl Rooms {
    /// A room that is known.
    pub(super) fn get(&self, chat: &ChatId) -> Option<Room> {
        self.known.get(chat).cloned()
    }

    /// Remembers a room that was read.
    pub(super) fn keep(&mut self, chat: &ChatId, room: &Room) {
        if self.changed.contains(chat) {
            return;
        }
        if self.size > MOST {
            self.known.clear();
            self.size = 0;
        }
        self.size += room.size();
        self.known.insert(chat.clone(), room.clone());
        self.new.push(chat.clone());
    }

    /// The change that runs changes that room.
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
        if let Some(room) = self.known.remove(chat) {
            self.size -= room.size();
        }
    }
}
