//! The pages, rendered here and brought to life in the browser.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts, uri::PathAndQuery},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
};
use colloquy_app::{
    App,
    backend::{self, Backend, Pending},
    shell,
};
use colloquy_protocol::{account::Session, position::Position, rest};
use leptos::{
    nonce::use_nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::{
    LeptosRoutes, ResponseOptions, generate_route_list_with_exclusions_and_ssg_and_context,
    render_app_to_stream_with_context,
};
use tower::ServiceExt;

use crate::{
    AppState,
    access::Caller,
    http::{headers, problem::Problem, site},
    service::Services,
};

/// The pages for whoever is not known yet.
const PUBLIC: [&str; 2] = ["/sign-in", "/welcome"];

/// Far more than any page of a list has.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// One route for each page. `api` answers what the pages ask while they are rendered.
pub(crate) fn routes(state: &AppState, api: Router) -> Router<AppState> {
    let context = context(state, api);
    let (pages, _) =
        generate_route_list_with_exclusions_and_ssg_and_context(App, None, context.clone());
    let options = state.leptos_options.clone();
    Router::new()
        .leptos_routes_with_context(state, pages, context, move || shell(options.clone()))
        .route_layer(from_fn(known_only))
        .route_layer(from_fn_with_state(state.services.clone(), introduce))
}

/// The page that says that there is no such page.
pub(crate) fn not_found(state: &AppState, api: Router) -> Router {
    let options = state.leptos_options.clone();
    let render =
        render_app_to_stream_with_context(context(state, api), move || shell(options.clone()));
    Router::new()
        .fallback(async move |request: Request| -> Response {
            let page: Response<Body> = render(request).await;
            (StatusCode::NOT_FOUND, page).into_response()
        })
        .layer(from_fn_with_state(state.services.clone(), introduce))
}

/// Finds out who asks for a page before it is rendered, so that all of it knows.
async fn introduce(
    State(services): State<Services>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let session = services.session(request.extensions().get()).await?;
    request.extensions_mut().insert(session);
    Ok(next.run(request).await)
}

/// Shows whoever is not known the way in, and then to the page that they asked for.
async fn known_only(request: Request, next: Next) -> Response {
    let is_known = request.extensions().get::<Caller>().is_some();
    if is_known || PUBLIC.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let wanted = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    let query =
        form_urlencoded::Serializer::new(String::new()).append_pair("next", wanted).finish();
    Redirect::to(&format!("/sign-in?{query}")).into_response()
}

fn context(state: &AppState, api: Router) -> impl Fn() + Clone + Send + Sync + 'static {
    let chunks = site::split_manifest(&state.leptos_options);
    let reload = site::live_reload(&state.leptos_options);
    move || {
        protect(&reload);
        // While the routes are listed there is no request, and nobody asks.
        let extensions = use_context::<Parts>().map(|parts| parts.extensions).unwrap_or_default();
        let backend: Arc<dyn Backend> = Arc::new(OwnApi {
            api: api.clone(),
            caller: extensions.get().cloned(),
            session: extensions.get().cloned(),
        });
        provide_context(backend);
        if let Some(chunks) = chunks.clone() {
            provide_context(chunks);
        }
    }
}

/// Tells the browser what the page may load, and to keep nothing of it.
fn protect(live_reload: &str) {
    let (Some(answer), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else {
        return;
    };
    let policy = headers::page_policy(&nonce, live_reload);
    if let Ok(policy) = HeaderValue::try_from(policy) {
        answer.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// The server's own REST API, asked without a detour over the network by whoever asked for the page.
struct OwnApi {
    api: Router,
    caller: Option<Caller>,
    session: Option<Session>,
}

impl Backend for OwnApi {
    fn get(&self, path: String) -> Pending<'_> {
        Box::pin(async move {
            let asked = Request::get(path).body(Body::empty());
            let answer = match asked {
                // A router does not fail: what goes wrong is an answer too.
                Ok(mut request) => {
                    if let Some(caller) = self.caller.clone() {
                        request.extensions_mut().insert(caller);
                    }
                    self.api.clone().oneshot(request).await.into_response()
                }
                Err(_) => Problem::new(StatusCode::BAD_REQUEST, "the path is none").into_response(),
            };
            let (parts, body) = answer.into_parts();
            match to_bytes(body, MAX_ANSWER_BYTES).await {
                Ok(body) => backend::Response {
                    status: parts.status.as_u16(),
                    position: position(&parts.headers),
                    body: String::from_utf8_lossy(&body).into_owned(),
                },
                Err(cause) => {
                    tracing::error!(%cause, "A page could not be rendered.");
                    backend::Response { status: 500, position: None, body: String::new() }
                }
            }
        })
    }

    fn session(&self) -> Option<Session> {
        self.session.clone()
    }

    fn set_status(&self, status: u16) {
        let options = use_context::<ResponseOptions>();
        if let (Some(options), Ok(status)) = (options, StatusCode::from_u16(status)) {
            options.set_status(status);
        }
    }
}

fn position(headers: &HeaderMap) -> Option<Position> {
    let header = |name| headers.get(name)?.to_str().ok();
    let offset = header(rest::OFFSET)?.parse().ok()?;
    Some(Position { epoch: header(rest::EPOCH)?.to_owned(), offset })
}
