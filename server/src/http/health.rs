//! `/health`, `/ready` and `/metrics`: what watches the server reads.

use axum::{Json, extract::State, http::header, response::IntoResponse};
use colloquy_protocol::access::Action;
use metrics::{counter, gauge};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::Caller,
    http::problem::{HealthProblems, ListProblems, Problem},
    hub::Hub,
    logging,
    metrics::{
        CONNECTIONS_BEHIND, DATABASE_BYTES, LOG_HEAD, LOST_LOG_LINES, WAITING_CHANGES, recorder,
    },
    service::Services,
};

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`: a server that is not answers something else, or nothing.
    status: &'static str,
}

/// Whether the server is alive.
#[utoipa::path(
    get, path = "/health", tag = "operations", operation_id = "health", security(()),
    responses((status = 200, description = "It is alive.", body = Health), HealthProblems),
)]
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the server can do its work: its database answers, and is where it was opened.
#[utoipa::path(
    get, path = "/ready", tag = "operations", operation_id = "ready", security(()),
    responses((status = 200, description = "It is ready.", body = Health), HealthProblems),
)]
pub(crate) async fn ready(State(services): State<Services>) -> Result<Json<Health>, Problem> {
    services.ping().await.map_err(|error| {
        tracing::error!(%error, "The database does not answer.");
        Problem::unavailable("the database does not answer")
    })?;
    Ok(Json(Health { status: "ok" }))
}

/// Metrics for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics",
    responses((status = 200, description = "The text format of Prometheus.", body = String,
               content_type = "text/plain"), ListProblems),
)]
pub(crate) async fn metrics(
    State(hub): State<Hub>,
    State(services): State<Services>,
    caller: Caller,
) -> Result<impl IntoResponse, Problem> {
    caller.require(Action::ReadMetrics)?;
    gauge!(CONNECTIONS_BEHIND).set(hub.connection_counts().behind as f64);
    gauge!(LOG_HEAD).set(hub.position().offset as f64);
    gauge!(WAITING_CHANGES).set(services.waiting_changes() as f64);
    gauge!(DATABASE_BYTES).set(services.database_bytes() as f64);
    counter!(LOST_LOG_LINES).absolute(logging::lost_lines());
    metrics_process::Collector::default().collect();
    let format = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((format, recorder().render()))
}
