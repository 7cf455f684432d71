//! Who the three agents are.

use colloquy_client::protocol::{
    id::{AgentId, InvalidId},
    model::Message,
    request::NewAgent,
};

/// One of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Cuts a release into tasks, hands them out and answers people.
    Planner,
    /// Does the tasks.
    Worker,
    /// Says whether what was done is good enough.
    Critic,
}

impl Role {
    /// All three.
    pub(crate) const ALL: [Self; 3] = [Self::Planner, Self::Worker, Self::Critic];

    /// How people, and messages that hand over work, call it: `@Worker`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Planner => "Planner",
            Self::Worker => "Worker",
            Self::Critic => "Critic",
        }
    }

    /// Its id at the hub.
    ///
    /// # Errors
    /// None, as long as what is written here are ids.
    pub(crate) fn id(self) -> Result<AgentId, InvalidId> {
        self.id_text().parse()
    }

    /// How it registers.
    ///
    /// # Errors
    /// As [`Role::id`].
    pub(crate) fn registration(self) -> Result<NewAgent, InvalidId> {
        let (description, capabilities) = match self {
            Self::Planner => (
                "Cuts a release into tasks, hands them out and answers people.",
                ["plan", "answer"],
            ),
            Self::Worker => ("Does one task after the other.", ["code", "write"]),
            Self::Critic => ("Says whether what was done is good enough.", ["review", "test"]),
        };
        Ok(NewAgent {
            id: Some(self.id()?),
            name: self.name().to_owned(),
            description: Some(description.to_owned()),
            capabilities: capabilities.map(str::to_owned).into(),
            ..NewAgent::default()
        })
    }

    /// Whether one of the others hands over to this one with that message.
    pub(crate) fn is_asked_by(self, message: &Message) -> bool {
        let sender = message.sender_id.as_str();
        Self::ALL.iter().any(|role| *role != self && role.id_text() == sender)
            && message.content.contains(&format!("@{}", self.name()))
    }

    fn id_text(self) -> &'static str {
        match self {
            Self::Planner => "demo-planner",
            Self::Worker => "demo-worker",
            Self::Critic => "demo-critic",
        }
    }
}
