//! HTTPS without a proxy.

use std::{fs, path::Path, sync::Arc, time::Duration};

use colloquy_client::{
    Client, Error,
    protocol::{
        request::{NewAgent, NewChat, NewMessage},
        session::Notice,
        topic::{Kind, Topic},
    },
};
use colloquy_server::{access::Caller, metrics, service::Change, settings::Settings};
use futures_util::{SinkExt, StreamExt};
use rcgen::{CertificateParams, CertifiedKey, KeyPair, date_time_ymd, generate_simple_self_signed};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, interval, sleep, timeout},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{
    PATIENCE, connect, get, host, limited, rest_of,
    support::{Server, hello},
};

/// A certificate and its key, in files that can be replaced.
struct Identity {
    folder: TempDir,
    certificate: CertificateDer<'static>,
}

impl Identity {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = write(folder.path());
        Self { folder, certificate }
    }

    fn configure(&self, settings: &mut Settings) {
        settings.tls_cert = Some(self.folder.path().join("cert.pem"));
        settings.tls_key = Some(self.folder.path().join("key.pem"));
    }

    fn renew(&mut self) {
        self.certificate = write(self.folder.path());
    }
}

fn write(folder: &Path) -> CertificateDer<'static> {
    write_from(folder, CertificateParams::new(["localhost".to_owned()]).unwrap())
}

fn write_from(folder: &Path, parameters: CertificateParams) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let cert = parameters.self_signed(&key).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    cert.der().clone()
}

/// A connection of somebody who trusts that certificate alone.
async fn shake_hands(
    server: &Server,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    encrypt(connect(server).await, trusted).await
}

