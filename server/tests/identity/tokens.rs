use colloquy_client::{
    Client, Error, Method,
    protocol::{
        id::AgentId,
        model::AgentStatus,
        request::{
            AgentPatch, NewAgent, NewChat, NewCollection, NewMessage, NewNotification, StatusChange,
        },
    },
    raw::RawSocket,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    Browser, PASSWORD, hub,
    links::expire,
    sockets::create,
    support::{Server, closed, peer::Peer},
};

/// The client of a program with a new token; `new` says which.
async fn program(server: &Server, owner: &Browser, new: Value) -> Client {
    let issued = owner.post("/tokens", new).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    server.client().with_token(issued.body["secret"].as_str().unwrap())
}

fn status<T: std::fmt::Debug>(result: Result<T, Error>) -> u16 {
    result.err().map_or(200, |error| error.status().unwrap())
}

#[tokio::test]
async fn a_token_is_shown_once_and_listed_without_its_secret() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    create(&admin, "a").await;
    let issued = admin.post("/tokens", json!({ "name": "t", "agentId": "a" })).await;
    assert_eq!(issued.headers["cache-control"], "no-store");
    let secret = issued.body["secret"].as_str().unwrap();
    assert!(secret.starts_with("clq_") && secret.len() == 47, "{secret}");
    let token = &issued.body["token"];
    assert_eq!(token["prefix"], secret[..12]);
    assert_eq!(token["scopes"], json!(["read", "self", "messages", "chats"]));
    assert_eq!((&token["principalId"], &token["principalKind"]), (&json!("a"), &json!("agent")));
    assert_eq!((&token["expiresAt"], &token["lastUsedAt"]), (&Value::Null, &Value::Null));
    let list = admin.get("/tokens").await.body;
    assert_eq!(list["items"], json!([token]));
    assert!(!list.to_string().contains(secret));

    server.client().with_token(secret).agents().await.unwrap();
    let used = loop {
        let used = admin.get("/tokens").await.body["items"][0]["lastUsedAt"].clone();
        if !used.is_null() {
            break used;
        }
    };
    assert!(used.as_str().unwrap().ends_with(":00.000Z"), "to the minute: {used}");
}

#[tokio::test]
async fn what_is_wrong_with_a_new_token_is_said() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (member, bo) = admin.of_invited("bo@example.org", "member").await;
    create(&admin, "a").await;
    for (body, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "t", "agentId": "nobody" }), "agentId"),
        (json!({ "name": "t", "agentId": "a", "personId": bo }), "personId"),
        (json!({ "name": "t", "personId": bo }), "personId"),
        (json!({ "name": "t", "scopes": [] }), "scopes"),
        (json!({ "name": "t", "scopes": ["everything"] }), "scopes[0]"),
        (json!({ "name": "t", "expiresAt": "2001-01-01T00:00:00Z" }), "expiresAt"),
    ] {
        let refused = admin.post("/tokens", body.clone()).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![field]), "{body}");
    }
    let refused = member.post("/tokens", json!({ "name": "t", "agentId": "a" })).await;
    assert_eq!(refused.status, 403, "only admins make agents' tokens");
}

#[tokio::test]
async fn tokens_of_others_do_not_exist() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (member, _) = admin.of_invited("bo@example.org", "member").await;
    create(&admin, "a").await;
    let agents = admin.post("/tokens", json!({ "name": "agent's", "agentId": "a" })).await.body;
    let admins = admin.post("/tokens", json!({ "name": "admin's" })).await.body;
    let members = member.post("/tokens", json!({ "name": "member's" })).await.body;
    let names = async |browser: &Browser| {
        let items = browser.get("/tokens").await.body["items"].clone();
        let names = items.as_array().unwrap().iter().map(|one| one["name"].clone());
        json!(names.collect::<Vec<_>>())
    };
    assert_eq!(names(&admin).await, json!(["agent's", "admin's"]));
    assert_eq!(names(&member).await, json!(["member's"]));
    let path = |issued: &Value| format!("/tokens/{}", issued["token"]["id"].as_str().unwrap());
    for (browser, issued, expected) in [
        (&member, &agents, 404),
        (&member, &admins, 404),
        (&admin, &members, 404),
        (&member, &members, 204),
        (&member, &members, 404),
        (&admin, &agents, 204),
        (&admin, &admins, 204),
    ] {
        assert_eq!(browser.delete(&path(issued)).await.status, expected);
    }
}

