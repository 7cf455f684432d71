//! Recovery: all or nothing, no gap between replay and live, nothing twice.

use std::{fs, path::Path, time::Duration};

use colloquy_client::{
    protocol::{position::Offset, request::NewMessage},
    raw::RawError,
};
use colloquy_server::{access::Caller, service::Change};
use futures_util::{SinkExt, StreamExt, future::try_join_all};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{
    Peer, names, notify, offsets, position,
    support::{Server, agent, chat, database},
    touch,
};

fn replayed(events: &[Value]) -> Vec<bool> {
    events.iter().map(|event| event.get("replay") == Some(&json!(true))).collect()
}

#[tokio::test]
async fn what_was_missed_is_replayed_in_order_and_then_life_goes_on() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let bob = agent(&server, "bob").await;
    touch(&server, &ada).await;
    touch(&server, &bob).await;
    notify(&server).await;
    let mut peer = Peer::connect(&server.client()).await;
    peer.subscribe("agent:ada").await;
    let since = position(&peer, 1);
    let ready = peer.ok("client:ready", json!({ "since": since })).await;
    assert_eq!(ready, json!({ "epoch": since["epoch"], "offset": 5, "recovered": true }));
    let live = touch(&server, &ada).await;
    let events = peer.events().await;
    assert_eq!(offsets(&events), [3, 5, live], "ada's, and what everybody hears");
    assert_eq!(replayed(&events), [true, true, false]);
}

/// Whether nothing was covered, or the last event is the log's head.
#[tokio::test]
async fn a_replay_is_followed_by_a_heartbeat() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    touch(&server, &ada).await;
    for (topic, covered) in [("chat:*", vec![]), ("agent:*", vec![1, 2])] {
        let mut peer = Peer::connect(&server.client()).await;
        let since = position(&peer, 0);
        peer.subscribe(topic).await;
        peer.ok("client:ready", json!({ "since": since })).await;
        for offset in covered {
            assert_eq!(peer.socket.next().await.unwrap()["offset"], offset);
        }
        let beat = peer.socket.next().await.unwrap();
        assert_eq!(beat, json!({ "event": "hub:heartbeat", "payload": { "offset": 2 } }));
    }
    // Who missed nothing was replayed nothing.
    let mut peer = Peer::connect(&server.client()).await;
    let since = position(&peer, 2);
    peer.subscribe("agent:*").await;
    peer.ok("client:ready", json!({ "since": since })).await;
    touch(&server, &ada).await;
    assert_eq!(peer.socket.next().await.unwrap()["offset"], 3);
}

#[tokio::test]
async fn another_history_is_not_recovered() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let epoch = server.state.hub.position().epoch;
    for since in [
        json!({ "epoch": "another", "offset": 0 }),
        json!({ "epoch": epoch, "offset": 2 }),
        json!({ "epoch": epoch, "offset": u64::MAX }),
    ] {
        let mut peer = Peer::connect(&server.client()).await;
        let head = peer.welcome["offset"].as_u64().unwrap();
        peer.subscribe("agent:*").await;
        let since = if since["offset"] == 2 { position(&peer, head + 1) } else { since };
        let ready = peer.ok("client:ready", json!({ "since": since })).await;
        assert_eq!(ready, json!({ "epoch": epoch, "offset": head, "recovered": false }));
        let live = touch(&server, &ada).await;
        assert_eq!(offsets(&peer.events().await), [live], "nothing is replayed");
    }
}

#[tokio::test]
async fn what_the_log_has_forgotten_is_not_recovered() {
    let server = Server::start_with(|set| set.retention_events = 3).await;
    let ada = agent(&server, "ada").await;
    for _ in 0..9 {
        touch(&server, &ada).await;
    }
    // The log is trimmed when a hub starts, and every minute.
    let server = server.restart().await;
    while kept(&server).await.len() > 3 {
        tokio::task::yield_now().await;
    }
    only_the_last_three_of_ten_are_recovered(&server).await;
}

