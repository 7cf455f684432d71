//! Every event of the hub, and who gets what (docs/protocol.md, "What the hub says").

use std::time::Duration;

use colloquy_client::protocol::request::NewMessage;
use serde_json::{Value, json};

use crate::{
    Peer, names,
    support::{Server, agent, chat},
};

/// Does everything that makes an event, over REST.
async fn everything(server: &Server) {
    let client = server.client();
    let send = async |method: &str, path: &str, body: Value| {
        let path = format!("/api/v1{path}");
        let call = client.request(method.parse().unwrap(), &path).json(&body);
        let response = call.send().await.unwrap();
        assert!(response.status().is_success(), "{method} {path}: {}", response.status());
    };
    send("POST", "/agents", json!({ "id": "agent-123", "name": "Ada" })).await;
    send("PATCH", "/agents/agent-123", json!({ "name": "Ada L." })).await;
    send("PUT", "/agents/agent-123/status", json!({ "status": "working" })).await;
    send("POST", "/chats", json!({ "id": "c", "title": "Plans" })).await;
    send("PATCH", "/chats/c", json!({ "metadata": { "topic": "plans" } })).await;
    let ada = json!({ "participantId": "agent-123", "kind": "agent" });
    send("POST", "/chats/c/participants", ada).await;
    send("POST", "/chats/c/messages", json!({ "id": "m", "content": "Hello." })).await;
    send("DELETE", "/chats/c/participants/agent-123", Value::Null).await;
    send("DELETE", "/chats/c", Value::Null).await;
    send("DELETE", "/agents/agent-123", Value::Null).await;
    send("POST", "/collections", json!({ "id": "k", "name": "Notes" })).await;
    send("PATCH", "/collections/k", json!({ "metadata": { "size": 3 } })).await;
    send("DELETE", "/collections/k", Value::Null).await;
    let details = json!({ "collectionId": "agents", "backupId": "backup-123" });
    let note = json!({ "type": "info", "message": "Backup completed", "details": details });
    send("POST", "/notifications", note).await;
}

#[tokio::test]
async fn every_event_has_the_fields_of_its_row() {
    let server = Server::start().await;
    let mut peer = Peer::ready(&server.client(), &["agent:*", "chat:*", "collection:*"]).await;
    everything(&server).await;
    let events = peer.events().await;

    let rows: [(&str, &[&str]); 14] = [
        ("agent:created", &["agent", "agentId", "timestamp", "userId"]),
        ("agent:updated", &["agent", "agentId", "timestamp", "userId"]),
        ("agent:statusChanged", &["agent", "agentId", "timestamp", "userId"]),
        ("chat:created", &["chat", "chatId", "timestamp", "userId"]),
        ("chat:updated", &["chat", "chatId", "timestamp", "userId"]),
        ("chat:participantJoined", &["chat", "chatId", "participantId", "timestamp", "userId"]),
        ("chat:messageCreated", &["chatId", "message", "messageId", "timestamp", "userId"]),
        ("chat:participantLeft", &["chat", "chatId", "participantId", "timestamp", "userId"]),
        ("chat:deleted", &["chatId", "timestamp", "userId"]),
        ("agent:deleted", &["agentId", "timestamp", "userId"]),
        ("collection:created", &["collection", "collectionId", "metadata", "timestamp", "userId"]),
        ("collection:updated", &["collection", "collectionId", "metadata", "timestamp", "userId"]),
        ("collection:deleted", &["collectionId", "timestamp", "userId"]),
        ("system:notification", &["details", "message", "timestamp", "type"]),
    ];
    let seen: Vec<(&str, Vec<&str>)> = events
        .iter()
        .map(|event| {
            let payload = event["payload"].as_object().unwrap();
            let mut fields: Vec<&str> = payload.keys().map(String::as_str).collect();
            fields.sort_unstable();
            (event["event"].as_str().unwrap(), fields)
        })
        .collect();
    let rows: Vec<(&str, Vec<&str>)> =
        rows.iter().map(|(name, fields)| (*name, fields.to_vec())).collect();
    assert_eq!(seen, rows);

    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["offset"], json!(index + 1));
        assert_eq!(event.get("replay"), None, "it is live");
        let payload = &event["payload"];
        assert!(payload.get("userId").is_none_or(|user| user == "local"));
        let timestamp = payload["timestamp"].as_str().unwrap();
        assert_eq!(timestamp.len(), "2026-01-31T12:00:00.000Z".len(), "{timestamp}");
        assert!(timestamp.ends_with('Z'), "{timestamp}");
    }
    assert_eq!(events[2]["payload"]["agent"]["status"], "working");
    assert_eq!(events[2]["payload"]["agent"]["version"], 3);
    assert_eq!(events[5]["payload"]["chat"]["participants"][0]["participantId"], "agent-123");
    assert_eq!(events[6]["payload"]["message"]["content"], "Hello.");
    assert_eq!(events[7]["payload"]["chat"]["participants"], json!([]));
    assert_eq!(events[11]["payload"]["metadata"], json!({ "size": 3 }));
    assert_eq!(events[13]["payload"]["details"]["backupId"], "backup-123");
}

