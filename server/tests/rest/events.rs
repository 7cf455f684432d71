use colloquy_client::{
    Method,
    protocol::model::{LogEntry, Page},
};
use serde_json::{Value, json};

use crate::{
    header, refused,
    support::{Server, agent, chat},
};

fn offsets(entries: &[LogEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.offset).collect()
}

#[tokio::test]
async fn the_log_is_read_in_both_directions_and_filtered() {
    let server = Server::start().await;
    let client = server.client();
    let planner = agent(&server, "planner").await;
    chat(&server, "c").await;
    let acting = client.act_as(planner.id.clone());
    let said = json!({"content": "needle"});
    acting.request(Method::POST, "/api/v1/chats/c/messages").json(&said).await.unwrap();
    agent(&server, "other").await;

    let all = client.events().await.unwrap().value;
    assert_eq!((offsets(&all.items), all.next_cursor), (vec![1, 2, 3, 4], None));
    for (name, value, found) in [
        ("since", "2", vec![3, 4]),
        ("since", "9223372036854775807", vec![]),
        ("before", "3", vec![1, 2]),
        ("topic", "agent:planner", vec![1]),
        ("topic", "agent:*", vec![1, 4]),
        ("event", "chat:created", vec![2]),
        ("actor", "planner", vec![3]),
        ("q", "NEEDLE", vec![3]),
        ("from", "2000-01-01T00:00:00Z", vec![1, 2, 3, 4]),
        ("to", "2000-01-01T00:00:00Z", vec![]),
    ] {
        let page = client.events().query(name, value).await.unwrap().value;
        assert_eq!(offsets(&page.items), found, "{name}={value}");
    }
    let first = client.events().query("limit", 3).await.unwrap().value;
    let rest = client.events().query("since", first.next_cursor.unwrap()).await.unwrap().value;
    assert_eq!(offsets(&rest.items), [4]);
    let newest = client.events().query("before", 5).query("limit", 3).await.unwrap().value;
    assert_eq!(offsets(&newest.items), [2, 3, 4]);
    let older = client.events().query("before", newest.next_cursor.unwrap()).await.unwrap().value;
    assert_eq!(offsets(&older.items), [1]);

    for (name, value) in [
        ("since", "-1"),
        ("before", "x"),
        ("topic", "robot:1"),
        ("event", "agent:exploded"),
        ("actor", "a b"),
        ("from", "yesterday"),
        ("since", "9223372036854775808"),
    ] {
        let refusal = client.events().query(name, value).await;
        assert_eq!(refused(refusal), (422, vec![name.to_owned()]), "{name}={value}");
    }
}

#[tokio::test]
async fn a_notification_is_in_the_log_where_it_says() {
    let server = Server::start().await;
    let client = server.client();
    agent(&server, "a").await;
    let body = json!({"type": "warning", "message": "disk full", "details": {"free": [0, null]}});
    let sent = client.request(Method::POST, "/api/v1/notifications").json(&body).send().await;
    let sent = sent.unwrap();
    assert_eq!(sent.status(), 201);
    let place = header(&sent, "location").to_owned();
    assert_eq!(place, "/api/v1/events?since=1&limit=1");
    let payload: Value = sent.json().await.unwrap();
    assert_eq!((&payload["type"], &payload["details"]), (&body["type"], &body["details"]));
    let found = client.request(Method::GET, &place).send().await.unwrap();
    let found: Page<LogEntry> = found.json().await.unwrap();
    assert_eq!((found.items.len(), found.items[0].event.as_str()), (1, "system:notification"));
    assert_eq!((&found.items[0].payload, &found.items[0].topic), (&payload, &None));
}
