use serde_json::json;

use crate::{
    an_agent, answer, ask, chat_events, delete, get, hub, join, names, private_chat, say, start,
    support::{agent, chat, peer::Peer},
};

/// Private by some, private by others, open, and private again: nobody inherits anything.
#[tokio::test]
async fn another_chat_of_the_same_id_is_another_chat() {
    let (server, [ada, ben]) = hub(["ada", "ben"]).await;
    let mut adas = Peer::ready(&ada, &["chat:c"]).await;
    let mut bens = Peer::ready(&ben, &["chat:c"]).await;
    let life = ["created", "messageCreated", "deleted"];
    for owner in [&ada, &ben] {
        private_chat(owner, "c", &[]).await;
        say(owner, "c", "private").await;
        delete(owner, "/chats/c").await;
    }
    for peer in [&mut adas, &mut bens] {
        assert_eq!(names(&peer.events().await), life);
    }
    chat(&server, "c").await;
    say(&ada, "c", "open").await;
    // Being in the open one gives nothing of the private ones.
    join(&ben, "c", "ada").await;
    join(&ben, "c", "ben").await;
    let open = ["created", "messageCreated", "participantJoined", "participantJoined"];
    for (who, peer) in [(&ada, &mut adas), (&ben, &mut bens)] {
        assert_eq!(chat_events(who).await, [&life[..], &open[..]].concat());
        assert_eq!(names(&peer.events().await), open);
        assert_eq!(get(who, "/events?q=private").await.body["items"].as_array().unwrap().len(), 1);
    }
    assert_eq!(chat_events(&server.client()).await, open);
    delete(&ada, "/chats/c").await;

    // Private again, with everybody who was ever in one of that id: still, each saw only their own.
    private_chat(&ben, "c", &["ada"]).await;
    let now = [&life[..], &open[..], &["deleted", "created"]].concat();
    for who in [&ada, &ben] {
        assert_eq!(chat_events(who).await, now);
        let mut peer = Peer::connect(who).await;
        peer.subscribe("chat:c").await;
        peer.ok("client:ready", json!({ "since": start(who).await })).await;
        assert_eq!(names(&peer.events().await), now);
    }
    assert_eq!(chat_events(&server.client()).await, [&open[..], &["deleted"]].concat());
}

#[tokio::test]
async fn that_an_id_is_taken_is_all_that_others_learn() {
    let (_server, [ada, eve]) = hub(["ada", "eve"]).await;
    private_chat(&ada, "c", &[]).await;
    let message = say(&ada, "c", "secret").await;
    private_chat(&eve, "d", &[]).await;
    let same_chat = ask(&eve, "POST /chats", json!({ "id": "c", "title": "C" })).await;
    let same_message =
        ask(&eve, "POST /chats/d/messages", json!({ "id": message, "content": "hi" })).await;
    let of_chat = "there is another chat with this id, or a large one was just deleted and is still being \
                   emptied";
    for (taken, told) in
        [(same_chat, of_chat), (same_message, "there is another message with this id")]
    {
        assert_eq!(taken.status, 409);
        assert_eq!(taken.body["errors"], json!([{ "field": "id", "message": told }]));
    }
}

/// An agent leaves its private chats as it is deleted; another one of its id inherits neither them
/// nor what the log tells of them.
#[tokio::test]
async fn another_agent_of_the_same_id_is_another_agent() {
    let (server, [ada, ben]) = hub(["ada", "ben"]).await;
    private_chat(&ada, "c", &["ben"]).await;
    private_chat(&ben, "gone", &["ada"]).await;
    let create = json!({ "title": "secret", "visibility": "participants" });
    let once = async || {
        let call = ben.request("POST".parse().unwrap(), "/api/v1/chats").json(&create);
        answer(call.idempotency_key("key").send().await.unwrap()).await
    };
    let first = once().await;
    delete(&ben, "/chats/gone").await;
    let mut theirs = Peer::ready(&ben, &["chat:*", "chat:c"]).await;
    let mut adas = Peer::ready(&ada, &["chat:*"]).await;
    let mut locals = Peer::ready(&server.client(), &["chat:*", "agent:*"]).await;
    delete(&server.client(), "/agents/ben").await;
    assert_eq!(theirs.closed().await, Some(4001), "whoever gets the id later is somebody else");
    assert_eq!(names(&adas.events().await), ["participantLeft"]);
    assert_eq!(names(&locals.events().await), ["agent:deleted"]);

    agent(&server, "ben").await;
    assert_eq!(chat_events(&ben).await, [""; 0]);
    assert_eq!(get(&ben, "/chats").await.body["items"], json!([]));
    let mut again = Peer::connect(&ben).await;
    again.subscribe("chat:*").await;
    again.ok("client:ready", json!({ "since": start(&ben).await })).await;
    assert_eq!(names(&again.events().await), [""; 0]);
    // A key that the other one used is a new one.
    let made = once().await;
    assert_eq!(made.status, 201);
    assert_ne!(made.body["id"], first.body["id"]);
    // Who is let in sees all of the chat, as anybody does.
    join(&ada, "c", "ben").await;
    let whole = ["created", "participantLeft", "participantJoined"];
    let of_c = get(&ben, "/events?topic=chat:c").await.body;
    assert_eq!(names(of_c["items"].as_array().unwrap()), whole);
    let refused = ask(&ada, "POST /chats/c/participants", an_agent("ben")).await;
    assert_eq!(refused.status, 409);
}
