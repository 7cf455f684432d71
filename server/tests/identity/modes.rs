use colloquy_client::{
    Method,
    raw::{RawError, RawSocket},
};
use reqwest::header::HeaderName;
use serde_json::{Value, json};

use crate::{
    Browser, hub,
    support::{Server, agent, closed},
};

#[tokio::test]
async fn the_first_person_ends_local_mode_and_what_came_in_by_it() {
    let server = Server::start().await;
    let browser = Browser::new(&server);
    let session = browser.get("/session").await.body;
    assert_eq!(session["mode"], "local");
    assert_eq!(session["setUp"], false);
    assert_eq!(session["caller"]["id"], "local");
    assert_eq!(session["caller"]["rights"]["standing"], "owner");
    assert_eq!(server.state.services.set_up_link().await.unwrap(), None);
    assert_eq!(browser.get("/logins").await.body["items"], json!([]));
    assert_eq!(browser.patch("/profile", json!({ "name": "Me" })).await.status, 404);
    let of_nobody = json!({ "name": "t", "personId": "nobody" });
    let refused = browser.post("/tokens", of_nobody).await;
    assert_eq!((refused.status, refused.fields()), (422, vec!["personId"]));
    let mut socket = RawSocket::connect(&server.client()).await.unwrap();
    socket.request("client:ready", Value::Null).await.unwrap();

    let new = |role: &str| json!({ "email": "ada@example.org", "name": "Ada", "role": role });
    let refused = browser.post("/people", new("member")).await;
    assert_eq!((refused.status, refused.fields()), (422, vec!["role"]));
    assert_eq!(browser.get("/session").await.body["mode"], "local");
    let invited = browser.post("/people", new("admin")).await;
    assert_eq!(invited.status, 201);
    assert_eq!(closed(&mut socket).await, Some(4001));
    assert_eq!(browser.get("/agents").await.status, 401);
    let session = browser.get("/session").await.body;
    assert_eq!(session, json!({ "mode": "required", "setUp": false, "caller": null }));
    let mut browser = browser;
    let link = invited.body["link"].as_str().unwrap();
    assert_eq!(browser.welcome(link, json!({})).await.status, 201);

    // It stays so.
    let server = server.restart().await;
    assert_eq!(Browser::new(&server).get("/session").await.body["mode"], "required");
}

#[tokio::test]
async fn one_acts_as_an_agent_in_local_mode_only() {
    let server = Server::start().await;
    agent(&server, "a").await;
    let browser = Browser::new(&server);
    let act_as = async |path: &str, cookie: Option<&String>| {
        let mut request = browser.http.get(format!("{}{path}", browser.url));
        request = request.header(HeaderName::from_static("colloquy-act-as"), "a");
        if let Some(cookie) = cookie {
            request = request.header(HeaderName::from_static("cookie"), cookie);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(act_as("/api/v1/agents", None).await, 200);
    let new = json!({ "email": "ada@example.org", "name": "Ada", "role": "admin" });
    let link = browser.post("/people", new).await.body["link"].clone();
    assert_eq!(act_as("/api/v1/agents", None).await, 401);
    let mut admin = browser.clone();
    admin.welcome(link.as_str().unwrap(), json!({})).await;
    assert_eq!(act_as("/api/v1/agents", admin.cookie.as_ref()).await, 403);
}

#[tokio::test]
async fn what_is_public_is_answered_to_everybody_and_nothing_else() {
    let server = hub().await;
    for (path, expected) in [
        ("/health", 200),
        ("/ready", 200),
        ("/api/v1/openapi.json", 200),
        ("/api/v1/session", 200),
        ("/metrics", 401),
        ("/api/v1/agents", 401),
        ("/api/v1/overview", 401),
        ("/api/v1/events", 401),
        ("/api/v1/profile", 401),
        ("/api/v1/people", 401),
        ("/api/v1/tokens", 401),
        ("/api/v1/logins", 401),
        ("/ws", 401),
    ] {
        let answer = server.client().request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{path}");
        if expected == 401 {
            assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{path}");
        }
    }
    let refused = RawSocket::connect(&server.client()).await.unwrap_err();
    assert!(matches!(refused, RawError::Socket(_)), "{refused}");
}
