//! Counts requests and times them, for `/metrics`, and names them in log lines.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::Response,
};
use metrics::{counter, histogram};
use tracing::{Span, field::display};

use super::peer::Peer;
use crate::metrics::{HTTP_REQUESTS, HTTP_SECONDS};

/// Counts and times one request, under its method and the route that it matched.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "none".to_owned());
    let method = name(request.method());
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    histogram!(HTTP_SECONDS, "method" => method, "route" => route.clone())
        .record(started.elapsed());
    counter!(HTTP_REQUESTS, "method" => method, "route" => route, "status" => status).increment(1);
    response
}

/// What a log line says of the request that it belongs to: not its query, which has search terms.
pub(crate) fn span<B>(request: &axum::http::Request<B>) -> Span {
    let address = request.extensions().get::<Peer>().map(display);
    let path = request.uri().path();
    // Those who ask for the lines of requests are told which they are.
    tracing::debug_span!(target: "tower_http::trace", "request", method = %request.method(), path, address)
}

/// Methods that clients make up share a name: each name is a time series that stays.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
