//! What there is to choose from, following live events.

use colloquy_protocol::{
    event::server::ChatParticipantLeft,
    frame::EventFrame,
    id::Principal,
    topic::{Kind, Topic},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::live::{Live, Outcome};
use crate::{
    api::{
        Seen,
        choices::{Choice, Named, choices},
    },
    session::use_session,
};

/// The most entities that are offered, the newest; any other can be named by its id.
const CAPACITY: usize = 1_000;

/// A list of choices that events keep up to date.
pub type LiveChoices = Live<Vec<Choice>>;

/// The list that begins with what was loaded, and follows what the page is subscribed to: it wants
/// no events of its own, so that the hub sends what people subscribed to and nothing else.
pub fn live_choices(loaded: Seen<Vec<Choice>>) -> LiveChoices {
    let me = use_session().principal();
    let follow =
        move |items: &mut Vec<Choice>, frame: &EventFrame| follow(items, frame, me.as_ref());
    Live::new(loaded, [], || choices(None), follow)
}

/// The entities of that kind, the newest first.
pub fn of_kind(choices: LiveChoices, kind: Kind) -> Vec<Choice> {
    let fits = |choice: &&Choice| choice.topic.kind() == kind;
    choices.value().with(|items| items.iter().filter(fits).cloned().collect())
}

/// The name of an entity, if it is in the list, as it is now.
pub fn live_name_of(choices: LiveChoices, topic: &Topic) -> Option<String> {
    choices.value().with(|items| name_in(items, topic))
}

/// The name of an entity, if it is in the list, without following it.
pub fn name_of(choices: LiveChoices, topic: &Topic) -> Option<String> {
    choices.value().with_untracked(|items| name_in(items, topic))
}

fn name_in(items: &[Choice], topic: &Topic) -> Option<String> {
    items.iter().find(|choice| choice.topic == *topic).map(|choice| choice.name.clone())
}

/// Brings a list up to date with one event. All that is read of the event is whom it is about, and
/// that one's name.
fn follow(items: &mut Vec<Choice>, frame: &EventFrame, me: Option<&Principal>) -> Outcome {
    let about = serde_json::from_str::<About>(frame.payload.get()).unwrap_or_default();
    let Some(kind) = frame.kind() else { return Outcome::None };
    let is_left = is_left(frame, me);
    if let Some(changed) = about.entity.and_then(|entity| entity.of_kind(kind))
        && !is_left
    {
        match items.iter_mut().find(|choice| choice.topic == changed.topic) {
            Some(known) if *known == changed => return Outcome::None,
            Some(known) => *known = changed,
            None => {
                items.insert(0, changed);
                items.truncate(CAPACITY);
            }
        }
        return Outcome::Changed;
    }
    if !is_left && !frame.name.ends_with(":deleted") {
        return Outcome::None;
    }
    let before = items.len();
    items.retain(|choice| choice.topic.kind() != kind || choice.topic.id() != about.id);
    if items.len() == before { Outcome::None } else { Outcome::Changed }
}

/// Whether it says that whoever uses this page left a private chat, which they see no more.
fn is_left(frame: &EventFrame, me: Option<&Principal>) -> bool {
    let left = frame.payload_of::<ChatParticipantLeft>().and_then(Result::ok);
    left.is_some_and(|left| !me.is_some_and(|me| left.chat.is_visible_to(me)))
}

/// Whom an event is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    #[serde(alias = "agentId", alias = "chatId", alias = "collectionId")]
    id: String,
    #[serde(alias = "agent", alias = "chat", alias = "collection")]
    entity: Option<Named>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const AT: &str = "2026-01-01T00:00:00.000Z";

    fn event(name: &str, participants: Value) -> EventFrame {
        let chat = json!({
            "id": "c", "title": "C", "visibility": "participants", "participants": participants,
            "metadata": {}, "createdAt": AT, "updatedAt": AT, "version": 1,
        });
        let payload = json!({
            "chatId": "c", "participantId": "local", "chat": chat, "userId": "ada",
            "timestamp": AT,
        });
        serde_json::from_value(json!({ "event": name, "payload": payload, "offset": 1 })).unwrap()
    }

    #[test]
    fn a_private_chat_comes_and_goes_with_who_uses_the_page() {
        let mut items = Vec::new();
        let me = json!({ "participantId": "local", "kind": "user", "joinedAt": AT });
        let joined = event("chat:participantJoined", json!([me]));
        assert_eq!(follow(&mut items, &joined, Some(&Principal::local())), Outcome::Changed);
        assert_eq!(items.len(), 1);
        // An agent with the same id is somebody else.
        let agent = json!({ "participantId": "local", "kind": "agent", "joinedAt": AT });
        let left = event("chat:participantLeft", json!([agent]));
        assert_eq!(follow(&mut items, &left, Some(&Principal::local())), Outcome::Changed);
        assert_eq!(items.len(), 0);
    }
}
