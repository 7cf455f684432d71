use serde_json::{Value, json};

use crate::{
    acting, chat_events, delete, get, hub, join, leave, names, now, private_chat, say, start,
    support::{Server, agent, chat, peer::Peer},
};

#[tokio::test]
async fn who_leaves_sees_that_and_nothing_after_it() {
    let (_server, [ada, ben]) = hub(["ada", "ben"]).await;
    private_chat(&ada, "c", &["ben"]).await;
    let before = now(&ben).await;
    let mut all = Peer::ready(&ben, &["chat:*"]).await;
    let mut one = Peer::ready(&ben, &["chat:c"]).await;
    let mut others = Peer::ready(&ada, &["chat:c"]).await;
    say(&ada, "c", "before").await;
    leave(&ada, "c", "ben").await;
    say(&ada, "c", "after").await;

    assert_eq!(names(&all.events().await), ["messageCreated", "participantLeft"]);
    let told = one.messages().await;
    assert_eq!(names(&told), ["messageCreated", "participantLeft", "hub:unsubscribed"]);
    let reason = "you are not in this chat any more";
    assert_eq!(told[2]["payload"], json!({ "topic": "chat:c", "reason": reason }));
    assert_eq!(
        names(&others.events().await),
        ["messageCreated", "participantLeft", "messageCreated"]
    );
    assert_eq!(get(&ben, "/chats/c").await.status, 404);
    assert_eq!(chat_events(&ben).await, ["participantLeft"]);

    // Resuming brings nothing back, wherever it begins.
    for since in [&before, &start(&ben).await] {
        for topic in ["chat:*", "chat:c"] {
            let mut again = Peer::connect(&ben).await;
            again.subscribe(topic).await;
            assert_eq!(
                again.ok("client:ready", json!({ "since": since })).await["recovered"],
                true
            );
            assert_eq!(names(&again.events().await), ["participantLeft"]);
        }
    }
    // Back in it, the wide subscription goes on; the one that was taken away is gone.
    join(&ada, "c", "ben").await;
    say(&ada, "c", "again").await;
    assert_eq!(names(&all.events().await), ["participantJoined", "messageCreated"]);
    assert_eq!(names(&one.events().await), [""; 0]);
    one.subscribe_since("chat:c", &start(&ben).await).await;
    let whole = names(&one.events().await);
    assert_eq!((whole.len(), whole[0].as_str()), (6, "created"));
}

#[tokio::test]
async fn who_leaves_an_open_chat_goes_on_reading_it() {
    let (server, [ada, ben]) = hub(["ada", "ben"]).await;
    chat(&server, "c").await;
    join(&ada, "c", "ben").await;
    let mut peer = Peer::ready(&ben, &["chat:c"]).await;
    leave(&ben, "c", "ben").await;
    say(&ada, "c", "after").await;
    assert_eq!(names(&peer.events().await), ["participantLeft", "messageCreated"]);
}

/// When everybody left, nobody could ever see it again, so it is deleted, and nobody sees that.
#[tokio::test]
async fn a_private_chat_is_deleted_with_the_last_who_leaves() {
    let (server, [ada, _ben]) = hub(["ada", "ben"]).await;
    let mut peer = Peer::ready(&server.client(), &["chat:*", "agent:*"]).await;
    private_chat(&ada, "c", &["ben"]).await;
    leave(&ada, "c", "ada").await;
    delete(&server.client(), "/agents/ben").await;
    for who in [&ada, &server.client()] {
        assert_eq!(get(who, "/chats").await.body["items"], json!([]));
    }
    assert_eq!(names(&peer.events().await), ["agent:deleted"]);
    assert_eq!(chat_events(&ada).await, ["participantLeft"]);
    // Its id can be used again.
    private_chat(&ada, "c", &[]).await;
    assert_eq!(chat_events(&ada).await, ["participantLeft", "created"]);
    // An open one stays.
    chat(&server, "open").await;
    join(&ada, "open", "ada").await;
    leave(&ada, "open", "ada").await;
    assert_eq!(get(&ada, "/chats/open").await.status, 200);
}

