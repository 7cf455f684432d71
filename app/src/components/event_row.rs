//! One event in the history.

use std::sync::Arc;

use colloquy_protocol::{
    event::ServerEvent,
    frame::EventFrame,
    model::{Agent, Participant},
    topic::Topic,
};
use leptos::{ev::Event, prelude::*};

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
    let event = frame.event().ok();
    let topic = event.as_ref().and_then(ServerEvent::topic);
    let kind = topic.as_ref().map_or("system", |topic| topic.kind().as_str());
    let timestamp = event.as_ref().map(|event| event.timestamp().to_string()).unwrap_or_default();
    // RFC 3339 with milliseconds: the time of day has a fixed place in it.
    let clock = timestamp.get(11..23).unwrap_or_default().to_owned();
    let payload = frame.clone();

    view! {
        <details class="event" data-kind=kind on:toggle=move |_: Event| opened.set(true)>
            <summary>
                <time datetime=timestamp.clone() title=timestamp>
                    {clock}
                </time>
                <span class="event-name">{frame.name}</span>
                <span class="event-what">
                    {name.map(|name| view! { <strong>{name}</strong> })}
                    <span class="event-detail">{event.as_ref().map(detail)}</span>
                    {frame.replay.then(|| view! { <span class="tag">"replayed"</span> })}
                </span>
                <code class="event-id">{topic.as_ref().map(Topic::id).unwrap_or_default().to_owned()}</code>
                <span class="event-offset">"#" {frame.offset}</span>
            </summary>
            <Show when=move || opened.get()>
                <pre tabindex="0" aria-label="Payload">
                    <code>{pretty(&payload)}</code>
                </pre>
            </Show>
        </details>
    }
    .into_any()
}

/// What a person wants to know before opening the payload.
pub(crate) fn detail(event: &ServerEvent) -> String {
    use ServerEvent as Event;
    match event {
        Event::AgentCreated(p) | Event::AgentUpdated(p) => {
            excerpt(p.agent.description.as_deref().unwrap_or_default())
        }
        Event::AgentStatusChanged(p) => excerpt(&status(&p.agent)),
        Event::ChatCreated(p) | Event::ChatUpdated(p) => people(&p.chat.participants),
        Event::ChatMessageCreated(p) => {
            excerpt(&format!("{}: {}", p.message.sender_id, p.message.content))
        }
        Event::ChatParticipantJoined(p) | Event::ChatParticipantLeft(p) => {
            p.participant_id.to_string()
        }
        Event::ChatReceiptUpdated(p) => {
            let act = if p.receipt.read_at.is_some() { "read" } else { "received" };
            format!("{} {act} {}", p.receipt.principal_id, p.message_id)
        }
        Event::CollectionCreated(p) | Event::CollectionUpdated(p) => {
            excerpt(p.collection.description.as_deref().unwrap_or_default())
        }
        Event::AgentDeleted(_) | Event::ChatDeleted(_) | Event::CollectionDeleted(_) => {
            String::new()
        }
        Event::SystemNotification(p) => excerpt(&p.message),
    }
}

fn status(agent: &Agent) -> String {
    match &agent.status_detail {
        Some(more) => format!("{}: {more}", agent.status.as_str()),
        None => agent.status.as_str().to_owned(),
    }
}

fn people(participants: &[Participant]) -> String {
    match participants.len() {
        1 => "1 participant".to_owned(),
        many => format!("{many} participants"),
    }
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn pretty(frame: &EventFrame) -> String {
    serde_json::to_string_pretty(frame).unwrap_or_else(|error| error.to_string())
}
