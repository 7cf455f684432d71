//! The state machine of every client: whatever the hub says and the user does, in whatever order,
//! it asks for what a driver can do, its cursor does not move back unless everything is loaded
//! afresh, and it never stands still.

#![no_main]

use std::time::Duration;

use colloquy_protocol::{
    event::Acknowledgement,
    position::Position,
    session::{Action, Notice, Session},
    topic::{Kind, Topic},
};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};

#[derive(Debug, Arbitrary)]
struct Story {
    seed: u64,
    resuming: Option<Place>,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct Place {
    is_other_epoch: bool,
    offset: Number,
}

/// Mostly small, so that what follows another is met.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Number {
    Small(u8),
    Any(u64),
}

#[derive(Debug, Arbitrary)]
enum Step {
    Connect,
    Disconnect,
    Reconnect,
    Wake,
    Doubt,
    Subscribe(Name, Option<Place>),
    Unsubscribe(Name),
    Acknowledge(u8, bool),
    /// The socket ends.
    Closed(Option<u16>),
    /// Time passes, and the deadline perhaps.
    Passes(u32),
    /// So much that the deadline is there.
    Deadline,
    /// The hub says anything.
    Says(String),
    Welcome {
        epoch: bool,
        offset: Number,
        heartbeat: u64,
        protocol: u8,
    },
    Heartbeat(Number),
    Event {
        name: Name,
        offset: Number,
        replay: bool,
    },
    Started {
        reply: u8,
        place: Place,
        recovered: Option<bool>,
    },
    Refused {
        reply: u8,
        retryable: bool,
    },
    Unsubscribed(Name),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct Name {
    kind: u8,
    id: Option<bool>,
}

impl Number {
    fn get(self) -> u64 {
        match self {
            Self::Small(number) => number.into(),
            Self::Any(number) => number,
        }
    }
}

impl Place {
    fn epoch(is_other: bool) -> &'static str {
        if is_other { "two" } else { "one" }
    }

    fn position(self) -> Position {
        Position { epoch: Self::epoch(self.is_other_epoch).to_owned(), offset: self.offset.get() }
    }
}

impl Name {
    fn kind(self) -> Kind {
        Kind::ALL[usize::from(self.kind) % Kind::ALL.len()]
    }

    fn topic(self) -> Topic {
        match self.id {
            None => Topic::All(self.kind()),
            Some(id) => Topic::of(self.kind(), if id { "a" } else { "b" }).expect("it is an id"),
        }
    }
}

/// What the hub says in that step, if it says something.
fn said(step: &Step) -> Option<String> {
    Some(match step {
        Step::Says(text) => text.clone(),
        Step::Welcome { epoch, offset, heartbeat, protocol } => format!(
            r#"{{"event":"hub:welcome","payload":{{"connectionId":"c","protocol":{},"epoch":"{}",
               "offset":{},"heartbeatSeconds":{heartbeat},"userId":"local"}}}}"#,
            protocol % 3,
            Place::epoch(*epoch),
            offset.get(),
        ),
        Step::Heartbeat(offset) => {
            format!(r#"{{"event":"hub:heartbeat","payload":{{"offset":{}}}}}"#, offset.get())
        }
        Step::Event { name, offset, replay } => {
            let kind = name.kind().as_str();
            let id = if name.id == Some(true) { "a" } else { "b" };
            format!(
                r#"{{"event":"{kind}:deleted","payload":{{"{kind}Id":"{id}"}},"offset":{},
                   "replay":{replay}}}"#,
                offset.get(),
            )
        }
        Step::Started { reply, place, recovered } => {
            let recovered = recovered.map(|it| format!(r#","recovered":{it}"#));
            format!(
                r#"{{"reply":{reply},"ok":{{"epoch":"{}","offset":{}{}}}}}"#,
                Place::epoch(place.is_other_epoch),
                place.offset.get(),
                recovered.unwrap_or_default(),
            )
        }
        Step::Refused { reply, retryable } => format!(
            r#"{{"reply":{reply},"error":{{"code":"unavailable","message":"m",
               "retryable":{retryable}}}}}"#
        ),
        Step::Unsubscribed(name) => {
            let topic = name.topic();
            format!(
                r#"{{"event":"hub:unsubscribed","payload":{{"topic":"{topic}","reason":"r"}}}}"#
            )
        }
        _ => return None,
    })
}

fn act(session: &mut Session, step: &Step, now: &mut Duration) {
    match step {
        Step::Connect => session.connect(*now),
        Step::Disconnect => session.disconnect(*now),
        Step::Reconnect => session.reconnect(*now),
        Step::Wake => session.wake(*now),
        Step::Doubt => session.doubt(*now),
        Step::Subscribe(name, since) => {
            session.subscribe(name.topic(), since.map(Place::position));
        }
        Step::Unsubscribe(name) => session.unsubscribe(&name.topic()),
        Step::Acknowledge(message, is_read) => {
            let message = format!("m{message}").parse().expect("it is an id");
            let what = if *is_read { Acknowledgement::Read } else { Acknowledgement::Received };
            session.acknowledge(message, what);
        }
        Step::Closed(code) => session.closed(*code, *now),
        Step::Passes(millis) => {
            *now += Duration::from_millis((*millis).into());
            session.tick(*now);
        }
        Step::Deadline => {
            if let Some(deadline) = session.next_deadline() {
                *now = (*now).max(deadline);
                session.tick(*now);
                assert!(session.next_deadline().is_none_or(|next| next > *now), "it stands still");
            }
        }
        said_by_hub => {
            if let Some(text) = said(said_by_hub) {
                session.received(&text, *now);
            }
        }
    }
}

fuzz_target!(|story: Story| {
    let mut session = match story.resuming {
        None => Session::new(story.seed),
        Some(place) => Session::resuming(story.seed, place.position()),
    };
    let mut now = Duration::ZERO;
    let mut has_socket = false;
    for step in &story.steps {
        let before = session.cursor().cloned();
        let mut begins_anew = false;
        if matches!(step, Step::Closed(_)) {
            has_socket = false;
        }
        act(&mut session, step, &mut now);
        while let Some(action) = session.next_action() {
            match action {
                Action::Open => {
                    assert!(!has_socket, "a second socket");
                    has_socket = true;
                }
                Action::Send(_) => assert!(has_socket, "something is sent to nobody"),
                Action::Close(_) => {
                    assert!(has_socket, "what is not open is closed");
                    has_socket = false;
                }
                Action::Notify(notice) => {
                    begins_anew |= matches!(notice, Notice::Reload { topic: None, .. });
                }
            }
        }
        if let (Some(before), Some(after)) = (before, session.cursor())
            && before.epoch == after.epoch
            && !begins_anew
        {
            assert!(before.offset <= after.offset, "the cursor moved back");
        }
    }
});
