//! `/notifications`.

use colloquy_protocol::{event::Notification, request::NewNotification};

use super::{ApiError, RequestKey, post};

/// Tells everybody something.
///
/// # Errors
/// As [`super::get`].
pub async fn create(key: &RequestKey, new: &NewNotification) -> Result<Notification, ApiError> {
    post("/notifications", key, new).await
}
