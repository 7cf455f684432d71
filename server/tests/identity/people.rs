use colloquy_client::Method;
use reqwest::header::HeaderName;
use serde_json::{Value, json};

use crate::{Browser, PASSWORD, hub};

#[tokio::test]
async fn admins_manage_people_and_nobody_else() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (member, bo) = admin.of_invited("bo@example.org", "member").await;
    let (viewer, _) = admin.of_invited("cy@example.org", "viewer").await;
    let stranger = Browser::new(&server);
    let person = format!("/people/{bo}");
    let new = json!({ "email": "x@example.org", "name": "X", "role": "admin" });
    let routes = [
        (Method::GET, "/people", None),
        (Method::POST, "/people", Some(new)),
        (Method::GET, &person, None),
        (Method::PATCH, &person, Some(json!({ "role": "admin" }))),
        (Method::POST, &format!("{person}/link"), None),
    ];
    for (method, path, body) in routes {
        for (who, expected) in [(&member, 403), (&viewer, 403), (&stranger, 401)] {
            let answer = who.send(method.clone(), path, body.clone()).await;
            assert_eq!(answer.status, expected, "{method} {path}");
        }
    }
    let people = admin.get("/people").await.body["items"].clone();
    let emails: Vec<_> = people.as_array().unwrap().iter().map(|one| &one["email"]).collect();
    assert_eq!(emails, ["ada@example.org", "bo@example.org", "cy@example.org"]);
    assert!(people[1]["signedInAt"].is_string());
    assert_eq!(admin.get("/people/nobody").await.status, 404);
    assert_eq!(admin.patch("/people/nobody", json!({ "name": "N" })).await.status, 404);
}

#[tokio::test]
async fn what_is_wrong_with_an_invitation_is_said() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let long = format!("{}@example.org", "x".repeat(250));
    for (email, name, status, fields) in [
        ("", "B", 422, vec!["email"]),
        ("@example.org", "B", 422, vec!["email"]),
        ("b@", "B", 422, vec!["email"]),
        ("b@c@example.org", "B", 422, vec!["email"]),
        ("b b@example.org", "B", 422, vec!["email"]),
        ("b\u{1b}@example.org", "B", 422, vec!["email"]),
        (&long, "B", 422, vec!["email"]),
        ("b@example.org", "", 422, vec!["name"]),
        (" ADA@Example.org", "B", 409, vec!["email"]),
    ] {
        let new = json!({ "email": email, "name": name, "role": "member" });
        let refused = admin.post("/people", new).await;
        assert_eq!((refused.status, refused.fields()), (status, fields), "{email}");
    }
}

/// A condition that cannot be checked is not taken for one that holds.
#[tokio::test]
async fn an_account_has_no_version_to_be_compared() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let before = admin.get("/profile").await.body;
    for path in ["/profile".to_owned(), format!("/people/{}", before["id"].as_str().unwrap())] {
        let request = admin.http.patch(format!("{}/api/v1{path}", admin.url));
        let request = request
            .header("cookie", admin.cookie.as_ref().unwrap())
            .header("sec-fetch-site", "same-origin")
            .header("if-match", "\"1\"");
        let answer = request.json(&json!({ "name": "Another" })).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["errors"][0]["field"], "If-Match", "{path}");
    }
    assert_eq!(admin.get("/profile").await.body["name"], before["name"]);
}

#[tokio::test]
async fn an_admin_stays() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let ada = format!("/people/{}", admin.get("/profile").await.body["id"].as_str().unwrap());
    let new = json!({ "email": "bo@example.org", "name": "Bo", "role": "admin" });
    let bo = admin.post("/people", new).await.body;
    for (patch, field) in
        [(json!({ "role": "member" }), "role"), (json!({ "disabled": true }), "disabled")]
    {
        let refused = admin.patch(&ada, patch).await;
        assert_eq!((refused.status, refused.fields()), (409, vec![field]), "Bo cannot sign in yet");
    }
    let mut other = Browser::new(&server);
    other.welcome(bo["link"].as_str().unwrap(), json!({})).await;
    let changed = admin.patch(&ada, json!({ "role": "member" })).await;
    assert_eq!((changed.status, &changed.body["role"]), (200, &json!("member")));
    assert_eq!(admin.get("/people").await.status, 403, "at once");
    let bo = format!("/people/{}", bo["person"]["id"].as_str().unwrap());
    assert_eq!(other.patch(&bo, json!({ "disabled": true })).await.status, 409);
}

