use colloquy_client::{
    Method,
    protocol::{
        id::{MessageId, PrincipalKind},
        model::{Message, Participant},
        request::{NewMessage, NewParticipant},
    },
    raw::RawSocket,
};
use serde_json::json;

use crate::{
    happened, header, refused,
    support::{Server, agent, chat},
};

fn user(id: &str) -> NewParticipant {
    NewParticipant { participant_id: id.parse().unwrap(), kind: PrincipalKind::User }
}

fn saying(content: &str) -> NewMessage {
    NewMessage { content: content.to_owned(), ..NewMessage::default() }
}

fn contents(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.content.as_str()).collect()
}

#[tokio::test]
async fn a_chat_from_creation_to_deletion() {
    let server = Server::start().await;
    let client = server.client();
    let chat = chat(&server, "c").await;
    let updated = client.update_chat(&chat.id, &json!({"title": "C"})).await.unwrap();
    assert_eq!((updated.title.as_str(), updated.version), ("C", 2));

    let path = "/api/v1/chats/c/participants";
    let joined = client.request(Method::POST, path).json(&user("ann")).send().await.unwrap();
    assert_eq!(joined.status(), 201);
    assert_eq!(header(&joined, "location"), "/api/v1/chats/c/participants/ann");
    let place = header(&joined, "location").to_owned();
    let ann: Participant = joined.json().await.unwrap();
    let found = client.request(Method::GET, &place).send().await.unwrap();
    assert_eq!(header(&found, "colloquy-offset"), "3");
    assert_eq!(found.json::<Participant>().await.unwrap(), ann);
    let nobody = client.request(Method::GET, &format!("{path}/bob")).send().await.unwrap();
    assert_eq!(nobody.status(), 404);
    let after = client.chat(&chat.id).await.unwrap().value;
    assert_eq!(after.version, 3, "joining changes a chat's version");
    assert_eq!(client.participants(&chat.id).await.unwrap().value.items, after.participants);

    let message = client.send_message(&chat.id, &saying("hello")).await.unwrap();
    assert_eq!(client.message(&message.id).await.unwrap().value, message);
    assert_eq!(client.chat(&chat.id).await.unwrap().value, after, "a message does not");

    client.leave_chat(&chat.id, &"ann".parse().unwrap()).await.unwrap();
    assert_eq!(client.chat(&chat.id).await.unwrap().value.version, 5);
    assert_eq!(refused(client.leave_chat(&chat.id, &"ann".parse().unwrap()).await).0, 404);

    client.delete_chat(&chat.id).await.unwrap();
    assert_eq!(refused(client.chat(&chat.id).await).0, 404);
    assert_eq!(refused(client.messages(&chat.id).await).0, 404);
    assert_eq!(refused(client.participants(&chat.id).await).0, 404);
    assert_eq!(refused(client.message(&message.id).await).0, 404, "its messages are gone");
    assert_eq!(refused(client.receipts(&message.id).await).0, 404);
    assert_eq!(
        happened(&server).await,
        [
            "chat:created",
            "chat:updated",
            "chat:participantJoined",
            "chat:messageCreated",
            "chat:participantLeft",
            "chat:deleted"
        ]
    );
}

#[tokio::test]
async fn who_joins_is_there_once_and_exists() {
    let server = Server::start().await;
    let client = server.client();
    let chat = chat(&server, "c").await;
    client.join_chat(&chat.id, &user("ann")).await.unwrap();
    let twice = client.join_chat(&chat.id, &user("ann")).await;
    assert_eq!(refused(twice), (409, vec!["participantId".to_owned()]));
    let ghost =
        NewParticipant { participant_id: "ghost".parse().unwrap(), kind: PrincipalKind::Agent };
    let unknown = client.join_chat(&chat.id, &ghost).await;
    assert_eq!(refused(unknown), (422, vec!["participantId".to_owned()]));
    agent(&server, "ghost").await;
    client.join_chat(&chat.id, &ghost).await.unwrap();
    assert_eq!(refused(client.join_chat(&"none".parse().unwrap(), &user("ann")).await).0, 404);
}

