//! The state of the connection, and its controls.

use colloquy_protocol::position::Position;
use leptos::prelude::*;

use crate::{
    components::connection_pill::{explanation, label, mark},
    live::{Connection, use_websocket},
    session::use_session,
};

/// Says in words, shape and colour how the connection is, and lets people act on it.
#[component]
pub fn ConnectionBar(
    /// The place in the log that the page showed first.
    since: Position,
) -> impl IntoView {
    let socket = use_websocket();
    let connection = socket.connection();
    let offset = move || {
        socket.position().with(|reached| reached.as_ref().map_or(since.offset, |it| it.offset))
    };
    let session = use_session();
    let id =
        move || socket.welcome().with(|welcome| welcome.as_ref().map(|it| it.user_id.to_string()));
    let name = move || session.caller().and_then(|me| me.name);
    // Nobody is known to the hub before there is a connection.
    let user = move || id().map(|id| name().unwrap_or(id));
    let words = move || match (connection.get(), socket.last_event().get()) {
        (Connection::Live, Some(last)) => format!("The last event was {}.", last.name),
        (connection, _) => explanation(connection),
    };
    let round_trip = move || match socket.round_trip().get().map(|time| time.as_millis()) {
        None => "—".to_owned(),
        Some(0) => "< 1 ms".to_owned(),
        Some(millis) => format!("{millis} ms"),
    };

    view! {
        <section class="card connection" aria-label="Connection" data-state=move || mark(connection.get())>
            <span class="connection-mark" aria-hidden="true"></span>
            <div class="connection-text">
                <p class="connection-label">
                    // Announced politely; the seconds that run down beside it are not.
                    <strong role="status">{move || label(connection.get())}</strong>
                    {move || countdown(connection.get())}
                </p>
                <p class="quiet">{move || words()}</p>
            </div>
            <dl class="facts">
                <div>
                    <dt>"Acting as"</dt>
                    <dd title=id>{move || user().unwrap_or_else(|| "—".to_owned())}</dd>
                </div>
                <div>
                    <dt>"Round trip"</dt>
                    <dd>{move || round_trip()}</dd>
                </div>
                <div>
                    <dt>"Seen up to"</dt>
                    <dd>{move || format!("#{}", offset())}</dd>
                </div>
            </dl>
            <div class="controls">
                <button
                    type="button"
                    class="button"
                    aria-disabled=move || (!is_closed(connection.get())).to_string()
                    on:click=move |_| socket.connect()
                >
                    "Connect"
                </button>
                <button
                    type="button"
                    class="button"
                    aria-disabled=move || is_closed(connection.get()).to_string()
                    on:click=move |_| socket.disconnect()
                >
                    "Disconnect"
                </button>
                <button type="button" class="button" on:click=move |_| socket.reconnect()>
                    "Reconnect"
                </button>
            </div>
        </section>
    }
    .into_any()
}

fn is_closed(connection: Connection) -> bool {
    matches!(connection, Connection::Closed(_))
}

fn countdown(connection: Connection) -> Option<String> {
    match connection {
        Connection::Waiting { seconds, .. } => Some(format!(" in {seconds} s")),
        _ => None,
    }
}