/// An agent's token does what its scopes say, of what agents may, and acts as the agent.
#[tokio::test]
async fn a_token_does_what_its_scopes_say() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    create(&admin, "a").await;
    create(&admin, "b").await;
    let chat = json!({ "id": "c", "title": "C",
                       "participants": [{ "participantId": "a", "kind": "agent" }] });
    assert_eq!(admin.post("/chats", chat).await.status, 201);
    let (own, other): (AgentId, AgentId) = ("a".parse().unwrap(), "b".parse().unwrap());
    let scopes = ["read", "self", "messages", "chats", "collections", "agents", "notifications"];
    for scope in scopes {
        let new = json!({ "name": scope, "agentId": "a", "scopes": [scope] });
        let client = program(&server, &admin, new).await;
        let may = |wanted: &str| if scope == wanted { 200 } else { 403 };
        let working =
            StatusChange { status: AgentStatus::Working, status_detail: Some(scope.to_owned()) };
        let named = AgentPatch { name: Some(scope.to_owned()), ..AgentPatch::default() };
        let new_chat = NewChat { title: scope.to_owned(), ..NewChat::default() };
        let agent = NewAgent { name: scope.to_owned(), ..NewAgent::default() };
        let collection: NewCollection = serde_json::from_value(json!({ "name": "N" })).unwrap();
        let message: NewMessage = serde_json::from_value(json!({ "content": "Hi" })).unwrap();
        let notice: NewNotification =
            serde_json::from_value(json!({ "type": "info", "message": "Hi" })).unwrap();
        assert_eq!(status(client.agents().await), may("read"), "{scope}");
        assert_eq!(status(client.set_agent_status(&own, &working).await), may("self"), "{scope}");
        assert_eq!(status(client.update_agent(&own, &named).await), may("self"), "{scope}");
        assert_eq!(status(client.set_agent_status(&other, &working).await), 403, "{scope}");
        assert_eq!(status(client.update_agent(&other, &named).await), 403, "{scope}");
        assert_eq!(status(client.delete_agent(&other).await), 403, "{scope}");
        let said = client.send_message(&"c".parse().unwrap(), &message).await;
        if let Ok(message) = &said {
            assert_eq!(message.sender_id.as_str(), "a");
        }
        assert_eq!(status(said), may("messages"), "{scope}");
        assert_eq!(status(client.create_chat(&new_chat).await), may("chats"), "{scope}");
        assert_eq!(status(client.create_collection(&collection).await), may("collections"));
        assert_eq!(status(client.create_agent(&agent).await), may("agents"), "{scope}");
        assert_eq!(status(client.send_notification(&notice).await), may("notifications"));
        let profile = client.request(colloquy_client::Method::GET, "/api/v1/profile");
        assert_eq!(profile.send().await.unwrap().status(), 403);
        let people = client.request(colloquy_client::Method::GET, "/api/v1/people");
        assert_eq!(people.send().await.unwrap().status(), 403);
        let tokens = client.request(colloquy_client::Method::GET, "/api/v1/tokens");
        assert_eq!(tokens.send().await.unwrap().status(), 403);
        let session = client.request(colloquy_client::Method::GET, "/api/v1/session");
        let session: Value = session.send().await.unwrap().json().await.unwrap();
        assert_eq!(session["caller"]["id"], "a");
        assert_eq!(session["caller"]["rights"], json!({ "standing": "agent", "scopes": [scope] }));
        let acting = client.act_as(other.clone());
        assert_eq!(status(acting.agents().await), 403, "only local mode acts as others");
    }
}

#[tokio::test]
async fn a_persons_token_acts_as_the_person_and_manages_no_account() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let all =
        json!(["read", "self", "messages", "chats", "collections", "agents", "notifications"]);
    let client = program(&server, &admin, json!({ "name": "t", "scopes": all })).await;
    let ada = admin.get("/profile").await.body["id"].clone();
    let new =
        NewAgent { id: Some("a".parse().unwrap()), name: "A".to_owned(), ..NewAgent::default() };
    client.create_agent(&new).await.unwrap();
    let log = client.events().await.unwrap().value.items;
    assert_eq!(json!(log[0].actor_id), ada);
    for path in ["/profile", "/people", "/tokens", "/logins"] {
        let answer = client.request(colloquy_client::Method::GET, &format!("/api/v1{path}"));
        assert_eq!(answer.send().await.unwrap().status(), 403, "{path}");
    }
    // A viewer's token has no more than a viewer.
    let (viewer, _) = admin.of_invited("bo@example.org", "viewer").await;
    let client = program(&server, &viewer, json!({ "name": "t", "scopes": all })).await;
    client.agents().await.unwrap();
    assert_eq!(
        status(
            client.create_agent(&NewAgent { name: "B".to_owned(), ..NewAgent::default() }).await
        ),
        403
    );
}