#[tokio::test]
async fn messages_are_paged_from_the_newest_and_newest_last() {
    let server = Server::start().await;
    let client = server.client();
    let chat = chat(&server, "c").await;
    let mut ids: Vec<MessageId> = Vec::new();
    for number in 1..=5 {
        let reply_to = ids.last().cloned();
        let new = NewMessage { reply_to, ..saying(&number.to_string()) };
        ids.push(client.send_message(&chat.id, &new).await.unwrap().id);
    }
    let newest = client.messages(&chat.id).query("limit", 2).await.unwrap().value;
    assert_eq!(contents(&newest.items), ["4", "5"]);
    assert_eq!(newest.items[1].reply_to.as_ref(), Some(&ids[3]));
    let before = newest.next_cursor.unwrap();
    assert_eq!(before, ids[3].as_str());
    let older = client.messages(&chat.id).query("limit", 2).query("before", before).await.unwrap();
    assert_eq!(contents(&older.value.items), ["2", "3"]);
    let after = client.messages(&chat.id).query("limit", 2).query("after", &ids[0]).await.unwrap();
    assert_eq!(contents(&after.value.items), ["2", "3"]);
    let rest = client.messages(&chat.id).query("after", &ids[2]).await.unwrap().value;
    assert_eq!((contents(&rest.items), rest.next_cursor), (vec!["4", "5"], None));
    let found = client.messages(&chat.id).query("q", "3").await.unwrap().value;
    assert_eq!(contents(&found.items), ["3"]);

    let elsewhere = client.messages(&chat.id).query("before", "none").await;
    assert_eq!(refused(elsewhere), (422, vec!["before".to_owned()]));
    let unknown = NewMessage { reply_to: Some("none".parse().unwrap()), ..saying("?") };
    let refusal = client.send_message(&chat.id, &unknown).await;
    assert_eq!(refused(refusal), (422, vec!["replyTo".to_owned()]));
    let taken = NewMessage { id: Some(ids[0].clone()), ..saying("again") };
    assert_eq!(refused(client.send_message(&chat.id, &taken).await), (409, vec!["id".to_owned()]));
}

#[tokio::test]
async fn the_receipts_of_a_page_are_those_of_its_messages() {
    let server = Server::start().await;
    let client = server.client();
    let chat = chat(&server, "c").await.id;
    let mut ids: Vec<MessageId> = Vec::new();
    for number in 1..=5 {
        ids.push(client.send_message(&chat, &saying(&number.to_string())).await.unwrap().id);
    }
    for (reader, how_many) in [("ada", 5), ("bob", 3)] {
        let reader = client.act_as(agent(&server, reader).await.id);
        let mut socket = RawSocket::connect(&reader).await.unwrap();
        // The last first: receipts come in the order of the messages, not in their own.
        for message in ids[..how_many].iter().rev() {
            let event = if how_many == 5 { "message:read" } else { "message:received" };
            let reply = socket.request(event, json!({"messageId": message})).await.unwrap();
            assert_eq!(reply["ok"]["messageId"], json!(message));
        }
    }
    for parameters in [
        vec![],
        vec![("limit", "2")],
        vec![("before", ids[3].as_str())],
        vec![("before", ids[3].as_str()), ("limit", "2")],
        vec![("after", ids[1].as_str())],
        vec![("after", ids[1].as_str()), ("limit", "2")],
        vec![("after", ids[0].as_str()), ("before", ids[4].as_str()), ("limit", "1")],
        vec![("before", ids[0].as_str())],
        vec![("q", "2")],
    ] {
        let (mut messages, mut receipts) = (client.messages(&chat), client.chat_receipts(&chat));
        for (name, value) in &parameters {
            messages = messages.query(name, value);
            receipts = receipts.query(name, value);
        }
        let (messages, found) = (messages.await.unwrap(), receipts.await.unwrap());
        assert_eq!(found.position, messages.position);
        let mut expected = Vec::new();
        for message in &messages.value.items {
            expected.extend(client.receipts(&message.id).await.unwrap().value.items);
        }
        assert_eq!(found.value.items, expected, "{parameters:?}");
        assert_eq!(found.value.next_cursor, messages.value.next_cursor, "{parameters:?}");
    }
    assert_eq!(client.chat_receipts(&chat).await.unwrap().value.items.len(), 8);

    let unknown = client.chat_receipts(&chat).query("before", "none").await;
    assert_eq!(refused(unknown), (422, vec!["before".to_owned()]));
    assert_eq!(refused(client.chat_receipts(&"none".parse().unwrap()).await).0, 404);
}
