//! What no event tells has to be asked for, again and again.

use std::time::Duration;

use leptos::prelude::*;

/// Calls back in that rhythm while somebody looks at the page, until the component goes.
pub fn while_visible(period: Duration, callback: impl Fn() + Clone + 'static) {
    Effect::new(move || {
        let callback = callback.clone();
        let ticking = set_interval_with_handle(
            move || {
                if document().visibility_state() == web_sys::VisibilityState::Visible {
                    callback();
                }
            },
            period,
        );
        on_cleanup(move || {
            if let Ok(ticking) = ticking {
                ticking.clear();
            }
        });
    });
}
