//! Who may ask at all, judged by what a browser cannot be made to hide: the `Host` (against DNS
//! rebinding) and the `Origin` (against cross-site requests and sockets).
//!
//! In local mode the hub answers to loopback names only, and to nobody behind a proxy that the settings
//! do not name: whoever comes would be taken for who owns the machine. When people sign in it answers to any
//! name, or to its public one and loopback names when that is set. Either way a page of another
//! origin neither changes anything nor opens a socket, unless the settings name its origin.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use colloquy_protocol::rest;
use ipnet::IpNet;
use tower::ServiceBuilder;
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};

use super::{
    headers,
    peer::{Asked, Connection, of_proxy},
    problem::Problem,
};
use crate::{
    AppState,
    limits::Lines,
    mode::Mode,
    origin::{Origin, Scheme},
};

/// What the guard goes by.
#[derive(Debug)]
struct Guard {
    mode: Mode,
    /// The hub's own origin, when the settings say it.
    public_url: Option<Origin>,
    /// The origins whose pages may do what the hub's own pages may.
    allowed: Vec<Origin>,
    /// Who may say where a request comes from.
    proxies: Vec<IpNet>,
}

/// The router behind the guard. Pages of the allowed origins may read the answers (CORS).
pub(crate) fn guarded(router: Router, state: &AppState) -> Router {
    let settings = &state.settings;
    stand_before(
        router,
        Guard {
            mode: state.mode.clone(),
            public_url: settings.public_url.clone(),
            allowed: settings.allowed_origins.clone(),
            proxies: settings.trusted_proxy.clone(),
        },
    )
}

fn stand_before(router: Router, guard: Guard) -> Router {
    let guard = Arc::new(guard);
    let router = if guard.allowed.is_empty() { router } else { router.layer(cors(guard.clone())) };
    router.layer(
        ServiceBuilder::new()
            .map_response(headers::protect)
            .layer(middleware::from_fn_with_state(guard, check)),
    )
}

async fn check(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    let Some(connection) = request.extensions().get::<Connection>().copied() else {
        return Problem::forbidden("nobody knows where this comes from").into_response();
    };
    if request.uri().path_and_query().is_none() {
        // `CONNECT host:port` names no path (RFC 9112, section 3.2.3), which everything behind relies on.
        let detail = "the target of a request is a path here: this is no proxy";
        return Problem::new(StatusCode::BAD_REQUEST, detail).into_response();
    }
    let asked = Asked::of(connection, request.headers(), &guard.proxies);
    let peer = asked.peer;
    let own = match guard.admit(&request, &asked) {
        Ok(own) => own,
        // Probes ask by an address of their own; what they are told is no secret.
        Err(_) if !guard.mode.is_local() && is_probe(&request) => return next.run(request).await,
        Err(problem) => {
            static REFUSALS: Lines = Lines::new();
            if let Some(left_out) = REFUSALS.next() {
                let address = peer.address;
                tracing::info!(%address, %problem, left_out, "A request was refused at the door.");
            }
            return problem.into_response();
        }
    };
    request.extensions_mut().insert(peer);
    let mut response = next.run(request).await;
    if own.is_https() && !own.is_loopback() {
        headers::insist_on_https(&mut response);
    }
    response
}

/// Whether somebody only asks whether the hub is there.
fn is_probe(request: &Request) -> bool {
    is_read(request.method()) && matches!(request.uri().path(), "/health" | "/ready")
}

impl Guard {
    /// The hub's origin as the client sees it, if the client may ask.
    fn admit(&self, request: &Request, asked: &Asked<'_>) -> Result<Origin, Problem> {
        let own = self.own_origin(request, asked)?;
        if self.mode.is_local() {
            self.check_owner(request.headers(), asked)?;
        }
        if !is_read(request.method()) || is_socket(request.headers()) {
            self.check_origin(request.headers(), &own)?;
        }
        Ok(own)
    }

    /// Whether somebody on this machine asks.
    fn check_owner(&self, headers: &HeaderMap, asked: &Asked<'_>) -> Result<(), Problem> {
        if !asked.peer.address.is_loopback() {
            return Err(Problem::forbidden(
                "the hub serves its own machine only, because nobody has an identity yet",
            ));
        }
        match of_proxy(headers) {
            Some(header) => Err(refused(
                header,
                "this came through a proxy, and nobody has an identity yet: let people sign in, and \
                 name the proxy (--trusted-proxy, or at least --auth required)",
            )),
            None => Ok(()),
        }
    }

