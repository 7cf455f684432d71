//! `/notifications`.

use axum::extract::State;
use colloquy_protocol::{event::Notification, request::NewNotification};

use crate::{
    http::{
        answer::Created,
        extract::Post,
        problem::{CreateProblems, Problem},
    },
    service::Services,
};

/// Tell everybody something.
///
/// Its event is `system:notification`, which goes to every connection that said `client:ready`,
/// whatever it is subscribed to. `Location` leads to its place in the log.
#[utoipa::path(
    post, path = "/notifications", tag = "notifications", operation_id = "notify",
    params(Post<NewNotification>), request_body = NewNotification,
    responses(Created<Notification>, CreateProblems),
)]
pub(crate) async fn create(
    State(services): State<Services>,
    Post { change, body }: Post<NewNotification>,
) -> Result<Created<Notification>, Problem> {
    let (notification, offset) = services.notify(change, body).await?;
    let location = format!("/events?since={}&limit=1", offset.saturating_sub(1));
    Ok(Created { location, resource: notification })
}
