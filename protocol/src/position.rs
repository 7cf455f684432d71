//! A place in the log.

use serde::{Deserialize, Serialize};

/// The place of an event in the log of one epoch. The first event has offset 1; 0 is before it.
pub type Offset = u64;

/// A place in the log: everything at or before `offset` is known, what comes after is not.
///
/// A database made anew or restored from a backup has another epoch, so a position of one
/// history is never taken for a position of another (docs/protocol.md, "Recovery"). The whole `ok` of
/// a reply to `client:ready` or to a subscription can be sent back as a position: members other than
/// these two are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Position {
    /// Which history.
    pub epoch: String,
    /// The last event known.
    pub offset: Offset,
}

/// What was read, and the place in the log that it shows: subscribe with this position to go on from
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen<T> {
    /// What was read.
    pub value: T,
    /// Everything at or before it is in `value`; what came after it is not.
    pub position: Position,
}

impl<T> Seen<T> {
    /// Another value, at the same position.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Seen<U> {
        Seen { value: with(self.value), position: self.position }
    }
}
