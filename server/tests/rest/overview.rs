use colloquy_client::{
    protocol::{
        model::{AgentCounts, AgentStatus, ConnectionCounts, LogSpan, Overview},
        request::{NewMessage, StatusChange},
        time::Timestamp,
    },
    raw::RawSocket,
};
use serde_json::json;

use crate::support::{Server, agent, chat};

async fn overview(server: &Server) -> Overview {
    server.client().overview().await.unwrap().value
}

#[tokio::test]
async fn an_empty_hub_has_nothing_to_count() {
    let before = Timestamp::now();
    let server = Server::start().await;
    let seen = server.client().overview().await.unwrap();
    assert_eq!(seen.position.offset, 0);
    let Overview { started_at, database_bytes, version, url, .. } = seen.value.clone();
    assert!(before <= started_at && started_at <= Timestamp::now());
    assert!(database_bytes > 0);
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert_eq!(url, server.state.settings.url());
    let nothing = json!({
        "agents": {"total": 0, "idle": 0, "working": 0, "waiting": 0, "error": 0, "offline": 0},
        "chats": 0,
        "collections": 0,
        "messages": 0,
        "events": {"first": null, "last": null, "count": 0},
        "connections": {"total": 0, "behind": 0},
        "url": url,
        "version": version,
        "startedAt": started_at,
        "databaseBytes": database_bytes,
    });
    assert_eq!(json!(seen.value), nothing);
}

#[tokio::test]
async fn everything_is_counted_at_one_position() {
    let server = Server::start().await;
    let client = server.client();
    for (id, status) in [
        ("a", AgentStatus::Idle),
        ("b", AgentStatus::Working),
        ("c", AgentStatus::Working),
        ("d", AgentStatus::Waiting),
        ("e", AgentStatus::Error),
    ] {
        let change = StatusChange { status, status_detail: None };
        client.set_agent_status(&agent(&server, id).await.id, &change).await.unwrap();
    }
    agent(&server, "f").await;
    let chat = chat(&server, "talk").await.id;
    let said = NewMessage { content: "Hello.".to_owned(), ..NewMessage::default() };
    client.send_message(&chat, &said).await.unwrap();
    client.send_message(&chat, &said).await.unwrap();

    let seen = client.overview().await.unwrap();
    let agents = AgentCounts { total: 6, idle: 1, working: 2, waiting: 1, error: 1, offline: 1 };
    assert_eq!(seen.value.agents, agents);
    assert_eq!((seen.value.chats, seen.value.collections, seen.value.messages), (1, 0, 2));
    assert_eq!(seen.value.events, LogSpan { first: Some(1), last: Some(14), count: 14 });
    assert_eq!(seen.position.offset, 14);
    assert_eq!(seen.position.epoch, server.state.hub.position().epoch);
}

#[tokio::test]
async fn the_log_is_counted_from_the_oldest_event_that_is_kept() {
    let server = Server::start().await;
    for number in 0..5 {
        agent(&server, &format!("a{number}")).await;
    }
    let data = server.stop().await;
    let server = Server::start_in(data, |settings| settings.retention_events = 2).await;
    let kept = loop {
        match overview(&server).await.events {
            all if all.count == 5 => tokio::task::yield_now().await,
            kept => break kept,
        }
    };
    assert_eq!(kept, LogSpan { first: Some(4), last: Some(5), count: 2 });
}

#[tokio::test]
async fn a_connection_more_than_100_events_behind_is_counted_as_such() {
    let server = Server::start().await;
    // Before it is ready, a connection stays where the log was when it came.
    let mut socket = RawSocket::connect(&server.client()).await.unwrap();
    socket.next().await.unwrap();
    let chat = chat(&server, "talk").await.id;
    for number in 2..=101 {
        let behind = ConnectionCounts { total: 1, behind: 0 };
        assert_eq!(overview(&server).await.connections, behind, "{number}");
        let said = NewMessage { content: number.to_string(), ..NewMessage::default() };
        server.client().send_message(&chat, &said).await.unwrap();
    }
    let behind = ConnectionCounts { total: 1, behind: 1 };
    assert_eq!(overview(&server).await.connections, behind);
}