#[tokio::test]
async fn what_is_older_than_the_log_may_be_is_not_recovered() {
    let server = Server::start_with(|set| set.retention = Duration::from_secs(3_600)).await;
    let ada = agent(&server, "ada").await;
    for _ in 0..9 {
        touch(&server, &ada).await;
    }
    // As if they had happened two hours ago.
    let age = "UPDATE events SET timestamp = timestamp - 7200000 WHERE offset <= 7";
    sqlx::query(age).execute(&mut database(&server).await).await.unwrap();
    server.state.keep_house().await;
    only_the_last_three_of_ten_are_recovered(&server).await;
}

/// One event of a clock that was ahead makes no other one old.
#[tokio::test]
async fn a_clock_that_was_ahead_forgets_nothing() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    touch(&server, &ada).await;
    let ahead = "UPDATE events SET timestamp = timestamp + 7200000 WHERE offset = 2";
    sqlx::query(ahead).execute(&mut database(&server).await).await.unwrap();
    let data = server.stop().await;
    let server = Server::start_in(data, |set| set.retention = Duration::from_secs(3_600)).await;
    touch(&server, &ada).await;
    server.state.keep_house().await;
    assert_eq!(kept(&server).await, [1, 2, 3]);
}

async fn only_the_last_three_of_ten_are_recovered(server: &Server) {
    assert_eq!(kept(server).await, [8, 9, 10]);
    for (offset, recovered) in [(6, false), (7, true)] {
        let mut peer = Peer::connect(&server.client()).await;
        peer.subscribe("agent:*").await;
        let since = position(&peer, offset);
        let ready = peer.ok("client:ready", json!({ "since": since })).await;
        assert_eq!(ready["recovered"], recovered, "since {offset}");
        let expected: &[Offset] = if recovered { &[8, 9, 10] } else { &[] };
        assert_eq!(offsets(&peer.events().await), expected);
    }
}

