//! One event in a list.

use std::{cell::RefCell, collections::BTreeSet, sync::Arc};

use colloquy_protocol::{
    frame::EventFrame,
    id::{PrincipalId, PrincipalKind},
    model::{LogEntry, Participant},
    topic::Kind,
};
use leptos::{ev::Event, prelude::*};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    components::{counted::counted, flow::Show, payload::payload},
    session::use_session,
};

/// The most characters of a message or a description that a row shows; the payload has them all.
const EXCERPT_CHARS: usize = 160;

/// When, what, of which entity, and where in the log; opened, the payload.
#[component]
pub fn EventRow(
    /// The event as it arrived.
    frame: Arc<EventFrame>,
    /// The name of its entity, if it is known.
    name: Option<String>,
) -> impl IntoView {
    let opened = RwSignal::new(false);
    let words = Words::of_event(&frame, name.unwrap_or_default());
    let kind = words.kind;
    view! {
        <details class="event" data-kind=kind on:toggle=move |_: Event| opened.set(true)>
            <summary class="event-cells">{cells(words)}</summary>
            <Show when=move || opened.get()>
                <pre tabindex="0" role="region" aria-label="Payload">
                    <code>{payload(&frame)}</code>
                </pre>
            </Show>
        </details>
    }
    .into_any()
}

/// What a row says; what it has nothing to say about is empty.
#[derive(Default)]
pub(crate) struct Words {
    pub(crate) kind: &'static str,
    pub(crate) clock: String,
    pub(crate) timestamp: String,
    pub(crate) name: String,
    pub(crate) entity: String,
    pub(crate) detail: Detail,
    pub(crate) tag: &'static str,
    pub(crate) id: String,
    pub(crate) offset: String,
}

/// What somebody is called.
type NameOf<'a> = dyn Fn(&PrincipalId, PrincipalKind) -> String + 'a;

/// What a person wants to know of an event before opening its payload.
#[derive(Default)]
pub(crate) struct Detail {
    /// With names.
    pub(crate) text: String,
    /// With ids, each of them whole.
    pub(crate) exact: String,
}

impl Words {
    /// What is said of an event of the entity with that name.
    pub(crate) fn of_event(frame: &EventFrame, entity: String) -> Self {
        let glance = Glance::at(frame.payload.get());
        Self {
            kind: frame.kind().map_or("system", Kind::as_str),
            // RFC 3339 with milliseconds: the time of day has a fixed place in it.
            clock: glance.timestamp.get(11..23).unwrap_or_default().to_owned(),
            name: frame.name.to_owned(),
            entity,
            detail: glance.detail(frame.name, &|id, _| id.to_string()),
            tag: if frame.replay { "replayed" } else { "" },
            offset: format!("#{}", frame.offset),
            timestamp: glance.timestamp,
            id: glance.id,
        }
    }
}

/// The cells of a row.
pub(crate) fn cells(words: Words) -> impl IntoView {
    view! {
        <time datetime=words.timestamp>{words.clock}</time>
        <span class="event-name">{words.name}</span>
        <span class="event-what">
            {(!words.entity.is_empty()).then(|| view! { <strong>{words.entity}</strong> }.into_any())}
            {words.detail.shown()}
            <span class="tag">{words.tag}</span>
        </span>
        <code class="event-id">{words.id}</code>
        <span class="event-offset">{words.offset}</span>
    }
}

/// The agents whom the rows of those events name.
pub(crate) fn agents_of(entries: &[LogEntry]) -> BTreeSet<PrincipalId> {
    let agents = RefCell::new(BTreeSet::new());
    let note = |id: &str, kind| {
        if kind == Some(PrincipalKind::Agent) {
            agents.borrow_mut().extend(id.parse::<PrincipalId>());
        }
        String::new()
    };
    for entry in entries {
        note(entry.actor_id.as_str(), Some(entry.actor_kind));
        Glance::at(&entry.payload.to_string()).words(&entry.event, &note);
    }
    agents.into_inner()
}

