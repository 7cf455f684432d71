//! `use_websocket`: the page's one connection to the hub, as signals and typed callbacks.
//!
//! The app calls [`provide_websocket`] once; every component below says what it wants:
//!
//! ```
//! use colloquy_app::live::{Connection, use_websocket};
//! use colloquy_protocol::{
//!     event::{
//!         ServerEventKind,
//!         server::{AgentStatusChanged, ChatMessageCreated},
//!     },
//!     id::ChatId,
//!     model::Agent,
//!     position::Position,
//!     session::Notice,
//!     topic::Topic,
//! };
//! use leptos::prelude::*;
//!
//! /// `loaded` is the position in the log that `agent` shows. What came after it is not missed, but in
//! /// two cases, left out here, in which to load afresh: `since` has none, or `Notice::Reload` comes.
//! #[component]
//! fn Status(agent: Agent, loaded: Position) -> impl IntoView {
//!     let id = agent.id.clone();
//!     let topic = Topic::Agent(id.clone());
//!     let agent = RwSignal::new(agent);
//!     let socket = use_websocket();
//!
//!     // An older event than what is shown may come, too: the higher version is the later one.
//!     let changed = move |payload: &<AgentStatusChanged as ServerEventKind>::Payload| {
//!         let is_newer = agent.with_untracked(|shown| payload.agent.version > shown.version);
//!         if payload.agent_id == id && is_newer {
//!             agent.set(payload.agent.clone());
//!         }
//!     };
//!     // What the page was sent meanwhile, because another component follows the agent already.
//!     for frame in socket.since(&loaded).unwrap_or_default() {
//!         if let Some(Ok(payload)) = frame.payload_of::<AgentStatusChanged>() {
//!             changed(&payload);
//!         }
//!     }
//!     // A callback for one type of event, with the payload's type. It goes with the component.
//!     socket.on::<AgentStatusChanged>(changed);
//!     // The subscription goes with the component, too.
//!     socket.follow(topic, Some(loaded));
//!     socket.start();
//!
//!     let live = move || socket.connection().get() == Connection::Live;
//!     let millis = move || socket.round_trip().get().map(|time| time.as_millis());
//!     let status = move || agent.with(|agent| agent.status.as_str());
//!     view! { <p class:stale=move || !live() title=millis>{status}</p> }
//! }
//!
//! /// Says of each message of a chat that it was received.
//! #[component]
//! fn Receipts(chat: ChatId) -> impl IntoView {
//!     let failed = RwSignal::new(false);
//!     let socket = use_websocket();
//!     let topic = Topic::Chat(chat.clone());
//!     socket.on::<ChatMessageCreated>(move |payload| {
//!         if payload.chat_id == chat {
//!             socket.acknowledge_received(payload.message_id.clone());
//!         }
//!     });
//!     // What is not an event: how an acknowledgement went, a recovered gap, state to load afresh.
//!     socket.on_notice(move |notice| {
//!         if let Notice::Acknowledged { outcome, .. } = notice {
//!             failed.set(outcome.is_err());
//!         }
//!     });
//!     socket.follow(topic, None);
//!     view! { <p hidden=move || !failed.get()>"The hub does not know that you are here."</p> }
//! }
//! ```
//!
//! [`Websocket`] is what components hold. The connection itself is [`driver`]'s: one task that
//! owns the socket and drives the protocol's session. On the server that task never runs, so all
//! calls do nothing there.
//!
//! Events are dealt with in batches while they come fast: every callback is called for each event
//! in its order, and then the signals change once, so a page that shows them is drawn once.
//!
//! To use it in another project, copy this folder: nothing in it knows the rest of the app. It needs
//! `colloquy-protocol`, `leptos` 0.8, `gloo-net` with `websocket`, `gloo-timers` with `futures`,
//! `futures-channel`, `futures-util`, `js-sys`, and `web-sys` with `Document`, `Location`,
//! `Performance`, `VisibilityState` and `Window`. The hub is expected at `/ws` of the page's own
//! server (`address` in [`driver`]).

mod driver;
mod listeners;
mod recent;

use std::{sync::Arc, time::Duration};

use colloquy_protocol::{
    event::{Acknowledgement, ServerEventKind},
    frame::{EventFrame, Welcome},
    id::MessageId,
    position::Position,
    session::{Ended, Notice, Session},
    topic::Topic,
};
use futures_channel::mpsc::{UnboundedSender, unbounded};
use leptos::{prelude::*, task::spawn_local};

use self::{driver::drive, listeners::Listeners, recent::Recent};

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
    last_event: RwSignal<Option<Arc<EventFrame>>>,
    position: RwSignal<Option<Position>>,
    round_trip: RwSignal<Option<Duration>>,
    welcome: RwSignal<Option<Welcome>>,
    listeners: Listeners,
    recent: Recent,
    /// Not bounded: it is emptied between any two batches of messages, and what fills it is
    /// components that come and go, and people's clicks.
    commands: StoredValue<UnboundedSender<Command>>,
}