/// What was promised is kept, however slowly it is read. Of what comes after it nothing was: who has
/// not read it when the log forgets it is closed as slow, and is told when they come back.
#[tokio::test]
async fn who_reads_more_slowly_than_the_log_forgets_is_closed() {
    let server = Server::start_with(|set| {
        set.retention = Duration::from_secs(3_600);
        // Who takes nothing is not closed because of that.
        set.heartbeat = Duration::from_secs(3_600);
    })
    .await;
    let client = server.client();
    let services = &server.state.services;
    let chat = chat(&server, "c").await;
    let new = NewMessage { content: "x".repeat(60_000), ..NewMessage::default() };
    let say = |_| services.send_message(Change::by(Caller::local()), chat.id.clone(), new.clone());
    // More than a socket's buffers hold, before they are ready and after it.
    let much = 0..400;
    try_join_all(much.clone().map(say)).await.unwrap();
    let mut peer = Peer::connect(&client).await;
    peer.subscribe("chat:c").await;
    let since = position(&peer, 0);
    let ready = peer.ok("client:ready", json!({ "since": since })).await;
    assert_eq!(ready["recovered"], true);
    let promised = ready["offset"].as_u64().unwrap();
    try_join_all(much.map(say)).await.unwrap();
    let head = server.state.hub.position().offset;
    // As if all but the last three had happened two hours ago.
    sqlx::query("UPDATE events SET timestamp = timestamp - 7200000 WHERE offset <= ?1 - 3")
        .bind(head.cast_signed())
        .execute(&mut database(&server).await)
        .await
        .unwrap();
    server.state.keep_house().await;
    let oldest = client.events().query("limit", 1).await.unwrap().value.items[0].offset;
    assert!(oldest <= promised, "{oldest}: {promised} was promised, and is not read yet");

    let mut last = 0;
    while last <= promised {
        let event = peer.next().await;
        assert_eq!(event["offset"], last + 1);
        last += 1;
    }
    server.state.keep_house().await;
    assert_eq!(kept(&server).await, [head - 2, head - 1, head]);
    let code = loop {
        match peer.socket.next().await {
            Ok(event) => last = event["offset"].as_u64().unwrap_or(last),
            Err(RawError::Closed { code, .. }) => break code,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(code, Some(4000));
    assert!(last < head - 3, "{last} of {head} came");
    let mut again = Peer::connect(&client).await;
    let since = position(&again, last);
    assert_eq!(again.ok("client:ready", json!({ "since": since })).await["recovered"], false);
}

/// A second subscription waits until a replay has ended; that the client is there is heard meanwhile.
#[tokio::test]
async fn who_pings_during_a_replay_is_answered_whatever_else_was_said() {
    let server = Server::start().await;
    let chat = chat(&server, "c").await;
    let new = NewMessage { content: "x".repeat(60_000), ..NewMessage::default() };
    // More than a socket's buffers hold.
    let all = 250;
    for _ in 0..all {
        server.client().send_message(&chat.id, &new).await.unwrap();
    }
    let address = server.url.replace("http://", "ws://");
    let (mut socket, _) = connect_async(format!("{address}/ws")).await.unwrap();
    let since = json!({ "epoch": server.state.hub.position().epoch, "offset": 0 });
    for message in [
        json!({ "event": "subscribe:chat", "payload": "c" }),
        json!({ "event": "client:ready", "payload": { "since": since } }),
        json!({ "event": "subscribe:agent", "payload": "*" }),
        json!({ "event": "unsubscribe:agent", "payload": "*", "id": 4 }),
    ] {
        socket.send(Message::text(message.to_string())).await.unwrap();
    }
    socket.send(Message::Ping("hi".into())).await.unwrap();
    let (mut replayed, mut answered_after) = (0, None);
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) if text.contains("chat:messageCreated") => replayed += 1,
            Message::Text(text) if text.starts_with(r#"{"reply":4"#) => break,
            Message::Pong(payload) if payload.as_ref() == b"hi" => answered_after = Some(replayed),
            _ => {}
        }
    }
    assert_eq!(replayed, all, "what was said behind it comes after it, in order");
    assert!(answered_after.unwrap() < all, "{answered_after:?}");
}

/// Who does not say that they are ready keeps the log from being forgotten for some heartbeats, and
/// then comes too late.
#[tokio::test]
async fn who_is_not_ready_in_time_holds_up_no_retention() {
    let heartbeat = Duration::from_secs(2);
    let server = Server::start_with(|set| {
        (set.retention_events, set.heartbeat) = (3, heartbeat);
    })
    .await;
    let ada = agent(&server, "ada").await;
    for _ in 0..9 {
        touch(&server, &ada).await;
    }
    let mut peer = Peer::connect(&server.client()).await;
    let since = position(&peer, 1);
    assert_eq!(peer.subscribe_since("agent:ada", &since).await["recovered"], true);
    server.state.keep_house().await;
    assert_eq!(kept(&server).await[0], 2, "what was promised is kept");
    let beat = peer.socket.next().await.unwrap();
    assert_eq!(beat, json!({ "event": "hub:heartbeat", "payload": { "offset": 1 } }));

    let trim = async {
        while kept(&server).await.len() > 3 {
            server.state.keep_house().await;
        }
    };
    tokio::select! {
        () = trim => {}
        message = peer.next() => panic!("{message}"),
    }
    peer.socket.send(&json!({ "event": "client:ready" })).await.unwrap();
    assert_eq!(peer.closed().await, Some(4000), "it may come back, and is told what is gone");
}

/// The offsets of the events that are in the log.
async fn kept(server: &Server) -> Vec<Offset> {
    let page = server.client().events().query("limit", 200).await.unwrap();
    page.value.items.into_iter().map(|entry| entry.offset).collect()
}

