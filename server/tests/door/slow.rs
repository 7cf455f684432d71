//! Who takes too long, or sends too much, is cut off; nobody else notices.

use std::time::{Duration, Instant};

use colloquy_client::protocol::request::{NewChat, NewMessage};
use colloquy_server::{access::Caller, service::Change};
use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{interval, sleep, timeout},
};

use crate::{PATIENCE, connect, exchange, get, host, limited, rest_of, support::Server};

const SHORT: Duration = Duration::from_millis(300);

/// Writes a byte now and then until the other side has enough; what it says.
async fn trickle(stream: TcpStream, byte: &[u8]) -> String {
    let (reader, mut writer) = stream.into_split();
    let writing = async {
        let mut now_and_then = interval(SHORT / 10);
        loop {
            now_and_then.tick().await;
            let _ = writer.write_all(byte).await;
        }
    };
    tokio::select! {
        text = rest_of(reader) => text,
        () = writing => String::new(),
    }
}

#[tokio::test]
async fn slow_headers_are_cut_however_steadily_they_come() {
    let server = Server::start_with(|settings| settings.header_timeout = SHORT).await;
    let started = Instant::now();
    let mut steady = connect(&server).await;
    steady.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: ").await.unwrap();
    assert_eq!(trickle(steady, b"x").await, "");
    assert_eq!(rest_of(connect(&server).await).await, "", "nor may one say nothing at all");
    assert!(started.elapsed() < PATIENCE);
    assert_eq!(limited("header_time"), 2);
}

#[tokio::test]
async fn a_slow_body_is_408_however_steadily_it_comes() {
    let server = Server::start_with(|settings| settings.body_timeout = SHORT).await;
    let mut stream = connect(&server).await;
    let head = "POST /api/v1/agents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\
                Content-Type: application/json\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = trickle(stream, b" ").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("body"), "{answer}");
    assert_eq!(limited("body_time"), 1);
}

#[tokio::test]
async fn a_body_that_nobody_reads_holds_no_connection() {
    let server = Server::start_with(|settings| settings.body_timeout = SHORT).await;
    let mut stream = connect(&server).await;
    let head = "GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(trickle(stream, b" ").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn too_many_bytes_of_headers_and_too_many_headers_are_431() {
    let server = Server::start().await;
    let large = format!("X-Large: {}\r\n", "x".repeat(1 << 20));
    let many: String = (0..10_000).map(|number| format!("X-{number}: x\r\n")).collect();
    for (lines, expected) in [
        (large, "HTTP/1.1 431"),
        (many, "HTTP/1.1 431"),
        (format!("X-Large: {}\r\n", "x".repeat(60_000)), "HTTP/1.1 200"),
        ((0..98).map(|number| format!("X-{number}: x\r\n")).collect(), "HTTP/1.1 200"),
    ] {
        let answer = exchange(&server, &get("/health", &lines)).await;
        // Who is still writing when it is cut off may not get to read why.
        let is_cut = answer.is_empty() && expected.ends_with("431");
        assert!(is_cut || answer.starts_with(expected), "{expected}: {answer}");
    }
    assert_eq!(limited("header_size"), 2);
}

/// With few places and nobody cut for a long time: who says nothing makes room for who asks.
#[tokio::test]
async fn those_who_say_nothing_keep_nobody_out() {
    let server = Server::start_with(|settings| {
        settings.max_connections = 5;
        settings.header_timeout = 4 * PATIENCE;
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: local").await.unwrap();
        silent.push(stream);
    }
    let answers = join_all((0..20).map(|_| exchange_in_time(&server))).await;
    let answered = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 200")).count();
    assert_eq!(answered, 20);
    assert_eq!(timeout(PATIENCE, silent[0].read(&mut [0])).await.unwrap().unwrap_or(0), 0);
    assert!(limited("connections") >= 45);
}

/// A connection that is kept for a next request makes room too.
#[tokio::test]
async fn those_who_have_been_answered_keep_nobody_out() {
    let server = Server::start_with(|settings| settings.max_connections = 2).await;
    let mut kept = Vec::new();
    for _ in 0..6 {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut start = [0; "HTTP/1.1 200".len()];
        timeout(PATIENCE, stream.read_exact(&mut start)).await.unwrap().unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        kept.push(stream);
    }
}

/// One that does not read what it was answered has to leave, too, when others want its place.
#[tokio::test]
async fn those_who_do_not_read_their_answers_keep_nobody_out() {
    let server = Server::start_with(|settings| {
        settings.max_connections = 3;
        settings.body_timeout = SHORT;
    })
    .await;
    let path = much(&server).await;
    let mut stuck = Vec::new();
    for _ in 0..6 {
        stuck.push(stuck_in(&server, &path, 4096).await);
    }
    assert!(exchange_in_time(&server).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_answer_of_which_nobody_takes_anything_is_given_up() {
    let server = Server::start_with(|settings| settings.body_timeout = SHORT).await;
    let path = much(&server).await;
    let _stuck = stuck_in(&server, &path, 4096).await;
    let is_open = || {
        let text = colloquy_server::metrics::recorder().render();
        !text.lines().any(|line| line == "colloquy_open_connections 0")
    };
    let given_up = async {
        while is_open() {
            sleep(SHORT / 10).await;
        }
    };
    timeout(PATIENCE, given_up).await.unwrap();
    assert_eq!(limited("answer_time"), 1);
}

#[tokio::test]
async fn who_takes_an_answer_slowly_but_steadily_gets_all_of_it() {
    let server = Server::start_with(|settings| settings.body_timeout = 10 * SHORT).await;
    let path = much(&server).await;
    let mut stream = stuck_in(&server, &path, 16 * 1024).await;
    let (mut piece, mut taken, started) = (vec![0; 16 * 1024], 0, Instant::now());
    while taken < MUCH {
        let length = timeout(PATIENCE, stream.read(&mut piece)).await.unwrap().unwrap();
        assert_ne!(length, 0, "it ended after {taken} bytes");
        taken += length;
        sleep(SHORT / 5).await;
    }
    assert!(started.elapsed() > 10 * SHORT, "it takes longer than one may take nothing");
}

/// How many bytes there are to read at [`much`], at least: a page has 1 MiB at most, which is more than the
/// system keeps of what is not read.
const MUCH: usize = 15 * 65_536;

/// The path of so much.
async fn much(server: &Server) -> String {
    let services = &server.state.services;
    let by = || Change::by(Caller::local());
    let title = "Much".to_owned();
    let chat = services.create_chat(by(), NewChat { title, ..NewChat::default() }).await.unwrap();
    let new = NewMessage { content: "x".repeat(65_536), ..NewMessage::default() };
    for _ in 0..16 {
        services.send_message(by(), chat.id.clone(), new.clone()).await.unwrap();
    }
    format!("/api/v1/chats/{}/messages?limit=200", chat.id)
}

/// A connection that reads the beginning of that answer, for which the system keeps so many bytes.
async fn stuck_in(server: &Server, path: &str, kept: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(kept).unwrap();
    let mut stream = socket.connect(host(server).parse().unwrap()).await.unwrap();
    let asked = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut start = [0; "HTTP/1.1 200".len()];
    timeout(PATIENCE, stream.read_exact(&mut start)).await.unwrap().unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    stream
}

async fn exchange_in_time(server: &Server) -> String {
    timeout(PATIENCE, exchange(server, &get("/health", ""))).await.unwrap()
}
