//! The pages, rendered here and brought to life in the browser.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use colloquy_app::{App, backend::Backend, shell};
use leptos::prelude::provide_context;
use leptos_axum::{
    LeptosRoutes, generate_route_list_with_exclusions_and_ssg_and_context,
    render_app_to_stream_with_context,
};

use crate::AppState;

/// One route for each page.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let context = context(state);
    let (pages, _) =
        generate_route_list_with_exclusions_and_ssg_and_context(App, None, context.clone());
    let options = state.leptos_options.clone();
    Router::new().leptos_routes_with_context(state, pages, context, move || shell(options.clone()))
}

/// The page that says that there is no such page.
pub(crate) fn not_found(state: &AppState) -> Router {
    let options = state.leptos_options.clone();
    let render = render_app_to_stream_with_context(context(state), move || shell(options.clone()));
    Router::new().fallback(async move |request: Request| -> Response {
        let page: Response<Body> = render(request).await;
        (StatusCode::NOT_FOUND, page).into_response()
    })
}

fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let backend: Arc<dyn Backend> = Arc::new(state.services.clone());
    move || provide_context(backend.clone())
}
