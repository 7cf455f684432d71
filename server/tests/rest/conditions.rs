use colloquy_client::{Method, Response, protocol::position::Offset};
use reqwest::header::{IF_MATCH, IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::{
    happened, header, problem,
    support::{Server, agent, chat},
};

async fn patch(server: &Server, if_match: &str, name: &str) -> Response {
    let call =
        server.client().request(Method::PATCH, "/api/v1/agents/a").json(&json!({"name": name}));
    call.header(IF_MATCH, if_match).send().await.unwrap()
}

#[tokio::test]
async fn a_change_happens_only_to_the_version_it_is_meant_for() {
    let server = Server::start().await;
    agent(&server, "a").await;
    for stale in ["\"7\"", "W/\"1\"", "\"x\", \"01\""] {
        let refusal = problem(patch(&server, stale, "b").await).await;
        assert_eq!(refusal, (412, vec!["If-Match".to_owned()]), "{stale}");
    }
    let malformed = problem(patch(&server, "1", "b").await).await;
    assert_eq!(malformed, (422, vec!["If-Match".to_owned()]));
    assert_eq!(happened(&server).await, ["agent:created"]);

    let changed = patch(&server, "\"9\", \"1\"", "b").await;
    assert_eq!((changed.status().as_u16(), header(&changed, "etag")), (200, "\"2\""));
    assert_eq!(patch(&server, "*", "c").await.status(), 200);
    assert_eq!(patch(&server, "\"2\"", "d").await.status(), 412);
}

/// What could not be done to any version is not said to be meant for another one.
#[tokio::test]
async fn what_is_not_acceptable_is_told_before_if_match_is_judged() {
    let server = Server::start().await;
    let client = server.client();
    agent(&server, "a").await;
    chat(&server, "c").await;
    let collection = client.request(Method::POST, "/api/v1/collections");
    collection.json(&json!({"id": "k", "name": "k"})).await.unwrap();
    for (method, path, body, field) in [
        (Method::PATCH, "/agents/a", json!({"name": ""}), "name"),
        (Method::PUT, "/agents/a/status", json!({"status": "busy"}), "status"),
        (Method::PATCH, "/chats/c", json!({"title": ""}), "title"),
        (Method::PATCH, "/collections/k", json!({"name": ""}), "name"),
    ] {
        let call = client.request(method, &format!("/api/v1{path}")).json(&body);
        let refusal = problem(call.if_match(99).send().await.unwrap()).await;
        assert_eq!(refusal, (422, vec![field.to_owned()]), "{path}");
    }
}

#[tokio::test]
async fn every_change_of_an_entity_honours_if_match() {
    let server = Server::start().await;
    let client = server.client();
    let stale: Offset = 99;
    agent(&server, "a").await;
    chat(&server, "c").await;
    let collection = client.request(Method::POST, "/api/v1/collections");
    collection.json(&json!({"id": "k", "name": "k"})).await.unwrap();
    let ann = json!({"participantId": "ann", "kind": "user"});
    client.request(Method::POST, "/api/v1/chats/c/participants").json(&ann).await.unwrap();
    let bob = json!({"participantId": "bob", "kind": "user"});
    let before = happened(&server).await;
    // What ends an entity comes last.
    let changes = [
        (Method::PATCH, "/agents/a", "", json!({"name": "t"})),
        (Method::PUT, "/agents/a", "/status", json!({"status": "idle"})),
        (Method::PATCH, "/chats/c", "", json!({"title": "t"})),
        (Method::POST, "/chats/c", "/participants", bob),
        (Method::DELETE, "/chats/c", "/participants/ann", json!(null)),
        (Method::PATCH, "/collections/k", "", json!({"name": "t"})),
        (Method::DELETE, "/agents/a", "", json!(null)),
        (Method::DELETE, "/chats/c", "", json!(null)),
        (Method::DELETE, "/collections/k", "", json!(null)),
    ];
    for (method, entity, rest, body) in &changes {
        let path = format!("/api/v1{entity}{rest}");
        let call = client.request(method.clone(), &path).json(body);
        let refusal = call.if_match(stale).send().await.unwrap();
        assert_eq!(refusal.status(), 412, "{method} {path}");
    }
    assert_eq!(happened(&server).await, before);
    for (method, entity, rest, body) in &changes {
        let path = format!("/api/v1{entity}{rest}");
        let shown = client.request(Method::GET, &format!("/api/v1{entity}")).send().await.unwrap();
        let call = client.request(method.clone(), &path).json(body);
        let answer = call.header(IF_MATCH, header(&shown, "etag")).send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
    }
    assert_eq!(happened(&server).await.len(), before.len() + changes.len());
}

#[tokio::test]
async fn what_a_client_has_already_is_not_sent_again() {
    let server = Server::start().await;
    agent(&server, "a").await;
    let get = |tag: &'static str| {
        let call = server.client().request(Method::GET, "/api/v1/agents/a");
        call.header(IF_NONE_MATCH, tag).send()
    };
    for same in ["\"1\"", "W/\"1\"", "*"] {
        let answer = get(same).await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (304, "\"1\""));
        assert_eq!(header(&answer, "colloquy-offset"), "1");
        assert_eq!(answer.text().await.unwrap(), "");
    }
    assert_eq!(get("\"2\"").await.unwrap().status(), 200);
    // Several lines are one list.
    let call = server.client().request(Method::GET, "/api/v1/agents/a");
    let call = call.header(IF_NONE_MATCH, "\"0\"").header(IF_NONE_MATCH, "\"1\"");
    assert_eq!(call.send().await.unwrap().status(), 304);
}

