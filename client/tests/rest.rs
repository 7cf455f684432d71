//! What a request looks like on the wire, and how answers are read, against a server that gives
//! one answer. (That the hub and this client understand each other, the hub's tests show.)

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::time::Duration;

use colloquy_client::{
    Client, Error, Method,
    protocol::{position::Position, problem::FieldError, request::NewAgent},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

#[tokio::test]
async fn a_change_says_who_acts_for_which_version_and_only_once() {
    let (client, asked) = answering("201 Created", "", agent()).await;
    let new = NewAgent { name: "Planner".to_owned(), ..NewAgent::default() };
    let call = client.act_as("critic".parse().unwrap()).create_agent(&new);
    let created = call.idempotency_key("key-1").if_match(7).await.unwrap();
    assert_eq!(created.id.as_str(), "agent-123");

    let asked = asked.await.unwrap();
    let (head, body) = asked.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /api/v1/agents HTTP/1.1\r\n"), "{head}");
    let head = head.to_lowercase();
    for header in [
        "colloquy-act-as: critic",
        "idempotency-key: key-1",
        "if-match: \"7\"",
        "content-type: application/json",
    ] {
        assert!(head.contains(header), "{header} is in {head}");
    }
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({ "name": "Planner" }));
}

#[tokio::test]
async fn state_comes_with_its_position() {
    let headers = "Colloquy-Epoch: e\r\nColloquy-Offset: 41\r\n";
    let page = json!({ "items": [agent()], "nextCursor": null });
    let (client, asked) = answering("200 OK", headers, page).await;
    let seen = client.agents().query("q", "a b").query("limit", 10).await.unwrap();
    assert_eq!(seen.position, Position { epoch: "e".to_owned(), offset: 41 });
    assert_eq!(seen.value.items[0].name, "Planner");
    assert!(asked.await.unwrap().starts_with("GET /api/v1/agents?q=a+b&limit=10 HTTP/1.1"));
}

#[tokio::test]
async fn state_without_a_position_is_no_state() {
    let (client, _asked) = answering("200 OK", "", agent()).await;
    let error = client.agent(&"agent-123".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Unreadable(_)), "{error:?}");
}

#[tokio::test]
async fn a_refusal_names_the_field() {
    let problem = json!({
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "name: must not be blank",
        "errors": [{ "field": "name", "message": "must not be blank" }],
    });
    let (client, _asked) = answering("422 Unprocessable Content", "", problem).await;
    let error = client.create_agent(&NewAgent::default()).await.unwrap_err();
    assert_eq!(error.status(), Some(422));
    assert_eq!(error.to_string(), "422 Unprocessable Content: name: must not be blank");
    let fault = FieldError::new("name", "must not be blank");
    assert!(matches!(error, Error::Refused { problem, .. } if problem.errors == [fault]));
}

#[tokio::test]
async fn a_refusal_says_when_to_come_back() {
    let problem = json!({ "title": "Too Many Requests", "status": 429 });
    let (client, _asked) = answering("429 Too Many Requests", "Retry-After: 7\r\n", problem).await;
    let Err(Error::Refused { retry_after, .. }) = client.connections().await else {
        panic!("not refused")
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_refusal_by_a_proxy_is_a_refusal() {
    let headers = "Retry-After: 7\r\n";
    let (client, _asked) = answering("502 Bad Gateway", headers, json!("oh no")).await;
    let error = client.connections().await.unwrap_err();
    assert_eq!(error.status(), Some(502));
    assert_eq!(error.to_string(), "502 Bad Gateway: this is not the hub's own answer");
    let patience = Some(Duration::from_secs(7));
    assert!(matches!(error, Error::Refused { retry_after, .. } if retry_after == patience));

    // It need not know what the hub has.
    let (client, _asked) = answering("404 Not Found", "", json!("page not found")).await;
    let error = client.connections().await.unwrap_err();
    assert!(matches!(error, Error::Unreadable(_)), "{error}");
    assert_eq!(error.status(), None);
}

#[tokio::test]
async fn the_bare_answer_is_given_whatever_its_status() {
    let (client, _asked) = answering("404 Not Found", "", json!({})).await;
    let response = client.request(Method::GET, "/nowhere").send().await.unwrap();
    assert_eq!(response.status(), 404);
}

#[test]
fn an_address_is_checked() {
    for address in ["", "127.0.0.1:3000", "ftp://127.0.0.1"] {
        assert!(matches!(Client::new(address), Err(Error::Address(_))), "{address}");
    }
    let client = Client::new("http://127.0.0.1:3000/").unwrap();
    assert_eq!(client.socket_url(), "ws://127.0.0.1:3000/ws");
    let client = client.act_as("critic".parse().unwrap());
    assert_eq!(client.socket_url(), "ws://127.0.0.1:3000/ws?actAs=critic");
    let client = Client::new("HTTP://Hub.Example.org/below/").unwrap();
    assert_eq!(client.socket_url(), "ws://hub.example.org/below/ws");
}

/// A client of a server that answers one request, and what that request was.
async fn answering(status: &str, headers: &str, body: Value) -> (Client, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let body = body.to_string();
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = String::new();
        while !is_whole(&asked) {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            asked.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        asked
    });
    (client, asked)
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

fn agent() -> Value {
    json!({
        "id": "agent-123",
        "name": "Planner",
        "description": null,
        "status": "offline",
        "statusDetail": null,
        "capabilities": [],
        "metadata": {},
        "createdAt": "2026-01-31T12:00:00.000Z",
        "updatedAt": "2026-01-31T12:00:00.000Z",
        "version": 1,
    })
}
