//! The critic: joins where the planner opens a chat, and judges what the worker did.

use std::convert::Infallible;

use colloquy_client::protocol::{
    event::ServerEvent,
    id::PrincipalId,
    model::{AgentStatus, Message},
};

use super::{
    actor::{Actor, Ended},
    role::Role,
    script::{PRAISE, Task},
};

/// Plays until it cannot.
pub(crate) async fn play(mut critic: Actor) -> Result<Infallible, Ended> {
    let planner = PrincipalId::from(Role::Planner.id()?);
    let mut praise = PRAISE.iter().cycle();
    loop {
        match critic.hear().await? {
            ServerEvent::ChatCreated(created) if created.user_id == planner => {
                critic.pause().await;
                critic.join(&created.chat_id).await?;
            }
            ServerEvent::ChatMessageCreated(created)
                if critic.role.is_asked_by(&created.message) =>
            {
                let praise = praise.next().copied().unwrap_or_default();
                judge(&mut critic, created.message, praise).await?;
            }
            _ => {}
        }
    }
}

async fn judge(critic: &mut Actor, report: Message, praise: &str) -> Result<(), Ended> {
    critic.read(&report).await;
    let Some(task) = Task::named_in(&report.content) else { return Ok(()) };
    critic.is(AgentStatus::Working, &format!("Looking at it: {}", task.what)).await?;
    critic.pause().await;
    let verdict = match task.objection {
        Some((objection, _)) if report.content.contains(task.result) => {
            format!("Not yet: {objection} @Worker, can you mend that?")
        }
        _ => format!("{praise} @Planner, this is done: {}.", task.what),
    };
    critic.say(&report.chat_id, verdict, Some(report.id)).await?;
    critic.is(AgentStatus::Idle, "Ready").await
}
