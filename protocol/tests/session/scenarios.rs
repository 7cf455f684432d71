//! The cases worth a name, message by message.

use std::time::Duration;

use colloquy_protocol::{
    close::CloseCode,
    error::ErrorCode,
    event::Acknowledgement,
    id::MessageId,
    position::Position,
    session::{
        Action, DOUBT, Ended, MAX_UNANSWERED, Notice, PATIENCE, RequestError, STABLE, Session,
        State,
    },
    topic::Topic,
};
use serde_json::{Value, json};

#[test]
fn subscribes_in_order_and_then_says_ready() {
    let mut client = Client::new();
    client.session.subscribe(topic("chat:*"), None);
    client.session.subscribe(topic("agent:b"), Some(position(3)));
    client.session.subscribe(topic("agent:a"), None);
    client.open();
    let sent = client.say(welcome(5)).sent;
    assert_eq!(
        sent,
        [
            json!({ "event": "subscribe:agent", "payload": "a", "id": 2 }),
            json!({
                "event": "subscribe:agent",
                "payload": { "id": "b", "since": { "epoch": "e", "offset": 3 } },
                "id": 3,
            }),
            json!({ "event": "subscribe:chat", "payload": "*", "id": 4 }),
            json!({ "event": "client:ready", "payload": null, "id": 1 }),
        ]
    );
}

#[test]
fn a_lost_connection_is_recovered_from_the_cursor() {
    let mut client = Client::live(5);
    client.say(event(7, false));
    client.after(1);
    client.close(Some(1001));
    client.after(2);
    client.tick();
    let sent = client.say(welcome(9)).sent;
    let since = json!({ "epoch": "e", "offset": 7 });
    assert_eq!(sent[0]["payload"], json!({ "since": since }));
    let done = client.say(reply(&sent[0], json!({ "epoch": "e", "offset": 9, "recovered": true })));
    assert_eq!(done.notices, [Notice::State(State::Recovering(9))]);
    assert_eq!(client.say(event(8, true)).notices.len(), 1);
    let done = client.say(event(9, true));
    let recovered = Notice::Recovered { count: 2, gap: Duration::from_secs(2) };
    assert_eq!(done.notices[1..], [recovered, Notice::State(State::Live)]);
    assert_eq!(client.session.cursor(), Some(&position(9)));
}

#[test]
fn nothing_missed_is_recovered_at_once() {
    let mut client = Client::live(5);
    let sent = client.reconnect(5);
    let done = client.say(reply(&sent[0], json!({ "epoch": "e", "offset": 5, "recovered": true })));
    assert!(matches!(
        done.notices[..],
        [Notice::Recovered { count: 0, .. }, Notice::State(State::Live)]
    ));
}

#[test]
fn a_heartbeat_ends_a_recovery_that_had_nothing_to_send() {
    let mut client = Client::live(5);
    let sent = client.reconnect(9);
    client.say(reply(&sent[0], json!({ "epoch": "e", "offset": 9, "recovered": true })));
    assert_eq!(client.session.state(), State::Recovering(9));
    client.say(heartbeat(8));
    assert_eq!(client.session.state(), State::Recovering(9));
    client.say(heartbeat(9));
    assert_eq!(client.session.state(), State::Live);
}

#[test]
fn another_history_means_loading_afresh() {
    let mut client = Client::live(5);
    let sent = client.reconnect(2);
    let other = Position { epoch: "other".to_owned(), offset: 2 };
    let done =
        client.say(reply(&sent[0], json!({ "epoch": "other", "offset": 2, "recovered": false })));
    assert!(done.notices.contains(&Notice::Reload { topic: None, position: other.clone() }));
    assert_eq!(client.session.cursor(), Some(&other));
}

