//! `/overview`: what there is, and how the hub is.

use axum::extract::State;
use colloquy_protocol::model::Overview;

use crate::{
    access::Caller,
    http::{
        answer::Shown,
        extract::ActingAs,
        problem::{ListProblems, Problem},
    },
    hub::Hub,
    service::Services,
};

/// Read how much there is of everything, and how the hub is.
#[utoipa::path(
    get, path = "/overview", tag = "overview", operation_id = "getOverview",
    params(ActingAs),
    responses(Shown<Overview>, ListProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    caller: Caller,
    State(hub): State<Hub>,
) -> Result<Shown<Overview>, Problem> {
    Ok(Shown(services.overview(&caller, &hub).await?))
}
