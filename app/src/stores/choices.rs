//! What there is to choose from, following live events.

use colloquy_protocol::{
    event::ServerEvent,
    frame::EventFrame,
    position::Offset,
    topic::{Kind, Topic},
};
use leptos::prelude::*;

use crate::api::{self, ApiError, Choice, Choices};

/// The most entities that are offered, the newest; any other can be named by its id.
const CAPACITY: usize = 1_000;

/// A list of [`Choice`]s that events keep up to date.
#[derive(Debug, Clone, Copy)]
pub struct LiveChoices {
    items: RwSignal<Vec<Choice>>,
    loaded: StoredValue<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    /// The position that was loaded: events at or before it are known already.
    offset: Offset,
    /// How often a load was begun; only what the last one brings counts.
    loads: u32,
    /// While loading afresh: what came meanwhile, which the answer may not show yet.
    meanwhile: Option<Vec<EventFrame>>,
}

impl LiveChoices {
    /// A list that begins with what was loaded.
    pub fn new(choices: Choices) -> Self {
        Self {
            items: RwSignal::new(choices.items),
            loaded: StoredValue::new(Loaded {
                offset: choices.position.offset,
                loads: 0,
                meanwhile: None,
            }),
        }
    }

    /// The entities of that kind, the newest first.
    pub fn of(&self, kind: Kind) -> Vec<Choice> {
        let fits = |choice: &&Choice| choice.topic.kind() == kind;
        self.items.with(|items| items.iter().filter(fits).cloned().collect())
    }

    /// The name of an entity, if it is in the list, without following it.
    pub fn name_of(&self, topic: &Topic) -> Option<String> {
        self.items.with_untracked(|items| {
            items.iter().find(|choice| choice.topic == *topic).map(|choice| choice.name.clone())
        })
    }

    /// Follows an event.
    pub fn apply(&self, frame: &EventFrame) {
        let is_new = self.loaded.try_update_value(|loaded| {
            if let Some(meanwhile) = &mut loaded.meanwhile {
                meanwhile.push(frame.clone());
            }
            frame.offset > loaded.offset
        });
        if is_new == Some(true) {
            self.items.maybe_update(|items| follow(items, &frame.event));
        }
    }

    /// Whether the lists are being loaded afresh.
    pub fn is_loading(&self) -> bool {
        self.loaded.with_value(|loaded| loaded.meanwhile.is_some())
    }

    /// Loads the lists afresh, for events were missed. From this call on events are followed as
    /// before, and those that the answer does not show are followed again on top of it.
    ///
    /// # Errors
    /// As [`api::choices`]; until it succeeds, the lists stay as they are.
    pub fn reload(self) -> impl Future<Output = Result<(), ApiError>> {
        let this_load = self.loaded.try_update_value(|loaded| {
            loaded.meanwhile.get_or_insert_default();
            loaded.loads += 1;
            loaded.loads
        });
        async move {
            let answer = api::choices().await;
            let meanwhile = self.loaded.try_update_value(|loaded| {
                let is_last = Some(loaded.loads) == this_load;
                is_last.then(|| loaded.meanwhile.take()).flatten()
            });
            if let Some(meanwhile) = meanwhile.flatten() {
                self.replace(answer?, &meanwhile);
            }
            Ok(())
        }
    }

    fn replace(self, choices: Choices, meanwhile: &[EventFrame]) {
        let Choices { mut items, position } = choices;
        self.loaded.update_value(|loaded| loaded.offset = position.offset);
        for frame in meanwhile.iter().filter(|frame| frame.offset > position.offset) {
            follow(&mut items, &frame.event);
        }
        self.items.set(items);
    }
}

