//! A typed client of the REST API, one function each: in the browser it is gloo-net, during SSR
//! what is read goes through [`crate::backend::Backend`]. Views never see the difference.

use colloquy_protocol::{
    model::{Agent, Chat, Collection},
    position::Position,
    request::NewAgent,
    topic::Topic,
};
use gloo_net::http::{Request, Response};
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

const AGENTS: &str = "/api/v1/agents";

/// Why a request did not succeed, in words that a page can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ApiError {
    /// The server refused, and said why.
    #[error("{0}")]
    Refused(Problem),
    /// No answer came.
    #[error("The server can not be reached. Is it running?")]
    Unreachable,
    /// An answer came that this page does not understand.
    #[error("The server gave an answer that this page does not understand: {0}")]
    Unexpected(String),
}

/// What the server says when it refuses: RFC 9457, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The kind of problem.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    #[serde(default)]
    pub detail: Option<String>,
    /// Which fields are at fault.
    #[serde(default)]
    pub errors: Vec<FieldProblem>,
}

/// A field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// Its name.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.detail.as_deref().unwrap_or(&self.title))?;
        self.errors.iter().try_for_each(|error| write!(f, " ({}: {})", error.field, error.message))
    }
}

/// Something that can be subscribed to, by the name that people know it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The entity's topic.
    pub topic: Topic,
    /// The agent's or collection's name, the chat's title.
    pub name: String,
}

/// What there is to choose from, and the log position that it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// The first page of each list: agents, chats, collections.
    pub items: Vec<Choice>,
    /// Everything at or before it is in `items`; what came after it may be.
    pub position: Position,
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

/// The first page of each list.
///
/// # Errors
/// When the server can not be reached or does not answer as its contract says.
#[cfg(feature = "ssr")]
pub async fn choices() -> Result<Choices, ApiError> {
    use std::sync::Arc;

    match leptos::context::use_context::<Arc<dyn crate::backend::Backend>>() {
        Some(backend) => backend.choices().await,
        None => Err(ApiError::Unexpected("no backend was given to the rendering".to_owned())),
    }
}

/// The first page of each list.
///
/// # Errors
/// When the server can not be reached or does not answer as its contract says.
#[cfg(not(feature = "ssr"))]
pub async fn choices() -> Result<Choices, ApiError> {
    // The lists are read one after the other, so each may show another position. The lowest is
    // the one to go on from: replaying what a list already shows ends in the same state.
    let mut choices = list::<Agent>(AGENTS).await?;
    for more in
        [list::<Chat>("/api/v1/chats").await?, list::<Collection>("/api/v1/collections").await?]
    {
        choices.items.extend(more.items);
        if more.position.epoch != choices.position.epoch {
            return Err(ApiError::Unexpected("the log was replaced meanwhile".to_owned()));
        }
        choices.position.offset = choices.position.offset.min(more.position.offset);
    }
    Ok(choices)
}

/// Creates an agent and returns it.
///
/// # Errors
/// When the server refuses it, can not be reached, or does not answer as its contract says.
pub async fn create_agent(agent: NewAgent) -> Result<Agent, ApiError> {
    // Nothing in a browser moves between threads, so this is only for the types.
    SendWrapper::new(async move {
        let request = Request::post(AGENTS)
            .json(&agent)
            .map_err(|error| ApiError::Unexpected(error.to_string()))?;
        let response = request.send().await.map_err(|_| ApiError::Unreachable)?;
        read(&response).await
    })
    .await
}

#[cfg(not(feature = "ssr"))]
async fn list<T>(path: &str) -> Result<Choices, ApiError>
where
    T: DeserializeOwned,
    for<'a> Choice: From<&'a T>,
{
    SendWrapper::new(async move {
        let response = Request::get(path).send().await.map_err(|_| ApiError::Unreachable)?;
        let page: colloquy_protocol::model::Page<T> = read(&response).await?;
        Ok(Choices {
            items: page.items.iter().map(Choice::from).collect(),
            position: position(&response)?,
        })
    })
    .await
}

async fn read<T: DeserializeOwned>(response: &Response) -> Result<T, ApiError> {
    let unexpected = |error: gloo_net::Error| ApiError::Unexpected(error.to_string());
    if response.ok() {
        response.json().await.map_err(unexpected)
    } else {
        Err(ApiError::Refused(response.json().await.map_err(unexpected)?))
    }
}

/// The log position that a GET shows (design, "REST").
#[cfg(not(feature = "ssr"))]
fn position(response: &Response) -> Result<Position, ApiError> {
    let header = |name| response.headers().get(name);
    let offset = header("Colloquy-Offset").and_then(|text| text.parse().ok());
    match (header("Colloquy-Epoch"), offset) {
        (Some(epoch), Some(offset)) => Ok(Position { epoch, offset }),
        _ => Err(ApiError::Unexpected("its log position is missing".to_owned())),
    }
}
