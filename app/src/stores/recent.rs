//! The events that came last, for stores that begin later.
//!
//! The hub sends a connection each event once, however many stores want it. A store that begins
//! with data from a while ago (a page that was opened meanwhile) finds here what came since.

use std::{collections::VecDeque, sync::Arc};

use colloquy_protocol::{
    frame::EventFrame,
    position::{Offset, Position},
    session::Notice,
};
use leptos::prelude::*;

use crate::live::use_websocket;

/// How many events are kept.
const CAPACITY: usize = 500;

/// The events that came last, in the order in which they came.
#[derive(Debug, Clone, Copy)]
pub struct Recent(StoredValue<Kept>);

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Arc<EventFrame>>,
    /// The highest offset of an event that is no longer kept.
    dropped: Offset,
}

/// Keeps the latest events for [`use_recent`]. To be called once, by the app.
pub fn provide_recent() {
    let recent = Recent(StoredValue::new(Kept::default()));
    use_websocket().on_notice(move |notice| match notice {
        Notice::Event(frame) => recent.0.update_value(|kept| kept.push(frame)),
        // What was kept may be another history's, and what came in between is missing.
        Notice::Reload { topic: None, position } => {
            recent.0.set_value(Kept { events: VecDeque::new(), dropped: position.offset });
        }
        _ => {}
    });
    provide_context(recent);
}

/// The events that came last.
///
/// # Panics
/// Outside of the app: [`provide_recent`] was not called by a component above.
pub fn use_recent() -> Recent {
    expect_context()
}

impl Recent {
    /// What came after that position; none when that is too long ago.
    pub fn since(&self, position: &Position) -> Option<Vec<Arc<EventFrame>>> {
        self.0.with_value(|kept| kept.since(position.offset))
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