#[test]
fn the_hub_sees_one_subscription_however_many_hold_it() {
    let mut client = Client::live(5);
    client.session.subscribe(topic("agent:a"), None);
    assert_eq!(client.act().sent.len(), 1);
    client.session.subscribe(topic("agent:a"), None);
    client.session.unsubscribe(&topic("agent:a"));
    assert_eq!(client.act().sent.len(), 0);
    client.session.unsubscribe(&topic("agent:a"));
    assert_eq!(client.act().sent, [json!({ "event": "unsubscribe:agent", "payload": "a" })]);
    client.session.unsubscribe(&topic("agent:a"));
    assert_eq!(client.act().sent.len(), 0);
}

#[test]
fn a_topic_keeps_its_own_position_until_a_heartbeat_says_that_all_was_sent() {
    let mut client = Client::live(5);
    client.session.subscribe(topic("agent:a"), Some(position(2)));
    let asked = client.act().sent;
    client.say(reply(&asked[0], json!({ "epoch": "e", "offset": 6, "recovered": true })));
    client.say(event(7, false));
    let own = json!({ "id": "a", "since": { "epoch": "e", "offset": 2 } });
    assert_eq!(client.reconnect(7)[0]["payload"], own);

    let mut client = Client::live(5);
    client.session.subscribe(topic("agent:a"), Some(position(2)));
    let asked = client.act().sent;
    client.say(reply(&asked[0], json!({ "epoch": "e", "offset": 6, "recovered": true })));
    client.say(heartbeat(6));
    assert_eq!(client.reconnect(7)[0]["payload"], json!("a"));
}

#[test]
fn a_topic_that_can_not_catch_up_loads_afresh() {
    let mut client = Client::live(5);
    client.session.subscribe(topic("agent:a"), Some(position(2)));
    let asked = client.act().sent;
    let done =
        client.say(reply(&asked[0], json!({ "epoch": "e", "offset": 6, "recovered": false })));
    let (topic, position) = (topic("agent:a"), position(6));
    assert_eq!(
        done.notices,
        [
            Notice::Subscribed { topic: topic.clone(), position: position.clone() },
            Notice::Reload { topic: Some(topic), position },
        ]
    );
}

/// One store is at the hub's history, and another at one that is lost: whichever came first, and
/// whether the first has caught up, both load afresh.
#[test]
fn stores_of_different_histories_load_afresh() {
    let lost = Position { epoch: "lost".to_owned(), offset: 9 };
    for (first, second) in
        [(None, lost.clone()), (Some(position(2)), lost.clone()), (Some(lost), position(2))]
    {
        let mut client = Client::live(5);
        client.session.subscribe(topic("agent:a"), first.clone());
        let mut asked = client.act().sent;
        client.session.subscribe(topic("agent:a"), Some(second));
        asked.extend(client.act().sent);
        let accepted = json!({ "epoch": "e", "offset": 6, "recovered": true });
        let done: Vec<Done> =
            asked.iter().map(|asked| client.say(reply(asked, accepted.clone()))).collect();
        let reload = Notice::Reload { topic: Some(topic("agent:a")), position: position(6) };
        assert!(done.iter().any(|done| done.notices.contains(&reload)), "{first:?}: {done:?}");
    }
}

#[test]
fn silence_closes_the_connection() {
    let mut client = Client::live(5);
    client.after(37);
    assert_eq!(client.tick().closed, None);
    client.say(heartbeat(5));
    client.after(37);
    assert_eq!(client.tick().closed, None);
    client.after(1);
    assert_eq!(client.tick().closed, Some(CloseCode::Silent));
    assert!(matches!(client.session.state(), State::Waiting { attempt: 1, .. }));
}

#[test]
fn a_hub_that_does_not_answer_is_tried_again() {
    let mut client = Client::new();
    client.open();
    assert_eq!(client.session.next_deadline(), Some(client.now + PATIENCE));
    client.say(welcome(5));
    client.after(9);
    client.say(heartbeat(5));
    client.after(1);
    assert_eq!(client.tick().closed, Some(CloseCode::Silent), "ready was never answered");
}

