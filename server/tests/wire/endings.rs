//! How connections end, and whom that concerns.

use std::time::Duration;

use colloquy_client::{
    protocol::request::NewMessage,
    raw::{PATIENCE, RawError},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    Peer,
    support::{Server, agent, chat, database, hello},
};

#[tokio::test]
async fn who_says_that_it_disconnects_is_closed() {
    let server = Server::start().await;
    let mut peer = Peer::connect(&server.client()).await;
    peer.ok("client:disconnect", Value::Null).await;
    assert_eq!(peer.closed().await, Some(1000));
    let mut peer = Peer::connect(&server.client()).await;
    peer.socket.send(&json!({ "event": "client:disconnect" })).await.unwrap();
    assert_eq!(peer.closed().await, Some(1000));
}

#[tokio::test]
async fn a_message_of_more_than_64_kib_is_told_to_be_too_big() {
    let server = Server::start().await;
    for bytes in [64 * 1024 + 1, 1024 * 1024] {
        let mut peer = Peer::connect(&server.client()).await;
        peer.socket.send_text("x".repeat(bytes)).await.unwrap();
        assert_eq!(peer.closed().await, Some(1009), "{bytes}");
    }
    let mut peer = Peer::connect(&server.client()).await;
    peer.socket.send_text(" ".repeat(64 * 1024)).await.unwrap();
    assert_eq!(peer.next().await["event"], "hub:error", "as much as may be");
}

#[tokio::test]
async fn stopping_closes_everybody_as_going_away() {
    let server = Server::start().await;
    let mut peers = Vec::new();
    for _ in 0..10 {
        peers.push(Peer::ready(&server.client(), &["agent:*"]).await);
    }
    let stopped = tokio::spawn(server.stop());
    for peer in &mut peers {
        assert_eq!(peer.closed().await, Some(1001));
    }
    stopped.await.unwrap();
}

#[tokio::test]
async fn an_operator_can_close_a_connection() {
    let server = Server::start().await;
    let mut peer = Peer::connect(&server.client()).await;
    let id = peer.welcome["connectionId"].as_str().unwrap().parse().unwrap();
    server.client().close_connection(&id).await.unwrap();
    assert_eq!(peer.closed().await, Some(4004));
    assert!(server.client().close_connection(&id).await.is_err(), "there is none any more");
}

/// In local mode, too: whoever acted as an agent does not become the next one of that id.
#[tokio::test]
async fn who_acts_as_an_agent_goes_with_it() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let mut acting = Peer::connect(&server.client().act_as(ada.id.clone())).await;
    let mut watching = Peer::ready(&server.client(), &["agent:*"]).await;
    server.client().delete_agent(&ada.id).await.unwrap();
    assert_eq!(acting.closed().await, Some(4001));
    assert_eq!(watching.next().await["event"], "agent:deleted");
}

/// Who was promised what then cannot be read is closed, and may come back.
#[tokio::test]
async fn a_log_that_can_not_be_read_closes_as_failed() {
    let server = Server::start_with(|set| set.recent_bytes = 0).await;
    agent(&server, "ada").await;
    let mut peer = Peer::connect(&server.client()).await;
    peer.subscribe("agent:*").await;
    let elsewhere = "ALTER TABLE events RENAME TO elsewhere";
    sqlx::query(elsewhere).execute(&mut database(&server).await).await.unwrap();
    let since = crate::position(&peer, 0);
    assert_eq!(peer.ok("client:ready", json!({ "since": since })).await["recovered"], true);
    assert_eq!(peer.closed().await, Some(1011));
}

/// Who does not even answer pings is taken for gone; who answers them may be quiet for ever.
#[tokio::test]
async fn the_silent_are_closed_and_the_quiet_are_not() {
    let server = Server::start_with(|set| set.heartbeat = Duration::from_secs(1)).await;
    let mut quiet = Peer::connect(&server.client()).await;
    let mut silent = shake_hands(&server).await;
    let quiet_meanwhile = async {
        loop {
            assert_eq!(quiet.socket.next().await.unwrap()["event"], "hub:heartbeat");
        }
    };
    tokio::select! {
        said = rest_of(&mut silent) => assert!(is_closed_with(&said, 4003)),
        () = quiet_meanwhile => {}
    }
    let left = server.state.hub.connections(0, |_| true).collect::<Vec<_>>();
    assert_eq!(left.len(), 1);
    assert_eq!(json!(left[0].id), quiet.welcome["connectionId"]);
}