/// What a monitoring system holds need not let it read what is said.
#[tokio::test]
async fn a_token_for_the_metrics_reads_nothing_else() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (member, _) = admin.of_invited("bo@example.org", "member").await;
    for (owner, scope, [metrics, agents]) in [
        (&admin, "metrics", [200, 403]),
        (&admin, "read", [200, 200]),
        (&admin, "agents", [403, 403]),
        (&member, "metrics", [403, 403]),
    ] {
        let client = program(&server, owner, json!({ "name": "t", "scopes": [scope] })).await;
        let answer = client.request(Method::GET, "/metrics").send().await.unwrap();
        assert_eq!(answer.status(), metrics, "{scope}");
        assert_eq!(status(client.agents().await), agents, "{scope}");
        // Nor does it hear what everybody is told.
        let mut peer = Peer::connect(&client).await;
        let since = json!({ "epoch": peer.welcome["epoch"], "offset": 0 });
        let ready = json!({ "since": since });
        if agents == 200 {
            assert_eq!(peer.ok("client:ready", ready).await["recovered"], true);
        } else {
            assert_eq!(peer.error("client:ready", ready).await["code"], "forbidden", "{scope}");
        }
    }
}

/// Who chooses a new password with a link does so because somebody else may have had the old one.
#[tokio::test]
async fn a_password_that_is_reset_ends_ones_own_tokens_and_one_that_is_changed_does_not() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    create(&admin, "a").await;
    let (bo, id) = admin.of_invited("bo@example.org", "member").await;
    let agents = program(&server, &admin, json!({ "name": "t", "agentId": "a" })).await;
    let own = program(&server, &bo, json!({ "name": "t" })).await;
    let mut socket = RawSocket::connect(&own).await.unwrap();
    let new = json!({ "password": "another horse", "currentPassword": PASSWORD });
    assert_eq!(bo.patch("/profile", new).await.status, 200);
    own.agents().await.unwrap();

    let link = admin.send(Method::POST, &format!("/people/{id}/link"), None).await.body;
    own.agents().await.unwrap();
    let mut browser = Browser::new(&server);
    let chosen = json!({ "password": "a third horse" });
    let chosen = browser.welcome(link["link"].as_str().unwrap(), chosen).await;
    assert_eq!(chosen.status, 201);
    assert_eq!(status(own.agents().await), 401);
    assert_eq!(closed(&mut socket).await, Some(4001));
    assert_eq!(browser.get("/tokens").await.body["items"], json!([]));
    agents.agents().await.unwrap();
}

#[tokio::test]
async fn a_token_that_is_wrong_or_has_ended_is_not_made_up_for() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    create(&admin, "a").await;
    let client = program(&server, &admin, json!({ "name": "t", "agentId": "a" })).await;
    expire(&server, "tokens").await;
    assert_eq!(status(client.agents().await), 401);
    assert_eq!(status(server.client().with_token("clq_x").agents().await), 401);
    assert_eq!(status(server.client().with_token("").agents().await), 401);
    let with_both = admin
        .http
        .get(format!("{}/api/v1/agents", admin.url))
        .header("cookie", admin.cookie.as_ref().unwrap())
        .bearer_auth("clq_x");
    assert_eq!(with_both.send().await.unwrap().status(), 401, "not even by a cookie");
    let local = Server::start().await;
    assert_eq!(status(local.client().with_token("clq_x").agents().await), 401, "or by local mode");
}

/// What a program asks, whose body it keeps back until the hub waits for it and `meanwhile` is
/// done; the status of the answer.
async fn ask_slowly(server: &Server, token: &str, meanwhile: impl Future<Output = ()>) -> u16 {
    let body = r#"{"title": "Too late"}"#;
    let head = format!(
        "POST /api/v1/chats HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut go_on).await.unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 "));
    meanwhile.await;
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut status = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut status).await.unwrap();
    str::from_utf8(&status[9..]).unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_is_asked_when_its_right_is_gone_is_not_done() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (member, bo) = admin.of_invited("bo@example.org", "member").await;
    let issue = async || {
        member
            .post(
                "/tokens",
                json!({
                    "name": "t", "scopes": ["read", "chats"],
                }),
            )
            .await
            .body
    };
    let (issued, another) = (issue().await, issue().await);
    let secret = issued["secret"].as_str().unwrap();
    let revoke = async |issued: &Value| {
        let path = format!("/tokens/{}", issued["token"]["id"].as_str().unwrap());
        assert_eq!(member.send(Method::DELETE, &path, None).await.status, 204);
    };
    let change = async |patch| {
        assert_eq!(admin.patch(&format!("/people/{bo}"), patch).await.status, 200);
    };

    assert_eq!(ask_slowly(&server, secret, revoke(&another)).await, 201, "that was another's");
    assert_eq!(ask_slowly(&server, secret, change(json!({ "role": "viewer" }))).await, 503);
    change(json!({ "role": "member" })).await;
    assert_eq!(ask_slowly(&server, secret, revoke(&issued)).await, 401);
    let chats = admin.get("/chats").await.body["items"].as_array().unwrap().len();
    assert_eq!(chats, 1, "nothing was done by who might not any more");
}