/// Messages so large that a socket that nobody reads takes only some of them.
const LARGE: usize = 60_000;
/// More of them than a socket takes.
const MANY: usize = 240;

async fn patient_hub() -> Server {
    Server::start_with(|new| new.queue_bytes = 256 * 1024 * 1024).await
}

/// What waits for somebody who was taken out is not sent any more.
#[tokio::test]
async fn what_waits_of_a_chat_that_was_left_is_dropped() {
    let server = patient_hub().await;
    for id in ["ada", "ben"] {
        agent(&server, id).await;
    }
    let (ada, ben) = (acting(&server, "ada"), acting(&server, "ben"));
    private_chat(&ada, "c", &["ben"]).await;
    chat(&server, "open").await;
    let mut slow = Peer::ready(&ben, &["chat:*"]).await;
    for number in 0..MANY {
        say(&ada, "c", &format!("{number} {}", "x".repeat(LARGE))).await;
    }
    say(&ada, "open", "for everybody").await;
    leave(&ada, "c", "ben").await;

    let told = slow.events().await;
    let told = names(&told);
    let (messages, rest) = told.split_at(told.len() - 2);
    assert_eq!(rest, ["messageCreated", "participantLeft"], "what is open, and that they left");
    assert!(messages.len() < MANY, "{} of {MANY} were sent", messages.len());
}

/// The same while the log is read for them: what was read before they left is not sent after it,
/// and the subscription ends where they left.
#[tokio::test]
async fn what_was_read_for_a_replay_of_a_chat_that_was_left_is_dropped() {
    let server = patient_hub().await;
    for id in ["ada", "ben"] {
        agent(&server, id).await;
    }
    let (ada, ben) = (acting(&server, "ada"), acting(&server, "ben"));
    private_chat(&ada, "c", &["ben"]).await;
    for number in 0..MANY {
        say(&ada, "c", &format!("{number} {}", "x".repeat(LARGE))).await;
    }
    let mut slow = Peer::connect(&ben).await;
    slow.subscribe("chat:c").await;
    slow.ok("client:ready", json!({ "since": start(&ben).await })).await;
    leave(&ada, "c", "ben").await;
    say(&ada, "c", "after").await;

    let told = slow.messages().await;
    let last = &told[told.len() - 2..];
    assert_eq!(names(last), ["participantLeft", "hub:unsubscribed"]);
    assert_eq!(last[0].get("replay"), None, "it happened after the replay was asked for");
    assert!(told.len() < MANY, "{} of {MANY} were sent", told.len());
    join(&ada, "c", "ben").await;
    assert_eq!(slow.messages().await, [Value::Null; 0]);
}

#[tokio::test]
async fn participants_see_that_a_chat_was_deleted_and_all_of_it_after_that() {
    let (_server, [ada, ben, eve]) = hub(["ada", "ben", "eve"]).await;
    private_chat(&ada, "c", &["ben", "eve"]).await;
    say(&ada, "c", "hello").await;
    leave(&ada, "c", "eve").await;
    let mut live = Peer::ready(&ben, &["chat:c"]).await;
    let mut left = Peer::ready(&eve, &["chat:*"]).await;
    delete(&ada, "/chats/c").await;
    assert_eq!(names(&live.events().await), ["deleted"]);
    assert_eq!(names(&left.events().await), [""; 0]);
    let all = ["created", "messageCreated", "participantLeft", "deleted"];
    for who in [&ada, &ben] {
        assert_eq!(chat_events(who).await, all);
        let mut late = Peer::connect(who).await;
        late.subscribe("chat:c").await;
        late.ok("client:ready", json!({ "since": start(who).await })).await;
        assert_eq!(names(&late.events().await), all);
    }
    assert_eq!(chat_events(&eve).await, ["participantLeft"]);
}
