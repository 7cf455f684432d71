//! How the connection is: in a word, and above a page that gets no events any more.

use std::time::Duration;

use colloquy_protocol::session::Ended;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::live::{Connection, use_websocket};

/// How long the page may be without a connection that is being tried before it says so.
const PATIENCE: Duration = Duration::from_secs(10);

/// The page that says more of the connection than the notice does.
const LIVE_PAGE: &str = "/demo/websocket";

/// A shape and a word for the state of the connection; the live page says more.
#[component]
pub fn ConnectionPill() -> impl IntoView {
    let connection = use_websocket().connection();
    view! {
        <a class="connection-pill" href=LIVE_PAGE data-state=move || mark(connection.get())>
            <span class="connection-mark" aria-hidden="true"></span>
            <span>{move || label(connection.get())}</span>
        </a>
    }
}

/// Says above a page that nothing arrives there, and why, with a button that connects again.
#[component]
pub fn ConnectionNotice() -> impl IntoView {
    let socket = use_websocket();
    let connection = socket.connection();
    let path = use_location().pathname;
    let is_live = Memo::new(move |_| connection.get() == Connection::Live);
    let is_late = RwSignal::new(false);
    Effect::new(move || {
        is_late.set(false);
        // It fails in no browser.
        if !is_live.get()
            && let Ok(patience) = set_timeout_with_handle(move || is_late.set(true), PATIENCE)
        {
            on_cleanup(move || patience.clear());
        }
    });
    // The seconds that run down to the next try are no news.
    let news = Memo::new(move |_| {
        let now = connection.get();
        let is_news = matches!(now, Connection::Closed(_)) || is_late.get() && !is_live.get();
        (is_news && path.with(|path| path != LIVE_PAGE)).then(|| (label(now), explanation(now)))
    });
    let notice = move |(label, explanation)| {
        view! {
            <div class="card failed">
                <p>
                    <strong>{label} ". "</strong>
                    {explanation}
                </p>
                <button type="button" class="button" on:click=move |_| socket.reconnect()>
                    "Reconnect"
                </button>
            </div>
        }
        .into_any()
    };
    view! {
        <div class="connection-notice" role="status">
            {move || news.get().map(notice)}
        </div>
    }
    .into_any()
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

/// What the state means, as a sentence.
pub(crate) fn explanation(connection: Connection) -> String {
    match connection {
        Connection::Idle | Connection::Connecting => "Asking the hub for a connection.".to_owned(),
        Connection::Recovering => "The hub replays what was missed.".to_owned(),
        Connection::Live => "Every change shows up here the moment it happens.".to_owned(),
        Connection::Waiting { .. } => {
            "The connection was lost. What happens meanwhile is replayed afterwards.".to_owned()
        }
        Connection::Closed(Ended::ByUser) => {
            "You ended it. What happens meanwhile is replayed when you connect again.".to_owned()
        }
        Connection::Closed(Ended::ByHub(code)) => {
            format!("The hub ended it: {} ({}).", code.reason(), code.code())
        }
        Connection::Closed(Ended::OtherProtocol(version)) => {
            format!("The hub speaks version {version} of the protocol: reload this page.")
        }
    }
}
