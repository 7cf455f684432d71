//! `/connections`.

use colloquy_protocol::{
    id::ConnectionId,
    model::{ConnectionInfo, Page},
};

use super::{ApiError, Seen, delete_if_there, get, with_query};

/// The parameter `behind` of those that are far behind, as the overview counts them: one more event than
/// [`FAR_BEHIND`](colloquy_protocol::model::FAR_BEHIND).
pub const FAR: &str = "101";

/// One page of those who are connected; each parameter as the REST API takes it.
///
/// # Errors
/// As [`get`].
pub async fn list(
    parameters: &[(&str, Option<&str>)],
) -> Result<Seen<Page<ConnectionInfo>>, ApiError> {
    get(&with_query("/connections", parameters)).await
}

/// Closes a connection, with a code that says not to come back. One that is gone already is closed.
///
/// # Errors
/// As [`get`].
pub async fn close(id: &ConnectionId) -> Result<(), ApiError> {
    delete_if_there(&format!("/connections/{id}")).await
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::model::FAR_BEHIND;

    use super::*;

    #[test]
    fn the_list_shows_those_that_the_overview_counts() {
        assert_eq!(FAR.parse(), Ok(FAR_BEHIND + 1));
    }
}
