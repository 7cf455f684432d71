//! What happened to one entity last.

use std::sync::Arc;

use colloquy_protocol::{frame::EventFrame, topic::Topic};
use leptos::prelude::*;

use crate::{
    api::{
        ApiError, Seen,
        events::{Filter, newest},
        with_query,
    },
    components::{event_row::EventRow, flow::For, note::OutOfDate},
    stores::live::{Live, Outcome},
};

/// How many events are shown; the log has them all.
const CAPACITY: usize = 20;

/// The latest events of an entity, the newest first.
///
/// # Errors
/// As [`newest`].
pub async fn latest_events(topic: &Topic) -> Result<Seen<Vec<EventFrame>>, ApiError> {
    let filter = Filter { topic: Some(topic.to_string()), ..Filter::default() };
    let Seen { value, position } = newest(&filter, CAPACITY as u32).await?;
    let frames: serde_json::Result<Vec<_>> =
        value.items.iter().rev().map(EventFrame::of_log).collect();
    let value = frames.map_err(|error| ApiError::Unexpected(error.to_string()))?;
    Ok(Seen { value, position })
}

/// The latest events of an entity, following live, and the way to its whole story.
#[component]
pub fn EntityEvents(
    /// The entity's topic.
    topic: Topic,
    /// What [`latest_events`] gave.
    latest: Seen<Vec<EventFrame>>,
) -> impl IntoView {
    let story = with_query("/events", &[("topic", Some(&topic.to_string()))]);
    let again = topic.clone();
    let latest = latest.map(|events| Latest { topic: topic.clone(), events });
    let live = Live::new(latest, [topic], move || load(again.clone()), follow);
    let events = move || live.value().with(|latest| latest.events.clone());
    view! {
        <section class="card history entity-events" aria-labelledby="events-title">
            <header class="card-header">
                <h2 id="events-title">"Latest events"</h2>
                <a href=story>"The whole story"</a>
            </header>
            <OutOfDate
                title="The events could not be refreshed."
                error=live.error()
                on_retry=move |()| live.reload()
            />
            <ol class="history-list">
                <For each=events key=|frame| frame.offset let:frame>
                    <li>
                        {view! { <EventRow frame=Arc::new(frame) name=None /> }.into_any()}
                    </li>
                </For>
            </ol>
        </section>
    }
    .into_any()
}

struct Latest {
    topic: Topic,
    events: Vec<EventFrame>,
}

async fn load(topic: Topic) -> Result<Seen<Latest>, ApiError> {
    let latest = latest_events(&topic).await?;
    Ok(latest.map(|events| Latest { topic, events }))
}

fn follow(latest: &mut Latest, frame: &EventFrame) -> Outcome {
    if frame.topic().as_ref() != Some(&latest.topic) {
        return Outcome::None;
    }
    // Whether it came live or was caught up with makes no difference in this list.
    latest.events.insert(0, EventFrame { replay: false, ..frame.clone() });
    latest.events.truncate(CAPACITY);
    Outcome::Changed
}