#[tokio::test]
async fn what_is_created_is_where_the_answer_says() {
    let server = Server::start().await;
    let client = server.client();
    for (path, body, there) in [
        ("/agents", json!({"id": "a", "name": "A"}), "/agents/a"),
        ("/chats", json!({"id": "c", "title": "C"}), "/chats/c"),
        ("/chats/c/messages", json!({"id": "m", "content": "hi"}), "/messages/m"),
        ("/collections", json!({"id": "k", "name": "K"}), "/collections/k"),
    ] {
        let call = client.request(Method::POST, &format!("/api/v1{path}")).json(&body);
        let created = call.send().await.unwrap();
        assert_eq!(created.status(), 201, "{path}");
        let location = header(&created, "location").to_owned();
        assert_eq!(location, format!("/api/v1{there}"));
        let created: Value = created.json().await.unwrap();
        let shown = client.request(Method::GET, &location).send().await.unwrap();
        assert_eq!(shown.status(), 200, "{path}");
        assert_eq!(shown.json::<Value>().await.unwrap(), created, "{path}");
    }
}

#[tokio::test]
async fn state_says_which_position_it_shows() {
    let server = Server::start().await;
    let client = server.client();
    let nothing = client.agents().await.unwrap().position;
    assert_eq!((nothing.epoch.is_empty(), nothing.offset), (false, 0));
    agent(&server, "a").await;
    chat(&server, "c").await;
    let said = json!({"id": "m", "content": "hi"});
    client.request(Method::POST, "/api/v1/chats/c/messages").json(&said).await.unwrap();
    for path in [
        "/agents",
        "/agents/a",
        "/chats",
        "/chats/c",
        "/chats/c/participants",
        "/chats/c/messages",
        "/messages/m",
        "/messages/m/receipts",
        "/collections",
        "/events",
        "/connections",
    ] {
        let answer = client.request(Method::GET, &format!("/api/v1{path}")).send().await.unwrap();
        assert_eq!(header(&answer, "colloquy-epoch"), nothing.epoch, "{path}");
        assert_eq!(header(&answer, "colloquy-offset"), "3", "{path}");
    }
}
