use std::pin::pin;

use colloquy_client::{Method, Response};
use futures_util::future::select;
use reqwest::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use serde_json::{Value, json};

use crate::{
    happened, header, problem,
    support::{Server, Stalled, agent, chat},
};

async fn raw(
    server: &Server,
    method: Method,
    path: &str,
    media_type: &str,
    body: &str,
) -> Response {
    let request = reqwest::Client::new().request(method, format!("{}/api/v1{path}", server.url));
    request.header(CONTENT_TYPE, media_type).body(body.to_owned()).send().await.unwrap()
}

async fn post(server: &Server, path: &str, body: &Value) -> Response {
    raw(server, Method::POST, path, "application/json", &body.to_string()).await
}

fn fields(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn malformed_json_is_400() {
    let server = Server::start().await;
    for body in ["", "{", "{\"name\": }", "nonsense", "{\"name\": \"\\ud800\"}"] {
        let refusal = raw(&server, Method::POST, "/agents", "application/json", body).await;
        assert_eq!(problem(refusal).await, (400, fields(&["body"])), "{body}");
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_415() {
    let server = Server::start().await;
    agent(&server, "a").await;
    for (method, path, media_type) in [
        (Method::POST, "/agents", "text/plain"),
        (Method::POST, "/agents", "application/merge-patch+json"),
        (Method::PATCH, "/agents/a", "application/json-patch+json"),
        (Method::PUT, "/agents/a/status", "application/merge-patch+json"),
        (Method::POST, "/agents", ""),
        (Method::POST, "/agents", "application/json; charset=iso-8859-1"),
    ] {
        let refusal = raw(&server, method, path, media_type, "{\"name\": \"b\"}").await;
        // It was not read, and so another request cannot come behind it.
        assert_eq!(header(&refusal, "connection"), "close");
        assert_eq!(problem(refusal).await, (415, fields(&["Content-Type"])), "{media_type}");
    }
    let utf_8 = "application/json; charset=\"UTF-8\"";
    let accepted = raw(&server, Method::POST, "/agents", utf_8, "{\"name\": \"b\"}").await;
    assert_eq!(accepted.status(), 201);
    assert!(!accepted.headers().contains_key("connection"));

    let call = server.client().request(Method::POST, "/api/v1/agents").json(&json!({"name": "b"}));
    let refusal = call.header(CONTENT_ENCODING, "gzip").send().await.unwrap();
    assert_eq!(problem(refusal).await, (415, fields(&["Content-Encoding"])));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413() {
    let server = Server::start_with(|settings| settings.max_body_bytes = 1000).await;
    for bytes in [1001, 4000, 500_000] {
        let body = json!({"name": "x".repeat(bytes)});
        assert_eq!(problem(post(&server, "/agents", &body).await).await, (413, fields(&["body"])));
    }
    let fits =
        post(&server, "/agents", &json!({"name": "x", "description": "y".repeat(900)})).await;
    assert_eq!(fits.status(), 201);
}

#[tokio::test]
async fn an_unacceptable_field_is_422_and_named() {
    let server = Server::start().await;
    let long = "x".repeat(201);
    let deep = (0..70).fold(json!(1), |inside, _| json!([inside]));
    let big = json!({"big": "x".repeat(65_536)});
    for (path, body, named) in [
        ("/agents", json!({}), &["name"][..]),
        ("/agents", json!([]), &["body"]),
        ("/agents", json!({"name": 1}), &["name"]),
        ("/agents", json!({"name": ""}), &["name"]),
        ("/agents", json!([null, "a", null, [], {}]), &["body"]),
        ("/agents", json!({"name": long}), &["name"]),
        ("/agents", json!({"name": "a", "colour": "red"}), &["colour"]),
        ("/agents", json!({"name": "a", "status": "idle"}), &["status"]),
        ("/agents", json!({"name": "a", "id": "a b"}), &["id"]),
        ("/agents", json!({"name": "a", "id": ""}), &["id"]),
        ("/agents", json!({"name": "a", "id": "x".repeat(65)}), &["id"]),
        ("/agents", json!({"name": "a", "capabilities": ["ok", ""]}), &["capabilities[1]"]),
        ("/agents", json!({"name": "a", "capabilities": ["ok", 3]}), &["capabilities[1]"]),
        ("/agents", json!({"name": "a", "capabilities": vec!["c"; 101]}), &["capabilities"]),
        ("/agents", json!({"name": "a", "metadata": []}), &["metadata"]),
        ("/agents", json!({"name": "a", "metadata": {"deep": deep}}), &["metadata"]),
        ("/agents", json!({"name": "a", "metadata": big}), &["metadata"]),
        (
            "/agents",
            json!({"name": "", "description": "x".repeat(10_001)}),
            &["name", "description"],
        ),
        ("/chats", json!({"name": "a"}), &["name"]),
        ("/chats", json!({"title": long}), &["title"]),
        (
            "/chats",
            json!({"title": "t", "participants": [{"participantId": "a", "kind": "robot"}]}),
            &["participants[0].kind"],
        ),
        // Serde's own way to write an enum's variant.
        ("/chats", json!({"title": "t", "visibility": {"open": null}}), &["visibility"]),
        (
            "/chats",
            json!({"title": "t", "participants": [{"participantId": "a", "kind": {"user": null}}]}),
            &["participants[0].kind"],
        ),
        ("/notifications", json!({"type": {"info": null}, "message": "m"}), &["type"]),
        (
            "/chats",
            json!({"title": "t", "participants": [{"participantId": "a", "kind": "user", "x": 1}]}),
            &["participants[0].x"],
        ),
        ("/chats", json!({"title": "t", "participants": [["a", "user"]]}), &["participants[0]"]),
        (
            "/chats",
            json!({"title": "t", "participants": [{"kind": "user"}]}),
            &["participants[0].participantId"],
        ),
        (
            "/chats",
            json!({"title": "t", "participants": [{"participantId": "no", "kind": "agent"}]}),
            &["participants[0].participantId"],
        ),
        ("/chats/c/messages", json!({"content": ""}), &["content"]),
        ("/chats/c/messages", json!({"content": "x".repeat(65_537)}), &["content"]),
        ("/chats/c/messages", json!({"content": "x", "senderId": "me"}), &["senderId"]),
        ("/chats/c/participants", json!({"kind": "user"}), &["participantId"]),
        ("/collections", json!({"name": null}), &["name"]),
        ("/notifications", json!({"type": "fatal", "message": "m"}), &["type"]),
        ("/notifications", json!({"type": "info", "message": ""}), &["message"]),
        ("/notifications", json!({"type": "info", "message": "m", "details": deep}), &["details"]),
    ] {
        chat_c(&server).await;
        let refusal = problem(post(&server, path, &body).await).await;
        let shown: String = body.to_string().chars().take(100).collect();
        assert_eq!(refusal, (422, fields(named)), "{path} {shown}");
    }
    assert_eq!(happened(&server).await, ["chat:created"]);
}

/// Names are counted in characters, not in bytes.
#[tokio::test]
async fn a_name_may_have_200_characters() {
    let server = Server::start().await;
    for (path, field) in [("/agents", "name"), ("/chats", "title"), ("/collections", "name")] {
        let most = post(&server, path, &json!({field: "ü".repeat(200)})).await;
        assert_eq!(most.status(), 201, "{path}");
        let more = post(&server, path, &json!({field: "ü".repeat(201)})).await;
        assert_eq!(problem(more).await, (422, fields(&[field])), "{path}");
    }
}

/// Makes sure that the chat `c` is there.
async fn chat_c(server: &Server) {
    if server.client().chat(&"c".parse().unwrap()).await.is_err() {
        chat(server, "c").await;
    }
}

#[tokio::test]
async fn an_unacceptable_change_is_422_and_named() {
    let server = Server::start().await;
    agent(&server, "a").await;
    for (method, path, body, named) in [
        (Method::PATCH, "/agents/a", json!({"name": null}), "name"),
        (Method::PATCH, "/agents/a", json!({"name": ""}), "name"),
        (Method::PATCH, "/agents/a", json!({"status": "idle"}), "status"),
        (Method::PATCH, "/agents/a", json!({"id": "b"}), "id"),
        (Method::PATCH, "/agents/a", json!(null), "body"),
        (Method::PUT, "/agents/a/status", json!({}), "status"),
        (Method::PUT, "/agents/a/status", json!({"status": "Idle"}), "status"),
        (
            Method::PUT,
            "/agents/a/status",
            json!({"status": "idle", "statusDetail": "x".repeat(1001)}),
            "statusDetail",
        ),
    ] {
        let refusal = raw(&server, method, path, "application/json", &body.to_string()).await;
        assert_eq!(problem(refusal).await, (422, fields(&[named])), "{path} {body}");
    }
    assert_eq!(happened(&server).await, ["agent:created"]);
}

#[tokio::test]
async fn a_bad_idempotency_key_is_422() {
    let server = Server::start().await;
    for key in ["", "two words", &"k".repeat(256)] {
        let call = server.client().request(Method::POST, "/api/v1/agents");
        let call = call.json(&json!({"name": "a"})).idempotency_key(key);
        let refusal = problem(call.send().await.unwrap()).await;
        assert_eq!(refusal, (422, fields(&["Idempotency-Key"])), "{key}");
    }
}

#[tokio::test]
async fn who_acts_and_under_which_key_is_said_once() {
    let server = Server::start().await;
    agent(&server, "ada").await;
    for name in ["colloquy-act-as", "idempotency-key"] {
        let name = HeaderName::from_static(name);
        let call = server.client().request(Method::POST, "/api/v1/agents");
        let call = call.json(&json!({"name": "b"})).header(name.clone(), "ada").header(name, "ada");
        assert_eq!(problem(call.send().await.unwrap()).await.0, 422);
    }
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let server = Server::start().await;
    let client = server.client();
    for path in [
        "/api/v1/agents/none",
        "/api/v1/agents/a%20b",
        "/api/v1/agents/%ff",
        "/api/v1/agents/",
        "/api/v1/agents/none/colour",
        "/api/v1/chats/none",
        "/api/v1/chats/none/messages",
        "/api/v1/chats/none/participants",
        "/api/v1/messages/none",
        "/api/v1/messages/none/receipts",
        "/api/v1/collections/none",
        "/api/v1/connections/none",
        "/api/v1/nothing",
        "/api/v1",
        "/api/v2/agents",
        "/api",
        "/api/",
    ] {
        let refusal = problem(client.request(Method::GET, path).send().await.unwrap()).await;
        assert_eq!(refusal.0, 404, "{path}");
    }
    for (method, path, body) in [
        (Method::PATCH, "/agents/none", json!({})),
        (Method::PUT, "/agents/none/status", json!({"status": "idle"})),
        (Method::DELETE, "/agents/none", json!(null)),
        (Method::PATCH, "/chats/none", json!({})),
        (Method::DELETE, "/chats/none", json!(null)),
        (Method::POST, "/chats/none/messages", json!({"content": "x"})),
        (Method::POST, "/chats/none/participants", json!({"participantId": "a", "kind": "user"})),
        (Method::DELETE, "/chats/none/participants/a", json!(null)),
        (Method::PATCH, "/collections/none", json!({})),
        (Method::DELETE, "/collections/none", json!(null)),
        (Method::DELETE, "/connections/none", json!(null)),
    ] {
        let body = body.to_string();
        let refusal = raw(&server, method.clone(), path, "application/json", &body).await;
        assert_eq!(problem(refusal).await.0, 404, "{method} {path}");
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_405() {
    let server = Server::start().await;
    for (method, path, allowed) in [
        (Method::PUT, "/api/v1/agents", "GET,HEAD,POST"),
        (Method::POST, "/api/v1/agents/a", "GET,HEAD,PATCH,DELETE"),
        (Method::GET, "/api/v1/notifications", "POST"),
        (Method::DELETE, "/health", "GET,HEAD"),
    ] {
        let answer = server.client().request(method, path).send().await.unwrap();
        let mut allow: Vec<_> = answer.headers()[ALLOW].to_str().unwrap().split(',').collect();
        let mut expected: Vec<_> = allowed.split(',').collect();
        allow.sort_unstable();
        expected.sort_unstable();
        assert_eq!(allow, expected, "{path}");
        assert_eq!(problem(answer).await.0, 405);
    }
}

#[tokio::test]
async fn who_may_not_ask_gets_403() {
    let server = Server::start().await;
    let client = server.client();
    let rebound = client.request(Method::GET, "/api/v1/agents").header(HOST, "evil.example");
    assert_eq!(problem(rebound.send().await.unwrap()).await.0, 403);
    let forged = client.request(Method::POST, "/api/v1/agents").json(&json!({"name": "a"}));
    let forged = forged.header(ORIGIN, "http://evil.example").send().await.unwrap();
    assert_eq!(problem(forged).await.0, 403);
    assert!(happened(&server).await.is_empty());
}

/// While the disk does not get on, changes wait in a queue; when that is full, clients are told to
/// come back, and what waits is done as soon as it can be.
#[tokio::test]
async fn more_changes_than_can_wait_are_503_and_told_when_to_come_back() {
    let server = Server::start().await;
    let stalled = Stalled::begin(&server).await;
    // The writer may have taken one in hand meanwhile: then one of these waits in its place.
    let new = json!({"name": "a"});
    let (one, another) = (post(&server, "/agents", &new), post(&server, "/agents", &new));
    let (one, another) = (pin!(one), pin!(another));
    let (refused, _) = select(one, another).await.factor_first();
    assert_eq!(refused.status(), 503);
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(header(&refused, "content-type"), "application/problem+json");

    let done = stalled.end().await;
    // The start's housekeeping may be what waits in one of the 1,024 places.
    assert!(done >= 1_023, "{done} of those that waited were done");
}
