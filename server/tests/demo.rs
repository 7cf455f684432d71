//! `colloquy demo` on a running hub, as a newcomer would watch it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

#[path = "support/mod.rs"]
mod support;

use std::{
    collections::HashSet,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use colloquy_client::{
    Client,
    live::Notices,
    protocol::{
        access::Scope,
        event::server::ChatMessageCreated,
        model::{AgentStatus, Message},
        request::{NewAgent, NewMessage},
        session::Notice,
        topic::{Kind, Topic},
    },
};
use colloquy_server::{
    AppState,
    access::Caller,
    serve,
    service::Change,
    settings::{Auth, Settings},
};
use rcgen::generate_simple_self_signed;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::Command as Started,
    time::timeout,
};

use support::{Server, free_port, token_of};

/// How long the three may take for a task or an answer.
const PATIENCE: Duration = Duration::from_secs(60);

async fn next_message(notices: &mut Notices) -> Message {
    let next = async {
        loop {
            match notices.recv().await {
                Some(Notice::Event(frame)) => {
                    if let Some(created) = frame.payload_of::<ChatMessageCreated>() {
                        return created.unwrap().message;
                    }
                }
                Some(_) => {}
                None => panic!("the live connection ended"),
            }
        }
    };
    timeout(PATIENCE, next).await.unwrap()
}

#[tokio::test]
async fn three_agents_wait_for_the_hub_work_together_and_answer_people() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut demo = Started::from(Command::new(env!("CARGO_BIN_EXE_colloquy")))
        .args(["demo", "--url", &format!("http://{address}")])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    assert!(line.contains(&format!("No hub answers at http://{address}")), "{line}");

    let data = TempDir::new().unwrap();
    let settings = Settings { data_dir: data.path().to_owned(), ..Settings::default() };
    let state = AppState::open(settings).await.unwrap();
    let listener = TcpListener::bind(&address).await.unwrap();
    tokio::spawn(serve(listener, state, std::future::pending()));
    let client = Client::new(&format!("http://{address}")).unwrap();
    let (live, mut notices) = client.live();
    live.subscribe(Topic::All(Kind::Chat), None).await;

    let mut speakers = HashSet::new();
    let chat = loop {
        let message = next_message(&mut notices).await;
        speakers.insert(message.sender_id.to_string());
        if speakers.len() == 3 {
            break message.chat_id;
        }
    };
    let expected = ["demo-planner", "demo-worker", "demo-critic"].map(str::to_owned);
    assert_eq!(speakers, HashSet::from(expected));

    let question = NewMessage { content: "How far are you?".to_owned(), ..NewMessage::default() };
    let question = client.send_message(&chat, &question).await.unwrap();
    let answer = loop {
        let message = next_message(&mut notices).await;
        if message.reply_to.as_ref() == Some(&question.id) {
            break message;
        }
    };
    assert_eq!(answer.sender_id.as_str(), "demo-planner");
    let receipts = client.receipts(&question.id).await.unwrap().value.items;
    let read = receipts.iter().find(|receipt| receipt.principal_id == answer.sender_id).unwrap();
    assert!(read.read_at.is_some());

    // One that is deleted is made again, with the others.
    client.delete_agent(&"demo-critic".parse().unwrap()).await.unwrap();
    while next_message(&mut notices).await.sender_id.as_str() != "demo-critic" {}

    kill_process(Pid::from_raw(demo.id().unwrap().cast_signed()).unwrap(), Signal::INT).unwrap();
    assert_eq!(timeout(PATIENCE, demo.wait()).await.unwrap().unwrap().code(), Some(0));
    let agents = client.agents().await.unwrap().value.items;
    assert_eq!(agents.len(), 3);
    for agent in agents {
        assert_eq!(agent.status, AgentStatus::Offline, "{}", agent.name);
    }
}

/// It would wait for ever: a certificate does not become another one.
#[tokio::test]
async fn a_hub_that_is_not_trusted_is_not_waited_for() {
    let folder = TempDir::new().unwrap();
    let [hubs, others] = ["hubs", "others"].map(|name| {
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let [cert, key] = ["cert", "key"].map(|what| folder.path().join(format!("{name}.{what}")));
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (cert, key)
    });
    let server = Server::start_with(|settings| {
        settings.tls_cert = Some(hubs.0.clone());
        settings.tls_key = Some(hubs.1);
    })
    .await;
    let (_, port) = server.url.rsplit_once(':').unwrap();
    let demo = |scheme: &str, trusted: &Path| {
        let mut demo = Started::from(Command::new(env!("CARGO_BIN_EXE_colloquy")));
        demo.args(["demo", "--url", &format!("{scheme}://localhost:{port}")])
            .env("SSL_CERT_FILE", trusted)
            .env_remove("SSL_CERT_DIR")
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        demo
    };
    let refused = timeout(PATIENCE, demo("https", &others.0).output()).await.unwrap().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("is not trusted") && said.contains("SSL_CERT_FILE"), "{said}");

    for (scheme, told) in [("https", "Three agents are at work"), ("http", "over TLS only")] {
        let mut waiting = demo(scheme, &hubs.0).spawn().unwrap();
        let mut lines = BufReader::new(waiting.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        assert!(line.contains(told), "{line}");
    }
}

#[tokio::test]
async fn where_people_sign_in_each_of_the_three_has_a_token() {
    let server = Server::start_with(|settings| settings.auth = Auth::Required).await;
    let mut tokens = Vec::new();
    for agent in ["demo-critic", "demo-worker", "demo-planner"] {
        let id = Some(agent.parse().unwrap());
        let new = NewAgent { id, name: agent.to_owned(), ..NewAgent::default() };
        server.state.services.create_agent(Change::by(Caller::control()), new).await.unwrap();
        tokens.push(token_of(&server, agent, Some(Scope::ALL.to_vec())).await.secret);
    }
    let client = server.client().with_token(&tokens[0]);
    let (live, mut notices) = client.live();
    live.subscribe(Topic::All(Kind::Chat), None).await;

    let demo = |tokens: &[String]| {
        let mut demo = Started::from(Command::new(env!("CARGO_BIN_EXE_colloquy")));
        demo.args(["demo", "--url", &server.url])
            .env("COLLOQUY_TOKEN", tokens.join(","))
            .kill_on_drop(true);
        demo
    };
    let two = demo(&tokens[..2]).output().await.unwrap();
    let said = String::from_utf8(two.stderr).unwrap();
    assert!(two.status.code() == Some(1) && said.contains("agent demo-planner"), "{said}");

    let mut playing = demo(&tokens).spawn().unwrap();
    assert_eq!(next_message(&mut notices).await.sender_id.as_str(), "demo-planner");
    kill_process(Pid::from_raw(playing.id().unwrap().cast_signed()).unwrap(), Signal::INT).unwrap();
    assert_eq!(timeout(PATIENCE, playing.wait()).await.unwrap().unwrap().code(), Some(0));
}