/// Who is closed as slow has time to read why, but nobody stops later because of that.
#[tokio::test]
async fn stopping_does_not_wait_for_who_was_too_slow() {
    const LONG: Duration = Duration::from_secs(3_600);
    let server = Server::start_with(|set| {
        set.queue_messages = 8;
        (set.heartbeat, set.shutdown_timeout) = (LONG, LONG);
    })
    .await;
    let client = server.client();
    let chat = chat(&server, "c").await;
    let _slow = Peer::ready(&client, &["chat:c"]).await;
    let new = NewMessage { content: "x".repeat(60_000), ..NewMessage::default() };
    while server.state.hub.connection_counts().total != 0 {
        client.send_message(&chat.id, &new).await.unwrap();
    }
    timeout(PATIENCE, server.stop()).await.unwrap();
}

/// Who stops reading is closed when its queue is full; nobody else waits, and it can resume.
#[tokio::test]
async fn the_slow_are_closed_alone_and_can_resume() {
    let server = Server::start_with(|set| {
        set.queue_messages = 8;
        // No ping comes between: who answers one after the hub has gone loses what it has not read.
        set.heartbeat = Duration::from_secs(60);
    })
    .await;
    let client = server.client();
    let chat = chat(&server, "c").await;
    let mut slow = Peer::ready(&client, &["chat:c"]).await;
    let mut swift = Peer::ready(&client, &["chat:c"]).await;
    let new = NewMessage { content: "x".repeat(60_000), ..NewMessage::default() };
    // Far more than a socket's buffers hold (some 10 MB), so its queue must run full.
    let sent = 500;
    for _ in 0..sent {
        client.send_message(&chat.id, &new).await.unwrap();
        assert_eq!(swift.next().await["event"], "chat:messageCreated");
    }
    let mut last = 0;
    let code = loop {
        match slow.socket.next().await {
            Ok(message) => last = message["offset"].as_u64().unwrap_or(last),
            Err(RawError::Closed { code, .. }) => break code,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(code, Some(4000));
    let mut again = Peer::connect(&client).await;
    again.subscribe("chat:c").await;
    let since = crate::position(&again, last);
    let ready = again.ok("client:ready", json!({ "since": since })).await;
    assert_eq!(ready["recovered"], true);
    let missed = crate::offsets(&again.events().await);
    assert_eq!(missed, (last + 1..=sent + 1).collect::<Vec<_>>());
}

/// Who does not speak WebSocket is told so, and not only cut off.
#[tokio::test]
async fn breaking_the_protocol_has_codes_of_its_own() {
    let server = Server::start().await;
    // A text that is not UTF-8, and a frame with an opcode that nobody has defined; masked with 0.
    for (frame, code) in
        [([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007), ([0x83, 0x82, 0, 0, 0, 0, 1, 2], 1002)]
    {
        let mut socket = shake_hands(&server).await;
        socket.write_all(&frame).await.unwrap();
        assert!(is_closed_with(&rest_of(&mut socket).await, code), "{code}");
    }
}

/// A ping comes back with what it carried, and so does a close frame's code; nobody waits for more.
#[tokio::test]
async fn pings_and_close_frames_are_answered() {
    let server = Server::start().await;
    let mut socket = shake_hands(&server).await;
    // Masked with 0.
    socket.write_all(&[0x89, 0x82, 0, 0, 0, 0, b'h', b'i']).await.unwrap();
    socket.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x0f, 0xa1]).await.unwrap();
    let said = rest_of(&mut socket).await;
    assert!(said.ends_with(&[0x8a, 2, b'h', b'i', 0x88, 2, 0x0f, 0xa1]), "{said:?}");
}

/// A WebSocket that does nothing by itself, not even answer pings.
async fn shake_hands(server: &Server) -> TcpStream {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(hello("").as_bytes()).await.unwrap();
    socket
}

/// All that comes until the hub hangs up.
async fn rest_of(socket: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    socket.read_to_end(&mut said).await.unwrap();
    said
}

/// Whether a close frame with that code is in it.
fn is_closed_with(said: &[u8], code: u16) -> bool {
    let [high, low] = code.to_be_bytes();
    said.windows(4).any(|bytes| bytes[0] == 0x88 && bytes[2..] == [high, low])
}
