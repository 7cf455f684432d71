//! The live connection against a hub that says exactly what the test wants.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

use std::time::Duration;

use colloquy_client::{
    Client,
    live::{NOTICES, Notices},
    protocol::{
        close::CloseCode,
        event::Acknowledgement,
        position::Position,
        session::{Ended, Notice, RequestError, State},
        topic::Topic,
    },
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{Message, protocol::CloseFrame},
};

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn comes_back_and_misses_nothing() {
    let hub = Hub::start().await;
    let (live, mut notices) = hub.client().live();
    live.subscribe("agent:*".parse().unwrap(), None).await;

    let mut first = hub.welcome(0).await;
    first.start(json!({ "epoch": "e", "offset": 0 })).await;
    until(&mut notices, |notice| matches!(notice, Notice::State(State::Live))).await;
    first.say(event(1)).await;
    assert_eq!(next_offset(&mut notices).await, 1);
    first.close(CloseCode::GoingAway).await;

    let mut second = hub.welcome(2).await;
    let asked = second.start(json!({ "epoch": "e", "offset": 2, "recovered": true })).await;
    assert_eq!(asked["payload"]["since"], json!({ "epoch": "e", "offset": 1 }));
    let mut replayed = event(2);
    replayed["replay"] = json!(true);
    second.say(replayed).await;
    assert_eq!(next_offset(&mut notices).await, 2);
    assert_eq!(notices.position(), Some(&Position { epoch: "e".to_owned(), offset: 2 }));
}

#[tokio::test]
async fn goes_on_from_an_earlier_run_with_its_topics() {
    let hub = Hub::start().await;
    let position = Position { epoch: "e".to_owned(), offset: 7 };
    let topic: Topic = "agent:*".parse().unwrap();
    let (_live, notices) = hub.client().live_from(position.clone(), [topic]);
    assert_eq!(notices.position(), Some(&position));

    let mut socket = hub.welcome(9).await;
    let asked = socket.hear().await;
    assert_eq!((&asked["event"], &asked["payload"]), (&json!("subscribe:agent"), &json!("*")));
    let ready = socket.hear().await;
    assert_eq!(ready["event"], "client:ready", "what is wanted is said before it");
    assert_eq!(ready["payload"]["since"], json!({ "epoch": "e", "offset": 7 }));
}

#[tokio::test]
async fn a_user_who_takes_no_notices_holds_the_hub_up_and_then_gets_everything() {
    let hub = Hub::start().await;
    let (_live, mut notices) = hub.client().live();
    let mut socket = hub.welcome(0).await;
    socket.start(json!({ "epoch": "e", "offset": 0 })).await;

    let mut last = 0;
    loop {
        last += 1;
        let mut event = event(last);
        event["payload"]["padding"] = json!("x".repeat(64 * 1024));
        if timeout(Duration::from_secs(1), socket.say(event)).await.is_err() {
            break;
        }
        assert!(last < 4 * NOTICES as u64, "nothing ever holds the hub up");
    }
    let receiving = async {
        for offset in 1..=last {
            assert_eq!(next_offset(&mut notices).await, offset);
        }
    };
    let (flushed, ()) = tokio::join!(socket.stream.flush(), receiving);
    flushed.unwrap();
}

#[tokio::test]
async fn tells_the_outcome_of_an_acknowledgement() {
    let hub = Hub::start().await;
    let (live, mut notices) = hub.client().live();
    let mut socket = hub.welcome(0).await;
    socket.start(json!({ "epoch": "e", "offset": 0 })).await;
    live.acknowledge("m".parse().unwrap(), Acknowledgement::Read).await;
    let asked = socket.hear().await;
    assert_eq!(asked["event"], "message:read");
    let error = json!({ "code": "not_found", "message": "no", "retryable": false });
    socket.say(json!({ "reply": asked["id"], "error": error })).await;
    let told = until(&mut notices, |notice| matches!(notice, Notice::Acknowledged { .. })).await;
    let refused =
        matches!(&told, Notice::Acknowledged { outcome: Err(RequestError::Refused(_)), .. });
    assert!(refused, "{told:?}");
}

