use std::{collections::BTreeSet, fs};

use colloquy_client::{Method, protocol::model::Page, raw::RawSocket};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

use crate::{
    header, problem, refused,
    support::{Server, agent, closed},
};

#[tokio::test]
async fn what_watches_the_server_is_answered() {
    let server = Server::start().await;
    agent(&server, "a").await;
    for path in ["/health", "/ready"] {
        let answer = server.client().request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], "ok");
    }
    let answer = server.client().request(Method::GET, "/metrics").send().await.unwrap();
    assert!(header(&answer, "content-type").starts_with("text/plain; version=0.0.4"));
    let metrics = answer.text().await.unwrap();
    for line in [
        "colloquy_events_total{event=\"agent:created\"} 1\n",
        "colloquy_events_total{event=\"agent:deleted\"} 0\n",
        "colloquy_connections 0\n",
        "colloquy_closes_total{code=\"4000\"} 0\n",
        "colloquy_commit_seconds_bucket{le=\"0.001\"}",
        "colloquy_delivery_seconds_count 0\n",
        "colloquy_http_requests_total{method=\"POST\",route=\"/api/v1/agents\",status=\"201\"}",
        "colloquy_http_request_seconds_count{method=\"GET\",route=\"/health\"}",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
}

#[tokio::test]
async fn a_hub_whose_database_is_closed_is_alive_and_not_ready() {
    let server = Server::start().await;
    server.state.close().await;
    let get = async |path: &str| server.client().request(Method::GET, path).send().await.unwrap();
    assert_eq!(problem(get("/ready").await).await.0, 503);
    assert_eq!(get("/health").await.status(), 200);
}

/// SQLite goes on writing to a file that nobody will ever find again.
#[tokio::test]
async fn a_hub_whose_database_was_moved_away_is_not_ready() {
    let server = Server::start().await;
    let ready = async || {
        server.client().request(Method::GET, "/ready").send().await.unwrap().status().as_u16()
    };
    let database = server.state.settings.data_dir.join("colloquy.db");
    let elsewhere = database.with_extension("away");
    assert_eq!(ready().await, 200);
    fs::rename(&database, &elsewhere).unwrap();
    assert_eq!(ready().await, 503);
    fs::copy(&elsewhere, &database).unwrap();
    assert_eq!(ready().await, 503, "it is another file");
    fs::rename(&elsewhere, &database).unwrap();
    assert_eq!(ready().await, 200);
}

#[tokio::test]
async fn who_is_connected_is_listed_and_can_be_closed() {
    let server = Server::start().await;
    let client = server.client();
    let planner = agent(&server, "planner").await;
    let mut socket = RawSocket::connect(&client.act_as(planner.id)).await.unwrap();
    let welcome = socket.next().await.unwrap();
    let id = welcome["payload"]["connectionId"].as_str().unwrap().parse().unwrap();
    let listed = client.connections().await.unwrap().value.items;
    assert_eq!((listed.len(), &listed[0].id), (1, &id));
    assert_eq!((listed[0].user_id.as_str(), listed[0].ready), ("planner", false));
    assert_eq!(client.connection(&id).await.unwrap().value.id, id);

    client.close_connection(&id).await.unwrap();
    assert_eq!(closed(&mut socket).await, Some(4004));
    while !client.connections().await.unwrap().value.items.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(refused(client.close_connection(&id).await).0, 404);
}

#[tokio::test]
async fn many_who_are_connected_are_listed_page_by_page_and_searched() {
    let server = Server::start().await;
    let client = server.client();
    let mut sockets = Vec::new();
    for id in ["ada", "bob", "cleo"] {
        let agent = agent(&server, id).await;
        let mut socket = RawSocket::connect(&client.act_as(agent.id)).await.unwrap();
        socket.next().await.unwrap();
        sockets.push(socket);
    }
    let page = async |query: &[(&str, &str)]| {
        let call =
            query.iter().fold(client.connections(), |call, (key, value)| call.query(key, value));
        let Page { items, next_cursor } = call.await.unwrap().value;
        let who = items.iter().map(|one| one.user_id.to_string()).collect::<Vec<_>>();
        (who.join(" "), next_cursor)
    };
    let (first, cursor) = page(&[("limit", "2")]).await;
    assert_eq!(first, "ada bob");
    let rest = page(&[("limit", "2"), ("cursor", &cursor.unwrap())]).await;
    assert_eq!(rest, ("cleo".to_owned(), None));
    assert_eq!(page(&[]).await, ("ada bob cleo".to_owned(), None));
    assert_eq!(page(&[("q", "BO")]).await.0, "bob");
    let patch = json!({ "name": "Augusta" });
    client.update_agent(&"ada".parse().unwrap(), &patch).await.unwrap();
    assert_eq!(page(&[("q", "august")]).await.0, "ada");
    assert_eq!(page(&[("q", "127.0.0.1:")]).await.0, "ada bob cleo");
    assert_eq!(page(&[("q", "nobody")]).await.0, "");

    // Who is not ready is sent nothing: Ada misses three events, Bob two, and Cleo one.
    assert_eq!(page(&[("behind", "2")]).await.0, "ada bob");
    assert_eq!(page(&[("behind", "3")]).await.0, "ada");
    assert_eq!(page(&[("behind", "4")]).await.0, "");
    for (field, value) in [("cursor", "?"), ("limit", "0"), ("behind", "-1"), ("topic", "chat:a")] {
        let refusal = refused(client.connections().query(field, value).await);
        assert_eq!(refusal, (422, vec![field.to_owned()]));
    }
}

#[tokio::test]
async fn the_old_address_leads_to_the_demo() {
    let server = Server::start().await;
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let old = format!("{}/api/multi-agent/demo/websocket", server.url);
    let answer = http.get(old).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (308, "/demo/websocket"));
}

#[tokio::test]
async fn a_page_that_is_not_there_is_404() {
    let server = Server::start().await;
    let answer = server.client().request(Method::GET, "/nothing/here").send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert!(header(&answer, "content-type").starts_with("text/html"));
    assert!(answer.text().await.unwrap().contains("There is no page here"));
}

#[tokio::test]
async fn the_documentation_is_whole_and_loads_nothing_from_elsewhere() {
    let server = Server::start().await;
    let get = async |path: &str| {
        let answer = server.client().request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    let page = get("/docs/").await;
    assert!(!page.contains("://"), "{page}");
    let script = get("/docs/swagger-initializer.js").await;
    assert!(!script.contains("://"), "{script}");
    assert!(script.contains("\"validatorUrl\": \"none\""), "else it asks validator.swagger.io");

    let document: Value = serde_json::from_str(&get("/api/v1/openapi.json").await).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let operations: Vec<&Value> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .collect();
    let names: BTreeSet<_> = operations.iter().map(|one| one["operationId"].as_str()).collect();
    assert_eq!(names.len(), operations.len(), "each operation has a name of its own");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in references(&document) {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(schemas.contains_key(name), "{reference}");
    }
    let required = &schemas["Problem"]["required"];
    assert_eq!(*required, json!(["type", "title", "status", "detail", "errors"]));
}

fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| match member {
                Value::String(reference) if name == "$ref" => vec![reference.as_str()],
                member => references(member),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
