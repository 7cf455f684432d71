//! How far the log was read, and what was delivered.

use std::collections::VecDeque;

use crate::position::{Offset, Position};

/// How many delivered offsets are remembered at or before the cursor. A later catch-up of one
/// topic may meet them again.
const REMEMBERED: usize = 4096;

/// The connection's cursor.
///
/// *Invariant.* Everything up to it that the subscriptions cover was delivered, but for the topics
/// that are still catching up from a position of their own. Within an epoch it never moves back,
/// unless the hub begins anew before it.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    position: Option<Position>,
    /// In their order.
    delivered: VecDeque<Offset>,
}

impl Cursor {
    pub(super) fn at(position: Position) -> Self {
        Self { position: Some(position), delivered: VecDeque::new() }
    }

    pub(super) fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// Whether the event at that offset is to be delivered: it was not, so far.
    pub(super) fn admit(&mut self, offset: Offset) -> bool {
        let place = self.delivered.binary_search(&offset);
        if let Err(place) = place {
            self.delivered.insert(place, offset);
        }
        place.is_err()
    }

    /// Everything covered up to that offset was delivered.
    pub(super) fn advance(&mut self, offset: Offset) {
        if let Some(position) = &mut self.position {
            position.offset = position.offset.max(offset);
        }
    }

    /// Live events start after this position; what came before is not known. If it lies before the
    /// cursor it is another history's, whatever its epoch says: what comes then is new.
    pub(super) fn restart(&mut self, position: Position) {
        let is_another =
            |old: &Position| old.epoch != position.epoch || old.offset > position.offset;
        if self.position.as_ref().is_some_and(is_another) {
            self.delivered.clear();
        }
        self.position = Some(position);
    }

    /// Forgets all but the latest of what was delivered. Nothing after the cursor is forgotten:
    /// resuming would meet it again.
    pub(super) fn trim(&mut self) {
        let reached = self.position.as_ref().map_or(0, |position| position.offset);
        while self.delivered.len() > REMEMBERED
            && self.delivered.front().is_some_and(|first| *first <= reached)
        {
            self.delivered.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(epoch: &str, offset: Offset) -> Position {
        Position { epoch: epoch.to_owned(), offset }
    }

    #[test]
    fn never_moves_back() {
        let mut cursor = Cursor::at(position("a", 5));
        cursor.advance(3);
        assert_eq!(cursor.position(), Some(&position("a", 5)));
        cursor.advance(8);
        assert_eq!(cursor.position(), Some(&position("a", 8)));
    }

    #[test]
    fn admits_an_offset_once_in_each_epoch() {
        let mut cursor = Cursor::at(position("a", 5));
        assert!(cursor.admit(6));
        assert!(!cursor.admit(6));
        cursor.restart(position("a", 9));
        assert!(!cursor.admit(6));
        cursor.restart(position("b", 2));
        assert!(cursor.admit(6));
        cursor.restart(position("b", 1));
        assert!(cursor.admit(6), "a hub that has less than it had begins anew");
    }

    #[test]
    fn forgets_only_what_resuming_can_not_meet() {
        let mut cursor = Cursor::at(position("a", 0));
        let last = REMEMBERED as Offset + 10;
        for offset in 1..=last {
            cursor.admit(offset);
        }
        cursor.trim();
        assert!(!cursor.admit(1), "the cursor is still before it");
        cursor.advance(last);
        cursor.trim();
        assert_eq!(cursor.delivered.len(), REMEMBERED);
        assert!(!cursor.admit(last));
    }
}
