//! `use_websocket`: the page's one connection to the hub, as signals and typed callbacks.
//!
//! ```
//! use colloquy_app::live::use_websocket;
//! use colloquy_protocol::{event::server::AgentStatusChanged, id::AgentId, topic::Topic};
//! use leptos::prelude::*;
//!
//! #[component]
//! fn Status(agent: AgentId) -> impl IntoView {
//!     let status = RwSignal::new("unknown");
//!     let socket = use_websocket();
//!     let topic = Topic::Agent(agent.clone());
//!
//!     socket.on::<AgentStatusChanged>(move |payload| {
//!         if payload.agent_id == agent {
//!             status.set(payload.agent.status.as_str());
//!         }
//!     });
//!     socket.subscribe(topic.clone(), None);
//!     on_cleanup(move || socket.unsubscribe(topic));
//!     socket.connect();
//!
//!     view! { <p>{status}</p> }
//! }
//! ```
//!
//! [`Websocket`] is what components hold. The connection itself is [`driver`]'s: one task that
//! owns the socket and drives the protocol's session. On the server that task never runs, so all
//! calls do nothing there.

mod driver;
mod listeners;

use std::time::Duration;

use colloquy_protocol::{
    event::ServerEventKind,
    frame::{EventFrame, Welcome},
    position::Position,
    session::{Ended, Notice, Session},
    topic::Topic,
};
use futures_channel::mpsc::{UnboundedSender, unbounded};
use leptos::{prelude::*, task::spawn_local};

use self::{driver::drive, listeners::Listeners};

/// How the connection to the hub is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Nobody asked for one yet.
    Idle,
    /// It is being opened.
    Connecting,
    /// The hub replays what was missed.
    Recovering,
    /// Events arrive as they happen.
    Live,
    /// It was lost and is tried again.
    Waiting {
        /// In so many seconds, rounded up.
        seconds: u64,
    },
    /// It ended, and why; only [`Websocket::connect`] goes on.
    Closed(Ended),
}

/// What a component asks of the session, with the time on the driver's clock.
type Command = Box<dyn FnOnce(&mut Session, Duration) + Send>;

/// The page's connection to the hub, for every component to share. See [`use_websocket`].
#[derive(Debug, Clone, Copy)]
pub struct Websocket {
    connection: RwSignal<Connection>,
    last_event: RwSignal<Option<EventFrame>>,
    position: RwSignal<Option<Position>>,
    welcome: RwSignal<Option<Welcome>>,
    listeners: Listeners,
    /// Not bounded: it is emptied between any two messages of the hub, and what fills it is
    /// components that come and go, and people's clicks.
    commands: StoredValue<UnboundedSender<Command>>,
}

/// Gives the components below the page's one connection. To be called once, by the app.
pub fn provide_websocket() {
    let (sender, receiver) = unbounded();
    let socket = Websocket {
        connection: RwSignal::new(Connection::Idle),
        last_event: RwSignal::new(None),
        position: RwSignal::new(None),
        welcome: RwSignal::new(None),
        listeners: Listeners::new(),
        commands: StoredValue::new(sender),
    };
    provide_context(socket);

    // Effects run in the browser only.
    let mut receiver = Some(receiver);
    Effect::new(move || {
        if let Some(receiver) = receiver.take() {
            spawn_local(drive(socket, receiver));
            socket.wake_with_the_page();
        }
    });
}

/// The page's connection to the hub.
///
/// # Panics
/// Outside of the app: [`provide_websocket`] was not called by a component above.
pub fn use_websocket() -> Websocket {
    expect_context()
}

impl Websocket {
    /// How the connection is.
    pub fn connection(&self) -> Signal<Connection> {
        self.connection.into()
    }

    /// The event that came last.
    pub fn last_event(&self) -> Signal<Option<EventFrame>> {
        self.last_event.into()
    }

    /// The place in the log up to which nothing is missing; none before the first connection.
    pub fn position(&self) -> Signal<Option<Position>> {
        self.position.into()
    }

    /// What the hub said when the connection was last opened.
    pub fn welcome(&self) -> Signal<Option<Welcome>> {
        self.welcome.into()
    }

    /// Calls back with the payload of every event of that kind, until the component goes.
    pub fn on<K: ServerEventKind>(&self, callback: impl Fn(&K::Payload) + Send + Sync + 'static) {
        self.on_notice(move |notice| {
            if let Notice::Event(frame) = notice
                && let Some(payload) = K::payload(&frame.event)
            {
                callback(payload);
            }
        });
    }

    /// Calls back with everything that happens, until the component goes.
    pub fn on_notice(&self, callback: impl Fn(&Notice) + Send + Sync + 'static) {
        self.listeners.add(callback);
    }

    /// Wants the events of a topic: those after `since`, or without it those from now on.
    ///
    /// Counted: the hub sees one subscription however many components want it, and each call
    /// wants one [`Self::unsubscribe`].
    pub fn subscribe(&self, topic: Topic, since: Option<Position>) {
        self.tell(move |session, _| session.subscribe(topic, since));
    }

    /// Takes one [`Self::subscribe`] back.
    pub fn unsubscribe(&self, topic: Topic) {
        self.tell(move |session, _| session.unsubscribe(&topic));
    }

    /// Wants the events of a topic until the component goes; see [`Self::subscribe`].
    pub fn follow(&self, topic: Topic, since: Option<Position>) {
        let socket = *self;
        socket.subscribe(topic.clone(), since);
        on_cleanup(move || socket.unsubscribe(topic));
    }

    /// Connects, unless there is a connection.
    pub fn connect(&self) {
        self.tell(Session::connect);
    }

    /// Ends the connection until [`Self::connect`].
    pub fn disconnect(&self) {
        self.tell(Session::disconnect);
    }

    /// Replaces the connection by a new one, at once.
    pub fn reconnect(&self) {
        self.tell(Session::reconnect);
    }

    fn tell(&self, command: impl FnOnce(&mut Session, Duration) + Send + 'static) {
        self.commands.with_value(|commands| {
            // It fails when the app is gone, and then nobody is left to care.
            commands.unbounded_send(Box::new(command)).ok();
        });
    }

    /// Tries at once when the network is back or the page is looked at again.
    fn wake_with_the_page(self) {
        let online = window_event_listener_untyped("online", move |_| self.tell(Session::wake));
        let visible = window_event_listener_untyped("visibilitychange", move |_| {
            if document().visibility_state() == web_sys::VisibilityState::Visible {
                self.tell(Session::wake);
            }
        });
        on_cleanup(move || {
            online.remove();
            visible.remove();
        });
    }
}
