//! The `colloquy` executable, as a shell sees it.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

#[path = "../support/mod.rs"]
mod support;

mod examples;
mod folder;
mod people;
mod settings;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixDatagram,
    },
    process::Command,
};

use colloquy_client::{
    Method,
    protocol::request::NewAgent,
    raw::{RawError, RawSocket},
};
use futures_util::{SinkExt, StreamExt};
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::UnixStream, time::timeout};
use tokio_tungstenite::{client_async, tungstenite::Message};

use support::process::{
    COLLOQUY, PATIENCE, Process, colloquy, in_folder, printed, serve_on_any_port, stderr,
};

#[tokio::test]
async fn says_first_where_it_is_and_is_there() {
    let folder = TempDir::new().unwrap();
    let mut server = serve_on_any_port(folder.path());
    let mut more = String::new();
    server.output.read_line(&mut more).unwrap();
    assert!(more.contains(&format!("{}/demo/websocket", server.url)), "{more}");
    more.clear();
    server.output.read_line(&mut more).unwrap();
    assert!(more.contains(&format!("{}/docs", server.url)), "{more}");
    server.client().agents().await.unwrap();
    assert!(folder.path().join("data").is_dir());
}

#[tokio::test]
async fn serves_without_a_subcommand_where_leptos_says() {
    let folder = TempDir::new().unwrap();
    let server = Process::start(colloquy(folder.path()).env("LEPTOS_SITE_ADDR", "127.0.0.1:0"));
    assert_ne!(server.url, "http://127.0.0.1:3000");
    server.client().agents().await.unwrap();
}

#[test]
fn systemd_is_told_when_it_is_open_and_when_it_stops() {
    let folder = TempDir::new().unwrap();
    let address = folder.path().join("notify");
    let systemd = UnixDatagram::bind(&address).unwrap();
    systemd.set_read_timeout(Some(PATIENCE)).unwrap();
    let hears = |state: &str| {
        let mut message = [0; 100];
        let length = systemd.recv(&mut message).unwrap();
        assert_eq!(str::from_utf8(&message[..length]).unwrap().trim(), state);
    };
    let mut command = colloquy(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", &address);
    let mut server = Process::start(&mut command);
    hears("READY=1");
    // Who cannot start says nothing.
    assert!(!command.output().unwrap().status.success());
    server.signal(Signal::TERM);
    hears("STOPPING=1");
    assert!(server.wait().success());
}

#[test]
fn a_killed_server_leaves_nothing_in_the_way() {
    let folder = TempDir::new().unwrap();
    let mut server = serve_on_any_port(folder.path());
    server.signal(Signal::KILL);
    server.wait();
    assert!(folder.path().join("data/control.sock").exists());
    let _next = serve_on_any_port(folder.path());
    let told = colloquy(folder.path()).args(["notify", "Back again"]).output().unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
}

/// Killed amid a burst of writes, it has lost nothing that it acknowledged, and goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_everything_that_it_acknowledged() {
    let folder = TempDir::new().unwrap();
    let mut server = serve_on_any_port(folder.path());
    let start = server.client().agents().await.unwrap().position;
    let (done, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
    for writer in 0..8 {
        let (client, done) = (server.client(), done.clone());
        tokio::spawn(async move {
            for step in 0.. {
                let name = format!("{writer}-{step}");
                let id = Some(name.parse().unwrap());
                let new = NewAgent { id, name, ..NewAgent::default() };
                // The first failure is the end of the server.
                let Ok(agent) = client.create_agent(&new).await else { return };
                done.send(agent).unwrap();
            }
        });
    }
    drop(done);
    let mut agents = Vec::new();
    while agents.len() < 200 {
        agents.push(acknowledged.recv().await.unwrap());
    }
    server.signal(Signal::KILL);
    server.wait();
    while let Some(agent) = acknowledged.recv().await {
        agents.push(agent);
    }

    let server = serve_on_any_port(folder.path());
    for agent in &agents {
        assert_eq!(server.client().agent(&agent.id).await.unwrap().value, *agent);
    }
    let mut socket = RawSocket::connect(&server.client()).await.unwrap();
    let welcome = socket.next().await.unwrap();
    assert_eq!(welcome["payload"]["epoch"], json!(start.epoch));
    let head = welcome["payload"]["offset"].as_u64().unwrap();
    assert!(head >= agents.len() as u64);
    socket.request("subscribe:agent", json!("*")).await.unwrap();
    let ready = socket.request("client:ready", json!({ "since": start })).await.unwrap();
    assert_eq!(ready["ok"]["recovered"], true);
    for offset in 1..=head {
        assert_eq!(socket.next().await.unwrap()["offset"], json!(offset));
    }
}

/// There are as many places as the system allows, and sockets leave some of them.
#[tokio::test]
async fn where_few_files_may_be_open_the_hub_can_still_be_asked() {
    let folder = TempDir::new().unwrap();
    let mut shell = in_folder(Command::new("sh"), folder.path());
    shell.args(["-c", "ulimit -n 140 && exec \"$0\" serve --listen 127.0.0.1:0", COLLOQUY]);
    let server = Process::start(&mut shell);
    let client = server.client();
    let mut sockets = Vec::new();
    let refused = loop {
        match RawSocket::connect(&client).await {
            Ok(socket) => sockets.push(socket),
            Err(error) => break error.to_string(),
        }
    };
    assert!(refused.contains("503"), "{refused}");
    assert_eq!(sockets.len(), 38, "of 40 places");
    assert!(client.request(Method::GET, "/health").send().await.unwrap().status().is_success());
}

#[test]
fn an_address_that_is_in_use_is_named() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = colloquy(folder.path()).args(["--listen", &address]).output().unwrap();
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains(&format!("{address} is in use")), "{error}");
}