#[test]
fn close_codes_say_whether_to_come_back() {
    for (code, comes_back) in [(None, true), (Some(4000), true), (Some(4001), false)] {
        let mut client = Client::live(5);
        client.close(code);
        assert_eq!(matches!(client.session.state(), State::Waiting { .. }), comes_back, "{code:?}");
    }
    let mut client = Client::live(5);
    client.close(Some(1000));
    assert_eq!(client.session.state(), State::Closed(Ended::ByHub(CloseCode::Normal)));
    assert_eq!(client.session.next_deadline(), None);
}

#[test]
fn only_a_stable_connection_makes_the_wait_short_again() {
    let attempt = |client: &Client| match client.session.state() {
        State::Waiting { attempt, .. } => attempt,
        other => panic!("{other:?}"),
    };
    let mut client = Client::live(5);
    client.close(None);
    client.resume(5);
    client.close(Some(4000));
    assert_eq!(attempt(&client), 2);
    client.resume(5);
    client.now += STABLE;
    client.close(None);
    assert_eq!(attempt(&client), 1);
}

#[test]
fn waking_tries_at_once() {
    let mut client = Client::live(5);
    client.session.wake(client.now);
    let done = client.act();
    assert_eq!((done.closed, done.opened), (None, false), "a healthy connection stays");
    client.after(23);
    client.session.wake(client.now);
    let done = client.act();
    assert_eq!((done.closed, done.opened), (Some(CloseCode::Silent), true));
    client.close(None);
    client.session.wake(client.now);
    assert!(client.act().opened);
}

#[test]
fn a_connection_in_doubt_must_answer_soon() {
    for doubt in [Session::wake, Session::doubt] {
        let mut client = Client::live(5);
        client.after(1);
        doubt(&mut client.session, client.now);
        let asked = client.act().sent;
        client.after(4);
        client.say(reply(&asked[0], json!({})));
        client.after(2);
        assert_eq!(client.tick().closed, None, "it answered");
        doubt(&mut client.session, client.now);
        assert_eq!(client.session.next_deadline(), Some(client.now + DOUBT));
        client.now += DOUBT;
        assert_eq!(client.tick().closed, Some(CloseCode::Silent));
        assert!(matches!(client.session.state(), State::Waiting { .. }));
        assert_eq!(client.session.round_trip(), None);
    }
}

#[test]
fn the_round_trip_is_measured_with_each_connection_and_heartbeat() {
    let mut client = Client::new();
    client.open();
    let ready = client.say(welcome(5)).sent;
    assert_eq!(client.session.round_trip(), None);
    client.after(1);
    client.say(reply(&ready[0], json!({ "epoch": "e", "offset": 5 })));
    assert_eq!(client.session.round_trip(), Some(Duration::from_secs(1)));

    let asked = client.say(heartbeat(5)).sent;
    let question = json!({ "event": "unsubscribe:agent", "payload": "round-trip", "id": 2 });
    assert_eq!(asked, [question], "nobody is unsubscribed twice");
    client.after(2);
    assert_eq!(client.say(heartbeat(5)).sent.len(), 0, "one question at a time");
    assert_eq!(client.say(reply(&asked[0], json!({}))).notices, []);
    assert_eq!(client.session.round_trip(), Some(Duration::from_secs(2)));
}

#[test]
fn what_is_held_is_never_unsubscribed_to_measure() {
    let mut client = Client::live(5);
    client.session.subscribe(topic("agent:round-trip"), None);
    client.act();
    assert_eq!(client.say(heartbeat(5)).sent.len(), 0);
    client.session.doubt(client.now);
    assert_eq!(client.session.next_deadline(), Some(client.now + Duration::from_millis(37_500)));
}

#[test]
fn an_acknowledgement_survives_a_lost_connection() {
    let mut client = Client::live(5);
    let message: MessageId = "m".parse().unwrap();
    client.session.acknowledge(message.clone(), Acknowledgement::Read);
    let asked = client.act().sent;
    let sent = client.reconnect(5);
    assert_eq!(sent.last(), asked.last(), "it is said again");
    let receipt = json!({
        "messageId": "m",
        "principalId": "local",
        "principalKind": "user",
        "receivedAt": "2026-01-31T12:00:00.000Z",
        "readAt": "2026-01-31T12:00:00.000Z",
    });
    let done = client.say(reply(&asked[0], receipt.clone()));
    let outcome = Ok(serde_json::from_value(receipt).unwrap());
    let what = Acknowledgement::Read;
    assert_eq!(done.notices, [Notice::Acknowledged { message, what, outcome }]);
}