async fn encrypt(
    stream: TcpStream,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn start(identity: &Identity) -> Server {
    Server::start_with(|settings| identity.configure(settings)).await
}

#[tokio::test]
async fn requests_and_sockets_are_served_over_https_and_their_pages_are_own() {
    let identity = Identity::new();
    let server = start(&identity).await;
    let mut stream = shake_hands(&server, &identity.certificate).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    stream.write_all(get("/health", "").as_bytes()).await.unwrap();
    let answer = rest_of(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.contains("strict-transport-security"), "a name that every hub has");

    for (origin, is_own) in [("https", true), ("http", false)] {
        let Some(mut socket) = open(&server, &identity, origin).await else {
            assert!(!is_own);
            continue;
        };
        assert!(is_own);
        let welcome = socket.next().await.unwrap().unwrap();
        assert!(welcome.to_text().unwrap().contains("hub:welcome"));
        let ready = r#"{"event": "client:ready", "id": 1}"#;
        socket.send(Message::text(ready)).await.unwrap();
        let reply = socket.next().await.unwrap().unwrap();
        assert!(reply.to_text().unwrap().starts_with(r#"{"reply":1,"ok""#));
    }
}

#[tokio::test]
async fn the_client_speaks_https_to_a_hub_that_it_trusts() {
    let identity = Identity::new();
    let server = start(&identity).await;
    let url = server.url.replace("http://127.0.0.1", "https://localhost");
    let pem = fs::read(identity.folder.path().join("cert.pem")).unwrap();
    let client = Client::trusting(&url, &pem).unwrap();
    let (live, mut notices) = client.live();
    live.subscribe(Topic::All(Kind::Agent), None).await;
    let (mut is_subscribed, mut created) = (false, None);
    while created.is_none() {
        match timeout(PATIENCE, notices.recv()).await.unwrap().unwrap() {
            Notice::Subscribed { .. } if !is_subscribed => {
                is_subscribed = true;
                let new = NewAgent { name: "Ada".to_owned(), ..NewAgent::default() };
                client.create_agent(&new).await.unwrap();
            }
            Notice::Event(frame) => created = Some(frame.name),
            _ => {}
        }
    }
    assert_eq!(created, Some("agent:created"));

    let CertifiedKey { cert, .. } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let stranger = Client::trusting(&url, cert.pem().as_bytes()).unwrap();
    assert!(matches!(stranger.agents().await, Err(Error::Transport(_))));
    assert!(matches!(Client::trusting(&url, b"nothing"), Err(Error::Certificates(_))));
}

/// An encrypted WebSocket of a page of that origin's scheme, if it is let in.
async fn open(
    server: &Server,
    identity: &Identity,
    origin: &str,
) -> Option<WebSocketStream<TlsStream<TcpStream>>> {
    let stream = shake_hands(server, &identity.certificate).await.unwrap();
    let port = host(server).split_once(':').unwrap().1;
    let mut request = format!("wss://localhost:{port}/ws").into_client_request().unwrap();
    let origin = format!("{origin}://localhost:{port}").parse().unwrap();
    request.headers_mut().insert("origin", origin);
    client_async(request, stream).await.ok().map(|(socket, _)| socket)
}

/// More than the session and the socket hold: what they do not take waits, and comes in order.
#[tokio::test]
async fn who_reads_late_over_https_gets_everything_in_order() {
    let identity = Identity::new();
    let server = Server::start_with(|settings| {
        identity.configure(settings);
        settings.queue_bytes = 64 * 1024 * 1024;
        settings.heartbeat = 2 * PATIENCE;
    })
    .await;
    let services = &server.state.services;
    let by = || Change::by(Caller::local());
    let title = "Much".to_owned();
    let chat = services.create_chat(by(), NewChat { title, ..NewChat::default() }).await.unwrap();
    let mut late = open(&server, &identity, "https").await.unwrap();
    for event in ["subscribe:chat", "client:ready"] {
        let payload = if event == "client:ready" { Value::Null } else { json!(chat.id) };
        let message = json!({ "event": event, "payload": payload, "id": event.len() });
        late.send(Message::text(message.to_string())).await.unwrap();
    }
    let mut next = async || {
        let message = timeout(PATIENCE, late.next()).await.unwrap().unwrap().unwrap();
        serde_json::from_str::<Value>(message.to_text().unwrap()).unwrap()
    };
    while next().await["reply"] != "client:ready".len() {}
    let content = "x".repeat(60_000);
    for _ in 0..250 {
        let new = NewMessage { content: content.clone(), ..NewMessage::default() };
        services.send_message(by(), chat.id.clone(), new).await.unwrap();
    }
    let reader = server.state.hub.connections(0, |_| true).next().unwrap();
    assert!(reader.queued_messages > 0, "everything fitted");
    for offset in 2..252 {
        let event = next().await;
        assert_eq!(event["offset"], offset);
        assert_eq!(event["payload"]["message"]["content"].as_str().unwrap().len(), content.len());
    }
}

/// What the session and the system hold is not what the peer has taken: it may take that slowly.
#[tokio::test]
async fn who_takes_little_at_a_time_over_https_stays() {
    let identity = Identity::new();
    let server = Server::start_with(|settings| {
        identity.configure(settings);
        settings.heartbeat = Duration::from_millis(800);
    })
    .await;
    let services = &server.state.services;
    let by = || Change::by(Caller::local());
    let title = "Much".to_owned();
    let chat = services.create_chat(by(), NewChat { title, ..NewChat::default() }).await.unwrap();
    for _ in 0..10 {
        let new = NewMessage { content: "x".repeat(60_000), ..NewMessage::default() };
        services.send_message(by(), chat.id.clone(), new).await.unwrap();
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(host(&server).parse().unwrap()).await.unwrap();
    let mut steady = encrypt(stream, &identity.certificate).await.unwrap();
    steady.write_all(hello("").as_bytes()).await.unwrap();
    let since = json!({ "epoch": server.state.hub.position().epoch, "offset": 0 });
    for message in [
        json!({ "event": "subscribe:chat", "payload": "*" }).to_string(),
        json!({ "event": "client:ready", "payload": { "since": since } }).to_string(),
    ] {
        // Masked with 0.
        steady.write_all(&[0x81, 0x80 | message.len() as u8, 0, 0, 0, 0]).await.unwrap();
        steady.write_all(message.as_bytes()).await.unwrap();
    }
    let mut now_and_then = interval(Duration::from_millis(100));
    let (mut piece, mut taken) = ([0; 10_000], 0);
    while taken < 450_000 {
        now_and_then.tick().await;
        let read = timeout(PATIENCE, steady.read(&mut piece)).await.unwrap();
        assert!(matches!(read, Ok(1..)), "it hung up after {taken} bytes: {read:?}");
        taken += read.unwrap();
    }
}

#[tokio::test]
async fn a_browser_that_knows_a_hub_by_its_name_is_told_to_stay_with_https() {
    let identity = Identity::new();
    let server = start(&identity).await;
    server.state.mode.end_local();
    let mut stream = shake_hands(&server, &identity.certificate).await.unwrap();
    let request = get("/health", "").replace("localhost", "hub.example.org");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = rest_of(stream).await;
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
}

#[tokio::test]
async fn a_certificate_is_renewed_while_connections_stay() {
    let mut identity = Identity::new();
    let server = start(&identity).await;
    let mut old = shake_hands(&server, &identity.certificate).await.unwrap();
    let first = identity.certificate.clone();

    // A key without its certificate, as between two writes: the old ones stay in use, through two
    // looks at the files.
    fs::write(identity.folder.path().join("cert.pem"), "nonsense").unwrap();
    let looked_at_twice = Instant::now() + Duration::from_secs(5);
    while Instant::now() < looked_at_twice {
        assert!(shake_hands(&server, &first).await.is_ok(), "the old certificate is not used");
        sleep(Duration::from_millis(100)).await;
    }
    identity.renew();
    let deadline = Instant::now() + PATIENCE;
    while shake_hands(&server, &identity.certificate).await.is_err() {
        assert!(Instant::now() < deadline, "the new certificate is not used");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(shake_hands(&server, &first).await.is_err(), "the old one is no longer");
    old.write_all(get("/health", "").as_bytes()).await.unwrap();
    assert!(rest_of(old).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn prometheus_is_told_when_a_renewed_certificate_ends() {
    let mut identity = Identity::new();
    let server = start(&identity).await;
    let end = |year: i32| {
        let mut parameters = CertificateParams::new(["localhost".to_owned()]).unwrap();
        parameters.not_after = date_time_ymd(year, 1, 2);
        parameters
    };
    for (year, seconds) in [(2031, 1_925_078_400), (2001, 978_393_600)] {
        identity.certificate = write_from(identity.folder.path(), end(year));
        let line = format!("colloquy_tls_certificate_end_timestamp_seconds {seconds}\n");
        let deadline = Instant::now() + PATIENCE;
        while !metrics::recorder().render().contains(&line) {
            assert!(Instant::now() < deadline, "{year}");
            sleep(Duration::from_millis(50)).await;
        }
    }
    assert!(shake_hands(&server, &identity.certificate).await.is_err(), "it has ended");
}

#[tokio::test]
async fn who_says_nothing_or_speaks_without_tls_is_cut() {
    let identity = Identity::new();
    let server = Server::start_with(|settings| {
        identity.configure(settings);
        settings.header_timeout = Duration::from_millis(300);
    })
    .await;
    assert_eq!(rest_of(connect(&server).await).await, "");
    assert_eq!(limited("header_time"), 1);
    let mut stream = connect(&server).await;
    stream.write_all(get("/health", "").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = timeout(PATIENCE, read).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"));
}

#[tokio::test]
async fn a_hub_without_a_usable_certificate_says_what_is_wrong() {
    let identity = Identity::new();
    let mut settings = Settings::default();
    identity.configure(&mut settings);
    let error = async || {
        let error = colloquy_server::tls::check(&settings).await.err();
        error.map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(error().await, "");
    let other = Identity::new();
    let (own_key, other_key) =
        (identity.folder.path().join("key.pem"), other.folder.path().join("key.pem"));
    fs::copy(other_key, &own_key).unwrap();
    assert!(error().await.contains("key.pem"), "{}", error().await);
    fs::write(&own_key, "nonsense").unwrap();
    assert!(error().await.starts_with(&*own_key.to_string_lossy()), "{}", error().await);
    fs::remove_file(&own_key).unwrap();
    assert!(error().await.starts_with(&*own_key.to_string_lossy()), "{}", error().await);
}