#[tokio::test]
async fn a_signal_ends_it_in_good_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = TempDir::new().unwrap();
        let mut server = serve_on_any_port(folder.path());
        let mut sockets = Vec::new();
        for _ in 0..3 {
            let mut socket = RawSocket::connect(&server.client()).await.unwrap();
            socket.next().await.unwrap();
            sockets.push(socket);
        }
        sockets[0].request("client:ready", json!(null)).await.unwrap();
        server.signal(signal);
        for mut socket in sockets {
            match socket.next().await {
                Err(RawError::Closed { code, .. }) => assert_eq!(code, Some(1001)),
                other => panic!("not closed: {other:?}"),
            }
        }
        assert_eq!(server.wait().code(), Some(0));
        assert!(!folder.path().join("data/control.sock").exists());
    }
}

/// A hub that nobody started in a terminal has none that could end.
#[tokio::test]
async fn a_stray_hangup_ends_nothing() {
    let folder = TempDir::new().unwrap();
    let mut server = serve_on_any_port(folder.path());
    server.signal(Signal::HUP);
    server.signal(Signal::HUP);
    server.client().agents().await.unwrap();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    let mut log = String::new();
    server.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("SIGHUP changes nothing"), "{log}");
}

/// Where it is can be read in the log, too.
#[test]
fn who_cannot_be_told_where_it_is_is_served() {
    let folder = TempDir::new().unwrap();
    drop(serve_on_any_port(folder.path()));
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let mut serve = colloquy(folder.path());
    let mut server = serve.args(["serve", "--listen=127.0.0.1:0"]).stdout(full()).spawn().unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
    assert!(log.by_ref().any(|line| line.unwrap().contains("standard output")));
    assert!(log.any(|line| line.unwrap().contains("The hub is open")));
    server.kill().unwrap();
    server.wait().unwrap();

    let list = ["user", "list", "--json"];
    let untold = colloquy(folder.path()).args(list).stdout(full()).output().unwrap();
    assert_eq!(untold.status.code(), Some(1));
    assert!(stderr(&untold).contains("standard output cannot be written to"));
    let mut unread = colloquy(folder.path()).args(list).spawn().unwrap();
    drop(unread.stdout.take());
    let unread = unread.wait_with_output().unwrap();
    assert_eq!((unread.status.code(), stderr(&unread).as_str()), (Some(0), ""));
}

