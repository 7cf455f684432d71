//! How the connection is, in a word.

use leptos::prelude::*;

use crate::live::{Connection, use_websocket};

/// A shape and a word for the state of the connection; the live page says more.
#[component]
pub fn ConnectionPill() -> impl IntoView {
    let connection = use_websocket().connection();
    view! {
        <a class="connection-pill" href="/demo/websocket" data-state=move || mark(connection.get())>
            <span class="connection-mark" aria-hidden="true"></span>
            <span>{move || label(connection.get())}</span>
        </a>
    }
}

/// The shape that marks the state.
pub(crate) fn mark(connection: Connection) -> &'static str {
    match connection {
        Connection::Idle | Connection::Connecting => "connecting",
        Connection::Recovering => "recovering",
        Connection::Live => "live",
        Connection::Waiting { .. } => "waiting",
        Connection::Closed(_) => "closed",
    }
}

/// The state in words.
pub(crate) fn label(connection: Connection) -> &'static str {
    match connection {
        Connection::Idle | Connection::Connecting => "Connecting",
        Connection::Recovering => "Catching up",
        Connection::Live => "Live",
        Connection::Waiting { .. } => "Waiting to reconnect",
        Connection::Closed(_) => "Disconnected",
    }
}
