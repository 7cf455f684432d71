//! `message:received` and `message:read`.

use colloquy_client::protocol::{
    event::Acknowledgement, id::ChatId, model::Message, request::NewMessage,
};
use colloquy_server::{access::Caller, error::Error};
use serde_json::{Value, json};

use crate::{
    Peer, names,
    support::{Server, agent, chat},
};

async fn message(server: &Server, chat: &ChatId) -> Message {
    let new = NewMessage { content: "Hello.".to_owned(), ..NewMessage::default() };
    server.client().send_message(chat, &new).await.unwrap()
}

#[tokio::test]
async fn reading_implies_having_received_and_nothing_goes_back() {
    let server = Server::start().await;
    let chat = chat(&server, "c").await;
    let ada = agent(&server, "ada").await;
    let message = message(&server, &chat.id).await;
    let about = json!({ "messageId": message.id });
    let mut watcher = Peer::ready(&server.client(), &["chat:c"]).await;
    let mut peer = Peer::ready(&server.client().act_as(ada.id), &[]).await;

    let received = peer.ok("message:received", about.clone()).await;
    assert_eq!(received["messageId"], json!(message.id));
    assert_eq!(received["principalId"], "ada");
    assert_eq!(received["principalKind"], "agent");
    assert!(received["receivedAt"].is_string());
    assert_eq!(received["readAt"], Value::Null);
    assert_eq!(peer.ok("message:received", about.clone()).await, received, "again is ok");

    let read = peer.ok("message:read", about.clone()).await;
    assert_eq!(read["receivedAt"], received["receivedAt"]);
    assert!(read["readAt"].is_string());
    assert_eq!(peer.ok("message:received", about.clone()).await, read, "never backwards");
    assert_eq!(peer.ok("message:read", about).await, read);

    let events = watcher.events().await;
    assert_eq!(names(&events), ["chat:receiptUpdated", "chat:receiptUpdated"]);
    assert_eq!(events[0]["payload"]["receipt"], received);
    assert_eq!(events[1]["payload"]["receipt"], read);
    assert_eq!(events[1]["payload"]["chatId"], "c");
    assert_eq!(events[1]["payload"]["messageId"], json!(message.id));
    assert_eq!(events[1]["payload"]["userId"], "ada");
    let stored = server.client().receipts(&message.id).await.unwrap().value.items;
    assert_eq!(json!(stored), json!([read]));
}

#[tokio::test]
async fn reading_at_once_is_received_too() {
    let server = Server::start().await;
    let chat = chat(&server, "c").await;
    let message = message(&server, &chat.id).await;
    let mut peer = Peer::ready(&server.client(), &["chat:c"]).await;
    // Its sender may acknowledge it too.
    let read = peer.ok("message:read", json!({ "messageId": message.id })).await;
    assert_eq!(read["receivedAt"], read["readAt"]);
    assert_eq!(names(&peer.events().await), ["chat:receiptUpdated"]);
    let version = server.client().chat(&chat.id).await.unwrap().value.version;
    assert_eq!(version, chat.version, "receipts do not change a chat");
}

#[tokio::test]
async fn an_unknown_message_is_not_found() {
    let server = Server::start().await;
    let mut peer = Peer::connect(&server.client()).await;
    for event in ["message:received", "message:read"] {
        let error = peer.error(event, json!({ "messageId": "nobody-wrote-it" })).await;
        assert_eq!(error["code"], "not_found");
        assert_eq!(error["retryable"], false);
    }
}

/// Its sockets are closed; one that asked before that is refused.
#[tokio::test]
async fn an_agent_that_was_deleted_acknowledges_nothing() {
    let server = Server::start().await;
    let chat = chat(&server, "c").await;
    let ada = agent(&server, "ada").await;
    let message = message(&server, &chat.id).await;
    server.client().delete_agent(&ada.id).await.unwrap();
    let acting = Caller::local().acting_as(ada.id);
    let services = &server.state.services;
    let refused = services.acknowledge(acting, message.id.clone(), Acknowledgement::Read).await;
    assert!(matches!(refused, Err(Error::NotFound { what: "agent", .. })), "{refused:?}");
    assert!(server.client().receipts(&message.id).await.unwrap().value.items.is_empty());
}
