//! Much of what is allowed: pings, and fragments without end.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::timeout};

use crate::{
    LEEWAY, PATIENCE, TIMES, is_empty, memory, metric, often,
    raw::{FIN, PONG, Raw, TEXT, close, frame},
    still_serves,
    support::{Server, hello},
    within,
};

const PING: u8 = 0x9;
const CONTINUATION: u8 = 0x0;

/// The code 4000, as a close frame begins, and how many were closed with it.
const SLOW: [u8; 2] = 4000_u16.to_be_bytes();
const SLOW_CLOSES: &str = "colloquy_closes_total{code=\"4000\"}";

/// Whoever reads the answers may ping as much as they like: each is answered, in order.
#[tokio::test]
async fn every_ping_of_a_flood_is_answered() {
    let server = Server::start().await;
    let payload = |number: u8| [number; 125];
    let pings: Vec<u8> = (0..200).flat_map(|number| frame(FIN | PING, &payload(number))).collect();
    often(|| async {
        let mut raw = Raw::welcomed(&server).await;
        raw.send(&pings).await;
        for number in 0..200 {
            assert_eq!(raw.next().await, Some((PONG, payload(number).to_vec())));
        }
        raw.send(&close(1000, b"")).await;
        assert_eq!(raw.closed().await, Some(1000));
    })
    .await;
    is_empty(&server).await;
    still_serves(&server).await;
}

/// Whoever does not read the answers is closed as slow when as much waits as may.
///
/// After its close frame the hub waits a second for the peer's, and then what the peer has sent
/// meanwhile makes the system reset the connection. One thread is all of them and the hub: who comes
/// too late does not read why.
async fn flood_without_reading(floods: usize) {
    let server = Server::start_with(|settings| settings.heartbeat = Duration::from_secs(2)).await;
    let server = Arc::new(server);
    let pings = Arc::new(frame(FIN | PING, &[b'x'; 125]).repeat(100));
    still_serves(&server).await;
    let (before, closed) = (memory(), metric(SLOW_CLOSES));
    let mut flooding = JoinSet::new();
    for _ in 0..floods {
        let (server, pings) = (server.clone(), pings.clone());
        flooding.spawn(async move {
            let mut raw = Raw::connect_small(&server, 4096).await;
            raw.send(hello("").as_bytes()).await;
            raw.welcome().await;
            // It is not read any more once as much waits as may.
            while raw.takes(&pings).await {}
            raw.close_frame().await
        });
    }
    let ends = timeout(PATIENCE * 4, flooding.join_all()).await.unwrap();
    let is_slow = |end: &Option<Vec<u8>>| end.as_ref().is_some_and(|end| end.starts_with(&SLOW));
    assert!(ends.iter().all(|end| is_slow(end) || end.is_none()), "{ends:?}");
    is_empty(&server).await;
    assert_eq!(metric(SLOW_CLOSES), closed + floods as u64);
    let after = memory();
    println!("{floods} floods: {before} KiB before, {after} KiB after");
    assert!(after < before + LEEWAY);
    still_serves(&server).await;
}

#[tokio::test]
async fn who_floods_with_pings_and_does_not_read_is_closed_as_slow() {
    flood_without_reading(2).await;
}

#[tokio::test]
#[ignore = "takes a minute: for `cargo xtask soak`"]
async fn a_hundred_who_flood_with_pings_and_do_not_read() {
    flood_without_reading(100).await;
}

/// So many fragments of nothing make an empty message, and take no memory.
async fn empty_fragments(number: usize) {
    // One thread is all of them and the hub: nothing ends for being slow, and nothing is said but
    // the answer.
    let server = Server::start_with(|settings| {
        settings.heartbeat = Duration::from_secs(600);
        settings.header_timeout = Duration::from_secs(600);
    })
    .await;
    still_serves(&server).await;
    let before = memory();
    let thousand = frame(CONTINUATION, b"").repeat(1_000);
    within(PATIENCE * 4, TIMES, || async {
        let mut raw = Raw::welcomed(&server).await;
        raw.send(&frame(TEXT, b"")).await;
        for _ in 0..number / 1_000 {
            assert!(raw.send(&thousand).await);
        }
        raw.send(&frame(FIN | CONTINUATION, b"")).await;
        assert!(raw.text().await.contains("invalid_json"), "an empty text");
        raw.send(&close(1000, b"")).await;
        assert_eq!(raw.closed().await, Some(1000));
    })
    .await;
    is_empty(&server).await;
    let after = memory();
    println!("{number} empty fragments, often: {before} KiB before, {after} KiB after");
    assert!(after < before + LEEWAY);
    still_serves(&server).await;
}

#[tokio::test]
async fn ten_thousand_empty_fragments_are_one_message() {
    empty_fragments(10_000).await;
}

#[tokio::test]
#[ignore = "takes a minute: for `cargo xtask soak`"]
async fn a_million_empty_fragments_are_one_message() {
    empty_fragments(1_000_000).await;
}
