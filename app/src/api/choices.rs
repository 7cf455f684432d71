//! What can be subscribed to, by name.

use colloquy_protocol::{
    model::{Agent, Chat, Collection, Page},
    topic::Topic,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ApiError, Loaded, get, together};

/// Something that can be subscribed to, by the name that people know it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The entity's topic.
    pub topic: Topic,
    /// The agent's or collection's name, the chat's title.
    pub name: String,
}

impl From<&Agent> for Choice {
    fn from(agent: &Agent) -> Self {
        Self { topic: Topic::Agent(agent.id.clone()), name: agent.name.clone() }
    }
}

impl From<&Chat> for Choice {
    fn from(chat: &Chat) -> Self {
        Self { topic: Topic::Chat(chat.id.clone()), name: chat.title.clone() }
    }
}

impl From<&Collection> for Choice {
    fn from(collection: &Collection) -> Self {
        Self { topic: Topic::Collection(collection.id.clone()), name: collection.name.clone() }
    }
}

/// The agents, chats and collections whose name or id has that text; without it the newest of
/// each. At most 50 of each kind.
///
/// # Errors
/// As [`get`].
pub async fn choices(q: Option<&str>) -> Result<Loaded<Vec<Choice>>, ApiError> {
    let agents = list::<Agent>("/agents", q).await?;
    let chats = list::<Chat>("/chats", q).await?;
    let collections = list::<Collection>("/collections", q).await?;
    let all = together(together(agents, chats)?, collections)?;
    Ok(all.map(|((agents, chats), collections)| [agents, chats, collections].concat()))
}

async fn list<T>(path: &str, q: Option<&str>) -> Result<Loaded<Vec<Choice>>, ApiError>
where
    T: DeserializeOwned,
    for<'a> Choice: From<&'a T>,
{
    let page = get::<Page<T>>(&super::with_query(path, &[("q", q)])).await?;
    Ok(page.map(|page| page.items.iter().map(Choice::from).collect()))
}
