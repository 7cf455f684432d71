//! `/connections`.

use colloquy_protocol::{
    id::ConnectionId,
    model::{ConnectionInfo, Page},
};

use super::{ApiError, Seen, delete_if_there, get};

/// Everybody who is connected.
///
/// # Errors
/// As [`get`].
pub async fn list() -> Result<Seen<Vec<ConnectionInfo>>, ApiError> {
    let page = get::<Page<ConnectionInfo>>("/connections").await?;
    Ok(page.map(|page| page.items))
}

/// Closes a connection, with a code that says not to come back. One that is gone already is closed.
///
/// # Errors
/// As [`get`].
pub async fn close(id: &ConnectionId) -> Result<(), ApiError> {
    delete_if_there(&format!("/connections/{id}")).await
}
