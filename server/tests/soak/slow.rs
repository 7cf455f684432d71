//! Readers that stop reading.

use std::{
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};

use colloquy_client::{Client, protocol::request::NewMessage};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::{
    fault::{Fault, count, memory},
    support::{
        peer::Peer,
        process::{Process, colloquy},
    },
};

/// How many go on reading.
const OTHERS: usize = 10;

/// How much more memory a server may need for readers that do not read, in MiB: an event is there
/// once, however many wait for it.
const MEMORY: u64 = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_stop_reading_are_closed_and_nobody_waits_for_them() {
    let fault = Fault::begin(4, "readers that stop reading");
    let (many, probes) = (count(10, 100), count(30, 2_000));
    let queue = count(1, 8) * 1024 * 1024;
    let folder = TempDir::new().unwrap();
    let mut command = colloquy(folder.path());
    command.args(["serve", "--listen=127.0.0.1:0", "--queue-bytes", &queue.to_string()]);
    let server = Process::start(command.stderr(Stdio::null()));
    let client = server.client();
    let chat = serde_json::from_value(json!({ "id": "room", "title": "Room" })).unwrap();
    client.create_chat(&chat).await.unwrap();
    let mut others = Vec::new();
    for _ in 0..OTHERS {
        others.push(Peer::ready(&client, &["chat:room"]).await);
    }
    let mut before = Vec::new();
    for _ in 0..probes {
        before.push(probe(&client, &mut others).await);
    }

    let memory_before = memory(server.process.id());
    let mut stalled = Vec::new();
    for _ in 0..many {
        stalled.push(stall(&server).await);
    }
    let (mut during, mut most) = (Vec::new(), memory_before);
    while connected(&client).await > OTHERS {
        for _ in 0..10 {
            during.push(probe(&client, &mut others).await);
        }
        most = most.max(memory(server.process.id()));
        assert!(during.len() < 20_000, "they are never closed");
    }
    let more = most - memory_before;
    assert!(more < MEMORY, "{more} MiB more");
    let (before, during, events) = (p99(before), p99(during.clone()), during.len());
    // A machine that is busy with other things may double anything that is this short.
    assert!(during < 2 * before + Duration::from_millis(count(1_000, 1) as u64), "{during:?}");
    drop(stalled);
    fault.survived(
        format!(
            "{many} of {} readers stop; {events} events of 16 KiB until all were closed",
            many + OTHERS
        ),
        format!(
            "the others' p99 {before:.1?} before, {during:.1?} meanwhile; {more} MiB more memory"
        ),
    );
}

/// How long it takes from a request until the last of the others has what comes of it.
async fn probe(client: &Client, others: &mut [Peer]) -> Duration {
    let start = Instant::now();
    let said = NewMessage { content: "x".repeat(16 * 1024), ..NewMessage::default() };
    let message = client.send_message(&"room".parse().unwrap(), &said).await.unwrap();
    for other in others {
        let event = other.next().await;
        assert_eq!(event["payload"]["messageId"], json!(message.id));
    }
    start.elapsed()
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

async fn connected(client: &Client) -> usize {
    client.connections().query("limit", 200).await.unwrap().value.items.len()
}

/// A client that has subscribed, and reads nothing more.
async fn stall(server: &Process) -> WebSocketStream<TcpStream> {
    let address: SocketAddr = server.url.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    // Otherwise the system takes megabytes for it.
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(address).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{address}/ws"), stream).await.unwrap();
    for say in [
        json!({ "event": "subscribe:chat", "payload": "room" }),
        json!({ "event": "client:ready", "id": 1 }),
    ] {
        socket.send(Message::text(say.to_string())).await.unwrap();
    }
    while !socket.next().await.unwrap().unwrap().to_text().unwrap().contains(r#""reply":1"#) {}
    socket
}