#[test]
fn who_may_not_be_ready_does_not_come_back() {
    let mut client = Client::new();
    client.open();
    let sent = client.say(welcome(5)).sent;
    let done = client.say(refusal(&sent[0], ErrorCode::Forbidden));
    assert!(matches!(&done.notices[0], Notice::Error(error) if error.code == ErrorCode::Forbidden));
    let ended = State::Closed(Ended::ByHub(CloseCode::Unauthorised));
    assert_eq!(client.session.state(), ended);
    client.after(3600);
    client.tick();
    assert_eq!(client.session.state(), ended);
}

#[test]
fn who_said_too_much_stays_away_for_a_minute() {
    let mut client = Client::live(5);
    client.close(Some(4006));
    let until = client.now + Duration::from_secs(60);
    assert_eq!(client.session.state(), State::Waiting { until, attempt: 1 });
    client.session.wake(client.now);
    assert!(!client.act().opened, "that its page is looked at shortens nothing");
    client.session.connect(client.now);
    assert!(client.act().opened, "but a person may");
}

#[test]
fn acknowledgements_wait_when_they_are_too_many_at_once() {
    let mut client = Client::live(5);
    for number in 0..40 {
        let message = format!("m{number}").parse().unwrap();
        client.session.acknowledge(message, Acknowledgement::Received);
    }
    let first = client.act().sent;
    assert_eq!(first.len(), 16, "the hub is not flooded");
    let receipt = json!({
        "messageId": "m0",
        "principalId": "local",
        "principalKind": "user",
        "receivedAt": "2026-01-31T12:00:00.000Z",
        "readAt": null,
    });
    let next = client.say(reply(&first[0], receipt.clone()));
    assert_eq!(next.sent[0]["payload"], json!({ "messageId": "m16" }));

    for asked in first[1..].iter().chain(&next.sent) {
        let done = client.say(refusal(asked, ErrorCode::TooManyMessages));
        assert!(
            done.sent.is_empty() && done.notices.is_empty(),
            "none is sent, and none has failed"
        );
    }
    let later = client.session.next_deadline().unwrap();
    assert_eq!(later, client.now + Duration::from_secs(5));
    client.now = later;
    let again = client.tick().sent;
    assert_eq!(again, [&first[1..], &next.sent].concat(), "the same ones go again");
    assert_eq!(client.say(reply(&again[0], receipt)).sent.len(), 1);
    assert_eq!(client.session.state(), State::Live);
}

#[test]
fn a_pause_of_acknowledgements_ends_while_messages_leave_no_time_to_tick() {
    let mut client = Client::live(5);
    client.session.acknowledge("m".parse().unwrap(), Acknowledgement::Read);
    let asked = client.act().sent;
    client.say(refusal(&asked[0], ErrorCode::TooManyMessages));
    client.after(4);
    assert_eq!(client.say(event(6, false)).sent, Vec::<Value>::new());
    client.after(1);
    assert_eq!(client.say(event(7, false)).sent, asked);
}

#[test]
fn an_acknowledgement_fails_with_its_session_or_when_too_many_wait() {
    let mut client = Client::live(5);
    let acknowledge = |client: &mut Client| {
        client.session.acknowledge("m".parse().unwrap(), Acknowledgement::Received);
    };
    (0..MAX_UNANSWERED).for_each(|_| acknowledge(&mut client));
    assert_eq!(client.act().notices, []);
    let failure = |done: Done| match done.notices.last() {
        Some(Notice::Acknowledged { outcome: Err(error), .. }) => error.clone(),
        other => panic!("{other:?}"),
    };
    acknowledge(&mut client);
    assert_eq!(failure(client.act()), RequestError::TooMany);
    client.session.disconnect(client.now);
    let done = client.act();
    assert_eq!(done.notices.len(), 1 + MAX_UNANSWERED);
    assert_eq!(failure(done), RequestError::Ended);
    acknowledge(&mut client);
    assert_eq!(failure(client.act()), RequestError::Ended);
}

