//! What `serve` does with connections before and after their requests: who is let in, how long
//! they may take, how many there are, and how they end.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::{io, time::Duration};

use axum::http::{HeaderMap, header};
use colloquy_client::{Client, Method, Response, raw::RawSocket};
use colloquy_server::{AppState, serve, settings::Settings};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

const APP: &str = "https://app.example";
const EVIL: &str = "https://evil.example";

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A hub that serves until it is told to stop.
struct Hub {
    client: Client,
    host: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
    _data: TempDir,
}

impl Hub {
    async fn start(settings: Settings) -> Self {
        let data = TempDir::new().unwrap();
        let settings = Settings { data_dir: data.path().to_owned(), ..settings };
        let state = AppState::open(settings).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let client = Client::new(&format!("http://{host}")).unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, state, async {
            let _ = stopped.await;
        }));
        Self { client, host, stop, served, _data: data }
    }

    /// A request with an `Origin`.
    async fn ask(&self, method: Method, path: &str, origin: &str) -> Response {
        self.client.request(method, path).header(header::ORIGIN, origin).send().await.unwrap()
    }

    /// A WebSocket handshake with an `Origin`.
    async fn shake_hands(&self, origin: &str) -> u16 {
        let handshake = self
            .client
            .request(Method::GET, "/ws")
            .header(header::ORIGIN, origin)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==");
        handshake.send().await.unwrap().status().as_u16()
    }

    fn health_request(&self) -> String {
        format!("GET /health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.host)
    }

    /// A connection that has begun to send a notification, and the rest of it.
    async fn begin_request(&self) -> (TcpStream, &'static str) {
        let mut stream = TcpStream::connect(&self.host).await.unwrap();
        let body = r#"{"type": "info", "message": "Late"}"#;
        let head = format!(
            "POST /api/v1/notifications HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            self.host,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The hub asks for the body: the request is under way.
        let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        timeout(PATIENCE, stream.read_exact(&mut go_on)).await.unwrap().unwrap();
        (stream, body)
    }
}

/// Waits long enough for an answer to come if one is on its way.
async fn assert_is_not_served(stream: &TcpStream) {
    let answer = timeout(Duration::from_millis(300), stream.peek(&mut [0])).await;
    assert!(answer.is_err(), "it was served: {answer:?}");
}

async fn rest_of(mut stream: TcpStream) -> String {
    let mut text = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    text
}

#[tokio::test]
async fn another_host_is_refused_with_a_problem() {
    let hub = Hub::start(Settings::default()).await;
    let request = hub.client.request(Method::GET, "/health").header(header::HOST, "evil.example");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert!(answer.text().await.unwrap().contains("Host"));
}

#[tokio::test]
async fn pages_of_other_origins_neither_write_nor_open_sockets() {
    let hub = Hub::start(Settings::default()).await;
    let own = format!("http://{}", hub.host);
    assert_eq!(hub.shake_hands(&own).await, 101);
    for origin in [EVIL, APP, "null"] {
        assert_eq!(hub.shake_hands(origin).await, 403, "{origin}");
        assert_eq!(hub.ask(Method::POST, "/api/v1/agents", origin).await.status(), 403, "{origin}");
    }
    let read = hub.ask(Method::GET, "/api/v1/agents", EVIL).await;
    assert_eq!(read.status(), 200);
    assert!(!allows(read.headers()), "the page may not see the answer");
}

#[tokio::test]
async fn origins_that_the_settings_name_are_let_in() {
    let allowed_origins = vec![APP.parse().unwrap()];
    let hub = Hub::start(Settings { allowed_origins, ..Settings::default() }).await;
    assert_eq!(hub.shake_hands(APP).await, 101);
    assert_eq!(hub.shake_hands(EVIL).await, 403);
    let read = hub.ask(Method::GET, "/api/v1/agents", APP).await;
    assert!(allows(read.headers()));
    assert_ne!(hub.ask(Method::POST, "/api/v1/agents", APP).await.status(), 403);
    let preflight = hub.ask(Method::OPTIONS, "/api/v1/agents/a", APP).await;
    assert!(preflight.status().is_success());
    assert!(allows(preflight.headers()));
}

fn allows(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
}

#[tokio::test]
async fn who_is_slow_to_send_headers_is_hung_up_on() {
    let header_timeout = Duration::from_millis(200);
    let hub = Hub::start(Settings { header_timeout, ..Settings::default() }).await;
    let mut stream = TcpStream::connect(&hub.host).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: local").await.unwrap();
    assert!(!rest_of(stream).await.contains("200 OK"));
}

#[tokio::test]
async fn those_beyond_the_most_connections_wait_their_turn() {
    let hub = Hub::start(Settings { max_connections: 1, ..Settings::default() }).await;
    let (mut first, body) = hub.begin_request().await;
    let mut second = TcpStream::connect(&hub.host).await.unwrap();
    second.write_all(hub.health_request().as_bytes()).await.unwrap();
    // The first one is served alone, until it has its answer.
    let (start, rest) = body.split_at(1);
    for piece in [start, rest] {
        assert_is_not_served(&second).await;
        first.write_all(piece.as_bytes()).await.unwrap();
    }
    let mut answer = [0; "HTTP/1.1 201".len()];
    timeout(PATIENCE, first.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
    assert!(rest_of(second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_websocket_keeps_its_place() {
    let hub = Hub::start(Settings { max_connections: 1, ..Settings::default() }).await;
    let mut socket = RawSocket::connect(&hub.client).await.unwrap();
    socket.next().await.unwrap();
    let mut second = TcpStream::connect(&hub.host).await.unwrap();
    second.write_all(hub.health_request().as_bytes()).await.unwrap();
    // The socket is served meanwhile.
    socket.request("client:ready", Value::Null).await.unwrap();
    assert_is_not_served(&second).await;
    drop(socket);
    assert!(rest_of(second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_request_under_way_is_finished() {
    let hub = Hub::start(Settings::default()).await;
    let (mut stream, body) = hub.begin_request().await;
    hub.stop.send(()).unwrap();
    // Nobody new is let in once the listener is gone.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while TcpStream::connect(&hub.host).await.is_ok() {
        assert!(tokio::time::Instant::now() < deadline, "it still accepts");
        tokio::task::yield_now().await;
    }
    stream.write_all(body.as_bytes()).await.unwrap();
    assert!(rest_of(stream).await.starts_with("HTTP/1.1 201"));
    timeout(PATIENCE, hub.served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_never_ends_is_not_waited_for() {
    let shutdown_timeout = Duration::from_millis(200);
    let hub = Hub::start(Settings { shutdown_timeout, ..Settings::default() }).await;
    let (stream, _body) = hub.begin_request().await;
    hub.stop.send(()).unwrap();
    timeout(PATIENCE, hub.served).await.unwrap().unwrap().unwrap();
    assert_eq!(rest_of(stream).await, "", "nothing of the server outlives the call");
}