impl Detail {
    /// Of that event, in a component. It only knows by id whom it is about: `name` says what they are
    /// called.
    pub(crate) fn of(event: &str, payload: &str, name: &NameOf<'_>) -> Self {
        Glance::at(payload).detail(event, name)
    }

    /// As it stands in a row.
    pub(crate) fn shown(self) -> AnyView {
        view! {
            <span class="event-detail" title=self.exact>
                {self.text}
            </span>
        }
        .into_any()
    }
}

/// Who or what it is whose id stands in a payload: oneself, a person with a name, or as much of a UUID
/// as tells it from others. Those begin with the time, which may be the same. What has no kind is
/// nobody: a message.
fn called(id: &str, kind: Option<PrincipalKind>, name: &NameOf<'_>) -> String {
    let who: Option<(PrincipalKind, PrincipalId)> = kind.zip(id.parse().ok());
    match who {
        Some((kind, id)) if use_session().is_me(&id, kind) => "you".to_owned(),
        Some((kind, id)) => shortened(name(&id, kind)),
        None => shortened(id.to_owned()),
    }
}

fn shortened(id: String) -> String {
    let is_uuid = id.len() == 36 && id.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    if is_uuid { format!("…{}", &id[28..]) } else { id }
}

/// What a row shows of a payload, whatever the event: reading every event's own type would make
/// the page's program twice as large.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Glance {
    #[serde(alias = "agentId", alias = "chatId", alias = "collectionId")]
    id: String,
    #[serde(alias = "agent", alias = "chat", alias = "collection")]
    entity: Entity,
    participant_id: String,
    receipt: Receipt,
    /// How grave a notification is.
    #[serde(rename = "type")]
    severity: String,
    message: Value,
    timestamp: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entity {
    description: Option<String>,
    status: String,
    status_detail: Option<String>,
    participants: Vec<Participant>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Receipt {
    principal_id: String,
    principal_kind: Option<PrincipalKind>,
    message_id: String,
    read_at: Option<String>,
}

impl Glance {
    /// A payload with something unexpected in it says less, and is shown all the same.
    fn at(payload: &str) -> Self {
        serde_json::from_str(payload).unwrap_or_default()
    }

    fn detail(&self, event: &str, name: &NameOf<'_>) -> Detail {
        Detail {
            text: self.words(event, &|id, kind| called(id, kind, name)),
            exact: self.words(event, &|id, _| id.to_owned()),
        }
    }

    fn words(&self, event: &str, called: &dyn Fn(&str, Option<PrincipalKind>) -> String) -> String {
        let Self { entity, receipt, message, .. } = self;
        let detail = match event {
            "agent:statusChanged" => match &entity.status_detail {
                Some(more) => format!("{}: {more}", entity.status),
                None => entity.status.clone(),
            },
            "chat:created" | "chat:updated" => {
                counted(entity.participants.len() as u64, "participant")
            }
            "chat:messageCreated" => {
                let kind = text(&message["senderKind"]).parse().ok();
                let sender = called(text(&message["senderId"]), kind);
                format!("{sender}: {}", text(&message["content"]))
            }
            "chat:participantJoined" | "chat:participantLeft" => {
                called(&self.participant_id, Some(self.participant_kind()))
            }
            "chat:receiptUpdated" => {
                let act = if receipt.read_at.is_some() { "read" } else { "received" };
                let who = called(&receipt.principal_id, receipt.principal_kind);
                format!("{who} {act} {}", called(&receipt.message_id, None))
            }
            "system:notification" => format!("{}: {}", self.severity, text(message)),
            _ => entity.description.clone().unwrap_or_default(),
        };
        excerpt(detail)
    }

    /// What kind of participant joined or left. Who has left is not in the chat any more, and no payload
    /// says what they are: they are taken for the person of that id.
    fn participant_kind(&self) -> PrincipalKind {
        let is_it = |one: &&Participant| one.participant_id.as_str() == self.participant_id;
        let inside = self.entity.participants.iter().find(is_it);
        inside.map_or(PrincipalKind::User, |one| one.kind)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn excerpt(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(EXCERPT_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_agents_that_rows_name_are_known_before_they_are_shown() {
        let entry = |event: &str, payload: Value| LogEntry {
            offset: 1,
            event: event.to_owned(),
            payload,
            topic: None,
            actor_id: "vera".parse().unwrap(),
            actor_kind: PrincipalKind::User,
            timestamp: "2026-01-01T00:00:00.000Z".parse().unwrap(),
        };
        let message = json!({ "message": { "senderId": "ada", "senderKind": "agent" } });
        let receipt = json!({ "receipt": { "principalId": "bob", "principalKind": "agent" } });
        let created = entry("chat:created", json!({}));
        let entries = [
            entry("chat:messageCreated", message),
            entry("chat:receiptUpdated", receipt),
            LogEntry {
                actor_id: "cleo".parse().unwrap(),
                actor_kind: PrincipalKind::Agent,
                ..created
            },
        ];
        let named = agents_of(&entries).into_iter().map(String::from).collect::<Vec<_>>();
        assert_eq!(named, ["ada", "bob", "cleo"]);
    }

    #[test]
    fn a_glance_at_every_payload_tells_whom_it_is_about() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/tests/golden/server_event");
        for file in std::fs::read_dir(golden).unwrap() {
            let json = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let event: Value = serde_json::from_str(&json).unwrap();
            let (name, payload) = (text(&event["event"]), event["payload"].to_string());

            let glance: Glance = serde_json::from_str(&payload).unwrap();

            let (kind, what) = name.split_once(':').unwrap();
            assert_eq!(glance.id, text(&event["payload"][format!("{kind}Id")]), "{name}");
            assert_eq!(glance.timestamp, text(&event["payload"]["timestamp"]), "{name}");
            let may_say_nothing = ["created", "updated", "deleted"].contains(&what);
            let words = glance.words(name, &|id, _| id.to_owned());
            assert!(may_say_nothing || !words.is_empty(), "{name}");
        }
    }

    #[test]
    fn whom_a_payload_is_about_is_told_with_their_kind() {
        let told = |event: &str, payload: Value| {
            let kind_word = |kind: Option<PrincipalKind>| kind.map_or("", PrincipalKind::as_str);
            let glance = Glance::at(&payload.to_string());
            glance.words(event, &|id, kind| format!("{id}={}", kind_word(kind)))
        };
        let message = json!({"senderId": "ada", "senderKind": "user", "content": "Hi"});
        assert_eq!(told("chat:messageCreated", json!({"message": message})), "ada=user: Hi");
        let receipt = json!({"principalId": "ada", "principalKind": "agent", "messageId": "m"});
        let receipt = told("chat:receiptUpdated", json!({"receipt": receipt}));
        assert_eq!(receipt, "ada=agent received m=");
        let ada = json!({
            "participantId": "ada", "kind": "agent", "joinedAt": "2026-01-01T00:00:00.000Z",
        });
        let of = |inside: Value| json!({"participantId": "ada", "chat": {"participants": inside}});
        assert_eq!(told("chat:participantJoined", of(json!([ada]))), "ada=agent");
        assert_eq!(told("chat:participantLeft", of(json!([]))), "ada=user");
    }

    #[test]
    fn a_notification_says_how_grave_it_is() {
        let glance = Glance::at(r#"{"type": "error", "message": "The disk is full"}"#);
        let words = glance.words("system:notification", &|id, _| id.to_owned());
        assert_eq!(words, "error: The disk is full");
    }

    #[test]
    fn what_nobody_can_read_of_an_id_is_left_out() {
        let shown = |id: &str| shortened(id.to_owned());
        assert_eq!(shown("01a2294c-7c3f-7a55-9e1b-5f2c3d4e6a7b"), "…3d4e6a7b");
        assert_eq!(
            shown("planner-of-the-whole-work-no-0000001"),
            "planner-of-the-whole-work-no-0000001"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let cut = excerpt("ü".repeat(EXCERPT_CHARS + 1));
        assert_eq!(cut, format!("{}…", "ü".repeat(EXCERPT_CHARS)));
        assert_eq!(excerpt("short".to_owned()), "short");
    }
}