#[tokio::test]
async fn a_restart_keeps_the_history() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let epoch = server.state.hub.position().epoch;
    let server = server.restart().await;
    assert_eq!(server.state.hub.position().epoch, epoch);
    let live = touch(&server, &ada).await;
    let mut peer = Peer::connect(&server.client()).await;
    peer.subscribe("agent:*").await;
    let since = position(&peer, 0);
    assert_eq!(peer.ok("client:ready", json!({ "since": since })).await["recovered"], true);
    assert_eq!(offsets(&peer.events().await), [1, live]);
}

/// Copies what is in one folder over what is in another, as one restores a backup.
fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// A copy of the database that remembers an earlier mark is told by that, so none may stay.
#[tokio::test]
async fn a_history_has_one_mark_at_a_time() {
    let server = Server::start().await;
    let data = server.state.settings.data_dir.clone();
    let marks = || {
        let files = fs::read_dir(&data).unwrap().map(|file| file.unwrap().file_name());
        files.filter(|name| name.to_string_lossy().starts_with("colloquy.mark")).count()
    };
    for _ in 0..3 {
        server.state.keep_house().await;
        // It does so by itself, too, when it begins to serve.
        while marks() != 1 {
            tokio::task::yield_now().await;
        }
    }
}

/// However a backup is brought back, clients that know more than it does are told so.
#[tokio::test]
async fn a_restored_database_is_another_history() {
    let server = Server::start().await;
    agent(&server, "ada").await;
    let epoch = server.state.hub.position().epoch;
    let data = server.stop().await;
    let [backup, elsewhere] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    copy(data.path(), backup.path());
    assert!(backup.path().join("colloquy.db").exists());
    assert!(!backup.path().join("colloquy.db-wal").exists(), "the file alone holds everything");

    let server = Server::start_in(data, |_| {}).await;
    assert_eq!(server.state.hub.position().epoch, epoch, "nothing was restored");
    agent(&server, "bob").await;
    let data = server.stop().await;
    fs::copy(backup.path().join("colloquy.db"), data.path().join("colloquy.db")).unwrap();
    let server = Server::start_in(data, |_| {}).await;
    let second = server.state.hub.position();
    assert_ne!(second.epoch, epoch, "the database alone was restored");
    assert_eq!(second.offset, 1, "with its data");

    let data = server.stop().await;
    copy(backup.path(), data.path());
    let server = Server::start_in(data, |_| {}).await;
    let third = server.state.hub.position().epoch;
    assert!(third != epoch && third != second.epoch, "the whole folder was restored");

    copy(backup.path(), elsewhere.path());
    let server = Server::start_in(elsewhere.into(), |_| {}).await;
    assert_ne!(server.state.hub.position().epoch, epoch, "it was restored elsewhere");
}

#[tokio::test]
async fn a_later_topic_catches_up_alone_and_nothing_comes_twice() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let bob = agent(&server, "bob").await;
    let mut peer = Peer::ready(&server.client(), &["agent:ada"]).await;
    let of_ada = touch(&server, &ada).await;
    let of_bob = touch(&server, &bob).await;
    let since = position(&peer, 1);
    let started = peer.subscribe_since("agent:*", &since).await;
    assert_eq!(started["recovered"], true);
    assert_eq!(started["offset"], json!(of_bob));
    let live = touch(&server, &bob).await;
    let events = peer.events().await;
    assert_eq!(offsets(&events), [of_ada, 2, of_bob, live], "its events may have lower offsets");
    assert_eq!(replayed(&events), [false, true, true, false]);
    assert_eq!(peer.subscribe_since("agent:*", &since).await["recovered"], true);
    assert_eq!(peer.events().await, Vec::<Value>::new(), "all of it was sent before");
    let refused = peer.subscribe_since("chat:*", &json!({ "epoch": "x", "offset": 0 })).await;
    assert_eq!(refused["recovered"], false);
}

#[tokio::test]
async fn what_an_ended_subscription_brought_is_not_brought_again() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let mut peer = Peer::ready(&server.client(), &["agent:ada"]).await;
    let seen = touch(&server, &ada).await;
    peer.unsubscribe("agent:ada").await;
    let missed = touch(&server, &ada).await;
    let since = position(&peer, 0);
    peer.subscribe_since("agent:ada", &since).await;
    assert_eq!(offsets(&peer.events().await), [seen, 1, missed]);
}

