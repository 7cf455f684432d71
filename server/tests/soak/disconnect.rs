//! Connections that are lost: one by one in every way, and all at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use colloquy_client::{
    Client,
    protocol::{id::AgentId, position::Offset},
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    fault::{Fault, chance, count, until},
    proxy::{Cut, Proxy},
    reader::Reader,
    support::{Server, agent},
};

/// Within this all must be back.
const BACK: Duration = Duration::from_secs(30);

/// Changes an agent; the place in the log.
async fn touch(client: &Client, agent: &AgentId, step: usize) -> Offset {
    let patch = json!({ "description": format!("step {step}") });
    client.update_agent(agent, &patch).await.unwrap().version
}

async fn readers(client: &Client, how_many: usize) -> Vec<Reader> {
    let mut begun = JoinSet::new();
    let mut readers = Vec::new();
    for _ in 0..how_many {
        let client = client.clone();
        begun.spawn(async move { Reader::begin(&client).await });
        // A system's backlog is finite.
        if begun.len() >= 64 {
            readers.push(begun.join_next().await.unwrap().unwrap());
        }
    }
    readers.extend(begun.join_all().await);
    readers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_of_every_kind_cost_nothing() {
    let fault = Fault::begin(3, "disconnects of random kinds at random moments");
    let (cuts, many) = (count(12, 1_000), count(8, 50));
    let server = Server::start_with(|set| set.heartbeat = Duration::from_secs(1)).await;
    let client = server.client();
    let ada = agent(&server, "ada").await.id;
    let proxy = Proxy::start(&server.url).await;
    let readers = readers(&Client::new(&proxy.url).unwrap(), many).await;
    let mut end = 0;
    let mut done = [0; Cut::ALL.len()];
    for step in 0..cuts {
        // Several in a row, or one after some events.
        for _ in 0..chance(4) {
            end = touch(&client, &ada, step).await;
        }
        until(|| proxy.open() > many / 2).await;
        let kind = usize::try_from(chance(Cut::ALL.len() as u64)).unwrap();
        proxy.cut(usize::try_from(chance(1 << 20)).unwrap(), Cut::ALL[kind]);
        done[kind] += 1;
    }
    end = end.max(touch(&client, &ada, cuts).await);
    let (mut events, mut recovered) = (0, 0);
    for reader in readers {
        let log = reader.end(end).await;
        assert_eq!(log.reloads, 0);
        events += log.events;
        recovered += log.recovered;
    }
    let [close, reset, half_open, pause] = done;
    fault.survived(
        format!(
            "{cuts} among {many} readers: {close} closed, {reset} reset, {half_open} half-open, \
             {pause} stopped for a second"
        ),
        format!("{events} events read, gaps 0, doubles 0; {recovered} times recovered"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_cut_off_together_come_back() {
    let fault = Fault::begin(3, "all clients cut off together");
    let many = count(150, 2_000);
    // A client takes four descriptors: its own, the proxy's two, and the server's.
    let files = getrlimit(Resource::Nofile);
    let all = Rlimit { current: files.maximum, ..files };
    setrlimit(Resource::Nofile, all).unwrap();
    let server = Arc::new(Server::start_with(|set| set.max_connections = 20_000).await);
    let client = server.client();
    let ada = agent(&server, "ada").await.id;
    let proxy = Proxy::start(&server.url).await;
    let readers = readers(&Client::new(&proxy.url).unwrap(), many).await;
    until(|| proxy.open() == many).await;

    let cut = Instant::now();
    proxy.cut_all(Cut::Reset);
    let mut end = 0;
    for step in 0..10 {
        end = touch(&client, &ada, step).await;
    }
    until(|| readers.iter().all(|reader| reader.seen() == end)).await;
    let back = cut.elapsed();
    assert!(back < BACK, "{back:?}");
    let busiest = proxy.busiest(Duration::from_millis(100), cut);
    // A machine that is busy with other tests wakes all of them late, and so at once.
    assert!(busiest <= count(many, many * 3 / 4), "{busiest} of {many} came back within 100 ms");
    let again = proxy.opened() - many;
    for reader in readers {
        let log = reader.end(end).await;
        assert_eq!((log.events, log.reloads), (10, 0));
    }
    fault.survived(
        format!("{many} clients reset at once, 10 events meanwhile"),
        format!(
            "all resumed after {back:.1?}, nothing missed; {again} connections, at most {busiest} \
             within 100 ms"
        ),
    );
}
