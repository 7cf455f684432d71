//! The task that owns the session, the socket and the clock.

use std::{collections::VecDeque, time::Duration};

use colloquy_protocol::{
    position::Position,
    session::{Action, Notice, Session, State},
};
use futures_util::FutureExt;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    Command, Told,
    socket::{Incoming, Socket},
};
use crate::client::SocketAddress;

/// How many notices may wait here for room in the channel before commands have to wait too.
const OUTBOX: usize = 64;

pub(super) struct Driver {
    session: Session,
    address: SocketAddress,
    socket: Socket,
    started: Instant,
    commands: mpsc::Receiver<Command>,
    /// Whether somebody can still give commands.
    steered: bool,
    /// What waits for room among the notices.
    outbox: VecDeque<Told>,
    /// The cursor that was told last.
    told: Option<Position>,
}

impl Driver {
    pub(super) fn new(
        session: Session,
        address: SocketAddress,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        let told = session.cursor().cloned();
        Self {
            session,
            address,
            socket: Socket::None,
            started: Instant::now(),
            commands,
            steered: true,
            outbox: VecDeque::new(),
            told,
        }
    }

    /// Runs until nobody listens any more.
    pub(super) async fn run(mut self, notices: mpsc::Sender<Told>) {
        self.session.connect(self.now());
        loop {
            self.act().await;
            let idle = self.outbox.is_empty();
            let deadline = self.session.next_deadline();
            tokio::select! {
                biased;
                permit = notices.reserve(), if !idle => {
                    let Ok(permit) = permit else { break };
                    if let Some(told) = self.outbox.pop_front() {
                        permit.send(told);
                    }
                }
                () = notices.closed() => break,
                command = self.commands.recv(), if self.steered && self.outbox.len() < OUTBOX => {
                    match command {
                        Some(command) => self.obey(command),
                        None => self.steered = false,
                    }
                }
                incoming = self.socket.next(), if idle => self.receive(incoming),
                // What waits in a socket that was not read comes first, so that a slow user is
                // not taken for a silent hub.
                () = sleep_until(self.started + deadline.unwrap_or_default()),
                    if idle && deadline.is_some() => self.session.tick(self.now()),
            }
        }
        self.session.disconnect(self.now());
        self.act().await;
    }

    /// Does what the session asks.
    async fn act(&mut self) {
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Open => self.socket = Socket::open(self.address.clone()),
                Action::Send(text) => {
                    self.socket.send(text).await;
                    self.receive_answers();
                }
                Action::Close(code) => self.socket.close(code),
                Action::Notify(notice) => self.tell(Some(notice)),
            }
        }
        // Heartbeats move it, and nobody is told of them.
        if self.session.cursor() != self.told.as_ref() {
            self.tell(None);
        }
    }

    /// Takes what the hub answers while the session still says what it wants: the answers to very many
    /// subscriptions are more than the hub keeps for a client that does not read.
    fn receive_answers(&mut self) {
        while self.session.state() == State::Connecting
            && self.outbox.is_empty()
            && let Some(incoming) = self.socket.next().now_or_never()
        {
            self.receive(incoming);
        }
    }

    fn receive(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Text(text) => self.session.received(&text, self.now()),
            Incoming::Closed(code) => self.session.closed(code, self.now()),
        }
    }

    fn tell(&mut self, notice: Option<Notice>) {
        self.told = self.session.cursor().cloned();
        self.outbox.push_back(Told { notice, position: self.told.clone() });
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Subscribe(topic, since) => self.session.subscribe(topic, since),
            Command::Unsubscribe(topic) => self.session.unsubscribe(&topic),
            Command::Acknowledge(message, what) => self.session.acknowledge(message, what),
            Command::Connect => self.session.connect(self.now()),
            Command::Disconnect => self.session.disconnect(self.now()),
            Command::Reconnect => self.session.reconnect(self.now()),
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}