#[tokio::test]
async fn notifications_count_as_covered_in_every_replay() {
    let server = Server::start().await;
    notify(&server).await;
    let mut peer = Peer::ready(&server.client(), &[]).await;
    let since = position(&peer, 0);
    peer.subscribe_since("chat:c", &since).await;
    let events = peer.events().await;
    assert_eq!(names(&events), ["system:notification"]);
    assert_eq!(replayed(&events), [true]);
    peer.subscribe_since("chat:d", &since).await;
    assert_eq!(peer.events().await, Vec::<Value>::new(), "once");
}

#[tokio::test]
async fn a_topic_recorded_with_its_own_position_begins_there() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    let chat = chat(&server, "c").await;
    touch(&server, &ada).await;
    let mut peer = Peer::connect(&server.client()).await;
    let (early, late) = (position(&peer, 0), position(&peer, chat.version));
    assert_eq!(peer.subscribe_since("agent:ada", &early).await["recovered"], true);
    peer.subscribe("chat:*").await;
    peer.ok("client:ready", json!({ "since": late })).await;
    assert_eq!(offsets(&peer.events().await), [1, 3], "the chat was known already");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recovery_from_memory_amid_a_burst_of_writes_has_no_gap() {
    recover_amid_a_burst(8 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recovery_from_the_store_amid_a_burst_of_writes_has_no_gap() {
    recover_amid_a_burst(0).await;
}

/// Clients that come and go while writes pour in see each event once, in order, none missing.
async fn recover_amid_a_burst(recent_bytes: usize) {
    let server = Server::start_with(|set| set.recent_bytes = recent_bytes).await;
    let ada = agent(&server, "ada").await;
    const WRITES: u64 = 600;
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let client = server.client();
            let id = ada.id.clone();
            tokio::spawn(async move {
                for step in 0..WRITES / 4 {
                    let patch = json!({ "description": format!("{writer}/{step}") });
                    client.update_agent(&id, &patch).await.unwrap();
                }
            })
        })
        .collect();
    let end = WRITES + 1;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let client = server.client();
            tokio::spawn(async move {
                let (mut seen, mut is_cut_short) = (0, false);
                while seen < end {
                    is_cut_short = !is_cut_short;
                    let mut peer = Peer::connect(&client).await;
                    peer.subscribe("agent:*").await;
                    let since = position(&peer, seen);
                    let ready = peer.ok("client:ready", json!({ "since": since })).await;
                    assert_eq!(ready["recovered"], true);
                    // The line is cut half-way through the replay, or after it and a few live ones.
                    let upto = ready["offset"].as_u64().unwrap();
                    let stop = if is_cut_short { upto.midpoint(seen) } else { upto + 5 };
                    while seen < end.min(stop) {
                        let event = peer.next().await;
                        assert_eq!(event["offset"], json!(seen + 1));
                        assert_eq!(event.get("replay").is_some(), seen < upto);
                        seen += 1;
                    }
                }
            })
        })
        .collect();
    for task in writers.into_iter().chain(readers) {
        task.await.unwrap();
    }
}

/// A position that was read over REST is one that the hub knows, however fresh it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_just_read_can_be_gone_on_from() {
    let server = Server::start().await;
    let client = server.client();
    let ada = agent(&server, "ada").await;
    let writer = tokio::spawn({
        let client = client.clone();
        async move {
            for step in 0..200 {
                let patch = json!({ "description": format!("{step}") });
                client.update_agent(&ada.id, &patch).await.unwrap();
            }
        }
    });
    while !writer.is_finished() {
        let mut peer = Peer::connect(&client).await;
        let seen = client.agents().await.unwrap().position;
        let ready = peer.ok("client:ready", json!({ "since": seen })).await;
        assert_eq!(ready["recovered"], true, "{seen:?}");
    }
    writer.await.unwrap();
}