    /// The origin that the client asks, which must be one of the hub's.
    fn own_origin(&self, request: &Request, asked: &Asked<'_>) -> Result<Origin, Problem> {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(Problem::of_field(StatusCode::BAD_REQUEST, "Host", "must be there, once"));
        };
        let host = host.to_str().unwrap_or_default();
        let mut own = self.own(asked.scheme, asked.forwarded_host.unwrap_or(host))?;
        // A target such as `http://localhost/agents` names an authority too, and that one counts
        // (RFC 9112, section 3.2.2).
        if let Some(authority) = request.uri().authority() {
            let named = self.own(asked.scheme, authority.as_str())?;
            if asked.forwarded_host.is_none() {
                own = named;
            }
        }
        Ok(own)
    }

    fn own(&self, scheme: Scheme, authority: &str) -> Result<Origin, Problem> {
        let origin = Origin::of_host(scheme, authority).ok();
        match &self.public_url {
            _ if self.mode.is_local() => origin.filter(Origin::is_loopback).ok_or_else(|| {
                refused("Host", "the hub answers to loopback names only, such as localhost")
            }),
            Some(public) if public.has_authority(authority) => Ok(public.clone()),
            Some(public) => origin.filter(Origin::is_loopback).ok_or_else(|| {
                refused("Host", format!("the hub answers to the name of {public} only"))
            }),
            None => origin.ok_or_else(|| refused("Host", "that is no name of a host")),
        }
    }

    /// Whether a page of that origin, if it is a page that asks, may act. The public one may whatever
    /// `Host` a proxy hands on.
    fn check_origin(&self, headers: &HeaderMap, own: &Origin) -> Result<(), Problem> {
        let trusted = |origin: &HeaderValue| {
            parse(origin).is_some_and(|origin| {
                origin == *own
                    || self.public_url.iter().chain(&self.allowed).any(|one| *one == origin)
            })
        };
        let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
        let site = headers.get(SEC_FETCH_SITE);
        let from_here = match (origins.peek(), site) {
            (Some(_), _) => origins.all(trusted),
            (None, Some(site)) => site == "same-origin" || site == "none",
            // A program says neither. With a cookie it may be a browser's page all the same.
            (None, None) if !headers.contains_key(header::COOKIE) => true,
            (None, None) => {
                return Err(refused(
                    "Origin",
                    "who shows a cookie must also say which page asks, in Origin or \
                     Sec-Fetch-Site; programs use a token",
                ));
            }
        };
        if from_here {
            return Ok(());
        }
        Err(refused(
            "Origin",
            "a page of another origin may not do this; \
             the setting allowed_origins (COLLOQUY_ALLOWED_ORIGINS) names those that may",
        ))
    }
}

/// 403, because of that header.
fn refused(header: &str, why: impl Into<String>) -> Problem {
    Problem::of_field(StatusCode::FORBIDDEN, header, why)
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_socket(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
}

fn parse(origin: &HeaderValue) -> Option<Origin> {
    origin.to_str().ok()?.parse().ok()
}

fn cors(guard: Arc<Guard>) -> CorsLayer {
    let is_allowed = move |origin: &HeaderValue, _: &Parts| {
        parse(origin).is_some_and(|origin| guard.allowed.contains(&origin))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed.clone()))
        .allow_credentials(AllowCredentials::predicate(is_allowed))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(names(&[
            "Authorization",
            "Content-Type",
            "If-Match",
            "If-None-Match",
            rest::IDEMPOTENCY_KEY,
            rest::ACT_AS,
        ]))
        .expose_headers(names(&["ETag", "Location", rest::EPOCH, rest::OFFSET, "Retry-After"]))
}

