use std::time::Duration;

use colloquy_client::protocol::model::NotificationType;
use colloquy_client::{Method, protocol::request::NewNotification};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::{
    happened, header, problem, refused,
    support::{Server, agent, chat, database},
};

#[tokio::test]
async fn the_same_request_is_done_once_and_answered_alike() {
    let server = Server::start().await;
    let client = server.client();
    let post = |body: Value| {
        let call = client.request(Method::POST, "/api/v1/agents").json(&body);
        call.idempotency_key("key-1").send()
    };
    let first = post(json!({"name": "A", "metadata": {"x": 1}})).await.unwrap();
    let again = post(json!({"metadata": {"x": 1}, "name": "A"})).await.unwrap();
    for name in ["location", "etag"] {
        assert_eq!(header(&first, name), header(&again, name));
    }
    assert_eq!((first.status().as_u16(), again.status().as_u16()), (201, 201));
    let (first, again): (Value, Value) = (first.json().await.unwrap(), again.json().await.unwrap());
    assert_eq!(first, again);
    assert_eq!(happened(&server).await, ["agent:created"]);

    let other = problem(post(json!({"name": "B"})).await.unwrap()).await;
    assert_eq!(other, (409, vec!["Idempotency-Key".to_owned()]));
    assert_eq!(happened(&server).await, ["agent:created"]);

    let server = server.restart().await;
    let call = server.client().request(Method::POST, "/api/v1/agents");
    let call = call.json(&json!({"name": "A", "metadata": {"x": 1}})).idempotency_key("key-1");
    assert_eq!(call.send().await.unwrap().json::<Value>().await.unwrap(), first);
}

#[tokio::test]
async fn a_key_is_known_for_a_day() {
    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let server = Server::start().await;
    let client = server.client();
    let post = async || {
        let call = client.request(Method::POST, "/api/v1/agents").json(&json!({"name": "A"}));
        let answer = call.idempotency_key("key").send().await.unwrap();
        answer.json::<Value>().await.unwrap()["id"].clone()
    };
    let mut database = database(&server).await;
    let first = post().await;
    age(&mut database, DAY - MINUTE).await;
    server.state.keep_house().await;
    assert_eq!(post().await, first);
    age(&mut database, 2 * MINUTE).await;
    assert_ne!(post().await, first);
    assert_eq!(happened(&server).await, ["agent:created", "agent:created"]);

    age(&mut database, DAY + MINUTE).await;
    server.state.keep_house().await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM idempotency")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

/// Makes what was answered so much older.
async fn age(database: &mut SqliteConnection, by: Duration) {
    sqlx::query("UPDATE idempotency SET created_at = created_at - ?1")
        .bind(i64::try_from(by.as_millis()).unwrap())
        .execute(database)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_key_belongs_to_a_principal_and_a_route() {
    let server = Server::start().await;
    let client = server.client();
    let planner = agent(&server, "planner").await;
    for who in [client.clone(), client.act_as(planner.id)] {
        for path in ["/api/v1/agents", "/api/v1/collections"] {
            let call = who.request(Method::POST, path).json(&json!({"name": "A"}));
            call.idempotency_key("key").await.unwrap();
        }
    }
    assert_eq!(happened(&server).await.len(), 5);
}

#[tokio::test]
async fn a_route_is_the_same_however_it_is_written() {
    let server = Server::start().await;
    chat(&server, "c").await;
    for path in ["/api/v1/chats/c/messages", "/api/v1/chats/%63/messages"] {
        let call = server.client().request(Method::POST, path).json(&json!({"content": "Hello."}));
        call.idempotency_key("key").await.unwrap();
    }
    assert_eq!(happened(&server).await, ["chat:created", "chat:messageCreated"]);
}

#[tokio::test]
async fn a_refused_request_does_not_use_its_key_up() {
    let server = Server::start().await;
    let post = |name: &'static str| {
        let call = server.client().request(Method::POST, "/api/v1/agents");
        call.json(&json!({"name": name})).idempotency_key("key")
    };
    assert_eq!(refused(post("").await), (422, vec!["name".to_owned()]));
    post("A").await.unwrap();
}

#[tokio::test]
async fn at_the_same_time_too() {
    let server = Server::start().await;
    let new = NewNotification {
        notification_type: NotificationType::Info,
        message: "once".to_owned(),
        details: json!({"n": 1}),
    };
    let client = server.client();
    let sent = (0..8).map(|_| {
        let call = client.send_notification(&new).idempotency_key("key");
        tokio::spawn(async move { call.await.unwrap() })
    });
    let sent: Vec<_> = sent.collect();
    let mut answers = Vec::new();
    for task in sent {
        answers.push(task.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(happened(&server).await, ["system:notification"]);
}
