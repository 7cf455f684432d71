//! Everything that can happen, one after the other.

use std::time::Duration;

use colloquy_protocol::{
    access::Action,
    id::PrincipalKind,
    model::{AgentStatus, NotificationType},
    request::NewParticipant,
    topic::{Kind, Topic},
};
use gloo_timers::future::sleep;

use super::names::{new_name, new_topic};
use crate::{
    api::{
        RequestKey,
        acts::{Act, Ask, perform},
    },
    live::Websocket,
    parts::{LocalFuture, lazy_function},
};

/// The time between two steps, so that people can follow.
const PACE: Duration = Duration::from_millis(250);

/// [`play`], for whoever has to load it.
pub(super) type Play = fn(Websocket, OnStep) -> LocalFuture<Result<(), String>>;

/// Is told of a step.
type OnStep = Box<dyn Fn(usize, &'static str)>;

lazy_function! {
    hub, pub(super) fn load_play() -> Play = |socket, on_step| Box::pin(play(socket, on_step))
}

/// Does everything that can be done, with entities of its own that are gone afterwards. `on_step`
/// is told each event and its number before it is caused.
///
/// # Errors
/// What went wrong, in words. What was created till then is deleted.
async fn play(socket: Websocket, on_step: OnStep) -> Result<(), String> {
    let steps = steps().ok_or("No id could be made.")?;
    for (place, ask) in steps.iter().enumerate() {
        on_step(place + 1, ask.act.event());
        if let Err(error) = perform(ask.clone(), RequestKey::random(), socket).await {
            let begun = steps.iter().take(place).filter(|step| step.act.creates().is_some());
            let begun: Vec<_> = begun.filter_map(|step| step.topic.clone()).collect();
            clean_up(&steps, &begun, socket).await;
            return Err(format!("{}: {error}", ask.act.event()));
        }
        sleep(PACE).await;
    }
    Ok(())
}

/// What one must be allowed to do for all of it.
pub(super) const PLAYING_NEEDS: [Action; 8] = [
    Action::CreateAgents,
    Action::ChangeAgents,
    Action::SetStatuses,
    Action::ChangeChats,
    Action::Speak,
    Action::Acknowledge,
    Action::ChangeCollections,
    Action::Notify,
];

/// How many events are seen.
pub(super) const STEPS: usize = 15;

fn steps() -> Option<[Ask; STEPS]> {
    let name = new_name();
    let agent = new_topic(Kind::Agent, &name)?;
    let chat = new_topic(Kind::Chat, &name)?;
    let collection = new_topic(Kind::Collection, &name)?;
    let participant =
        NewParticipant { participant_id: agent.id().parse().ok()?, kind: PrincipalKind::Agent };
    let ask = |act, topic: Option<&Topic>, text: &str| Ask {
        act,
        topic: topic.cloned(),
        text: text.to_owned(),
        participant: Some(participant.clone()),
    };
    Some([
        ask(Act::CreateAgent, Some(&agent), &name),
        ask(Act::RenameAgent, Some(&agent), &format!("{name} II")),
        ask(Act::SetStatus(AgentStatus::Working), Some(&agent), "Showing everything"),
        ask(Act::OpenChat, Some(&chat), &format!("A chat with {name}")),
        ask(Act::RenameChat, Some(&chat), &format!("The chat with {name}")),
        ask(Act::Join, Some(&chat), ""),
        ask(Act::PostMessage, Some(&chat), "Welcome!"),
        ask(Act::Read, Some(&chat), ""),
        ask(Act::Leave, Some(&chat), ""),
        ask(Act::DeleteChat, Some(&chat), ""),
        ask(Act::CreateCollection, Some(&collection), &format!("{name}'s notes")),
        ask(Act::RenameCollection, Some(&collection), &format!("{name}'s memories")),
        ask(Act::DeleteCollection, Some(&collection), ""),
        ask(Act::DeleteAgent, Some(&agent), ""),
        ask(Act::Notify(NotificationType::Success), None, "That was everything."),
    ])
}

/// Deletes what was begun. What is gone already is no error any more.
async fn clean_up(steps: &[Ask], begun: &[Topic], socket: Websocket) {
    let is_begun = |step: &&Ask| step.topic.as_ref().is_some_and(|topic| begun.contains(topic));
    for step in steps.iter().filter(|step| step.act.deletes()).filter(is_begun) {
        perform(step.clone(), RequestKey::random(), socket).await.ok();
    }
}
