//! The task that owns the socket: it tells the session what happens and does what it asks.

use std::{future::pending, sync::Arc, time::Duration};

use colloquy_protocol::{
    close::CloseCode,
    frame::EventFrame,
    session::{Action, Notice, Session, State},
};
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::{FutureExt, SinkExt, StreamExt, select_biased};
use gloo_net::websocket::{Message, WebSocketError, futures::WebSocket};
use gloo_timers::future::sleep;
use leptos::prelude::*;
use web_sys::VisibilityState;

use super::{Command, Connection, Websocket};

const SECOND: Duration = Duration::from_secs(1);

/// How long messages are dealt with at a time before the signals change and the page is drawn.
const BATCH: Duration = Duration::from_millis(20);

/// How long the browser has to itself after a batch with events: while they come fast, the page is
/// drawn once for all of them and not once for each.
const FRAME: Duration = Duration::from_millis(16);

/// Drives a session for as long as the app is there.
pub(super) async fn drive(page: Websocket, mut commands: UnboundedReceiver<Command>) {
    let session = Session::new((js_sys::Math::random() * u64::MAX as f64) as u64);
    let mut driver = Driver { page, session, socket: None, latest: None };
    loop {
        select_biased! {
            command = commands.next() => match command {
                Some(command) => command(&mut driver.session, now()),
                None => return,
            },
            message = next_message(&mut driver.socket).fuse() => driver.receive(message),
            () = alarm(&driver.session).fuse() => driver.session.tick(now()),
        }
        // What was asked for meanwhile does not wait for as many batches of messages.
        while let Ok(command) = commands.try_recv() {
            command(&mut driver.session, now());
        }
        driver.act().await;
        driver.receive_what_waits().await;
        let events = driver.latest.is_some();
        driver.show();
        // A page that nobody sees is not drawn, and its timers are slow.
        if events && document().visibility_state() == VisibilityState::Visible {
            sleep(FRAME).await;
        }
    }
}

struct Driver {
    page: Websocket,
    session: Session,
    socket: Option<WebSocket>,
    /// The last event, until the page is shown it.
    latest: Option<Arc<EventFrame>>,
}

impl Driver {
    fn receive(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Text(text) => self.session.received(&text, now()),
            Incoming::End(code) => {
                self.socket = None;
                self.session.closed(code, now());
            }
        }
    }

    /// Receives what is there already, without letting anything else run meanwhile.
    async fn receive_what_waits(&mut self) {
        let end = now() + BATCH;
        while now() < end
            && let Some(message) = next_message(&mut self.socket).now_or_never()
        {
            self.receive(message);
            self.act().await;
        }
    }

    /// Does what the session asks.
    async fn act(&mut self) {
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Open => match WebSocket::open(&address()) {
                    Ok(opened) => self.socket = Some(opened),
                    Err(_) => self.session.closed(None, now()),
                },
                Action::Send(text) => {
                    if let Some(open) = &mut self.socket {
                        // What cannot be sent any more is followed by the socket's end.
                        open.send(Message::Text(text)).await.ok();
                    }
                }
                Action::Close(code) => close(self.socket.take(), code),
                Action::Notify(notice) => {
                    self.page.listeners.call(&notice);
                    if let Notice::Event(frame) = notice {
                        self.latest = Some(frame);
                    }
                }
            }
        }
    }

    /// Brings the signals up to date; those that do not change stay quiet.
    fn show(&mut self) {
        let Self { page, session, latest, .. } = self;
        let connection = match session.state() {
            State::Idle => Connection::Idle,
            State::Connecting => Connection::Connecting,
            State::Recovering(_) => Connection::Recovering,
            State::Live => Connection::Live,
            State::Waiting { until, .. } => Connection::Waiting { seconds: seconds(until, now()) },
            State::Closed(why) => Connection::Closed(why),
        };
        set_if_other(page.connection, &connection);
        set_if_other(page.position, &session.cursor().cloned());
        set_if_other(page.round_trip, &session.round_trip());
        if session.welcome().is_some() {
            set_if_other(page.welcome, &session.welcome().cloned());
        }
        if let Some(latest) = latest.take() {
            page.last_event.set(Some(latest));
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
