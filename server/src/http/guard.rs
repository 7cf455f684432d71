//! Who may ask, in local mode: programs on this machine, the hub's own pages, and pages of the
//! origins that the settings name.
//!
//! Nobody has an identity yet, so a request is judged by what a browser can not be made to hide:
//! its `Host` (against DNS rebinding) and its `Origin` (against cross-site requests and sockets).

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::Response,
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::problem::Problem;
use crate::origin::Origin;

/// The router behind the guard. Pages of the allowed origins may read the answers (CORS).
pub(crate) fn guarded(router: Router, allowed_origins: &[Origin]) -> Router {
    let allowed: Arc<[Origin]> = allowed_origins.into();
    let router = if allowed.is_empty() { router } else { router.layer(cors(allowed.clone())) };
    router.layer(middleware::from_fn_with_state(allowed, check))
}

async fn check(
    State(allowed): State<Arc<[Origin]>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let own = own_origin(&request)?;
    let trusted = |origin: &HeaderValue| {
        parse(origin).is_some_and(|origin| origin == own || allowed.contains(&origin))
    };
    let acts = !is_read(request.method()) || is_socket(request.headers());
    if acts && !request.headers().get_all(header::ORIGIN).iter().all(trusted) {
        return Err(Problem::forbidden(
            "Origin: a page of another origin may not do this; \
             the setting allowed_origins (COLLOQUY_ALLOWED_ORIGINS) names those that may",
        ));
    }
    Ok(next.run(request).await)
}

/// The origin that the client asks, which must be one of this machine.
fn own_origin(request: &Request) -> Result<Origin, Problem> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Problem::of_field(StatusCode::BAD_REQUEST, "Host", "must be there, once"));
    };
    let host = local_origin(host.to_str().unwrap_or_default())?;
    // A target such as `http://localhost/agents` names an authority too, and that one counts
    // (RFC 9112, section 3.2.2).
    match request.uri().authority() {
        Some(authority) => local_origin(authority.as_str()),
        None => Ok(host),
    }
}

fn local_origin(authority: &str) -> Result<Origin, Problem> {
    Origin::of_http_host(authority).ok().filter(Origin::is_loopback).ok_or_else(|| {
        Problem::forbidden("Host: the hub answers to loopback names only, such as localhost")
    })
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_socket(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
}

fn parse(origin: &HeaderValue) -> Option<Origin> {
    origin.to_str().ok()?.parse().ok()
}

fn cors(allowed: Arc<[Origin]>) -> CorsLayer {
    let is_allowed = move |origin: &HeaderValue, _: &Parts| {
        parse(origin).is_some_and(|origin| allowed.contains(&origin))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(
            ["content-type", "if-match", "if-none-match", "idempotency-key", "colloquy-act-as"]
                .map(HeaderName::from_static),
        )
        .expose_headers(
            ["etag", "location", "colloquy-epoch", "colloquy-offset", "retry-after"]
                .map(HeaderName::from_static),
        )
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use tower::ServiceExt;

    use super::*;

    const APP: &str = "https://app.example";

    async fn answer(request: axum::http::request::Builder) -> Response {
        let router = Router::new().route("/", get(|| async {}).post(|| async {}));
        let router = guarded(router, &[APP.parse().unwrap()]);
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn status(request: axum::http::request::Builder) -> u16 {
        answer(request).await.status().as_u16()
    }

    #[tokio::test]
    async fn answers_to_loopback_names_only() {
        for (host, expected) in [
            ("localhost", 200),
            ("LOCALHOST:3000", 200),
            ("a.localhost:3000", 200),
            ("localhost.", 200),
            ("127.0.0.1:3000", 200),
            ("127.9.9.9", 200),
            ("[::1]:3000", 200),
            ("evil.example", 403),
            ("localhost.evil.example", 403),
            ("notlocalhost", 403),
            ("127.0.0.1.evil.example", 403),
            ("127.1", 403),
            ("0.0.0.0:3000", 403),
            ("[::]:3000", 403),
            ("192.168.0.1", 403),
            ("localhost:x", 403),
            ("evil@localhost", 403),
            ("", 403),
        ] {
            assert_eq!(status(Request::get("/").header("host", host)).await, expected, "{host}");
        }
    }

    #[tokio::test]
    async fn wants_one_host() {
        assert_eq!(status(Request::get("/")).await, 400);
        let two = Request::get("/").header("host", "localhost").header("host", "localhost");
        assert_eq!(status(two).await, 400);
    }

    #[tokio::test]
    async fn a_target_with_an_authority_is_judged_too() {
        for (target, host, expected) in [
            ("http://localhost/", "localhost", 200),
            ("http://evil.example/", "localhost", 403),
            ("http://localhost/", "evil.example", 403),
        ] {
            let request = Request::get(target).header("host", host);
            assert_eq!(status(request).await, expected, "{target} {host}");
        }
    }

    #[tokio::test]
    async fn writes_and_sockets_want_an_origin_of_ours() {
        for (origin, expected) in [
            ("http://localhost:3000", 200),
            ("HTTP://LOCALHOST:3000", 200),
            (APP, 200),
            ("http://localhost", 403),
            ("https://localhost:3000", 403),
            ("http://127.0.0.1:3000", 403),
            ("http://app.example", 403),
            ("https://app.example.evil.example", 403),
            ("null", 403),
            ("", 403),
        ] {
            let asked = |request: axum::http::request::Builder| {
                request.header("host", "localhost:3000").header("origin", origin)
            };
            assert_eq!(status(asked(Request::post("/"))).await, expected, "write: {origin}");
            let socket = Request::get("/").header("upgrade", "WebSocket");
            assert_eq!(status(asked(socket)).await, expected, "socket: {origin}");
            assert_eq!(status(asked(Request::get("/"))).await, 200, "read: {origin}");
        }
        let two = Request::post("/")
            .header("host", "localhost")
            .header("origin", "http://localhost")
            .header("origin", "https://evil.example");
        assert_eq!(status(two).await, 403);
    }

    #[tokio::test]
    async fn the_default_port_may_be_left_out() {
        let request =
            Request::post("/").header("host", "localhost:80").header("origin", "http://localhost");
        assert_eq!(status(request).await, 200);
    }

    #[tokio::test]
    async fn programs_name_no_origin() {
        assert_eq!(status(Request::post("/").header("host", "localhost")).await, 200);
    }

    #[tokio::test]
    async fn allowed_pages_may_read_the_answers() {
        let preflight = |origin| {
            Request::options("/")
                .header("host", "localhost")
                .header("origin", origin)
                .header("access-control-request-method", "PATCH")
        };
        let allowed = answer(preflight(APP)).await;
        assert_eq!(allowed.headers()["access-control-allow-origin"], APP);
        assert!(
            allowed.headers()["access-control-allow-headers"]
                .to_str()
                .unwrap()
                .contains("if-match")
        );
        let foreign = answer(preflight("https://evil.example")).await;
        assert!(!foreign.headers().contains_key("access-control-allow-origin"));
    }
}