#[tokio::test]
async fn who_is_disabled_is_out_and_may_be_let_in_again() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (bo, id) = admin.of_invited("bo@example.org", "member").await;
    let token = bo.post("/tokens", json!({ "name": "mine" })).await.body["secret"].clone();
    let token = server.client().with_token(token.as_str().unwrap());
    token.agents().await.unwrap();
    let person = format!("/people/{id}");
    assert_eq!(admin.patch(&person, json!({ "disabled": true })).await.body["state"], "disabled");
    assert_eq!(bo.who().await, None);
    assert_eq!(token.agents().await.unwrap_err().status(), Some(401));
    assert_eq!(Browser::new(&server).sign_in("bo@example.org", PASSWORD).await.status, 401);
    let link = admin.send(Method::POST, &format!("{person}/link"), None).await;
    assert_eq!((link.status, link.fields()), (409, vec!["disabled"]));

    assert_eq!(admin.patch(&person, json!({ "disabled": false })).await.body["state"], "active");
    assert_eq!(bo.who().await, None, "what has ended does not come back");
    assert_eq!(token.agents().await.unwrap_err().status(), Some(401));
    assert_eq!(Browser::new(&server).sign_in("bo@example.org", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_holds_a_secret_is_not_given_twice() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let ada = admin.get("/profile").await.body["id"].as_str().unwrap().to_owned();
    let new = json!({ "email": "x@example.org", "name": "X", "role": "admin" });
    for (path, body) in [
        ("/people", new),
        (&format!("/people/{ada}/link"), json!({})),
        ("/tokens", json!({ "name": "mine" })),
        ("/session", json!({ "email": "ada@example.org", "password": PASSWORD })),
        ("/welcome", json!({ "link": "x", "password": PASSWORD })),
    ] {
        let request = admin
            .http
            .post(format!("{}/api/v1{path}", admin.url))
            .header(HeaderName::from_static("cookie"), admin.cookie.as_ref().unwrap())
            .header(HeaderName::from_static("sec-fetch-site"), "same-origin")
            .header(HeaderName::from_static("idempotency-key"), "k")
            .json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 422, "{path}");
        assert!(response.text().await.unwrap().contains("Idempotency-Key"), "{path}");
    }
}

#[tokio::test]
async fn only_who_may_sign_in_is_put_into_a_chat() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (_, bo) = admin.of_invited("bo@example.org", "member").await;
    let (_, cy) = admin.of_invited("cy@example.org", "member").await;
    admin.patch(&format!("/people/{cy}"), json!({ "disabled": true })).await;
    let who = |id: &str| json!({ "participantId": id, "kind": "user" });
    assert_eq!(admin.post("/chats", json!({ "id": "c", "title": "C" })).await.status, 201);
    for (id, status) in [(bo.as_str(), 201), (&cy, 422), ("nobody", 422), ("local", 422)] {
        let joined = admin.post("/chats/c/participants", who(id)).await;
        assert_eq!(joined.status, status, "{id}");
        let new = json!({ "title": "D", "participants": [who(id)] });
        let named = admin.post("/chats", new).await;
        assert_eq!(named.status, status, "{id}");
        if status == 422 {
            assert_eq!(joined.fields(), ["participantId"], "{id}");
            assert_eq!(named.fields(), ["participants[0].participantId"], "{id}");
        }
    }
    let as_agent = json!({ "participantId": bo, "kind": "agent" });
    assert_eq!(admin.post("/chats/c/participants", as_agent).await.status, 422);
}

#[tokio::test]
async fn everybody_who_may_read_sees_what_people_are_called() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (viewer, bo) = admin.of_invited("bo@example.org", "viewer").await;
    let ada = admin.get("/profile").await.body["id"].clone();
    let expected = json!([{ "id": ada, "name": "Ada" }, { "id": bo, "name": "bo@example.org" }]);
    assert_eq!(viewer.get("/people/names").await.body["items"], expected);
    admin.patch(&format!("/people/{bo}"), json!({ "disabled": true })).await;
    let names = admin.get("/people/names").await.body;
    assert_eq!(names["items"], expected, "what they did stays theirs");
}

#[tokio::test]
async fn people_logins_and_tokens_are_listed_in_parts() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    for number in 0..4 {
        admin.of_invited(&format!("p{number}@example.org"), "member").await;
        admin.elsewhere("ada@example.org").await;
    }
    for number in 0..5 {
        assert_eq!(
            admin.post("/tokens", json!({ "name": format!("t{number}") })).await.status,
            201
        );
    }
    for list in ["/people", "/logins", "/tokens"] {
        let whole = admin.get(list).await.body;
        assert_eq!(
            (whole["items"].as_array().unwrap().len(), &whole["nextCursor"]),
            (5, &json!(null))
        );
        let (mut parts, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = admin.get(&format!("{list}?limit=2{cursor}")).await.body;
            parts.extend_from_slice(part["items"].as_array().unwrap());
            let Some(next) = part["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(json!(parts), whole["items"], "{list}");
        let refused = admin.get(&format!("{list}?cursor=x")).await;
        assert_eq!((refused.status, refused.fields()), (422, vec!["cursor"]), "{list}");
    }
}