/// The control socket serves everything that the port does, WebSockets too.
#[tokio::test]
async fn who_owns_the_folder_may_listen_at_its_socket() {
    let folder = TempDir::new().unwrap();
    let _server = serve_on_any_port(folder.path());
    let stream = UnixStream::connect(folder.path().join("data/control.sock")).await.unwrap();
    let (mut socket, _) = client_async("ws://localhost/ws", stream).await.unwrap();
    let ready = json!({ "event": "client:ready", "id": 1 });
    socket.send(Message::text(ready.to_string())).await.unwrap();
    let mut next = async || {
        let message = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
        message.to_text().unwrap().to_owned()
    };
    assert!(next().await.contains("hub:welcome"));
    assert!(next().await.starts_with(r#"{"reply":1,"ok""#));
    let told = colloquy(folder.path()).args(["notify", "Hello"]).output().unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    assert!(next().await.contains("system:notification"));
}

#[tokio::test]
async fn notify_goes_through_the_server_that_runs() {
    let folder = TempDir::new().unwrap();
    let server = serve_on_any_port(folder.path());
    let socket_file = folder.path().join("data/control.sock").metadata().unwrap();
    assert!(socket_file.file_type().is_socket());
    assert_eq!(socket_file.permissions().mode() & 0o777, 0o600);

    let mut socket = RawSocket::connect(&server.client()).await.unwrap();
    socket.next().await.unwrap();
    socket.request("client:ready", json!(null)).await.unwrap();
    let told = colloquy(folder.path())
        .args(["notify", "--type", "warning", "Disk is full", "--details", r#"{"free": 0}"#])
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    let event = socket.next().await.unwrap();
    assert_eq!(event["event"], "system:notification");
    assert_eq!(event["payload"]["type"], "warning");
    assert_eq!(event["payload"]["message"], "Disk is full");
    assert_eq!(event["payload"]["details"], json!({ "free": 0 }));
    let printed: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(printed, event["payload"]);
}

#[tokio::test]
async fn notify_needs_no_server() {
    let folder = TempDir::new().unwrap();
    drop(serve_on_any_port(folder.path()));
    let told = colloquy(folder.path()).args(["notify", "Back soon"]).output().unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    let server = serve_on_any_port(folder.path());
    let events = server.client().events().await.unwrap().value.items;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event, "system:notification");
    assert_eq!(events[0].payload["message"], "Back soon");
    assert_eq!(events[0].actor_id.as_str(), "local");
}

/// How long the log is kept is the server's to say: a command may be given other settings.
#[tokio::test]
async fn a_command_leaves_the_log_as_long_as_it_is() {
    let folder = TempDir::new().unwrap();
    let server = serve_on_any_port(folder.path());
    for name in ["a", "b", "c"] {
        let new = NewAgent { name: name.to_owned(), ..NewAgent::default() };
        server.client().create_agent(&new).await.unwrap();
    }
    drop(server);
    printed(folder.path(), &["user", "list", "--retention-events=1"]);
    printed(folder.path(), &["notify", "Back soon", "--retention-events=1"]);
    let server = serve_on_any_port(folder.path());
    let events = server.client().events().await.unwrap().value.items;
    assert_eq!(events.len(), 4, "three agents and a notification: {events:?}");
}

#[test]
fn a_refusal_is_told() {
    let folder = TempDir::new().unwrap();
    drop(serve_on_any_port(folder.path()));
    let told = colloquy(folder.path()).args(["notify", ""]).output().unwrap();
    assert_eq!(told.status.code(), Some(1));
    assert!(stderr(&told).contains("message"), "{}", stderr(&told));
}

/// Lets a server write files up to that size only; none: as large as it likes.
fn limit_files(server: &Process, bytes: Option<u64>) {
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(Some(Pid::from_child(&server.process)), Resource::Fsize, limit).unwrap();
}

#[tokio::test]
async fn a_disk_that_fails_is_told_and_gone_on_from() {
    let folder = TempDir::new().unwrap();
    // Writing more than the limit is an error then, and not the end.
    let mut shell = in_folder(Command::new("sh"), folder.path());
    shell.args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#, COLLOQUY]);
    let mut server = Process::start(shell.args(["serve", "--listen", "127.0.0.1:0"]));
    let client = server.client();
    let create = |name: &'static str| {
        let call = client.request(Method::POST, "/api/v1/agents");
        call.json(&json!({ "id": name, "name": name })).send()
    };
    let mut socket = RawSocket::connect(&client).await.unwrap();
    socket.request("subscribe:agent", json!("*")).await.unwrap();
    socket.request("client:ready", json!(null)).await.unwrap();
    assert_eq!(create("before").await.unwrap().status(), 201);

    limit_files(&server, Some(1));
    for name in ["during", "during-too"] {
        let refused = create(name).await.unwrap();
        assert_eq!(refused.status(), 503);
        assert!(refused.headers().contains_key("retry-after"));
        assert!(refused.text().await.unwrap().contains("disk"));
    }
    let page = client.request(Method::GET, "/api/v1/agents").send().await.unwrap();
    assert_eq!(ids(page.json().await.unwrap()), ["before"]);

    limit_files(&server, None);
    assert_eq!(create("after").await.unwrap().status(), 201);
    for (id, offset) in [("before", 1), ("after", 2)] {
        let event = loop {
            let message = socket.next().await.unwrap();
            if message["event"] == "agent:created" {
                break message;
            }
        };
        assert_eq!((&event["payload"]["agentId"], &event["offset"]), (&json!(id), &json!(offset)));
    }

    server.signal(Signal::KILL);
    server.wait();
    let server = serve_on_any_port(folder.path());
    let page = server.client().request(Method::GET, "/api/v1/agents").send().await.unwrap();
    assert_eq!(ids(page.json().await.unwrap()), ["after", "before"]);
}

/// The ids of a page, sorted.
fn ids(page: Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    let mut ids: Vec<String> =
        items.iter().map(|item| item["id"].as_str().unwrap().into()).collect();
    ids.sort();
    ids
}
