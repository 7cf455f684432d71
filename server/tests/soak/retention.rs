//! A log that is trimmed all the time, under clients that resume.

use colloquy_client::Client;
use colloquy_server::settings::Settings;
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    fault::{Fault, chance, count},
    support::{Server, agent, peer::Peer},
};

/// How many events the log keeps.
const KEPT: u64 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trimmed_log_is_recovered_from_or_not_but_never_in_part() {
    let fault = Fault::begin(9, "retention trims while clients resume");
    resume_while_it_is_trimmed(fault, Settings::default().recent_bytes).await;
}

/// With no part of the log in memory, each replay reads what is being deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trimmed_log_that_is_read_from_the_store_is_never_recovered_from_in_part() {
    let fault = Fault::begin(9, "retention trims while clients resume from the store");
    resume_while_it_is_trimmed(fault, 0).await;
}

async fn resume_while_it_is_trimmed(fault: Fault, recent_bytes: usize) {
    let rounds = count(80, 5_000);
    let server = Server::start_with(|set| {
        (set.retention_events, set.recent_bytes) = (KEPT, recent_bytes);
    })
    .await;
    let client = server.client();
    let ada = agent(&server, "ada").await;
    for step in 0..4 * KEPT {
        let patch = json!({ "description": format!("before {step}") });
        client.update_agent(&ada.id, &patch).await.unwrap();
    }
    let (stop, stopped) = watch::channel(false);
    let state = server.state.clone();
    let writer = {
        let (client, stopped) = (client.clone(), stopped.clone());
        tokio::spawn(async move {
            for step in 0.. {
                if *stopped.borrow() {
                    return;
                }
                let patch = json!({ "description": format!("step {step}") });
                client.update_agent(&ada.id, &patch).await.unwrap();
            }
        })
    };
    let trimmer = tokio::spawn(async move {
        let mut trims = 0;
        while !*stopped.borrow() {
            state.keep_house().await;
            trims += 1;
        }
        trims
    });
    let mut followers = JoinSet::new();
    for follower in 0..4 {
        let client = client.clone();
        followers.spawn(async move {
            let mut recovered = 0;
            for _ in (follower..rounds).step_by(4) {
                recovered += usize::from(resume(&client).await);
            }
            recovered
        });
    }
    let recovered: usize = followers.join_all().await.into_iter().sum();
    stop.send(true).unwrap();
    writer.await.unwrap();
    let trims = trimmer.await.unwrap();
    let refused = rounds - recovered;
    assert!(recovered > 0 && refused > 0, "{recovered} of {rounds}");
    fault.survived(
        format!(
            "{rounds} clients resumed within four times what the log keeps, {trims} trims meanwhile"
        ),
        format!("{recovered} recovered whole, {refused} told to load afresh, in part 0"),
    );
}

/// Comes back from a place that the log may have forgotten; whether it had not.
async fn resume(client: &Client) -> bool {
    let mut peer = Peer::connect(client).await;
    let head = peer.welcome["offset"].as_u64().unwrap();
    let since = head.saturating_sub(chance(4 * KEPT));
    peer.subscribe("agent:*").await;
    let position = json!({ "epoch": peer.welcome["epoch"], "offset": since });
    let ready = peer.ok("client:ready", json!({ "since": position })).await;
    let upto = ready["offset"].as_u64().unwrap();
    let recovered = ready["recovered"].as_bool().unwrap();
    let first = if recovered { since + 1 } else { upto + 1 };
    for offset in first..upto + 3 {
        let event = peer.next().await;
        assert_eq!(event["offset"], offset, "since {since}, {ready}");
        assert_eq!(event["replay"] == true, offset <= upto);
    }
    recovered
}
