//! A connection as everybody knows it who delivers to it.

use std::{
    hash::{Hash, Hasher},
    sync::atomic::{AtomicBool, Ordering},
};

use colloquy_protocol::id::Principal;

use super::{Key, Visitor, outbox::Outbox};

/// A connection: who is at its other end, and what waits for them. The hub, whoever publishes and
/// the connection's own task share it.
///
/// In this order in memory: what each delivery needs stands together, at the beginning.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Line {
    /// Whether what happens is queued here. It is changed under the hub's lock alone.
    live: AtomicBool,
    pub(super) key: Key,
    pub(super) outbox: Outbox,
    pub(super) visitor: Visitor,
}

impl Line {
    pub(super) fn new(key: Key, visitor: Visitor, outbox: Outbox) -> Self {
        Self { live: AtomicBool::new(false), key, outbox, visitor }
    }

    /// Whoever is at the other end.
    pub(super) fn principal(&self) -> &Principal {
        &self.visitor.caller.principal
    }

    pub(super) fn number(&self) -> usize {
        self.key.0 as usize
    }

    pub(super) fn is_live(&self) -> bool {
        self.live.load(Ordering::Relaxed)
    }

    pub(super) fn set_live(&self, live: bool) {
        self.live.store(live, Ordering::Relaxed);
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Line {}

impl Hash for Line {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
