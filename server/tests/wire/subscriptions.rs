//! Subscribing, being ready, and what that leaves behind.

use colloquy_client::protocol::session::{Notice, State};
use serde_json::{Value, json};

use crate::{
    Peer, names, notify, offsets, position,
    support::{Server, agent},
    touch,
};

#[tokio::test]
async fn the_welcome_says_who_and_where() {
    let server = Server::start().await;
    agent(&server, "ada").await;
    let peer = Peer::connect(&server.client()).await;
    let position = server.state.hub.position();
    assert_eq!(peer.welcome["protocol"], 1);
    assert_eq!(peer.welcome["epoch"], json!(position.epoch));
    assert_eq!(peer.welcome["offset"], 1);
    assert_eq!(peer.welcome["heartbeatSeconds"], 15);
    assert_eq!(peer.welcome["userId"], "local");
    let id = peer.welcome["connectionId"].as_str().unwrap().parse().unwrap();
    assert!(server.state.hub.connection(&id).is_some());
}

#[tokio::test]
async fn before_ready_nothing_is_sent_or_kept() {
    let server = Server::start().await;
    let mut peer = Peer::connect(&server.client()).await;
    let ada = agent(&server, "ada").await;
    assert_eq!(peer.subscribe("agent:*").await, position(&peer, 1));
    touch(&server, &ada).await;
    assert_eq!(peer.ok("client:ready", Value::Null).await, position(&peer, 2));
    let live = touch(&server, &ada).await;
    assert_eq!(offsets(&peer.events().await), [live]);
}

#[tokio::test]
async fn a_second_ready_is_an_error_and_changes_nothing() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let mut peer = Peer::ready(&server.client(), &["agent:*"]).await;
    let since = position(&peer, 0);
    let error = peer.error("client:ready", json!({ "since": since })).await;
    assert_eq!(error["code"], "already_ready");
    assert_eq!(error["retryable"], false);
    let live = touch(&server, &ada).await;
    assert_eq!(offsets(&peer.events().await), [live]);
}

#[tokio::test]
async fn each_event_comes_once_however_many_subscriptions_cover_it() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let mut peer = Peer::ready(&server.client(), &["agent:ada", "agent:*", "agent:ada"]).await;
    let mut live = Vec::new();
    for _ in 0..5 {
        live.push(touch(&server, &ada).await);
    }
    assert_eq!(offsets(&peer.events().await), live);
}

#[tokio::test]
async fn subscribing_after_ready_begins_at_the_reply() {
    let server = Server::start().await;
    let mut peer = Peer::ready(&server.client(), &[]).await;
    let ada = agent(&server, "ada").await;
    assert_eq!(peer.subscribe("agent:ada").await, position(&peer, 1));
    let live = touch(&server, &ada).await;
    assert_eq!(peer.subscribe("agent:ada").await, position(&peer, live), "twice is ok");
    let later = touch(&server, &ada).await;
    assert_eq!(offsets(&peer.events().await), [live, later]);
}

#[tokio::test]
async fn unsubscribing_ends_it_at_the_reply() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let mut peer = Peer::ready(&server.client(), &["agent:ada"]).await;
    let live = touch(&server, &ada).await;
    peer.unsubscribe("agent:ada").await;
    peer.unsubscribe("agent:ada").await;
    peer.unsubscribe("chat:nobody-made-it").await;
    touch(&server, &ada).await;
    assert_eq!(offsets(&peer.events().await), [live]);
}

#[tokio::test]
async fn what_does_not_exist_yet_can_be_subscribed_to() {
    let server = Server::start().await;
    let mut peer = Peer::ready(&server.client(), &["agent:ada"]).await;
    agent(&server, "bob").await;
    agent(&server, "ada").await;
    let events = peer.events().await;
    assert_eq!(names(&events), ["agent:created"]);
    assert_eq!(events[0]["payload"]["agentId"], "ada");
}

#[tokio::test]
async fn heartbeats_say_up_to_where_everything_was_sent() {
    let server = Server::start_with(|set| set.heartbeat = std::time::Duration::from_secs(1)).await;
    let ada = agent(&server, "ada").await;
    let mut peer = Peer::connect(&server.client()).await;
    touch(&server, &ada).await;
    let before = peer.socket.next().await.unwrap();
    assert_eq!(before["event"], "hub:heartbeat");
    assert_eq!(before["payload"]["offset"], 1, "nothing is covered before ready");
    peer.ok("client:ready", Value::Null).await;
    let quiet = touch(&server, &ada).await;
    loop {
        let beat = peer.socket.next().await.unwrap();
        assert_eq!(beat["event"], "hub:heartbeat");
        assert_eq!(beat.get("offset"), None, "it is not an event");
        if beat["payload"]["offset"] == json!(quiet) {
            break;
        }
    }
}

/// What `/metrics` says of these.
async fn metrics<const N: usize>(server: &Server, names: [&str; N]) -> [u64; N] {
    let call = server.client().request("GET".parse().unwrap(), "/metrics");
    let text = call.send().await.unwrap().text().await.unwrap();
    names.map(|name| {
        let number = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        text.lines().find_map(number).unwrap_or_default()
    })
}

/// How many connections and subscriptions there are.
async fn gauges(server: &Server) -> [u64; 2] {
    metrics(server, ["colloquy_connections", "colloquy_subscriptions"]).await
}

#[tokio::test]
async fn a_connection_is_listed_while_it_lasts_and_leaves_nothing_behind() {
    let server = Server::start().await;
    let client = server.client();
    let mut peer = Peer::ready(&client, &["chat:*", "agent:ada"]).await;
    let listed = client.connections().await.unwrap().value.items;
    assert_eq!(listed.len(), 1);
    let topics: Vec<String> = listed[0].subscriptions.iter().map(ToString::to_string).collect();
    assert_eq!(topics, ["agent:ada", "chat:*"]);
    assert!(listed[0].ready);
    assert_eq!(listed[0].user_id.as_str(), "local");
    assert_eq!(listed[0].behind, 0);
    assert_eq!(gauges(&server).await, [1, 2]);
    peer.socket.close(1000).await.unwrap();
    // The hub lets go of it when its task has ended, for which no reply waits.
    while gauges(&server).await != [0, 0] {}
    assert_eq!(client.connections().await.unwrap().value.items, []);
}

#[tokio::test]
async fn deliveries_are_counted_and_how_long_they_took() {
    let server = Server::start().await;
    let client = server.client();
    let mut peers = [Peer::ready(&client, &["agent:*"]).await, Peer::ready(&client, &[]).await];
    agent(&server, "ada").await;
    assert_eq!(peers[0].next().await["event"], "agent:created");
    notify(&server).await;
    for peer in &mut peers {
        assert_eq!(peer.next().await["event"], "system:notification");
    }
    let counted = ["colloquy_deliveries_total", "colloquy_delivery_seconds_count"];
    // The time is counted after the writing, for all that one turn wrote together.
    while metrics(&server, counted).await[1] < 2 {}
    assert_eq!(metrics(&server, counted).await[0], 3);
}

/// As many as a connection may have: the hub's answers are more than may wait for one that does not
/// read.
#[tokio::test]
async fn a_client_of_very_many_topics_reads_while_it_subscribes() {
    let server = Server::start().await;
    let topics = (0..10_000).map(|number| format!("agent:a{number}").parse().unwrap());
    let position = server.state.hub.position();
    let (_live, mut notices) = server.client().live_from(position, topics);
    loop {
        match notices.recv().await.unwrap() {
            Notice::State(State::Live) => break,
            Notice::State(state) => assert_eq!(state, State::Connecting),
            _ => {}
        }
    }
}
