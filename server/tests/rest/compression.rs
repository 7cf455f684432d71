use std::io::Read;

use colloquy_client::{Method, Response};
use flate2::read::GzDecoder;
use reqwest::header::{ACCEPT_ENCODING, HeaderName, IF_MATCH, IF_NONE_MATCH};
use serde_json::json;

use crate::{
    header,
    support::{HANDSHAKE, Server},
};

/// A server with an agent whose JSON is worth compressing.
async fn server_with_agent() -> Server {
    let server = Server::start().await;
    let agent = json!({"id": "a", "name": "a", "description": "long ".repeat(300)});
    server.client().request(Method::POST, "/api/v1/agents").json(&agent).await.unwrap();
    server
}

async fn get(server: &Server, path: &str, codings: &str) -> Response {
    let call = server.client().request(Method::GET, path).header(ACCEPT_ENCODING, codings);
    call.send().await.unwrap()
}

#[tokio::test]
async fn answers_come_in_the_coding_that_the_client_takes() {
    let server = server_with_agent().await;
    for path in [
        "/api/v1/agents/a",
        "/api/v1/agents",
        "/api/v1/openapi.json",
        "/demo/websocket",
        "/nothing/here",
    ] {
        let plain = get(&server, path, "identity").await;
        assert_eq!(header(&plain, "content-encoding"), "", "{path}");
        assert!(header(&plain, "vary").contains("accept-encoding"), "{path}");
        let (status, media_type) = (plain.status(), header(&plain, "content-type").to_owned());
        let plain = plain.text().await.unwrap();

        for (codings, coding) in [
            ("gzip", "gzip"),
            ("br", "br"),
            ("gzip, deflate, br, zstd", "br"),
            ("gzip, br;q=0.5", "gzip"),
        ] {
            let coded = get(&server, path, codings).await;
            assert_eq!(header(&coded, "content-encoding"), coding, "{path} {codings}");
            assert!(header(&coded, "vary").contains("accept-encoding"), "{path} {codings}");
            assert_eq!((coded.status(), header(&coded, "content-type")), (status, &*media_type));
            let coded = coded.bytes().await.unwrap();
            assert!(coded.len() < plain.len(), "{path} {codings}: {}", coded.len());
            if coding == "gzip" {
                let mut text = String::new();
                GzDecoder::new(&*coded).read_to_string(&mut text).unwrap();
                // Pages differ in their nonce alone, which is as long each time.
                let same = text == plain || media_type.starts_with("text/html");
                assert!(same && text.len() == plain.len(), "{path}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_small_is_left_alone() {
    let server = Server::start().await;
    for (path, status) in [("/health", 200), ("/api/v1/agents", 200), ("/api/v1/agents/x", 404)] {
        let answer = get(&server, path, "br, gzip").await;
        assert_eq!((answer.status().as_u16(), header(&answer, "content-encoding")), (status, ""));
        assert_ne!(header(&answer, "content-length"), "", "{path}");
    }
}

#[tokio::test]
async fn the_version_is_the_same_in_every_coding() {
    let server = server_with_agent().await;
    let call = |method| {
        let call = server.client().request(method, "/api/v1/agents/a");
        call.header(ACCEPT_ENCODING, "br")
    };
    let whole = call(Method::GET).send().await.unwrap();
    assert_eq!((header(&whole, "content-encoding"), header(&whole, "etag")), ("br", "\"1\""));

    let head = call(Method::HEAD).send().await.unwrap();
    for name in ["content-encoding", "content-type", "etag", "vary", "colloquy-offset"] {
        assert_eq!(header(&head, name), header(&whole, name), "{name}");
    }
    assert_eq!(head.bytes().await.unwrap().len(), 0);

    let known = call(Method::GET).header(IF_NONE_MATCH, "\"1\"").send().await.unwrap();
    assert_eq!((known.status().as_u16(), header(&known, "content-encoding")), (304, ""));
    for name in ["etag", "vary", "colloquy-offset"] {
        assert_eq!(header(&known, name), header(&whole, name), "{name}");
    }
    assert_eq!(known.bytes().await.unwrap().len(), 0);

    let change = call(Method::PATCH).json(&json!({"name": "b"}));
    let changed = change.header(IF_MATCH, "\"1\"").send().await.unwrap();
    assert_eq!((changed.status().as_u16(), header(&changed, "etag")), (200, "\"2\""));
}

#[tokio::test]
async fn a_websocket_is_not_compressed() {
    let server = Server::start().await;
    let mut call = server.client().request(Method::GET, "/ws").header(ACCEPT_ENCODING, "br, gzip");
    for (name, value) in HANDSHAKE {
        call = call.header(name.parse::<HeaderName>().unwrap(), value);
    }
    let answer = call.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "content-encoding")), (101, ""));
}
