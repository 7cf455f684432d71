use colloquy_client::{
    Method,
    protocol::{
        model::{LogEntry, Page},
        request::NewMessage,
        time::Timestamp,
    },
};
use serde_json::{Value, json};

use crate::{
    header, log, refused,
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
    let said = json!({"content": "needle in\nthe \"hay\""});
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
        ("event", "-chat:created", vec![1, 3, 4]),
        ("actor", "planner", vec![3]),
        ("q", "NEEDLE", vec![3]),
        ("q", "in\nthe \"hay\"", vec![3]),
        ("q", "\"senderKind\":\"agent\"", vec![3]),
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
        ("event", "-agent:exploded"),
        ("event", "-"),
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

#[tokio::test]
async fn all_filters_can_be_combined_and_paged_in_both_directions() {
    let server = Server::start().await;
    let client = server.client();
    let ada = client.act_as(agent(&server, "ada").await.id);
    let talk = chat(&server, "talk").await.id;
    for number in 0..9 {
        let speaker = if number % 3 == 0 { &client } else { &ada };
        let content = if number % 2 == 0 { "even" } else { "odd" };
        let said = NewMessage { content: content.to_owned(), ..NewMessage::default() };
        speaker.send_message(&talk, &said).await.unwrap();
        until_the_clock_moved_on().await;
    }
    chat(&server, "other").await;

    let all = log(&server).await;
    let middle = all[5].timestamp;
    type Kept<'a> = Box<dyn Fn(&LogEntry) -> bool + 'a>;
    let filters: Vec<(&str, String, Kept)> = vec![
        ("topic", "chat:talk".to_owned(), Box::new(|one| topic(one) == "chat:talk")),
        ("topic", "chat:*".to_owned(), Box::new(|one| topic(one).starts_with("chat:"))),
        ("event", MESSAGE.to_owned(), Box::new(|one| one.event == MESSAGE)),
        ("actor", "ada".to_owned(), Box::new(|one| one.actor_id.as_str() == "ada")),
        ("from", middle.to_string(), Box::new(|one| one.timestamp >= middle)),
        ("to", middle.to_string(), Box::new(|one| one.timestamp < middle)),
        ("q", "EVEN".to_owned(), Box::new(|one| one.payload.to_string().contains("even"))),
        ("since", "3".to_owned(), Box::new(|one| one.offset > 3)),
        ("before", "10".to_owned(), Box::new(|one| one.offset < 10)),
    ];
    for chosen in 0..1_u32 << filters.len() {
        let chosen: Vec<_> =
            filters.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1).collect();
        let names: Vec<_> = chosen.iter().map(|(_, (name, ..))| *name).collect();
        if names.windows(2).any(|two| two[0] == two[1]) {
            continue;
        }
        let page = async |cursor: Option<(&str, String)>| {
            let mut call = client.events().query("limit", 3);
            for (_, (name, value, _)) in &chosen {
                if cursor.as_ref().is_none_or(|(replaced, _)| replaced != name) {
                    call = call.query(name, value);
                }
            }
            if let Some((name, value)) = cursor {
                call = call.query(name, value);
            }
            call.await.unwrap().value
        };
        let expected = all.iter().filter(|one| chosen.iter().all(|(_, (.., keeps))| keeps(one)));
        let expected: Vec<_> = expected.cloned().collect();
        let backwards = names.contains(&"before") && !names.contains(&"since");
        let mut found: Vec<LogEntry> = Vec::new();
        let mut next = page(None).await;
        loop {
            assert!(next.items.len() <= 3);
            match backwards {
                true => drop(found.splice(..0, next.items)),
                false => found.extend(next.items),
            }
            let Some(cursor) = next.next_cursor else { break };
            next = page(Some((if backwards { "before" } else { "since" }, cursor))).await;
        }
        assert_eq!(offsets(&found), offsets(&expected), "{names:?}");
        assert_eq!(found, expected);
    }

    let latest = client.events().query("before", i64::MAX).query("limit", 2).await.unwrap().value;
    assert_eq!(latest.items, all[all.len() - 2..]);
}

const MESSAGE: &str = "chat:messageCreated";

fn topic(entry: &LogEntry) -> String {
    entry.topic.as_ref().map(ToString::to_string).unwrap_or_default()
}

async fn until_the_clock_moved_on() {
    let now = Timestamp::now();
    while Timestamp::now() == now {
        tokio::task::yield_now().await;
    }
}