/// Brings a list up to date with one event; whether it changed.
fn follow(items: &mut Vec<Choice>, event: &ServerEvent) -> bool {
    if let Some(changed) = changed(event) {
        match items.iter_mut().find(|choice| choice.topic == changed.topic) {
            Some(known) if *known == changed => return false,
            Some(known) => *known = changed,
            None => {
                items.insert(0, changed);
                items.truncate(CAPACITY);
            }
        }
        return true;
    }
    match event.topic() {
        Some(topic) if is_deletion(event) => {
            let before = items.len();
            items.retain(|choice| choice.topic != topic);
            items.len() != before
        }
        _ => false,
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
    matches!(
        event,
        ServerEvent::AgentDeleted(_)
            | ServerEvent::ChatDeleted(_)
            | ServerEvent::CollectionDeleted(_)
    )
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use std::sync::{Arc, Mutex};

    use colloquy_protocol::position::Position;
    use futures_channel::oneshot::{Receiver, channel};
    use serde_json::{Value, json};

    use super::*;
    use crate::backend::{Answer, Backend};

    const MOMENT: &str = "2026-01-31T12:00:00.000Z";

    fn agent(id: &str, name: &str) -> Value {
        json!({
            "id": id, "name": name, "description": null, "status": "idle", "statusDetail": null,
            "capabilities": [], "metadata": {}, "createdAt": MOMENT, "updatedAt": MOMENT,
            "version": 1,
        })
    }

    fn frame(offset: Offset, event: &str, id: &str, name: Option<&str>) -> EventFrame {
        let mut payload = json!({"agentId": id, "userId": "local", "timestamp": MOMENT});
        if let Some(name) = name {
            payload["agent"] = agent(id, name);
        }
        serde_json::from_value(json!({"event": event, "payload": payload, "offset": offset}))
            .unwrap()
    }

    fn choices(offset: Offset, agents: &[(&str, &str)]) -> Choices {
        let choice = |(id, name): &(&str, &str)| Choice {
            topic: format!("agent:{id}").parse().unwrap(),
            name: (*name).to_owned(),
        };
        Choices {
            items: agents.iter().map(choice).collect(),
            position: Position { epoch: "e".to_owned(), offset },
        }
    }

    fn names(live: LiveChoices) -> Vec<String> {
        live.of(Kind::Agent).into_iter().map(|choice| choice.name).collect()
    }

    #[test]
    fn events_after_the_position_are_followed() {
        let owner = Owner::new();
        owner.set();
        let live = LiveChoices::new(choices(10, &[("ada", "Ada")]));

        live.apply(&frame(10, "agent:deleted", "ada", None));
        assert_eq!(names(live), ["Ada"], "known already");
        live.apply(&frame(11, "agent:created", "bob", Some("Bob")));
        live.apply(&frame(12, "agent:updated", "ada", Some("Ada L.")));
        assert_eq!(names(live), ["Bob", "Ada L."]);
        live.apply(&frame(13, "agent:deleted", "bob", None));
        assert_eq!(names(live), ["Ada L."]);
    }

    /// Answers when it is told to.
    struct Slow(Mutex<Option<Receiver<Choices>>>);

    impl Backend for Slow {
        fn choices(&self) -> Answer<'_, Choices> {
            let answer = self.0.lock().unwrap().take().unwrap();
            Box::pin(async { answer.await.map_err(|_| ApiError::Unreachable) })
        }
    }

    #[tokio::test]
    async fn what_comes_while_loading_afresh_is_kept() {
        let owner = Owner::new();
        owner.set();
        let (answer, receiver) = channel();
        let slow: Arc<dyn Backend> = Arc::new(Slow(Mutex::new(Some(receiver))));
        provide_context(slow);
        let live = LiveChoices::new(choices(10, &[("old", "Old")]));

        let meanwhile = async {
            live.apply(&frame(20, "agent:created", "ada", Some("Ada")));
            live.apply(&frame(21, "agent:created", "bob", Some("Bob")));
            live.apply(&frame(22, "agent:deleted", "ada", None));
            // The answer was read before the last two happened.
            answer.send(choices(20, &[("ada", "Ada")])).unwrap();
        };
        let (reloaded, ()) = futures_util::join!(live.reload(), meanwhile);

        assert_eq!(reloaded, Ok(()));
        assert!(!live.is_loading());
        assert_eq!(names(live), ["Bob"]);
    }
}
