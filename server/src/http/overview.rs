//! `/overview`: what there is, and how the hub is.

use axum::extract::State;
use colloquy_protocol::model::Overview;

use crate::{
    access::Caller,
    http::{
        answer::Shown,
        problem::{Problem, WatchProblems},
    },
    hub::Hub,
    service::Services,
};

/// Read how much there is of everything, and how the hub is.
#[utoipa::path(
    get, path = "/overview", tag = "overview", operation_id = "getOverview",
    responses(Shown<Overview>, WatchProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    caller: Caller,
    State(hub): State<Hub>,
) -> Result<Shown<Overview>, Problem> {
    Ok(Shown(services.overview(&caller, &hub).await?))
}
