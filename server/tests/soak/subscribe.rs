//! Beginning to follow amid writes: no event between what was read and what comes.

use colloquy_client::Client;
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    fault::{Fault, count},
    support::{Server, agent, peer::Peer},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_between_a_snapshot_and_its_subscription() {
    let fault = Fault::begin(7, "subscribe against write");
    let rounds = count(200, 10_000);
    let server = Server::start().await;
    let client = server.client();
    let ada = agent(&server, "ada").await;
    let (stop, stopped) = watch::channel(false);
    let mut writers = JoinSet::new();
    for writer in 0..2 {
        let (client, stopped, id) = (client.clone(), stopped.clone(), ada.id.clone());
        writers.spawn(async move {
            let mut last = 0;
            for step in 0.. {
                if *stopped.borrow() {
                    break;
                }
                let patch = json!({ "description": format!("{writer}/{step}") });
                last = client.update_agent(&id, &patch).await.unwrap().version;
            }
            last
        });
    }
    let mut followers = JoinSet::new();
    for follower in 0..4 {
        let client = client.clone();
        followers.spawn(async move {
            for round in (follower..rounds).step_by(4) {
                follow(&client, round).await;
            }
        });
    }
    followers.join_all().await;
    stop.send(true).unwrap();
    let events = writers.join_all().await.into_iter().max().unwrap();
    fault.survived(
        format!("{rounds} subscriptions while {events} events were written"),
        "the first event was the next one of the log each time: gaps 0",
    );
}

/// Loads the state of an agent of whom all events are, and follows from there in one of three ways.
async fn follow(client: &Client, round: usize) {
    let mut peer = Peer::connect(client).await;
    let loaded = client.agent(&"ada".parse().unwrap()).await.unwrap();
    assert_eq!(loaded.value.version, loaded.position.offset, "all events are of this agent");
    let since = json!({ "epoch": loaded.position.epoch, "offset": loaded.position.offset });
    let start = match round % 3 {
        0 => {
            peer.subscribe("agent:ada").await;
            let ready = peer.ok("client:ready", json!({ "since": since })).await;
            assert_eq!(ready["recovered"], true);
            loaded.position.offset
        }
        1 => {
            peer.ok("client:ready", json!(null)).await;
            assert_eq!(peer.subscribe_since("agent:ada", &since).await["recovered"], true);
            loaded.position.offset
        }
        _ => {
            peer.ok("client:ready", json!(null)).await;
            peer.subscribe("agent:*").await["offset"].as_u64().unwrap()
        }
    };
    for offset in start + 1..start + 4 {
        assert_eq!(peer.next().await["offset"], offset, "round {round}");
    }
}
