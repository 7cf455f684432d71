//! Who is called when something happens.

use std::sync::Arc;

use colloquy_protocol::session::Notice;
use leptos::prelude::*;

type Callback = Arc<dyn Fn(&Notice) + Send + Sync>;

/// The callbacks of all components, in the order in which they came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listeners(StoredValue<Registered>);

#[derive(Default)]
struct Registered {
    /// Shared with the calls under way, so that a notice costs no copy of the list.
    callbacks: Arc<Vec<(u64, Callback)>>,
    next_id: u64,
}

impl Listeners {
    pub(super) fn new() -> Self {
        Self(StoredValue::new(Registered::default()))
    }

    /// Adds a callback, which goes when the component goes that is being made.
    pub(super) fn add(self, callback: impl Fn(&Notice) + Send + Sync + 'static) {
        let added = self.0.try_update_value(|registered| {
            registered.next_id += 1;
            let callback = (registered.next_id, Arc::new(callback) as Callback);
            Arc::make_mut(&mut registered.callbacks).push(callback);
            registered.next_id
        });
        on_cleanup(move || {
            self.0.try_update_value(|registered| {
                Arc::make_mut(&mut registered.callbacks).retain(|(id, _)| Some(*id) != added);
            });
        });
    }

    /// Calls everybody. A callback may add others: they hear of what comes next.
    pub(super) fn call(self, notice: &Notice) {
        let callbacks = self.0.with_value(|registered| registered.callbacks.clone());
        for (_, callback) in callbacks.iter() {
            callback(notice);
        }
    }
}
