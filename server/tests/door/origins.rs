//! The `Host` and the `Origin`, in local mode and when people sign in.

use colloquy_client::{Method, Response};
use colloquy_server::settings::Settings;

use crate::support::{HANDSHAKE, Server};

const PUBLIC: &str = "https://hub.example.org";
const NAME: (&str, &str) = ("host", "hub.example.org");
const APP: &str = "https://app.example";
const EVIL: &str = "https://evil.example";

/// A hub with a name, where somebody has an identity.
async fn named() -> Server {
    let server = Server::start_with(|settings: &mut Settings| {
        settings.public_url = Some(PUBLIC.parse().unwrap());
        settings.allowed_origins = vec![APP.parse().unwrap()];
    })
    .await;
    server.state.mode.end_local();
    server
}

async fn ask(server: &Server, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    crate::ask(server, method, path, &[headers, &[NAME]].concat()).await
}

async fn shake_hands(server: &Server, headers: &[(&str, &str)]) -> u16 {
    let headers = [headers, &HANDSHAKE].concat();
    crate::ask(server, Method::GET, "/ws", &headers).await.status().as_u16()
}

/// Whether the pages of some other origin may read the answer.
fn is_shown(answer: &Response) -> bool {
    answer.headers().contains_key("access-control-allow-origin")
}

#[tokio::test]
async fn without_people_a_hub_answers_to_loopback_names_only_whatever_is_asked() {
    let server = Server::start().await;
    for path in ["/health", "/api/v1/agents"] {
        let answer = crate::ask(&server, Method::GET, path, &[("host", "evil.example")]).await;
        assert_eq!(answer.status(), 403, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        assert!(answer.text().await.unwrap().contains("Host"), "{path}");
    }
}

#[tokio::test]
async fn without_people_pages_of_other_origins_neither_write_nor_open_sockets() {
    let server = Server::start().await;
    assert_eq!(shake_hands(&server, &[("origin", server.url.as_str())]).await, 101);
    for origin in [EVIL, APP, "null"] {
        let headers = [("origin", origin)];
        assert_eq!(shake_hands(&server, &headers).await, 403, "{origin}");
        let write = crate::ask(&server, Method::POST, "/api/v1/agents", &headers).await;
        assert_eq!(write.status(), 403, "{origin}");
    }
    let read = crate::ask(&server, Method::GET, "/api/v1/agents", &[("origin", EVIL)]).await;
    assert_eq!(read.status(), 200);
    assert!(!is_shown(&read));
}

#[tokio::test]
async fn without_people_pages_of_named_origins_may_do_what_the_hub_s_own_may() {
    let named = |settings: &mut Settings| settings.allowed_origins = vec![APP.parse().unwrap()];
    let server = Server::start_with(named).await;
    let app = [("origin", APP)];
    assert_eq!(shake_hands(&server, &app).await, 101);
    assert_eq!(shake_hands(&server, &[("origin", EVIL)]).await, 403);
    assert!(is_shown(&crate::ask(&server, Method::GET, "/api/v1/agents", &app).await));
    let write = crate::ask(&server, Method::POST, "/api/v1/agents", &app).await;
    assert_ne!(write.status(), 403);
    let preflight = crate::ask(&server, Method::OPTIONS, "/api/v1/agents/a", &app).await;
    assert!(preflight.status().is_success());
    assert!(is_shown(&preflight));
}

#[tokio::test]
async fn a_hub_with_a_name_answers_to_no_other() {
    let server = named().await;
    for (host, expected) in
        [("hub.example.org", 200), ("localhost", 200), ("evil.example", 403), ("10.0.0.1", 403)]
    {
        let path = "/api/v1/openapi.json";
        let answer = crate::ask(&server, Method::GET, path, &[("host", host)]).await;
        assert_eq!(answer.status(), expected, "{host}");
    }
}

#[tokio::test]
async fn a_handshake_of_another_origin_is_refused() {
    let server = named().await;
    for origin in [EVIL, "http://hub.example.org", "https://hub.example.org.evil.example", "null"] {
        assert_eq!(shake_hands(&server, &[NAME, ("origin", origin)]).await, 403, "{origin}");
    }
    for origin in [PUBLIC, APP] {
        assert_ne!(shake_hands(&server, &[NAME, ("origin", origin)]).await, 403, "{origin}");
    }
    let with_cookie = shake_hands(&server, &[NAME, ("cookie", "a=b")]).await;
    assert_eq!(with_cookie, 403, "a cookie and no origin");
}

#[tokio::test]
async fn a_write_of_another_origin_is_refused_with_a_cookie_a_token_and_neither() {
    let server = named().await;
    for shown in [("cookie", "a=b"), ("authorization", "Bearer none"), ("x-nothing", "")] {
        for origin in [EVIL, "null"] {
            for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
                let headers = [shown, ("origin", origin)];
                let answer = ask(&server, method.clone(), "/api/v1/agents/a", &headers).await;
                assert_eq!(answer.status(), 403, "{method} {origin} {shown:?}");
            }
        }
    }
    for (site, expected) in [("same-origin", false), ("cross-site", true), ("same-site", true)] {
        let headers = [("cookie", "a=b"), ("sec-fetch-site", site)];
        let answer = ask(&server, Method::POST, "/api/v1/agents", &headers).await;
        assert_eq!(answer.status() == 403, expected, "{site}");
    }
}

#[tokio::test]
async fn only_pages_of_named_origins_may_read_with_cors_and_show_who_they_are() {
    let server = named().await;
    for (origin, is_named) in [(APP, true), (EVIL, false), ("null", false)] {
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization"),
        ];
        let answer = ask(&server, Method::OPTIONS, "/api/v1/agents", &preflight).await;
        let read = ask(&server, Method::GET, "/api/v1/agents", &[("origin", origin)]).await;
        for headers in [answer.headers(), read.headers()] {
            let allowed = headers.get("access-control-allow-origin");
            assert_eq!(allowed.is_some_and(|allowed| allowed == origin), is_named, "{origin}");
            assert_eq!(headers.contains_key("access-control-allow-credentials"), is_named);
        }
    }
}

/// A load balancer asks by the address that it knows; what it is told is no secret.
#[tokio::test]
async fn probes_are_answered_by_whatever_name_they_ask() {
    let server = named().await;
    for (path, status) in [("/health", 200), ("/ready", 200), ("/api/v1/openapi.json", 403)] {
        let host = [("Host", "10.42.0.7:3000")];
        let answer = crate::ask(&server, Method::GET, path, &host).await;
        assert_eq!(answer.status(), status, "{path}");
    }
}
