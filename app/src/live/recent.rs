//! The events that came last, for components that begin later.
//!
//! The hub sends a connection each event once, however many components want it. One that begins
//! with data from a while ago (a page that was opened meanwhile) finds here what came since.

use std::{collections::VecDeque, sync::Arc};

use colloquy_protocol::{frame::EventFrame, position::Offset, session::Notice};
use leptos::prelude::*;

use super::listeners::Listeners;

/// How many events are kept.
const CAPACITY: usize = 500;

/// The events that came last, in the order in which they came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recent(StoredValue<Kept>);

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Arc<EventFrame>>,
    /// The highest offset of an event that is no longer kept.
    dropped: Offset,
}

impl Recent {
    /// Keeps what comes from now on.
    pub(super) fn keep(listeners: Listeners) -> Self {
        let kept = StoredValue::new(Kept::default());
        listeners.add(move |notice| match notice {
            Notice::Event(frame) => kept.update_value(|kept| kept.push(frame)),
            // What was kept may be another history's, and what came in between is missing.
            Notice::Reload { topic: None, position } => {
                kept.set_value(Kept { events: VecDeque::new(), dropped: position.offset });
            }
            _ => {}
        });
        Self(kept)
    }

    /// What came after that place in the connection's history; none when that is too long ago.
    pub(super) fn since(self, offset: Offset) -> Option<Vec<Arc<EventFrame>>> {
        self.0.with_value(|kept| kept.since(offset))
    }
}

impl Kept {
    fn push(&mut self, frame: &Arc<EventFrame>) {
        self.events.push_back(frame.clone());
        if self.events.len() > CAPACITY
            && let Some(oldest) = self.events.pop_front()
        {
            self.dropped = self.dropped.max(oldest.offset);
        }
    }

    fn since(&self, offset: Offset) -> Option<Vec<Arc<EventFrame>>> {
        let after = || self.events.iter().filter(|frame| frame.offset > offset).cloned().collect();
        (self.dropped <= offset).then(after)
    }
}
