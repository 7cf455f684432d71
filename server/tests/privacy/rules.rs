use colloquy_client::Client;
use serde_json::{Value, json};

use crate::{
    acting, an_agent, answer, ask, chat_events, delete, get, hub, join, leave, names, private_chat,
    say, start,
    support::{Server, chat, peer::Peer},
};

#[tokio::test]
async fn who_creates_a_private_chat_is_in_it_first() {
    let (server, [ada, ben]) = hub(["ada", "ben"]).await;
    let made = private_chat(&ada, "c", &["ben"]).await;
    assert_eq!(made["visibility"], "participants");
    let who = |chat: &Value| -> Vec<String> {
        let all = chat["participants"].as_array().unwrap();
        all.iter().map(|one| one["participantId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(who(&made), ["ada", "ben"]);
    assert_eq!(get(&ben, "/chats/c").await.body, made);
    // Who is named keeps their place.
    assert_eq!(who(&private_chat(&ada, "d", &["ben", "ada"]).await), ["ben", "ada"]);
    // An open chat is to the letter what it was before there were private ones.
    chat(&server, "open").await;
    assert_eq!(get(&ada, "/chats/open").await.body.get("visibility"), None);
}

#[tokio::test]
async fn who_sees_a_chat_is_chosen_once() {
    let (_server, [ada]) = hub(["ada"]).await;
    private_chat(&ada, "c", &[]).await;
    for visibility in ["open", "participants"] {
        let patch = json!({ "visibility": visibility });
        assert_eq!(ask(&ada, "PATCH /chats/c", patch).await.status, 422);
    }
    for visibility in [json!("public"), json!(null), json!(1)] {
        let new = json!({ "title": "C", "visibility": visibility });
        let refused = ask(&ada, "POST /chats", new).await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["field"]),
            (422, &json!("visibility"))
        );
    }
}

#[tokio::test]
async fn for_everybody_else_it_does_not_exist() {
    let (server, [ada, eve]) = hub(["ada", "eve"]).await;
    let before = get(&eve, "/overview").await.body;
    private_chat(&ada, "hidden-c", &[]).await;
    let message = say(&ada, "hidden-c", "a secret").await;
    // `local` owns the machine, and is no exception.
    for who in [&eve, &server.client()] {
        for (request, body) in [
            ("GET /chats/{c}", Value::Null),
            ("PATCH /chats/{c}", json!({ "title": "T" })),
            ("DELETE /chats/{c}", Value::Null),
            ("GET /chats/{c}/participants", Value::Null),
            ("POST /chats/{c}/participants", an_agent("eve")),
            ("DELETE /chats/{c}/participants/ada", Value::Null),
            ("GET /chats/{c}/messages", Value::Null),
            ("POST /chats/{c}/messages", json!({ "content": "hello" })),
            ("GET /chats/{c}/receipts", Value::Null),
            ("GET /messages/{m}", Value::Null),
            ("GET /messages/{m}/receipts", Value::Null),
        ] {
            let told = async |chat: &str, message: &str| {
                let request = request.replace("{c}", chat).replace("{m}", message);
                let told = ask(who, &request, body.clone()).await;
                assert_eq!(told.status, 404, "{request}");
                told.body.to_string().replace(chat, "ID").replace(message, "ID")
            };
            let hidden = told("hidden-c", &message).await;
            assert_eq!(hidden, told("no-such-c", "no-such-m").await, "{request}");
        }
    }
    for path in ["/chats", "/chats?q=hidden", "/chats?participant=ada", "/chats?sort=-title"] {
        assert_eq!(get(&eve, path).await.body["items"], json!([]), "{path}");
        assert_eq!(get(&ada, path).await.body["items"][0]["id"], "hidden-c", "{path}");
    }
    for filter in ["topic=chat:*", "topic=chat:hidden-c", "q=secret", "event=chat:created"] {
        let path = format!("/events?{filter}");
        assert_eq!(get(&eve, &path).await.body["items"], json!([]), "{path}");
        assert_ne!(get(&ada, &path).await.body["items"], json!([]), "{path}");
    }
    let after = get(&eve, "/overview").await.body;
    assert_eq!((&after["chats"], &after["messages"]), (&before["chats"], &before["messages"]));
    let own = get(&ada, "/overview").await.body;
    assert_eq!((&own["chats"], &own["messages"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn what_a_client_has_already_is_not_confirmed_to_others() {
    let (_server, [ada, eve]) = hub(["ada", "eve"]).await;
    let made = private_chat(&ada, "c", &[]).await;
    let tag = format!("\"{}\"", made["version"]);
    let revalidate = async |who: &Client, tag: &str| {
        let call = who.request("GET".parse().unwrap(), "/api/v1/chats/c");
        let call = call.header(reqwest::header::IF_NONE_MATCH, tag);
        answer(call.send().await.unwrap()).await.status
    };
    assert_eq!(revalidate(&ada, &tag).await, 304);
    assert_eq!(revalidate(&eve, &tag).await, 404);
    assert_eq!(revalidate(&eve, "*").await, 404);
    // A condition that fails is no sign of life either.
    let call = eve.request("DELETE".parse().unwrap(), "/api/v1/chats/c");
    assert_eq!(answer(call.if_match(1).send().await.unwrap()).await.status, 404);
}

#[tokio::test]
async fn messages_are_acknowledged_and_answered_by_those_who_see_them() {
    let (_server, [ada, eve]) = hub(["ada", "eve"]).await;
    private_chat(&ada, "c", &[]).await;
    private_chat(&eve, "d", &[]).await;
    let message = say(&ada, "c", "secret").await;
    let mut peer = Peer::ready(&eve, &[]).await;
    for event in ["message:received", "message:read"] {
        let refused = peer.error(event, json!({ "messageId": message })).await;
        assert_eq!(refused["code"], "not_found");
    }
    let reply = json!({ "content": "hi", "replyTo": message });
    let hidden = ask(&eve, "POST /chats/d/messages", reply).await;
    let reply = json!({ "content": "hi", "replyTo": "no-such-message" });
    let missing = ask(&eve, "POST /chats/d/messages", reply).await;
    assert_eq!((hidden.status, hidden.body), (422, missing.body));
    let mut peer = Peer::ready(&ada, &[]).await;
    peer.ok("message:read", json!({ "messageId": message })).await;
    assert_eq!(chat_events(&eve).await, ["created"]);
    assert_eq!(chat_events(&ada).await, ["created", "messageCreated", "receiptUpdated"]);
}

/// An agent and a person may have the same id; they are two.
#[tokio::test]
async fn participants_are_told_apart_by_kind() {
    let (server, [agent, ada]) = hub(["local", "ada"]).await;
    let person = server.client();
    private_chat(&ada, "c", &["local"]).await;
    let mut theirs = Peer::ready(&agent, &["chat:*"]).await;
    let mut others = Peer::ready(&person, &["chat:*"]).await;
    say(&ada, "c", "for the agent").await;
    assert_eq!(get(&agent, "/chats/c").await.status, 200);
    assert_eq!(get(&person, "/chats/c").await.status, 404);
    assert_eq!(names(&theirs.events().await), ["messageCreated"]);
    assert_eq!(names(&others.events().await), [""; 0]);
    assert_eq!(chat_events(&agent).await.len(), 2);
    assert_eq!(chat_events(&person).await.len(), 0);

    // The person's own private chat cannot have the agent of that id in it: who is in a chat is
    // named by id alone.
    let both = json!({
        "title": "D", "visibility": "participants", "participants": [an_agent("local")],
    });
    let refused = ask(&person, "POST /chats", both).await;
    assert_eq!(
        (refused.status, refused.body["errors"][0]["message"].as_str()),
        (422, Some("is there twice"))
    );
    private_chat(&person, "e", &["ada"]).await;
    assert_eq!(get(&agent, "/chats/e").await.status, 404);
    // Taking the person out does not take the agent out, or the other way round.
    leave(&ada, "e", "local").await;
    assert_eq!(get(&person, "/chats/e").await.status, 404);
    assert_eq!(get(&agent, "/chats/c").await.status, 200);
}

#[tokio::test]
async fn subscribing_to_what_one_may_not_see_is_silent_until_one_may() {
    let (server, [ada, eve]) = hub(["ada", "eve"]).await;
    private_chat(&ada, "c", &[]).await;
    let since = start(&eve).await;
    let mut all = Peer::ready(&eve, &["chat:*"]).await;
    let mut one = Peer::ready(&eve, &[]).await;
    assert_eq!(one.subscribe_since("chat:c", &since).await["recovered"], true);
    say(&ada, "c", "before").await;
    let told = get(&server.client(), "/connections").await.body;
    let topics: Vec<&Value> =
        told["items"].as_array().unwrap().iter().map(|one| &one["subscriptions"]).collect();
    assert_eq!(topics, [&json!(["chat:*"]), &json!([])], "local does not see the chat");
    let own = get(&eve, "/connections").await.body;
    assert_eq!(own["items"][1]["subscriptions"], json!(["chat:c"]));

    join(&ada, "c", "eve").await;
    say(&ada, "c", "after").await;
    for peer in [&mut all, &mut one] {
        assert_eq!(names(&peer.events().await), ["participantJoined", "messageCreated"]);
    }
    // All of it is theirs now, and what they could not see before counts as never sent.
    all.subscribe_since("chat:c", &since).await;
    assert_eq!(names(&all.events().await), ["created", "messageCreated"]);
    all.subscribe_since("chat:c", &since).await;
    assert_eq!(names(&all.events().await), [""; 0], "nothing twice");
}

#[tokio::test]
async fn a_kept_answer_is_not_given_again_to_who_left() {
    let (_server, [ada, ben]) = hub(["ada", "ben"]).await;
    let create = json!({
        "id": "c", "title": "secret", "visibility": "participants",
        "participants": [an_agent("ben")],
    });
    let once = async |who: &Client, path: &str, body: &Value| {
        let call = who.request("POST".parse().unwrap(), &format!("/api/v1{path}"));
        answer(call.json(body).idempotency_key("key").send().await.unwrap()).await
    };
    let message = json!({ "content": "secret" });
    let requests = [("/chats", &create), ("/chats/c/messages", &message)];
    for (path, body) in requests {
        let first = once(&ada, path, body).await;
        assert_eq!(first.status, 201);
        assert_eq!(once(&ada, path, body).await.body, first.body);
    }
    leave(&ben, "c", "ada").await;
    for (path, body) in requests {
        let again = once(&ada, path, body).await;
        assert_eq!(
            (again.status, &again.body["errors"][0]["field"]),
            (409, &json!("Idempotency-Key"))
        );
        assert!(!again.text.contains("secret"), "{}", again.text);
    }
    // Back in it, they see all of it again.
    join(&ben, "c", "ada").await;
    for (path, body) in requests {
        assert_eq!(once(&ada, path, body).await.status, 201);
    }
    // Another chat of that id is not what the key was used for, though they are in it too.
    leave(&ben, "c", "ada").await;
    delete(&ben, "/chats/c").await;
    private_chat(&ada, "c", &[]).await;
    for (path, body) in requests {
        assert_eq!(once(&ada, path, body).await.status, 409);
    }
}

/// What remembers who was in chats that are no more goes with the log.
#[tokio::test]
async fn what_the_log_has_forgotten_is_forgotten() {
    let (server, [ada]) = hub(["ada"]).await;
    private_chat(&ada, "c", &[]).await;
    delete(&ada, "/chats/c").await;
    let data = server.stop().await;
    let remembered = async || {
        let path = data.path().join("colloquy.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).read_only(true);
        let mut database = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM former_participants")
            .fetch_one(&mut database)
            .await
            .unwrap()
    };
    assert_eq!(remembered().await, 1);
    // What is too old is forgotten when it starts, too.
    let server = Server::start_in(data.clone(), |new| new.retention_events = 0).await;
    let ada = acting(&server, "ada");
    while !get(&ada, "/events").await.body["items"].as_array().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    server.stop().await;
    assert_eq!(remembered().await, 0);
}