#[test]
fn a_refused_subscription_is_dropped() {
    let mut client = Client::live(5);
    client.session.subscribe(topic("agent:a"), None);
    let asked = client.act().sent;
    let done = client.say(refusal(&asked[0], ErrorCode::TooManySubscriptions));
    assert!(matches!(done.notices[..], [Notice::Unsubscribed { .. }]));
    assert_eq!(client.session.topics().count(), 0);
}

#[test]
fn a_hub_that_can_not_subscribe_now_is_left_for_another_attempt() {
    let mut client = Client::live(5);
    client.session.subscribe(topic("agent:a"), None);
    let asked = client.act().sent;
    let done = client.say(refusal(&asked[0], ErrorCode::Unavailable));
    assert_eq!(done.closed, Some(CloseCode::Normal));
    assert!(matches!(client.session.state(), State::Waiting { .. }));
    assert_eq!(client.session.topics().count(), 1);
}

#[test]
fn the_hub_may_take_a_subscription_away() {
    let mut client = Client::live(5);
    client.session.subscribe(topic("agent:a"), None);
    let asked = client.act().sent;
    client.say(reply(&asked[0], json!({ "epoch": "e", "offset": 5 })));
    let done = client.say(unsubscribed("agent:a"));
    let reason = "gone".to_owned();
    assert_eq!(done.notices, [Notice::Unsubscribed { topic: topic("agent:a"), reason }]);

    // Whoever asks again has a subscription of their own, which the one from before does not end.
    client.session.subscribe(topic("agent:a"), None);
    let asked = client.act().sent;
    assert_eq!((asked.len(), &asked[0]["event"]), (1, &json!("subscribe:agent")));
    client.session.unsubscribe(&topic("agent:a"));
    assert_eq!(client.act().sent, Vec::<Value>::new());
    client.session.unsubscribe(&topic("agent:a"));
    assert_eq!(client.act().sent, [json!({ "event": "unsubscribe:agent", "payload": "a" })]);
    assert_eq!(client.session.topics().count(), 0);
}

/// What was on its way when the client asked anew is about the subscription before.
#[test]
fn a_subscription_does_not_end_with_the_one_before() {
    let mut client = Client::live(5);
    client.session.subscribe(topic("chat:c"), None);
    let asked = client.act().sent;
    client.say(reply(&asked[0], json!({ "epoch": "e", "offset": 5 })));
    client.session.unsubscribe(&topic("chat:c"));
    client.session.subscribe(topic("chat:c"), Some(position(7)));
    let asked = client.act().sent;
    assert_eq!(client.say(unsubscribed("chat:c")).notices, []);
    let done =
        client.say(reply(&asked[1], json!({ "epoch": "e", "offset": 9, "recovered": true })));
    let subscribed = Notice::Subscribed { topic: topic("chat:c"), position: position(9) };
    assert_eq!(done.notices, [subscribed]);
    assert_eq!(client.session.topics().collect::<Vec<_>>(), [&topic("chat:c")]);
}

#[test]
fn another_protocol_is_not_spoken() {
    let mut client = Client::new();
    client.open();
    let mut welcome = welcome(5);
    welcome["payload"]["protocol"] = json!(2);
    assert_eq!(client.say(welcome).closed, Some(CloseCode::Normal));
    assert_eq!(client.session.state(), State::Closed(Ended::OtherProtocol(2)));
}

#[test]
fn what_can_not_be_read_is_told_and_left_out() {
    let mut client = Client::live(5);
    let unknown = json!({ "event": "robot:created", "payload": {}, "offset": 6 });
    assert!(matches!(client.say(unknown).notices[..], [Notice::Unreadable(_)]));
    client.say(event(7, false));
    assert_eq!(client.session.cursor(), Some(&position(7)));
}

