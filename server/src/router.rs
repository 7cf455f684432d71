//! Every route, on one screen.

use axum::{
    Router,
    extract::OriginalUri,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::Redirect,
    routing::{any, get},
};
use colloquy_protocol::rest::ROOT;
use tower::ServiceBuilder;
use tower_http::trace::TraceLayer;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState,
    http::{
        agents, answer, chats, collections, compression, connections, docs, events, health, limit,
        measure, messages, notifications, overview, pages, participants, people, problem::Problem,
        profile, session, site, tokens, ws,
    },
};

const DEMO: &str = "/demo/websocket";

/// Everything that the hub answers to. Who may ask is not decided here.
pub fn router(state: AppState) -> Router {
    let api = OpenApiRouter::new()
        .routes(routes!(overview::get))
        .routes(routes!(agents::list, agents::create))
        .routes(routes!(agents::get, agents::update, agents::delete))
        .routes(routes!(agents::set_status))
        .routes(routes!(chats::list, chats::create))
        .routes(routes!(chats::get, chats::update, chats::delete))
        .routes(routes!(participants::list, participants::join))
        .routes(routes!(participants::get, participants::leave))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::chat_receipts))
        .routes(routes!(messages::get))
        .routes(routes!(messages::receipts))
        .routes(routes!(collections::list, collections::create))
        .routes(routes!(collections::get, collections::update, collections::delete))
        .routes(routes!(notifications::create))
        .routes(routes!(events::list))
        .routes(routes!(connections::list))
        .routes(routes!(connections::get, connections::close))
        .routes(routes!(session::get, session::sign_in, session::sign_out))
        .routes(routes!(session::welcome))
        .routes(routes!(profile::get, profile::update))
        .routes(routes!(profile::logins, profile::end_logins))
        .routes(routes!(profile::end_login))
        .routes(routes!(people::list, people::invite))
        .routes(routes!(people::names))
        .routes(routes!(people::get, people::update))
        .routes(routes!(people::invite_again))
        .routes(routes!(tokens::list, tokens::issue))
        .routes(routes!(tokens::revoke));
    let (documented, document) = OpenApiRouter::with_openapi(docs::ApiDoc::openapi())
        .nest(ROOT, api)
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .split_for_parts();
    let own_api = documented.clone().with_state(state.clone());
    // Layers are put together before they go around the routes: each one around the routes by itself
    // would cost every request copies of all those inside it.
    let limited = from_fn_with_state(state.limits.clone(), limit::requests);
    let not_found = pages::not_found(&state, own_api.clone())
        .layer(ServiceBuilder::new().layer(limited.clone()).layer(compression::layer()));
    let answered = ServiceBuilder::new()
        .layer(limited)
        .layer(from_fn(answer::not_modified))
        .layer(compression::layer());
    let measured = ServiceBuilder::new()
        // Why a request failed is logged where it is known.
        .layer(TraceLayer::new_for_http().make_span_with(measure::span).on_failure(()))
        .layer(from_fn(measure::measure));
    #[cfg(feature = "bench")]
    let documented = documented.route("/echo", get(ws::echo));
    documented
        .merge(docs::routes(document))
        .route("/api/multi-agent/demo/websocket", get(async || Redirect::permanent(DEMO)))
        .nest("/api", Router::new().fallback(no_such_path))
        .route("/api/", any(no_such_path))
        .route("/ws", get(ws::upgrade))
        .merge(pages::routes(&state, own_api))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(answered)
        .fallback_service(site::service(&state.leptos_options, not_found))
        .layer(measured)
        .with_state(state)
}

async fn no_such_path(OriginalUri(uri): OriginalUri) -> Problem {
    Problem::no_such_path(uri.path())
}

/// The `Allow` header is axum's.
async fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "the path does not take this method; see Allow")
}
