//! What can be subscribed to, by name.

use colloquy_protocol::{
    model::Page,
    topic::{Kind, Topic},
};
use serde::{Deserialize, Serialize};

use super::{ApiError, Seen, get, together, with_query};

/// Something that can be subscribed to, by the name that people know it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The entity's topic.
    pub topic: Topic,
    /// The agent's or collection's name, the chat's title.
    pub name: String,
}

/// What of an agent, chat or collection is needed to choose it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Named {
    id: String,
    #[serde(alias = "title")]
    name: String,
}

impl Named {
    /// As a choice; none for what no topic can be made of.
    pub(crate) fn of_kind(self, kind: Kind) -> Option<Choice> {
        Some(Choice { topic: Topic::of(kind, &self.id).ok()?, name: self.name })
    }
}

/// The agents, chats and collections whose name or id has that text; without it the newest of
/// each. At most 50 of each kind.
///
/// # Errors
/// As [`get`].
pub async fn choices(q: Option<&str>) -> Result<Seen<Vec<Choice>>, ApiError> {
    let agents = list("/agents", Kind::Agent, q).await?;
    let chats = list("/chats", Kind::Chat, q).await?;
    let collections = list("/collections", Kind::Collection, q).await?;
    let all = together(together(agents, chats)?, collections)?;
    Ok(all.map(|((agents, chats), collections)| [agents, chats, collections].concat()))
}

async fn list(path: &str, kind: Kind, q: Option<&str>) -> Result<Seen<Vec<Choice>>, ApiError> {
    let page =
        get::<Page<Named>>(&with_query(path, &[("q", q), ("sort", Some("-createdAt"))])).await?;
    Ok(page.map(|page| page.items.into_iter().filter_map(|one| one.of_kind(kind)).collect()))
}