/// Gives the components below the page's one connection. To be called once, by the app.
pub fn provide_websocket() {
    let (sender, receiver) = unbounded();
    let listeners = Listeners::new();
    let socket = Websocket {
        connection: RwSignal::new(Connection::Idle),
        last_event: RwSignal::new(None),
        position: RwSignal::new(None),
        round_trip: RwSignal::new(None),
        welcome: RwSignal::new(None),
        listeners,
        recent: Recent::keep(listeners),
        commands: StoredValue::new(sender),
    };
    provide_context(socket);

    // Effects run in the browser only.
    let mut receiver = Some(receiver);
    Effect::new(move || {
        if let Some(receiver) = receiver.take() {
            spawn_local(drive(socket, receiver));
            socket.watch_the_browser();
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
    pub fn connection(&self) -> ReadSignal<Connection> {
        self.connection.read_only()
    }

    /// The event that came last. While events come fast, it leaves some out; [`Self::on`] does not.
    pub fn last_event(&self) -> ReadSignal<Option<Arc<EventFrame>>> {
        self.last_event.read_only()
    }

    /// The place in the log up to which nothing is missing; none before the first connection.
    pub fn position(&self) -> ReadSignal<Option<Position>> {
        self.position.read_only()
    }

    /// How long the hub last took to answer, measured with every heartbeat; none while there is
    /// no connection.
    pub fn round_trip(&self) -> ReadSignal<Option<Duration>> {
        self.round_trip.read_only()
    }

    /// What the hub said when the connection was last opened.
    pub fn welcome(&self) -> ReadSignal<Option<Welcome>> {
        self.welcome.read_only()
    }

    /// Calls back with the payload of every event of that kind, until the component goes. A payload
    /// that is not what this version knows (the hub's may be newer) is left out; [`Self::on_notice`] has
    /// its frame.
    ///
    /// Events that are older than the component's state may come, because another component follows the
    /// topic from an earlier position: compare versions.
    pub fn on<K: ServerEventKind>(&self, callback: impl Fn(&K::Payload) + Send + Sync + 'static) {
        self.on_notice(move |notice| {
            if let Notice::Event(frame) = notice
                && let Some(Ok(payload)) = frame.payload_of::<K>()
            {
                callback(&payload);
            }
        });
    }

    /// Calls back with everything that happens, until the component goes.
    pub fn on_notice(&self, callback: impl Fn(&Notice) + Send + Sync + 'static) {
        self.listeners.add(callback);
    }

    /// The events that came to the page after that position, for whatever component, in the order in
    /// which they came; none when that is too long ago, or in another history than the connection's. The
    /// hub sends each event once: a component that begins while another has its topic finds here what
    /// came since its state was loaded.
    pub fn since(&self, position: &Position) -> Option<Vec<Arc<EventFrame>>> {
        // Before the first connection nothing came, of whatever history.
        let is_another = |own: &Position| own.epoch != position.epoch;
        if self.position.with_untracked(|own| own.as_ref().is_some_and(is_another)) {
            return None;
        }
        self.recent.since(position.offset)
    }

    /// Wants the events of a topic until the component goes: those after `since`, the position of
    /// the state that it shows, or without it those from now on. Those that the page was sent before this
    /// are not sent again: [`Self::since`] has them.
    pub fn follow(&self, topic: Topic, since: Option<Position>) {
        let socket = *self;
        socket.subscribe(topic.clone(), since);
        on_cleanup(move || socket.unsubscribe(topic));
    }

    /// Wants the events of a topic, as [`Self::follow`] does, until [`Self::unsubscribe`].
    ///
    /// Counted: the hub sees one subscription however many components want it, and each call
    /// wants one [`Self::unsubscribe`], also after the hub ended it ([`Notice::Unsubscribed`]).
    pub fn subscribe(&self, topic: Topic, since: Option<Position>) {
        self.tell(move |session, _| session.subscribe(topic, since));
    }

    /// Takes one [`Self::subscribe`] back.
    pub fn unsubscribe(&self, topic: Topic) {
        self.tell(move |session, _| session.unsubscribe(&topic));
    }

    /// Tells the hub that a message was received, over as many connections as it takes. How it went
    /// comes as [`Notice::Acknowledged`].
    pub fn acknowledge_received(&self, message: MessageId) {
        self.tell(move |session, _| session.acknowledge(message, Acknowledgement::Received));
    }

    /// Tells the hub that a message was read, which implies that it was received. How it went
    /// comes as [`Notice::Acknowledged`].
    pub fn acknowledge_read(&self, message: MessageId) {
        self.tell(move |session, _| session.acknowledge(message, Acknowledgement::Read));
    }

    /// Connects for the first time; when somebody connected or disconnected before, it stays as it is. The
    /// app does so when the page is alive: "live" is said when it can be used.
    pub fn start(&self) {
        if self.connection.get_untracked() == Connection::Idle {
            self.connect();
        }
    }

    /// Connects, unless there is a connection: also after [`Self::disconnect`].
    pub fn connect(&self) {
        self.tell(Session::connect);
    }

    /// Ends the connection until [`Self::connect`]. Subscriptions are kept.
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

    /// Tries at once when the network is back, when the page is looked at again, and when the
    /// browser shows it again that had kept it aside. The loss of the network proves nothing (the
    /// hub may be on this machine), so then the connection is only put to the test.
    fn watch_the_browser(self) {
        let visible = move || document().visibility_state() == web_sys::VisibilityState::Visible;
        let listeners = [
            window_event_listener_untyped("online", move |_| self.tell(Session::wake)),
            window_event_listener_untyped("offline", move |_| self.tell(Session::doubt)),
            window_event_listener_untyped("pageshow", move |_| self.tell(Session::wake)),
            window_event_listener_untyped("visibilitychange", move |_| {
                if visible() {
                    self.tell(Session::wake);
                }
            }),
        ];
        on_cleanup(move || listeners.into_iter().for_each(|listener| listener.remove()));
    }
}