#[tokio::test]
async fn disconnects_with_1000_and_connects_again_when_told() {
    let hub = Hub::start().await;
    let (live, mut notices) = hub.client().live();
    let mut socket = hub.welcome(0).await;
    socket.start(json!({ "epoch": "e", "offset": 0 })).await;
    live.disconnect().await;
    assert_eq!(socket.end().await, Some(1000));
    let ended = Notice::State(State::Closed(Ended::ByUser));
    until(&mut notices, |notice| *notice == ended).await;
    live.connect().await;
    hub.welcome(0).await.start(json!({ "epoch": "e", "offset": 0, "recovered": true })).await;
    until(&mut notices, |notice| matches!(notice, Notice::State(State::Live))).await;
}

#[tokio::test]
async fn ends_with_its_notices() {
    let hub = Hub::start().await;
    let (_live, notices) = hub.client().live();
    let mut socket = hub.welcome(0).await;
    socket.start(json!({ "epoch": "e", "offset": 0 })).await;
    drop(notices);
    assert_eq!(socket.end().await, Some(1000));
}

#[tokio::test]
async fn keeps_trying_while_there_is_no_hub() {
    let hub = Hub::start().await;
    let client = hub.client();
    drop(hub);
    let (_live, mut notices) = client.live();
    let tries =
        |notice: &Notice| matches!(notice, Notice::State(State::Waiting { attempt: 2, .. }));
    until(&mut notices, tries).await;
}

/// Listens where a hub would.
struct Hub {
    listener: TcpListener,
}

/// The hub's end of one connection.
struct Socket {
    stream: WebSocketStream<TcpStream>,
}

impl Hub {
    async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.listener.local_addr().unwrap())).unwrap()
    }

    /// Takes the next connection.
    async fn welcome(&self, offset: u64) -> Socket {
        let (stream, _) = timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        let mut socket = Socket { stream: accept_async(stream).await.unwrap() };
        let welcome = json!({
            "connectionId": "c",
            "protocol": 1,
            "epoch": "e",
            "offset": offset,
            "heartbeatSeconds": 15,
            "userId": "local",
        });
        socket.say(json!({ "event": "hub:welcome", "payload": welcome })).await;
        socket
    }
}

impl Socket {
    async fn say(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        match timeout(PATIENCE, self.stream.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("expected a message, not {other:?}"),
        }
    }

    /// Answers everything up to `client:ready` with the same, and gives that.
    async fn start(&mut self, started: Value) -> Value {
        loop {
            let asked = self.hear().await;
            self.say(json!({ "reply": asked["id"], "ok": started })).await;
            if asked["event"] == "client:ready" {
                return asked;
            }
        }
    }

    async fn close(mut self, code: CloseCode) {
        let frame = CloseFrame { code: code.code().into(), reason: "".into() };
        self.stream.close(Some(frame)).await.unwrap();
    }

    /// Waits for the client to close.
    async fn end(&mut self) -> Option<u16> {
        match timeout(PATIENCE, self.stream.next()).await.unwrap() {
            Some(Ok(Message::Close(frame))) => frame.map(|frame| frame.code.into()),
            other => panic!("expected the end, not {other:?}"),
        }
    }
}

fn event(offset: u64) -> Value {
    let timestamp = "2026-01-31T12:00:00.000Z";
    let payload = json!({ "agentId": "a", "userId": "local", "timestamp": timestamp });
    json!({ "event": "agent:deleted", "payload": payload, "offset": offset })
}

async fn until(notices: &mut Notices, wanted: impl Fn(&Notice) -> bool) -> Notice {
    loop {
        let notice = timeout(PATIENCE, notices.recv()).await.unwrap().unwrap();
        if wanted(&notice) {
            return notice;
        }
    }
}

async fn next_offset(notices: &mut Notices) -> u64 {
    match until(notices, |notice| matches!(notice, Notice::Event(_))).await {
        Notice::Event(frame) => frame.offset,
        other => panic!("{other:?}"),
    }
}
