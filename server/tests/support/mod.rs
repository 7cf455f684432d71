//! A real hub on a port of its own, for tests through the real boundary.

#![allow(
    dead_code,
    clippy::panic,
    reason = "each test program uses a part of it, and it may panic"
)]

pub(crate) mod peer;
pub(crate) mod process;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    net,
    sync::Arc,
};

use colloquy_client::{
    Client,
    protocol::{
        access::Scope,
        account::{Issued, NewToken},
        model::{Agent, Chat},
        request::{NewAgent, NewChat},
    },
    raw::{RawError, RawSocket},
};
use colloquy_server::{
    AppState, access::Caller, hub::EventHandlerRegistry, serve, service::Change, settings::Settings,
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::rustls::crypto::ring;

/// A hub that runs. Dropping it stops it.
pub(crate) struct Server {
    /// Its address, such as `http://127.0.0.1:40000`.
    pub(crate) url: String,
    /// What its requests share.
    pub(crate) state: AppState,
    data: Arc<TempDir>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// A hub with a data folder of its own.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A hub with a data folder of its own and other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let data = Arc::new(tempfile::tempdir().unwrap());
        Self::start_in(data, change).await
    }

    /// Stops it, in good order, and starts it again with the same data.
    pub(crate) async fn restart(self) -> Self {
        let settings = self.state.settings.clone();
        let data = self.stop().await;
        Self::start_in(data, |new| *new = (*settings).clone()).await
    }

    /// A client that acts as the person `local`.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url).unwrap()
    }

    /// Stops it and waits until it has stopped; its data folder.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
        self.state.close().await;
        self.data
    }

    /// A hub that goes on with the data of another.
    pub(crate) async fn start_in(data: Arc<TempDir>, change: impl FnOnce(&mut Settings)) -> Self {
        provide_cryptography();
        let mut settings = Settings { data_dir: data.path().to_owned(), ..Settings::default() };
        change(&mut settings);
        Self::serve(data, AppState::open(settings).await.unwrap()).await
    }

    /// A hub with a data folder of its own, which answers clients so.
    pub(crate) async fn start_answering(handlers: EventHandlerRegistry) -> Self {
        provide_cryptography();
        let data = Arc::new(tempfile::tempdir().unwrap());
        let settings = Settings { data_dir: data.path().to_owned(), ..Settings::default() };
        Self::serve(data, AppState::open_with(settings, handlers).await.unwrap()).await
    }

    async fn serve(data: Arc<TempDir>, state: AppState) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // Dropping the sender stops it too.
            let _ = stopped.await;
        };
        let task = tokio::spawn(serve(listener, state.clone(), shutdown));
        Self { url, state, data, stop, task }
    }
}

/// A bare reqwest asks for it even to speak without TLS.
pub(crate) fn provide_cryptography() {
    // An error says that it is there already.
    let _ = ring::default_provider().install_default();
}

/// The headers that ask for a WebSocket.
pub(crate) const HANDSHAKE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// A handshake to be written by hand, with these lines among its headers.
pub(crate) fn hello(lines: &str) -> String {
    let headers = HANDSHAKE.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
    format!("GET /ws HTTP/1.1\r\nHost: localhost\r\n{headers}{lines}\r\n")
}

/// A port that nobody listens on, below those that the system gives away by itself: it stays free
/// for who listens on it later.
pub(crate) fn free_port() -> u16 {
    for _ in 0..100 {
        // Hashers are seeded at random.
        let port = 10_000 + RandomState::new().build_hasher().finish() % 20_000;
        let port = u16::try_from(port).unwrap();
        if net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

/// The database, behind the hub's back.
pub(crate) async fn database(server: &Server) -> SqliteConnection {
    let file = server.state.settings.data_dir.join("colloquy.db");
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap()
}

/// A disk that does not get on: as many changes wait as can, and no more can be asked for.
pub(crate) struct Stalled {
    lock: SqliteConnection,
    waiting: JoinSet<bool>,
}

impl Stalled {
    /// Returns once the first change was refused.
    pub(crate) async fn begin(server: &Server) -> Self {
        let mut lock = database(server).await;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
        let mut waiting = JoinSet::new();
        for number in 0..1_100 {
            let services = server.state.services.clone();
            let new = NewAgent { name: number.to_string(), ..NewAgent::default() };
            waiting.spawn(async move {
                services.create_agent(Change::by(Caller::local()), new).await.is_ok()
            });
        }
        assert!(!waiting.join_next().await.unwrap().unwrap(), "the queue is full");
        Self { lock, waiting }
    }

    /// Lets it get on; how many of those that waited were done.
    pub(crate) async fn end(mut self) -> usize {
        sqlx::query("ROLLBACK").execute(&mut self.lock).await.unwrap();
        self.waiting.join_all().await.into_iter().filter(|done| *done).count()
    }
}

/// An agent with that id, and named so.
pub(crate) async fn agent(server: &Server, id: &str) -> Agent {
    let new =
        NewAgent { id: Some(id.parse().unwrap()), name: id.to_owned(), ..NewAgent::default() };
    server.client().create_agent(&new).await.unwrap()
}

/// A chat with that id, and titled so.
pub(crate) async fn chat(server: &Server, id: &str) -> Chat {
    let new = NewChat { id: Some(id.parse().unwrap()), title: id.to_owned(), ..NewChat::default() };
    server.client().create_chat(&new).await.unwrap()
}

/// A new token of an agent that is there; without scopes, those that a token has by itself.
pub(crate) async fn token_of(server: &Server, agent: &str, scopes: Option<Vec<Scope>>) -> Issued {
    let new = NewToken {
        name: "test".to_owned(),
        agent_id: Some(agent.parse().unwrap()),
        person_id: None,
        scopes,
        expires_at: None,
    };
    server.state.services.issue_token(Caller::control(), new).await.unwrap()
}

/// The code with which a connection is closed; what comes before it does not matter.
pub(crate) async fn closed(socket: &mut RawSocket) -> Option<u16> {
    loop {
        match socket.next().await {
            Ok(_) => {}
            Err(RawError::Closed { code, .. }) => return code,
            Err(error) => panic!("not closed: {error}"),
        }
    }
}