#[test]
fn goes_on_from_a_position_that_was_kept() {
    let mut client = Client::new();
    client.session = Session::resuming(1, position(4));
    client.open();
    let sent = client.say(welcome(9)).sent;
    assert_eq!(sent[0]["payload"], json!({ "since": { "epoch": "e", "offset": 4 } }));
}

/// A session and its clock.
struct Client {
    session: Session,
    now: Duration,
}

/// What a session wanted done.
#[derive(Debug, Default, PartialEq)]
struct Done {
    opened: bool,
    sent: Vec<Value>,
    closed: Option<CloseCode>,
    notices: Vec<Notice>,
}

impl Client {
    fn new() -> Self {
        Self { session: Session::new(1), now: Duration::ZERO }
    }

    /// Subscribed to nothing, live from that offset on.
    fn live(offset: u64) -> Self {
        let mut client = Self::new();
        client.open();
        let sent = client.say(welcome(offset)).sent;
        client.say(reply(&sent[0], json!({ "epoch": "e", "offset": offset })));
        assert_eq!(client.session.state(), State::Live);
        client
    }

    fn open(&mut self) {
        self.session.connect(self.now);
        assert!(self.act().opened);
    }

    /// Loses the connection and opens another one. Answers what is said to the hub.
    fn reconnect(&mut self, head: u64) -> Vec<Value> {
        self.session.reconnect(self.now);
        self.act();
        self.say(welcome(head)).sent
    }

    /// Waits for the next attempt, which succeeds.
    fn resume(&mut self, head: u64) {
        self.now = self.session.next_deadline().unwrap();
        self.tick();
        let sent = self.say(welcome(head)).sent;
        let started = json!({ "epoch": "e", "offset": head, "recovered": true });
        self.say(reply(sent.last().unwrap(), started));
        assert_eq!(self.session.state(), State::Live);
    }

    fn after(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn tick(&mut self) -> Done {
        self.session.tick(self.now);
        self.act()
    }

    fn close(&mut self, code: Option<u16>) -> Done {
        self.session.closed(code, self.now);
        self.act()
    }

    fn say(&mut self, message: Value) -> Done {
        self.session.received(&message.to_string(), self.now);
        self.act()
    }

    fn act(&mut self) -> Done {
        let mut done = Done::default();
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Open => done.opened = true,
                Action::Send(text) => done.sent.push(serde_json::from_str(&text).unwrap()),
                Action::Close(code) => done.closed = Some(code),
                Action::Notify(notice) => done.notices.push(notice),
            }
        }
        done
    }
}

fn topic(text: &str) -> Topic {
    text.parse().unwrap()
}

fn position(offset: u64) -> Position {
    Position { epoch: "e".to_owned(), offset }
}

fn welcome(offset: u64) -> Value {
    json!({
        "event": "hub:welcome",
        "payload": {
            "connectionId": "c",
            "protocol": 1,
            "epoch": "e",
            "offset": offset,
            "heartbeatSeconds": 15,
            "userId": "local",
        },
    })
}

fn heartbeat(offset: u64) -> Value {
    json!({ "event": "hub:heartbeat", "payload": { "offset": offset } })
}

fn event(offset: u64, replay: bool) -> Value {
    let timestamp = "2026-01-31T12:00:00.000Z";
    let payload = json!({ "agentId": "a", "userId": "local", "timestamp": timestamp });
    json!({ "event": "agent:deleted", "payload": payload, "offset": offset, "replay": replay })
}

fn unsubscribed(topic: &str) -> Value {
    json!({ "event": "hub:unsubscribed", "payload": { "topic": topic, "reason": "gone" } })
}

fn reply(asked: &Value, ok: Value) -> Value {
    json!({ "reply": asked["id"], "ok": ok })
}

fn refusal(asked: &Value, code: ErrorCode) -> Value {
    let retryable = code.is_retryable();
    let error = json!({ "code": code, "message": "no", "retryable": retryable });
    json!({ "reply": asked["id"], "error": error })
}
