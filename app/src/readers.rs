//! Who reads a signal.
//!
//! Leptos' signals keep a weak reference to each effect and memo that ever read them, those included that
//! went long ago with their row of a list: in a page that stays open they take more and more room, and
//! each change looks at all of them. What reads a signal is made to read it anew by a change, and says then
//! that it does; so it can be forgotten in between.

use std::{rc::Rc, time::Duration};

use leptos::{prelude::*, reactive::graph::Source};

use crate::components::time::every;

/// How often a signal that changes seldom is read anew.
const RENEWAL: Duration = Duration::from_secs(60);

/// Forgets who reads a signal that was just changed: whoever still does reads it again because of that.
///
/// *Invariant*: it is called right after a change, before any effect runs.
pub(crate) fn forget_readers<T: Send + Sync + 'static>(changed: RwSignal<T>) {
    if !changed.is_disposed() {
        changed.clear_subscribers();
    }
}

/// Has a signal that changes seldom, and is read in rows that come and go, read anew each minute, until the
/// component goes.
pub(crate) fn renew<T: Send + Sync + 'static>(signal: RwSignal<T>) {
    let renew = move || {
        signal.try_update(|_| ());
        forget_readers(signal);
    };
    every(RENEWAL, Rc::new(renew));
}
