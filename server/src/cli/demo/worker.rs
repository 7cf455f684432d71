//! The worker: joins where the planner opens a chat, and does what it is asked to.

use std::convert::Infallible;

use colloquy_client::protocol::{
    event::ServerEvent,
    id::PrincipalId,
    model::{AgentStatus, Message},
};

use super::{
    actor::{Actor, Ended},
    role::Role,
    script::Task,
};

/// Plays until it cannot.
pub(crate) async fn play(mut worker: Actor) -> Result<Infallible, Ended> {
    let planner = PrincipalId::from(Role::Planner.id()?);
    loop {
        match worker.hear().await? {
            ServerEvent::ChatCreated(created) if created.user_id == planner => {
                worker.pause().await;
                worker.join(&created.chat_id).await?;
            }
            ServerEvent::ChatMessageCreated(created)
                if worker.role.is_asked_by(&created.message) =>
            {
                work(&mut worker, created.message).await?;
            }
            ServerEvent::ChatMessageCreated(created)
                if Role::Planner.is_asked_by(&created.message) =>
            {
                worker.is(AgentStatus::Idle, "Ready").await?;
            }
            _ => {}
        }
    }
}

async fn work(worker: &mut Actor, asked: Message) -> Result<(), Ended> {
    worker.read(&asked).await;
    let Some(task) = Task::named_in(&asked.content) else { return Ok(()) };
    worker.is(AgentStatus::Working, task.what).await?;
    worker.pause().await;
    let report = match task.objection {
        Some((objection, fix)) if asked.content.contains(objection) => {
            format!("{fix} @Critic, please look again.")
        }
        _ => {
            worker.pause().await;
            format!("{} @Critic, please have a look.", task.result)
        }
    };
    worker.say(&asked.chat_id, report, Some(asked.id)).await?;
    worker.is(AgentStatus::Waiting, "For the critic").await
}