fn names(headers: &[&str]) -> Vec<HeaderName> {
    headers.iter().filter_map(|name| name.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::request::Builder, routing::get};
    use tower::ServiceExt;

    use super::*;

    const APP: &str = "https://app.example";

    fn local() -> Guard {
        Guard {
            mode: Mode::local(),
            public_url: None,
            allowed: vec![APP.parse().unwrap()],
            proxies: Vec::new(),
        }
    }

    /// People sign in, and the hub has a name.
    fn named() -> Guard {
        let public_url = Some("https://hub.example.org".parse().unwrap());
        Guard { mode: Mode::required(), public_url, ..local() }
    }

    async fn answer_of(guard: Guard, request: Builder) -> Response {
        let router = Router::new().route("/", get(|| async {}).post(|| async {}));
        let mut request = request.body(Body::empty()).unwrap();
        let peer = "127.0.0.1:5000".parse().unwrap();
        request.extensions_mut().insert(Connection { peer, tls: false });
        stand_before(router, guard).oneshot(request).await.unwrap()
    }

    async fn answer(request: Builder) -> Response {
        answer_of(local(), request).await
    }

    async fn status_of(guard: Guard, request: Builder) -> u16 {
        answer_of(guard, request).await.status().as_u16()
    }

    async fn status(request: Builder) -> u16 {
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
            let asked = |request: Builder| {
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
    async fn when_people_sign_in_any_name_is_the_hubs_unless_it_has_one() {
        let nameless = || Guard { public_url: None, ..named() };
        for (host, of_nameless, of_named) in [
            ("hub.example.org", 200, 200),
            ("HUB.example.org:443", 200, 200),
            ("hub.example.org:80", 200, 403),
            ("localhost:3000", 200, 200),
            ("10.0.0.7:3000", 200, 403),
            ("evil.example", 200, 403),
            ("me@hub.example.org", 403, 403),
            ("", 403, 403),
        ] {
            let asked = || Request::get("/").header("host", host);
            assert_eq!(status_of(nameless(), asked()).await, of_nameless, "{host}");
            assert_eq!(status_of(named(), asked()).await, of_named, "{host}");
        }
    }

    #[tokio::test]
    async fn a_named_hub_knows_its_own_pages_behind_a_proxy_that_it_does_not_know() {
        for (origin, expected) in [
            ("https://hub.example.org", 200),
            (APP, 200),
            ("http://hub.example.org", 403),
            ("http://localhost", 403),
            ("null", 403),
        ] {
            let write = Request::post("/").header("host", "hub.example.org");
            assert_eq!(status_of(named(), write.header("origin", origin)).await, expected);
        }
    }

    #[tokio::test]
    async fn who_shows_a_cookie_says_which_page_asks() {
        for (header, value, expected) in [
            ("x-nothing", "", 403),
            ("origin", "https://hub.example.org", 200),
            ("origin", "https://evil.example", 403),
            ("sec-fetch-site", "same-origin", 200),
            ("sec-fetch-site", "none", 200),
            ("sec-fetch-site", "same-site", 403),
            ("sec-fetch-site", "cross-site", 403),
        ] {
            let asked = |request: Builder| {
                let request = request.header("host", "hub.example.org").header("cookie", "a=b");
                request.header(header, value)
            };
            assert_eq!(status_of(named(), asked(Request::post("/"))).await, expected, "{value}");
            let socket = Request::get("/").header("upgrade", "websocket");
            assert_eq!(status_of(named(), asked(socket)).await, expected, "socket: {value}");
            assert_eq!(status_of(named(), asked(Request::get("/"))).await, 200, "read: {value}");
        }
    }

    /// A proxy that does not hand on `Host` lets the hub think that it is asked by another name.
    #[tokio::test]
    async fn pages_of_the_public_origin_may_act_whatever_the_host() {
        for (origin, expected) in
            [("https://hub.example.org", 200), ("http://hub.example.org", 403), (APP, 200)]
        {
            let asked = Request::post("/").header("host", "127.0.0.1:3000");
            let asked = asked.header("origin", origin).header("cookie", "a=b");
            assert_eq!(status_of(named(), asked).await, expected, "{origin}");
        }
    }

    #[tokio::test]
    async fn local_mode_serves_nobody_behind_a_proxy() {
        for header in ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"] {
            let asked =
                || Request::get("/").header("host", "localhost").header(header, "127.0.0.1");
            assert_eq!(status_of(local(), asked()).await, 403, "{header}");
            let required = Guard { mode: Mode::required(), ..local() };
            assert_eq!(status_of(required, asked()).await, 200, "{header}");
        }
    }

    #[tokio::test]
    async fn browsers_are_told_to_insist_on_https_of_a_name_that_has_it() {
        let asked = |host| Request::get("/").header("host", host);
        let https = answer_of(named(), asked("hub.example.org")).await;
        assert_eq!(https.headers()["strict-transport-security"], "max-age=31536000");
        for (guard, host) in [(named(), "localhost"), (local(), "localhost")] {
            let plain = answer_of(guard, asked(host)).await;
            assert!(!plain.headers().contains_key("strict-transport-security"), "{host}");
        }
    }

    #[tokio::test]
    async fn every_answer_tells_the_browser_what_to_refuse() {
        for host in ["localhost", "evil.example"] {
            let answer = answer(Request::get("/").header("host", host)).await;
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "same-origin"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
                ("cache-control", "no-store"),
            ] {
                assert_eq!(answer.headers()[name], value, "{host}: {name}");
            }
            let policy = answer.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; frame-ancestors 'none'"), "{policy}");
        }
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
        assert_eq!(allowed.headers()["access-control-allow-credentials"], "true");
        let headers = allowed.headers()["access-control-allow-headers"].to_str().unwrap();
        for name in ["if-match", "authorization", "idempotency-key", "colloquy-act-as"] {
            assert!(headers.contains(name), "{name} is in {headers}");
        }
        let foreign = answer(preflight("https://evil.example")).await;
        assert!(!foreign.headers().contains_key("access-control-allow-origin"));
        assert!(!foreign.headers().contains_key("access-control-allow-credentials"));
    }
}
