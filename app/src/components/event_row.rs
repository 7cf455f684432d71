//! One event in a list.

use std::sync::Arc;

use colloquy_protocol::{frame::EventFrame, id::PrincipalKind, topic::Kind};
use leptos::{ev::Event, prelude::*};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::{
    components::{flow::Show, payload::payload},
    session::use_session,
    stores::people::Names,
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
                <pre tabindex="0" aria-label="Payload">
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
            detail: glance.detail(frame.name, &Names::default()),
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
        <time title=words.timestamp>{words.clock}</time>
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

impl Detail {
    /// Of that event, in a component. The names are of those whom it only knows by id.
    pub(crate) fn of(event: &str, payload: &str, names: &Names) -> Self {
        Glance::at(payload).detail(event, names)
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
/// as tells it from others. Those begin with the time, which may be the same.
fn called(id: &str, names: &Names) -> String {
    let me = use_session().principal();
    if me.is_some_and(|me| me.id.as_str() == id) {
        return "you".to_owned();
    }
    let name = id.parse().map(|id| names.of(&id, PrincipalKind::User));
    shortened(name.unwrap_or_else(|_| id.to_owned()))
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
    message: Value,
    timestamp: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entity {
    description: Option<String>,
    status: String,
    status_detail: Option<String>,
    participants: Vec<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Receipt {
    principal_id: String,
    message_id: String,
    read_at: Option<String>,
}

impl Glance {
    /// A payload with something unexpected in it says less, and is shown all the same.
    fn at(payload: &str) -> Self {
        serde_json::from_str(payload).unwrap_or_default()
    }

    fn detail(&self, event: &str, names: &Names) -> Detail {
        Detail {
            text: self.words(event, &|id| called(id, names)),
            exact: self.words(event, &str::to_owned),
        }
    }

    fn words(&self, event: &str, called: &dyn Fn(&str) -> String) -> String {
        let Self { entity, receipt, message, .. } = self;
        let detail = match event {
            "agent:statusChanged" => match &entity.status_detail {
                Some(more) => format!("{}: {more}", entity.status),
                None => entity.status.clone(),
            },
            "chat:created" | "chat:updated" => match entity.participants.len() {
                1 => "1 participant".to_owned(),
                many => format!("{many} participants"),
            },
            "chat:messageCreated" => {
                format!("{}: {}", called(text(&message["senderId"])), text(&message["content"]))
            }
            "chat:participantJoined" | "chat:participantLeft" => called(&self.participant_id),
            "chat:receiptUpdated" => {
                let act = if receipt.read_at.is_some() { "read" } else { "received" };
                format!("{} {act} {}", called(&receipt.principal_id), called(&receipt.message_id))
            }
            "system:notification" => text(message).to_owned(),
            _ => entity.description.clone().unwrap_or_default(),
        };
        excerpt(detail)
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
    use super::*;

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
            let words = glance.words(name, &str::to_owned);
            assert!(may_say_nothing || !words.is_empty(), "{name}");
        }
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
