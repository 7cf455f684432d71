//! What can be subscribed to: one entity, or all of a kind.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, ChatId, CollectionId, InvalidId};

/// A kind of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Agents.
    Agent,
    /// Chats.
    Chat,
    /// Collections.
    Collection,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Agent, Self::Chat, Self::Collection];

    /// The kind as it begins a topic and ends a subscribe event's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Chat => "chat",
            Self::Collection => "collection",
        }
    }
}

/// A text that is no [`Kind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a kind is agent, chat or collection")]
pub struct InvalidKind;

impl FromStr for Kind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(InvalidKind)
    }
}

/// What a subscription covers. Written `agent:ID`, `chat:ID`, `collection:ID`, `agent:*` and so on.
///
/// An entity's events belong to the entity's own topic; a `*` topic covers all of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Topic {
    /// One agent.
    Agent(AgentId),
    /// One chat.
    Chat(ChatId),
    /// One collection.
    Collection(CollectionId),
    /// All of a kind.
    All(Kind),
}

/// A text that is not a topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a topic is agent:ID, chat:ID or collection:ID, with * as the id for all of that kind")]
pub struct InvalidTopic;

impl Topic {
    /// The kind of entity it covers.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Agent(_) => Kind::Agent,
            Self::Chat(_) => Kind::Chat,
            Self::Collection(_) => Kind::Collection,
            Self::All(kind) => *kind,
        }
    }

    /// The entity's id, or `*`.
    pub fn id(&self) -> &str {
        match self {
            Self::Agent(id) => id.as_str(),
            Self::Chat(id) => id.as_str(),
            Self::Collection(id) => id.as_str(),
            Self::All(_) => "*",
        }
    }

    /// The topic of one entity of that kind, or of all of them when `id` is `*`.
    ///
    /// # Errors
    /// When the text is neither `*` nor an id.
    pub fn of(kind: Kind, id: &str) -> Result<Self, InvalidId> {
        if id == "*" {
            return Ok(Self::All(kind));
        }
        Ok(match kind {
            Kind::Agent => Self::Agent(id.parse()?),
            Kind::Chat => Self::Chat(id.parse()?),
            Kind::Collection => Self::Collection(id.parse()?),
        })
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind().as_str(), self.id())
    }
}

impl FromStr for Topic {
    type Err = InvalidTopic;

    fn from_str(text: &str) -> Result<Self, InvalidTopic> {
        let (kind, id) = text.split_once(':').ok_or(InvalidTopic)?;
        let kind = kind.parse().map_err(|_| InvalidTopic)?;
        Self::of(kind, id).map_err(|_| InvalidTopic)
    }
}

impl TryFrom<String> for Topic {
    type Error = InvalidTopic;

    fn try_from(text: String) -> Result<Self, InvalidTopic> {
        text.parse()
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read_back() {
        for text in ["agent:agent-123", "chat:*", "collection:c_1"] {
            assert_eq!(text.parse::<Topic>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_topic() {
        for text in ["", "agent", "agent:", "robot:1", "agent:a b", "chat:*x", "AGENT:1"] {
            assert_eq!(text.parse::<Topic>(), Err(InvalidTopic), "{text}");
        }
    }
}
