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
    io::{AsyncReadExt, AsyncWriteExt},
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

/// However long nothing happens that it wants to hear of, another run goes on from now.
#[tokio::test]
async fn heartbeats_move_the_position() {
    let hub = Hub::start().await;
    let (_live, mut notices) = hub.client().live();
    let mut socket = hub.welcome(0).await;
    socket.start(json!({ "epoch": "e", "offset": 0 })).await;
    until(&mut notices, |notice| matches!(notice, Notice::State(State::Live))).await;
    socket.say(json!({ "event": "hub:heartbeat", "payload": { "offset": 5 } })).await;
    let reached = Position { epoch: "e".to_owned(), offset: 5 };
    let waiting = async {
        while notices.position() != Some(&reached) {
            let told = timeout(Duration::from_millis(10), notices.recv()).await;
            assert!(told.is_err(), "a heartbeat is no notice: {told:?}");
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
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

#[tokio::test]
async fn a_hub_that_does_not_let_it_in_is_not_tried_again() {
    let final_refusals =
        ["401 Unauthorized", "403 Forbidden", "422 Unprocessable Content", "426 Upgrade Required"];
    let passing = ["429 Too Many Requests", "503 Service Unavailable"];
    for status in final_refusals.into_iter().chain(passing) {
        let hub = Hub::start().await;
        let (_live, mut notices) = hub.client().live();
        hub.refuse(status).await;
        let is_decided = |notice: &Notice| {
            matches!(notice, Notice::State(State::Closed(_) | State::Waiting { .. }))
        };
        let told = until(&mut notices, is_decided).await;
        let ended = Notice::State(State::Closed(Ended::ByHub(CloseCode::Unauthorised)));
        assert_eq!(told == ended, final_refusals.contains(&status), "{status}: {told:?}");
    }
}

#[tokio::test]
async fn a_token_that_no_header_can_hold_is_not_sent_again_and_again() {
    let hub = Hub::start().await;
    let (_live, mut notices) = hub.client().with_token("clq_\n").live();
    let ended = Notice::State(State::Closed(Ended::ByHub(CloseCode::Unauthorised)));
    until(&mut notices, |notice| *notice == ended).await;
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

    /// Refuses the next handshake with that status, and waits until the client has left.
    async fn refuse(&self, status: &str) {
        let (mut stream, _) = timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        let mut asked = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut asked)).await.unwrap().unwrap();
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
