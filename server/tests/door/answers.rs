//! What every answer tells the browser.

use colloquy_client::{Method, Response};

use crate::{
    exchange, host,
    support::{Server, agent},
};

async fn ask(server: &Server, path: &str) -> Response {
    crate::ask(server, Method::GET, path, &[]).await
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The nonce that a page's policy lets scripts carry.
fn nonce(response: &Response) -> String {
    let policy = header(response, "content-security-policy");
    assert!(!policy.contains("'unsafe-"), "{policy}");
    assert!(policy.starts_with("default-src 'none'; script-src 'self' 'nonce-"), "{policy}");
    let (_, rest) = policy.split_once("'nonce-").unwrap();
    rest.split_once('\'').unwrap().0.to_owned()
}

#[tokio::test]
async fn each_page_has_a_nonce_of_its_own_on_every_script_and_no_style_in_it() {
    let server = Server::start().await;
    agent(&server, "ada").await;
    let mut nonces = Vec::new();
    for path in ["/", "/demo/websocket", "/agents", "/agents/ada", "/events", "/nowhere"] {
        let page = ask(&server, path).await;
        assert_eq!(header(&page, "cache-control"), "no-store", "{path}");
        let nonce = nonce(&page);
        let text = page.text().await.unwrap();
        let scripts = text.matches("<script").count();
        assert!(scripts > 0, "{path}");
        let carries = format!(" nonce=\"{nonce}\"");
        for script in text.split("<script").skip(1) {
            let (tag, _) = script.split_once('>').unwrap();
            assert!(tag.contains(&carries), "{path}: {tag}");
        }
        assert!(!text.contains(" style=") && !text.contains("<style"), "{path}");
        nonces.push(nonce);
    }
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 6);
}

#[tokio::test]
async fn what_is_no_page_may_load_nothing() {
    let server = Server::start().await;
    agent(&server, "ada").await;
    for (path, kept) in [
        ("/api/v1/agents", "no-store"),
        ("/api/v1/agents/ada", "private, no-cache"),
        ("/api/v1/agents/nobody", "no-store"),
        ("/health", "no-store"),
    ] {
        let answer = ask(&server, path).await;
        let policy = header(&answer, "content-security-policy");
        assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'", "{path}");
        assert_eq!(header(&answer, "cache-control"), kept, "{path}");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{path}");
    }
    let docs = ask(&server, "/docs/").await;
    assert!(header(&docs, "content-security-policy").contains("script-src 'self';"));
}

/// It is no proxy, and what has no path is not looked for.
#[tokio::test]
async fn a_target_without_a_path_is_refused() {
    let server = Server::start().await;
    let host = host(&server);
    let request = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let answer = exchange(&server, &request).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("problem+json"), "{answer}");
}