#[tokio::test]
async fn an_entity_s_events_go_to_its_subscribers_and_those_of_its_kind() {
    let server = Server::start().await;
    let client = server.client();
    let mut of_one = Peer::ready(&client, &["agent:agent-123"]).await;
    let mut of_another = Peer::ready(&client, &["agent:agent-124", "chat:d"]).await;
    let mut of_chats = Peer::ready(&client, &["chat:*"]).await;
    let mut of_nothing = Peer::ready(&client, &[]).await;
    everything(&server).await;
    let note = "system:notification";
    assert_eq!(
        names(&of_one.events().await),
        ["agent:created", "agent:updated", "agent:statusChanged", "agent:deleted", note]
    );
    assert_eq!(names(&of_another.events().await), [note]);
    assert_eq!(
        names(&of_chats.events().await),
        [
            "chat:created",
            "chat:updated",
            "chat:participantJoined",
            "chat:messageCreated",
            "chat:participantLeft",
            "chat:deleted",
            note
        ]
    );
    assert_eq!(names(&of_nothing.events().await), [note]);
}

#[tokio::test]
async fn an_agent_that_acts_is_named_in_its_events() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    chat(&server, "c").await;
    let client = server.client().act_as(ada.id);
    let mut peer = Peer::ready(&client, &["chat:c"]).await;
    assert_eq!(peer.welcome["userId"], "ada");
    let new = json!({ "content": "I am here." });
    let call = client.request("POST".parse().unwrap(), "/api/v1/chats/c/messages").json(&new);
    assert!(call.send().await.unwrap().status().is_success());
    let event = peer.next().await;
    assert_eq!(event["payload"]["userId"], "ada");
    assert_eq!(event["payload"]["message"]["senderId"], "ada");
    assert_eq!(event["payload"]["message"]["senderKind"], "agent");
}

#[tokio::test]
async fn a_deleted_agent_leaves_its_chats_first() {
    let server = Server::start().await;
    let ada = agent(&server, "ada").await;
    for id in ["c", "d"] {
        let chat = chat(&server, id).await;
        let who = json!({ "participantId": "ada", "kind": "agent" });
        let path = format!("/api/v1/chats/{}/participants", chat.id);
        let call = server.client().request("POST".parse().unwrap(), &path).json(&who);
        assert!(call.send().await.unwrap().status().is_success());
    }
    let mut peer = Peer::ready(&server.client(), &["agent:*", "chat:*"]).await;
    server.client().delete_agent(&ada.id).await.unwrap();
    let events = peer.events().await;
    assert_eq!(names(&events), ["chat:participantLeft", "chat:participantLeft", "agent:deleted"]);
    assert_eq!(events[0]["payload"]["chatId"], "c");
    assert_eq!(events[1]["payload"]["chat"]["participants"], json!([]));
}

/// Far more than a socket's buffers hold (some 10 MB): what it does not take waits, and comes in
/// order, each once, when it is read.
#[tokio::test]
async fn who_reads_late_gets_everything_in_order() {
    let server = Server::start_with(|set| {
        set.queue_bytes = 64 * 1024 * 1024;
        set.heartbeat = Duration::from_secs(60);
    })
    .await;
    let client = server.client();
    let chat = chat(&server, "c").await;
    let mut late = Peer::ready(&client, &["chat:c"]).await;
    let new = NewMessage { content: "x".repeat(60_000), ..NewMessage::default() };
    let sent = 250;
    for _ in 0..sent {
        client.send_message(&chat.id, &new).await.unwrap();
    }
    let info = || server.state.hub.connections(0, |_| true).next().unwrap();
    assert!(info().queued_messages > 0, "everything fitted into the socket");
    let came = crate::offsets(&late.events().await);
    assert_eq!(came, (2..=sent + 1).collect::<Vec<_>>());
    let after = info();
    assert_eq!((after.queued_messages, after.behind), (0, 0));
}
