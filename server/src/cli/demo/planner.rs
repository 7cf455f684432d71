//! The planner: opens a chat for each release, hands out its tasks and answers people.

use std::{convert::Infallible, time::Duration};

use colloquy_client::{
    Client,
    protocol::{
        event::ServerEvent,
        id::{CollectionId, PrincipalId, PrincipalKind},
        model::{AgentStatus, Chat, Message, Metadata, NotificationType},
        request::{NewChat, NewCollection, NewNotification, NewParticipant},
    },
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{
    actor::{Actor, CONFLICT, Ended},
    role::Role,
    script::{RELEASES, Release},
};

/// How long the planner rests after a release; people are answered meanwhile.
const REST: Duration = Duration::from_secs(10);

/// How many chats of earlier releases are kept.
const KEPT_CHATS: usize = 2;

/// Plays until it cannot.
pub(crate) async fn play(mut planner: Actor) -> Result<Infallible, Ended> {
    loop {
        for release in RELEASES {
            let mut project = Project::open(&mut planner, release).await?;
            while !project.is_over {
                let event = planner.hear().await?;
                project.follow(&mut planner, event).await?;
            }
            let rested = Instant::now() + REST;
            while let Ok(event) = timeout_at(rested, planner.hear()).await {
                project.follow(&mut planner, event?).await?;
            }
        }
    }
}

/// The release that is being made.
struct Project {
    release: &'static Release,
    chat: Chat,
    /// Notes for everybody how far it is.
    notes: CollectionId,
    /// Whether the others are there and the first task is handed out.
    is_started: bool,
    /// How many of the tasks are done, in their order.
    done: usize,
    /// Whether nothing is left to do, or the chat is gone.
    is_over: bool,
}

impl Project {
    async fn open(planner: &mut Actor, release: &'static Release) -> Result<Self, Ended> {
        planner.is(AgentStatus::Working, &format!("Planning {}", release.name)).await?;
        forget_old_chats(&planner.client).await?;
        let notes = notes(&planner.client).await?;
        let me = PrincipalId::from(planner.id.clone());
        let chat = NewChat {
            title: format!("Release {}", release.name),
            participants: vec![NewParticipant { participant_id: me, kind: PrincipalKind::Agent }],
            metadata: Metadata::from_iter([(MARK.to_owned(), Value::Bool(true))]),
            ..NewChat::default()
        };
        let chat = planner.client.create_chat(&chat).await?;
        let project = Self { release, chat, notes, is_started: false, done: 0, is_over: false };
        project.note(planner).await?;
        planner.is(AgentStatus::Waiting, "For the others to join").await?;
        Ok(project)
    }

    /// Does what an event asks for.
    async fn follow(&mut self, planner: &mut Actor, event: ServerEvent) -> Result<(), Ended> {
        match event {
            ServerEvent::ChatParticipantJoined(joined) if joined.chat_id == self.chat.id => {
                self.chat = joined.chat;
                if !self.is_started && self.everybody_is_here()? {
                    self.is_started = true;
                    self.hand_out(planner).await?;
                }
            }
            ServerEvent::ChatMessageCreated(created) => {
                let message = created.message;
                if message.sender_kind == PrincipalKind::User {
                    self.answer(planner, message).await?;
                } else if message.chat_id == self.chat.id && planner.role.is_asked_by(&message) {
                    planner.read(&message).await;
                    self.done += 1;
                    self.note(planner).await?;
                    self.hand_out(planner).await?;
                }
            }
            ServerEvent::ChatDeleted(deleted) if deleted.chat_id == self.chat.id => {
                self.is_over = true;
            }
            _ => {}
        }
        Ok(())
    }

    /// Hands out the next task, or brings the release to its end.
    async fn hand_out(&mut self, planner: &mut Actor) -> Result<(), Ended> {
        planner.is(AgentStatus::Working, "Choosing what comes next").await?;
        planner.pause().await;
        if let Some(task) = self.release.tasks.get(self.done) {
            let number = self.done + 1;
            let request = format!("@Worker, number {number}: {}, please.", task.what);
            planner.say(&self.chat.id, request, None).await?;
            return planner.is(AgentStatus::Waiting, task.what).await;
        }
        self.is_over = true;
        let name = self.release.name;
        planner.say(&self.chat.id, format!("{name} is ready. Thank you both!"), None).await?;
        let news = NewNotification {
            notification_type: NotificationType::Success,
            message: format!("{name} is ready"),
            details: json!({ "chatId": self.chat.id, "tasks": self.done }),
        };
        planner.client.send_notification(&news).await?;
        planner.is(AgentStatus::Idle, "Ready for the next release").await
    }

    /// Answers a person, in any chat that the planner is in.
    async fn answer(&self, planner: &mut Actor, message: Message) -> Result<(), Ended> {
        let chat = planner.client.chat(&message.chat_id).await?.value;
        if !is_in(&chat, &planner.id.clone().into()) {
            return Ok(());
        }
        planner.read(&message).await;
        planner.pause().await;
        let (name, all) = (self.release.name, self.release.tasks.len());
        let state = match self.release.tasks.get(self.done) {
            Some(task) if self.is_started => format!(
                "{name} is under way: {} of {all} tasks are done, and now it is about this one: {}.",
                self.done, task.what
            ),
            Some(_) => format!("{name} is about to begin, with {all} tasks."),
            None => format!("{name} is ready, with all of its {all} tasks."),
        };
        let opening = if message.content.trim_end().ends_with('?') {
            "Good question."
        } else {
            "Thank you, I will keep that in mind."
        };
        planner.say(&message.chat_id, format!("{opening} {state}"), Some(message.id)).await
    }

    async fn note(&self, planner: &Actor) -> Result<(), Ended> {
        let tasks: Vec<_> = self.release.tasks.iter().map(|task| task.what).collect();
        let (done, open) = tasks.split_at(self.done.min(tasks.len()));
        let metadata = json!({ "release": self.release.name, "done": done, "open": open });
        let patch = json!({ "metadata": metadata });
        planner.client.update_collection(&self.notes, &patch).await?;
        Ok(())
    }

    fn everybody_is_here(&self) -> Result<bool, Ended> {
        let worker = PrincipalId::from(Role::Worker.id()?);
        let critic = PrincipalId::from(Role::Critic.id()?);
        Ok(is_in(&self.chat, &worker) && is_in(&self.chat, &critic))
    }
}

/// Marks the demo's chats, in their metadata.
const MARK: &str = "demo";

fn is_in(chat: &Chat, who: &PrincipalId) -> bool {
    chat.participants.iter().any(|one| one.participant_id == *who)
}

/// The collection that says how far the release is; made the first time.
async fn notes(client: &Client) -> Result<CollectionId, Ended> {
    let id: CollectionId = "demo-releases".parse()?;
    let new = NewCollection {
        id: Some(id.clone()),
        name: "Releases of the demo".to_owned(),
        description: Some("What is done, and what is open.".to_owned()),
        ..NewCollection::default()
    };
    match client.create_collection(&new).await {
        Err(error) if error.status() == Some(CONFLICT) => {}
        created => drop(created?),
    }
    Ok(id)
}

async fn forget_old_chats(client: &Client) -> Result<(), Ended> {
    let planner = Role::Planner.id()?;
    let chats = client.chats().query("participant", planner).query("limit", 100).await?.value;
    let mut chats = chats.items;
    chats.retain(|chat| chat.metadata.contains_key(MARK));
    chats.sort_by_key(|chat| std::cmp::Reverse(chat.created_at));
    for chat in chats.into_iter().skip(KEPT_CHATS) {
        client.delete_chat(&chat.id).await?;
    }
    Ok(())
}
