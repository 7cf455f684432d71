//! What there is to choose from, following live events.

use colloquy_protocol::{
    event::ServerEvent,
    frame::EventFrame,
    topic::{Kind, Topic},
};
use leptos::prelude::*;

use super::live::{Effect, Live};
use crate::api::{
    Loaded,
    choices::{Choice, choices},
};

/// The most entities that are offered, the newest; any other can be named by its id.
const CAPACITY: usize = 1_000;

/// A list of choices that events keep up to date.
pub type LiveChoices = Live<Vec<Choice>>;

/// The list that begins with what was loaded.
pub fn live_choices(loaded: Loaded<Vec<Choice>>) -> LiveChoices {
    Live::new(loaded, Kind::ALL.map(Topic::All), || choices(None), follow)
}

/// The entities of that kind, the newest first.
pub fn of_kind(choices: LiveChoices, kind: Kind) -> Vec<Choice> {
    let fits = |choice: &&Choice| choice.topic.kind() == kind;
    choices.value().with(|items| items.iter().filter(fits).cloned().collect())
}

/// The name of an entity, if it is in the list, without following it.
pub fn name_of(choices: LiveChoices, topic: &Topic) -> Option<String> {
    choices.value().with_untracked(|items| {
        items.iter().find(|choice| choice.topic == *topic).map(|choice| choice.name.clone())
    })
}

/// Brings a list up to date with one event.
fn follow(items: &mut Vec<Choice>, frame: &EventFrame) -> Effect {
    let event = &frame.event;
    if let Some(changed) = changed(event) {
        match items.iter_mut().find(|choice| choice.topic == changed.topic) {
            Some(known) if *known == changed => return Effect::None,
            Some(known) => *known = changed,
            None => {
                items.insert(0, changed);
                items.truncate(CAPACITY);
            }
        }
        return Effect::Changed;
    }
    match event.topic() {
        Some(topic) if is_deletion(event) => {
            let before = items.len();
            items.retain(|choice| choice.topic != topic);
            if items.len() == before { Effect::None } else { Effect::Changed }
        }
        _ => Effect::None,
    }
}

/// What an event says that its entity is now.
fn changed(event: &ServerEvent) -> Option<Choice> {
    use ServerEvent as Event;
    match event {
        Event::AgentCreated(p) | Event::AgentUpdated(p) | Event::AgentStatusChanged(p) => {
            Some((&p.agent).into())
        }
        Event::ChatCreated(p) | Event::ChatUpdated(p) => Some((&p.chat).into()),
        Event::ChatParticipantJoined(p) | Event::ChatParticipantLeft(p) => Some((&p.chat).into()),
        Event::CollectionCreated(p) | Event::CollectionUpdated(p) => Some((&p.collection).into()),
        _ => None,
    }
}

fn is_deletion(event: &ServerEvent) -> bool {
    use ServerEvent as Event;
    matches!(event, Event::AgentDeleted(_) | Event::ChatDeleted(_) | Event::CollectionDeleted(_))
}
