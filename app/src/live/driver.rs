//! The task that owns the socket: it tells the session what happens and does what it asks.

use std::{future::pending, time::Duration};

use colloquy_protocol::{
    close::CloseCode,
    session::{Action, Notice, Session, State},
};
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::{FutureExt, SinkExt, StreamExt, select_biased};
use gloo_net::websocket::{Message, WebSocketError, futures::WebSocket};
use gloo_timers::future::sleep;
use leptos::prelude::*;

use super::{Command, Connection, Websocket};

const SECOND: Duration = Duration::from_secs(1);

/// Drives a session for as long as the app is there.
pub(super) async fn drive(page: Websocket, mut commands: UnboundedReceiver<Command>) {
    let mut session = Session::new((js_sys::Math::random() * u64::MAX as f64) as u64);
    let mut socket = None::<WebSocket>;
    loop {
        while let Some(action) = session.next_action() {
            match action {
                Action::Open => match WebSocket::open(&address()) {
                    Ok(opened) => socket = Some(opened),
                    Err(_) => session.closed(None, now()),
                },
                Action::Send(text) => {
                    if let Some(open) = &mut socket {
                        // What can not be sent any more is followed by the socket's end.
                        open.send(Message::Text(text)).await.ok();
                    }
                }
                Action::Close(code) => close(socket.take(), code),
                Action::Notify(notice) => page.report(notice),
            }
        }
        page.show(&session, now());

        select_biased! {
            command = commands.next() => match command {
                Some(command) => command(&mut session, now()),
                None => return,
            },
            message = next_message(&mut socket).fuse() => match message {
                Incoming::Text(text) => session.received(&text, now()),
                Incoming::End(code) => {
                    socket = None;
                    session.closed(code, now());
                }
            },
            () = alarm(&session).fuse() => session.tick(now()),
        }
    }
}

impl Websocket {
    fn report(&self, notice: Notice) {
        self.listeners.call(&notice);
        if let Notice::Event(frame) = notice {
            self.last_event.set(Some(*frame));
        }
    }

    /// Brings the signals up to date; those that do not change stay quiet.
    fn show(&self, session: &Session, now: Duration) {
        let connection = match session.state() {
            State::Idle => Connection::Idle,
            State::Connecting => Connection::Connecting,
            State::Recovering(_) => Connection::Recovering,
            State::Live => Connection::Live,
            State::Waiting { until, .. } => Connection::Waiting { seconds: seconds(until, now) },
            State::Closed(why) => Connection::Closed(why),
        };
        set_if_other(self.connection, &connection);
        set_if_other(self.position, &session.cursor().cloned());
        if session.welcome().is_some() {
            set_if_other(self.welcome, &session.welcome().cloned());
        }
    }
}

fn set_if_other<T: Clone + PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: &T) {
    if signal.with_untracked(|held| held != value) {
        signal.set(value.clone());
    }
}

/// What a socket brings.
enum Incoming {
    Text(String),
    /// The last thing: the close code, if there is one.
    End(Option<u16>),
}

/// Waits for the next message; for ever while there is no socket.
async fn next_message(socket: &mut Option<WebSocket>) -> Incoming {
    let Some(socket) = socket else { return pending().await };
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Incoming::Text(text),
            Some(Err(WebSocketError::ConnectionClose(end))) => {
                return Incoming::End(Some(end.code));
            }
            None => return Incoming::End(None),
            // The hub sends text only, and after an error comes the end.
            Some(_) => {}
        }
    }
}

/// Waits until the session's deadline; while seconds are counted down, no longer than to the next.
async fn alarm(session: &Session) {
    let Some(deadline) = session.next_deadline() else { return pending().await };
    let left = deadline.saturating_sub(now());
    match session.state() {
        State::Waiting { .. } => sleep(left.min(SECOND)).await,
        _ => sleep(left).await,
    }
}

/// Closes a socket and forgets it: what it still brings is dropped with it.
fn close(socket: Option<WebSocket>, code: CloseCode) {
    if let Some(socket) = socket {
        // Pages may only give 1000 and 4xxx; with any other code the drop closes it all the same.
        socket.close(Some(code.code()), Some(code.reason())).ok();
    }
}

fn seconds(until: Duration, now: Duration) -> u64 {
    until.saturating_sub(now).as_millis().div_ceil(SECOND.as_millis()) as u64
}

/// The hub of the server that this page came from.
fn address() -> String {
    let location = window().location();
    let scheme = if location.protocol().as_deref() == Ok("https:") { "wss" } else { "ws" };
    format!("{scheme}://{}/ws", location.host().unwrap_or_default())
}

/// The time on the driver's clock: since the page was opened.
fn now() -> Duration {
    let millis = window().performance().map_or(0.0, |performance| performance.now());
    Duration::from_secs_f64(millis / 1_000.0)
}
