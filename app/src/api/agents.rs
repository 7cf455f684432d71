//! `/agents`.

use colloquy_protocol::{
    id::AgentId,
    model::{Agent, Page},
    request::NewAgent,
};

use super::{ApiError, Loaded, RequestKey, get, post, with_query};

/// One page of the agents that fit; each parameter as the REST API takes it.
///
/// # Errors
/// As [`get`].
pub async fn list(parameters: &[(&str, Option<&str>)]) -> Result<Loaded<Page<Agent>>, ApiError> {
    get(&with_query("/agents", parameters)).await
}

/// One agent.
///
/// # Errors
/// As [`get`].
pub async fn read(id: &AgentId) -> Result<Loaded<Agent>, ApiError> {
    get(&format!("/agents/{id}")).await
}

/// Creates an agent and returns it.
///
/// # Errors
/// As [`get`].
pub async fn create(key: &RequestKey, agent: &NewAgent) -> Result<Agent, ApiError> {
    post("/agents", key, agent).await
}
