//! What is under way keeps its place, and is finished when the hub stops.

use std::time::Duration;

use colloquy_client::raw::RawSocket;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::yield_now,
    time::timeout,
};

use crate::{PATIENCE, connect, get, host, rest_of, support::Server};

/// A connection that has begun to send a notification, and the rest of it.
async fn begin_request(server: &Server) -> (TcpStream, &'static str) {
    let mut stream = connect(server).await;
    let body = r#"{"type": "info", "message": "Late"}"#;
    let head = format!(
        "POST /api/v1/notifications HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The hub asks for the body: the request is under way.
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    timeout(PATIENCE, stream.read_exact(&mut go_on)).await.unwrap().unwrap();
    (stream, body)
}

/// A connection on which somebody asks how the hub is.
async fn ask(server: &Server) -> TcpStream {
    let mut stream = connect(server).await;
    stream.write_all(get("/health", "").as_bytes()).await.unwrap();
    stream
}

/// Waits long enough for an answer to come if one is on its way.
async fn assert_is_not_served(stream: &TcpStream) {
    let answer = timeout(Duration::from_millis(300), stream.peek(&mut [0])).await;
    assert!(answer.is_err(), "it was served: {answer:?}");
}

#[tokio::test]
async fn those_beyond_the_most_connections_wait_their_turn() {
    let server = Server::start_with(|settings| settings.max_connections = 1).await;
    let (mut first, body) = begin_request(&server).await;
    let second = ask(&server).await;
    // The first one is served alone, until it has its answer.
    let (start, rest) = body.split_at(1);
    for piece in [start, rest] {
        assert_is_not_served(&second).await;
        first.write_all(piece.as_bytes()).await.unwrap();
    }
    let mut answer = [0; "HTTP/1.1 201".len()];
    timeout(PATIENCE, first.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
    assert!(rest_of(second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_websocket_keeps_its_place() {
    let server = Server::start_with(|settings| settings.max_connections = 1).await;
    let mut socket = RawSocket::connect(&server.client()).await.unwrap();
    socket.next().await.unwrap();
    let second = ask(&server).await;
    // The socket is served meanwhile.
    socket.request("client:ready", Value::Null).await.unwrap();
    assert_is_not_served(&second).await;
    drop(socket);
    assert!(rest_of(second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_request_under_way_is_finished() {
    let server = Server::start().await;
    let (mut stream, body) = begin_request(&server).await;
    let address = host(&server).to_owned();
    let stopped = tokio::spawn(server.stop());
    // Nobody new is let in once the listener is gone.
    let is_gone = async {
        while TcpStream::connect(&address).await.is_ok() {
            yield_now().await;
        }
    };
    timeout(PATIENCE, is_gone).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    assert!(rest_of(stream).await.starts_with("HTTP/1.1 201"));
    timeout(PATIENCE, stopped).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_never_ends_is_not_waited_for() {
    let short = Duration::from_millis(200);
    let server = Server::start_with(|settings| settings.shutdown_timeout = short).await;
    let (stream, _body) = begin_request(&server).await;
    timeout(PATIENCE, server.stop()).await.unwrap();
    assert_eq!(rest_of(stream).await, "", "nothing of the server outlives the call");
}
