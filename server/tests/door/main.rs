//! At the door: who is let in, how much they may ask, how long they may take, how many there may be
//! at a time, and what becomes of them when the hub stops, through a real port.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod figures;
mod limits;
mod origins;
mod proxies;
mod slow;
mod tls;
mod under_way;

use std::time::Duration;

use colloquy_client::{Method, Response};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use support::Server;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The host and port that it listens on.
fn host(server: &Server) -> &str {
    server.url.strip_prefix("http://").unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(host(server)).await.unwrap()
}

/// What is answered to a text, until the connection is closed; the text may be too much to be read.
async fn exchange(server: &Server, text: &str) -> String {
    let mut stream = connect(server).await;
    let _ = stream.write_all(text.as_bytes()).await;
    rest_of(stream).await
}

/// Everything until the connection is closed, or reset after that.
async fn rest_of(mut stream: impl AsyncRead + Unpin) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = timeout(PATIENCE, stream.read(&mut piece)).await.unwrap() {
        bytes.extend_from_slice(&piece[..length]);
    }
    String::from_utf8(bytes).unwrap()
}

/// A request with these headers.
async fn ask(server: &Server, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// A request to be written by hand, with these lines among its headers.
fn get(path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n")
}

/// How often a limit was reached, in this process.
fn limited(limit: &str) -> u64 {
    let text = colloquy_server::metrics::recorder().render();
    let name = format!("colloquy_limited_total{{limit=\"{limit}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap().parse().unwrap()
}
