//! Wire types are frozen: one JSON file, written by hand from the contract, for each event and
//! each frame. A change of what is written or of what can be read fails here.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    fs,
    path::Path,
};

use colloquy_protocol::{
    PROTOCOL_VERSION,
    error::{ErrorCode, WireError},
    event::*,
    frame::*,
    id::PrincipalKind,
    model::*,
    position::{Offset, Position},
    time::Timestamp,
    topic::{Kind, Topic},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

#[test]
fn server_events() {
    let expected: Vec<(&str, EventFrame)> = vec![
        ("agent.created", event(1, ServerEvent::AgentCreated(agent_changed(1)))),
        ("agent.updated", event(2, ServerEvent::AgentUpdated(agent_changed(2)))),
        (
            "agent.deleted",
            event(
                3,
                ServerEvent::AgentDeleted(AgentRemoved {
                    agent_id: id("agent-123"),
                    user_id: id("local"),
                    timestamp: later(),
                }),
            ),
        ),
        ("agent.statusChanged", event(4, ServerEvent::AgentStatusChanged(agent_changed(4)))),
        ("chat.created", event(5, ServerEvent::ChatCreated(chat_changed(5)))),
        ("chat.created.private", event(5, ServerEvent::ChatCreated(private_chat_created(5)))),
        ("chat.updated", event(6, ServerEvent::ChatUpdated(chat_changed(6)))),
        ("chat.deleted", event(7, chat_deleted())),
        (
            "chat.messageCreated",
            event(
                8,
                ServerEvent::ChatMessageCreated(MessageCreated {
                    chat_id: id("chat-1"),
                    message_id: id("message-1"),
                    message: Message {
                        id: id("message-1"),
                        chat_id: id("chat-1"),
                        sender_id: id("agent-123"),
                        sender_kind: PrincipalKind::Agent,
                        content: "Who takes step 2?".to_owned(),
                        reply_to: None,
                        created_at: later(),
                    },
                    user_id: id("local"),
                    timestamp: later(),
                }),
            ),
        ),
        (
            "chat.participantJoined",
            event(9, ServerEvent::ChatParticipantJoined(participant_changed(9))),
        ),
        (
            "chat.participantLeft",
            event(10, ServerEvent::ChatParticipantLeft(participant_changed(10))),
        ),
        (
            "chat.receiptUpdated",
            event(
                11,
                ServerEvent::ChatReceiptUpdated(ReceiptUpdated {
                    chat_id: id("chat-1"),
                    message_id: id("message-1"),
                    receipt: receipt(Some(later())),
                    user_id: id("local"),
                    timestamp: later(),
                }),
            ),
        ),
        ("collection.created", event(12, ServerEvent::CollectionCreated(collection_changed(12)))),
        ("collection.updated", event(13, ServerEvent::CollectionUpdated(collection_changed(13)))),
        (
            "collection.deleted",
            event(
                14,
                ServerEvent::CollectionDeleted(CollectionRemoved {
                    collection_id: id("collection-1"),
                    user_id: id("local"),
                    timestamp: later(),
                }),
            ),
        ),
        (
            "system.notification",
            event(
                15,
                ServerEvent::SystemNotification(Notification {
                    notification_type: NotificationType::Info,
                    message: "Collection backup completed".to_owned(),
                    details: json!({ "collectionId": "agents", "backupId": "backup-123" }),
                    timestamp: later(),
                }),
            ),
        ),
    ];
    let names: BTreeSet<&str> = expected.iter().map(|(_, frame)| frame.name).collect();
    assert_eq!(names, ServerEvent::NAMES.iter().copied().collect(), "every variant is here");
    for (name, frame) in &expected {
        let start = frame.name.replace(':', ".");
        assert!(name.starts_with(&start), "{name} is named after its event");
    }
    check("server_event", expected);
}

#[test]
fn client_events() {
    let topics = [
        (Kind::Agent, "agent", "agent-123"),
        (Kind::Chat, "chat", "chat-1"),
        (Kind::Collection, "collection", "collection-1"),
    ];
    let mut expected: Vec<(String, ClientEvent)> = Vec::new();
    for (kind, name, one) in topics {
        let one = Topic::of(kind, one).unwrap();
        let all = Topic::All(kind);
        let since = ClientEvent::subscribe(&one, Some(position()));
        expected.extend([
            (format!("subscribe.{name}"), ClientEvent::subscribe(&one, None)),
            (format!("subscribe.{name}.all"), ClientEvent::subscribe(&all, None)),
            (format!("subscribe.{name}.since"), since),
            (format!("unsubscribe.{name}"), ClientEvent::unsubscribe(&one)),
            (format!("unsubscribe.{name}.all"), ClientEvent::unsubscribe(&all)),
        ]);
    }
    let ready = Ready { since: Some(position()) };
    expected.extend([
        ("client.ready".to_owned(), ClientEvent::ClientReady(None)),
        ("client.ready.since".to_owned(), ClientEvent::ClientReady(Some(ready))),
        ("client.disconnect".to_owned(), ClientEvent::ClientDisconnect(None)),
        ("message.received".to_owned(), ClientEvent::MessageReceived(acknowledge())),
        ("message.read".to_owned(), ClientEvent::MessageRead(acknowledge())),
    ]);
    let names: BTreeSet<_> = expected.iter().map(|(_, event)| event.name()).collect();
    assert_eq!(names, ClientEventName::ALL.iter().copied().collect(), "every variant is here");
    for (name, event) in &expected {
        let start = event.name().as_str().replace(':', ".");
        assert!(name.starts_with(&start), "{name} is named after its event");
    }
    let frames = expected.into_iter().map(|(name, event)| (name, ClientFrame { event, id: None }));
    check("client_event", frames);
}

#[test]
fn client_frames() {
    let event = ClientEvent::MessageRead(acknowledge());
    check(
        "client_frame",
        [
            ("without-id", ClientFrame { event: event.clone(), id: None }),
            ("with-id", ClientFrame { event, id: Some(7.into()) }),
        ],
    );
}

#[test]
fn server_frames() {
    let replayed = EventFrame { replay: true, ..event(42, chat_deleted()) };
    let started = |recovered| Started { epoch: "epoch-a".to_owned(), offset: 42, recovered };
    let refused = WireError::new(ErrorCode::NotFound, "there is no message message-1");
    let expected = vec![
        ("event", ServerFrame::Event(event(42, chat_deleted()))),
        ("event.replayed", ServerFrame::Event(replayed)),
        ("reply.started", ok(started(None))),
        ("reply.recovered", ok(started(Some(true)))),
        ("reply.done", ok(Done {})),
        ("reply.receipt", ok(receipt(None))),
        (
            "reply.error",
            ServerFrame::Reply(Reply { reply: 7.into(), outcome: Outcome::Error(refused) }),
        ),
        (
            "hub.welcome",
            ServerFrame::Hub(HubEvent::Welcome(Welcome {
                connection_id: id("connection-1"),
                protocol: PROTOCOL_VERSION,
                epoch: "epoch-a".to_owned(),
                offset: 42,
                heartbeat_seconds: 15,
                user_id: id("local"),
            })),
        ),
        ("hub.heartbeat", ServerFrame::Hub(HubEvent::Heartbeat(Heartbeat { offset: 42 }))),
        (
            "hub.error",
            ServerFrame::Hub(HubEvent::Error(WireError::new(
                ErrorCode::UnknownEvent,
                "no such event",
            ))),
        ),
        (
            "hub.unsubscribed",
            ServerFrame::Hub(HubEvent::Unsubscribed(Unsubscribed {
                topic: "chat:chat-1".parse().unwrap(),
                reason: "you may no longer see it".to_owned(),
            })),
        ),
    ];
    check("server_frame", expected);
}

#[test]
fn what_is_no_frame_is_refused_with_the_reason() {
    for (text, reason) in [
        (r#"{"offset":1}"#, "`event`"),
        (r#"{"event":"hub:heartbeat"}"#, "`payload`"),
        (r#"{"event":"hub:heartbeat","payload":{}}"#, "`offset`"),
        (r#"{"event":"hub:robot","payload":{}}"#, "hub:robot"),
        (r#"{"event":"robot:created","payload":{},"offset":1}"#, "robot:created"),
        (r#"{"reply":7}"#, "`ok`"),
    ] {
        let error = serde_json::from_str::<ServerFrame>(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn members_come_in_any_order_and_unknown_ones_are_left_out() {
    let text = r#"{"offset":7,"payload":{"chatId":"chat-1","userId":"local","more":[1],
        "timestamp":"2026-01-31T12:00:01.250Z"},"later":{"a":null},"event":"chat:deleted"}"#;
    let frame: EventFrame = serde_json::from_str(text).unwrap();
    assert_eq!((frame.offset, frame.event().unwrap()), (7, chat_deleted()));
}

#[test]
fn a_payload_is_read_as_the_type_that_its_name_tells() {
    let removed = event(7, chat_deleted());
    assert_eq!(removed.kind(), Some(Kind::Chat));
    assert_eq!(removed.topic(), Some("chat:chat-1".parse().unwrap()));
    assert!(removed.payload_of::<server::ChatDeleted>().unwrap().is_ok());
    assert!(removed.payload_of::<server::ChatCreated>().is_none());

    let text = r#"{"event":"agent:deleted","payload":{},"offset":1}"#;
    let broken: EventFrame = serde_json::from_str(text).unwrap();
    assert!(broken.event().unwrap_err().to_string().contains("`agentId`"));
    assert!(broken.payload_of::<server::AgentDeleted>().unwrap().is_err());
}

#[test]
fn a_payload_of_null_is_no_payload() {
    for text in [r#"{"event":"client:ready","payload":null}"#, r#"{"event":"client:ready"}"#] {
        let frame: ClientFrame = serde_json::from_str(text).unwrap();
        assert_eq!(frame.event, ClientEvent::ClientReady(None));
    }
}

#[test]
fn every_error_code() {
    let codes = [
        (ErrorCode::InvalidJson, "invalid_json"),
        (ErrorCode::InvalidMessage, "invalid_message"),
        (ErrorCode::UnknownEvent, "unknown_event"),
        (ErrorCode::InvalidPayload, "invalid_payload"),
        (ErrorCode::NotFound, "not_found"),
        (ErrorCode::Forbidden, "forbidden"),
        (ErrorCode::AlreadyReady, "already_ready"),
        (ErrorCode::TooManySubscriptions, "too_many_subscriptions"),
        (ErrorCode::TooManyMessages, "too_many_messages"),
        (ErrorCode::Unavailable, "unavailable"),
        (ErrorCode::Internal, "internal"),
    ];
    assert_eq!(codes.map(|(code, _)| code), ErrorCode::ALL, "every code is here");
    // What is said of an unknown one names, each in a pair of quotes, it and every variant.
    let unknown = serde_json::from_value::<ErrorCode>(json!("other")).unwrap_err().to_string();
    assert_eq!(unknown.matches('`').count(), 2 * (1 + ErrorCode::ALL.len()), "{unknown}");
    for (code, name) in codes {
        assert_eq!(serde_json::to_value(code).unwrap(), json!(name));
        assert_eq!(serde_json::from_value::<ErrorCode>(json!(name)).unwrap(), code);
    }
}

/// Compares each value with its file, both ways, and the names with the files that there are.
fn check<N, T>(folder: &str, expected: impl IntoIterator<Item = (N, T)>)
where
    N: Into<String>,
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let expected: BTreeMap<String, T> = expected
        .into_iter()
        .map(|(name, value)| (format!("{}.json", name.into()), value))
        .collect();
    let files: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, expected.keys().cloned().collect(), "one file for each in {folder:?}");

    for (file, value) in expected {
        let golden = fs::read_to_string(folder.join(&file)).unwrap();
        let read: T = serde_json::from_str(&golden).unwrap();
        assert_eq!(read, value, "{file} is read");
        let golden: Value = serde_json::from_str(&golden).unwrap();
        let text = serde_json::to_string(&value).unwrap();
        let written: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(written, golden, "{file} is written");
        assert_eq!(text.len(), golden.to_string().len(), "{file}: no key is written twice");
    }
}

fn event(offset: Offset, event: ServerEvent) -> EventFrame {
    EventFrame::new(&event, offset).unwrap()
}

fn ok(value: impl Serialize) -> ServerFrame {
    let outcome = Outcome::Ok(serde_json::to_value(value).unwrap());
    ServerFrame::Reply(Reply { reply: 7.into(), outcome })
}

fn agent_changed(version: Offset) -> AgentChanged {
    let agent = Agent {
        id: id("agent-123"),
        name: "Planner".to_owned(),
        description: Some("Splits work into steps".to_owned()),
        status: AgentStatus::Working,
        status_detail: Some("step 2 of 5".to_owned()),
        capabilities: vec!["plan".to_owned(), "delegate".to_owned()],
        metadata: metadata(json!({ "model": "small", "limits": { "steps": 5 } })),
        created_at: earlier(),
        updated_at: later(),
        version,
    };
    AgentChanged { agent_id: id("agent-123"), agent, user_id: id("local"), timestamp: later() }
}

fn chat(version: Offset) -> Chat {
    let joined = |who, kind, joined_at| Participant { participant_id: id(who), kind, joined_at };
    Chat {
        id: id("chat-1"),
        title: "Release plan".to_owned(),
        visibility: Visibility::Open,
        participants: vec![
            joined("agent-123", PrincipalKind::Agent, earlier()),
            joined("local", PrincipalKind::User, later()),
        ],
        metadata: Metadata::new(),
        created_at: earlier(),
        updated_at: later(),
        version,
    }
}

fn chat_changed(version: Offset) -> ChatChanged {
    ChatChanged {
        chat_id: id("chat-1"),
        chat: chat(version),
        user_id: id("local"),
        timestamp: later(),
    }
}

fn private_chat_created(version: Offset) -> ChatChanged {
    let mut created = chat_changed(version);
    created.chat.visibility = Visibility::Participants;
    created
}

fn chat_deleted() -> ServerEvent {
    ServerEvent::ChatDeleted(ChatRemoved {
        chat_id: id("chat-1"),
        user_id: id("local"),
        timestamp: later(),
    })
}

fn participant_changed(version: Offset) -> ParticipantChanged {
    ParticipantChanged {
        chat_id: id("chat-1"),
        participant_id: id("agent-123"),
        chat: chat(version),
        user_id: id("local"),
        timestamp: later(),
    }
}

fn receipt(read_at: Option<Timestamp>) -> Receipt {
    Receipt {
        message_id: id("message-1"),
        principal_id: id("local"),
        principal_kind: PrincipalKind::User,
        received_at: earlier(),
        read_at,
    }
}

fn collection_changed(version: Offset) -> CollectionChanged {
    let shared = metadata(json!({ "shared": true }));
    let collection = Collection {
        id: id("collection-1"),
        name: "Findings".to_owned(),
        description: None,
        metadata: shared.clone(),
        created_at: earlier(),
        updated_at: later(),
        version,
    };
    CollectionChanged {
        collection_id: id("collection-1"),
        metadata: shared,
        collection,
        user_id: id("local"),
        timestamp: later(),
    }
}

fn acknowledge() -> Acknowledge {
    Acknowledge { message_id: id("message-1") }
}

fn position() -> Position {
    Position { epoch: "epoch-a".to_owned(), offset: 41 }
}

fn metadata(value: Value) -> Metadata {
    value.as_object().unwrap().clone()
}

fn id<T: TryFrom<String, Error: Debug>>(text: &str) -> T {
    text.to_owned().try_into().unwrap()
}

fn earlier() -> Timestamp {
    "2026-01-31T12:00:00.000Z".parse().unwrap()
}

fn later() -> Timestamp {
    "2026-01-31T12:00:01.250Z".parse().unwrap()
}
