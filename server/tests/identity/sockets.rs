//! What is taken away closes the sockets that came in by it, with a code that says whether to come
//! back.

use std::time::{Duration, Instant};

use colloquy_client::{
    Method,
    protocol::{access::Role, account::PersonPatch, close::CloseCode, time::Timestamp},
    raw::{RawError, RawSocket},
};
use futures_util::{SinkExt, StreamExt};
use reqwest::header::HeaderName;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderMap, HeaderValue, StatusCode},
    },
};

use crate::{
    Browser, PASSWORD, hub,
    support::{Server, closed},
};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How soon the sockets of what was taken away are closed: at once, on a machine which may be busy.
const SOON: Duration = Duration::from_secs(5);

/// An agent with that id.
pub(crate) async fn create(admin: &Browser, id: &str) {
    assert_eq!(admin.post("/agents", json!({ "id": id, "name": id })).await.status, 201);
}

/// A socket as a page opens it.
struct PageSocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl PageSocket {
    /// Opens it with these headers; the answer's headers, or its status when it was refused.
    async fn open(
        server: &Server,
        headers: &[(&'static str, &str)],
    ) -> Result<(Self, HeaderMap), StatusCode> {
        let url = format!("{}/ws", server.url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let value = HeaderValue::try_from(*value).unwrap();
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
        match connect_async(request).await {
            Ok((socket, response)) => Ok((Self(socket), response.headers().clone())),
            Err(tungstenite::Error::Http(response)) => Err(response.status()),
            Err(other) => panic!("{other}"),
        }
    }

    /// The socket of who is signed in in that browser, ready and subscribed to all agents.
    async fn of(server: &Server, browser: &Browser) -> Self {
        let cookie = browser.cookie.as_ref().unwrap();
        let headers = [("origin", server.url.as_str()), ("cookie", cookie)];
        let (mut socket, _) = Self::open(server, &headers).await.unwrap();
        socket.say(&json!({ "event": "subscribe:agent", "payload": "*" })).await;
        socket.say(&json!({ "event": "client:ready", "id": 1 })).await;
        while socket.next().await.unwrap()["reply"] != 1 {}
        socket
    }

    async fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message, or the code that it was closed with.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_is_not_known_is_told_in_the_socket_and_a_program_by_the_status() {
    let server = hub().await;
    let refused = PageSocket::open(&server, &[]).await.err();
    assert_eq!(refused, Some(StatusCode::UNAUTHORIZED));
    let origin = ("origin", server.url.as_str());
    let (mut page, _) = PageSocket::open(&server, &[origin]).await.unwrap();
    assert_eq!(page.next().await, Err(4001), "before anything else");
    let gone = ("cookie", "colloquy=AAAAAAAAAAAAAAAAAAAAAA");
    let (mut page, _) = PageSocket::open(&server, &[origin, gone]).await.unwrap();
    assert_eq!(page.next().await, Err(4001));
    let unknown = ("sec-websocket-protocol", "colloquy.v1, colloquy.bearer.clq_x");
    let (mut page, headers) = PageSocket::open(&server, &[origin, unknown]).await.unwrap();
    assert_eq!(headers["sec-websocket-protocol"], "colloquy.v1");
    assert_eq!(page.next().await, Err(4001));
    assert!(!CloseCode::Unauthorised.should_reconnect());
    let foreign = PageSocket::open(&server, &[("origin", "https://evil.example")]).await.err();
    assert_eq!(foreign, Some(StatusCode::FORBIDDEN));
}

#[tokio::test]
async fn a_token_comes_as_a_subprotocol_where_headers_can_not_be_set() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    create(&admin, "a").await;
    let token = admin.post("/tokens", json!({ "name": "t", "agentId": "a" })).await.body;
    let offered = format!("colloquy.v1, colloquy.bearer.{}", token["secret"].as_str().unwrap());
    let headers = [("origin", server.url.as_str()), ("sec-websocket-protocol", offered.as_str())];
    let (mut page, answered) = PageSocket::open(&server, &headers).await.unwrap();
    assert_eq!(answered["sec-websocket-protocol"], "colloquy.v1");
    let welcome = page.next().await.unwrap();
    assert_eq!(welcome["payload"]["userId"], "a");
}

/// Everything that ends a login closes its sockets with 4001 and no others, soon, and nothing that
/// happens afterwards reaches them.
#[tokio::test]
async fn a_login_that_ends_closes_its_sockets() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (_, bo) = admin.of_invited("bo@example.org", "member").await;
    let mut bystander = PageSocket::of(&server, &admin).await;
    for way in ["sign out", "one of them", "everywhere", "new password", "by link", "disabled"] {
        let mut browser = Browser::new(&server);
        assert_eq!(browser.sign_in("bo@example.org", PASSWORD).await.status, 200, "{way}");
        let mut socket = PageSocket::of(&server, &browser).await;
        let started = Instant::now();
        match way {
            "sign out" => drop(browser.delete("/session").await),
            "one of them" => {
                let logins = browser.get("/logins").await.body;
                let id = logins["items"][0]["id"].as_str().unwrap();
                browser.delete(&format!("/logins/{id}")).await;
            }
            "everywhere" => drop(browser.delete("/logins").await),
            "new password" => {
                let other = browser.elsewhere("bo@example.org").await;
                let mut kept = PageSocket::of(&server, &other).await;
                let change = json!({ "password": "another horse", "currentPassword": PASSWORD });
                assert_eq!(other.patch("/profile", change).await.status, 200);
                let back = json!({ "password": PASSWORD, "currentPassword": "another horse" });
                assert_eq!(other.patch("/profile", back).await.status, 200);
                create(&admin, "kept").await;
                assert_eq!(kept.next().await.unwrap()["event"], "agent:created");
            }
            "by link" => {
                let path = format!("/people/{bo}/link");
                let link = admin.send(Method::POST, &path, None).await.body["link"].clone();
                Browser::new(&server).welcome(link.as_str().unwrap(), json!({})).await;
            }
            _ => {
                let path = format!("/people/{bo}");
                admin.patch(&path, json!({ "disabled": true })).await;
            }
        }
        create(&admin, &way.replace(' ', "-")).await;
        let mut late = Vec::new();
        let code = loop {
            match socket.next().await {
                Ok(message) => late.push(message),
                Err(code) => break code,
            }
        };
        let took = started.elapsed();
        println!("{way}: closed {took:?} after it was asked for");
        assert_eq!(code, 4001, "{way}");
        assert!(took < SOON, "{way}: {took:?}");
        let own = |message: &Value| message["payload"]["agentId"] == way.replace(' ', "-");
        assert!(!late.iter().any(own), "{way}: {late:?}");
        while bystander.next().await.unwrap()["payload"]["agentId"] != way.replace(' ', "-") {}
    }
}

#[tokio::test]
async fn who_may_do_something_else_now_comes_back() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (bo, id) = admin.of_invited("bo@example.org", "member").await;
    let token = bo.post("/tokens", json!({ "name": "mine", "scopes": ["read"] })).await.body;
    let program = server.client().with_token(token["secret"].as_str().unwrap());
    let mut page = PageSocket::of(&server, &bo).await;
    let mut socket = RawSocket::connect(&program).await.unwrap();
    socket.next().await.unwrap();
    let patch = PersonPatch { role: Some(Role::Viewer), ..PersonPatch::default() };
    let changed = admin.patch(&format!("/people/{id}"), json!(patch)).await;
    assert_eq!(changed.body["role"], "viewer");
    assert_eq!(page.closed().await, 4005);
    assert_eq!(closed(&mut socket).await, Some(4005));
    assert!(CloseCode::RightsChanged.should_reconnect());
    assert_eq!(bo.get("/profile").await.body["rights"]["standing"], "viewer");
    assert_eq!(bo.post("/agents", json!({ "name": "A" })).await.status, 403);
    PageSocket::of(&server, &bo).await;
}

/// How long after a token was revoked its sockets hear of anything, while events come as fast as
/// they can be made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_hears_nothing_more() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    create(&admin, "a").await;
    for round in 0..5 {
        let token = admin.post("/tokens", json!({ "name": "t", "agentId": "a" })).await.body;
        let program = server.client().with_token(token["secret"].as_str().unwrap());
        let mut socket = RawSocket::connect(&program).await.unwrap();
        socket.request("subscribe:agent", json!("*")).await.unwrap();
        socket.request("client:ready", Value::Null).await.unwrap();
        let busy = {
            let admin = admin.clone();
            tokio::spawn(async move {
                for step in 0.. {
                    let status = if step % 2 == 0 { "working" } else { "idle" };
                    let path = "/agents/a/status";
                    admin.send(Method::PUT, path, Some(json!({ "status": status }))).await;
                }
            })
        };
        while socket.next().await.unwrap()["event"] != "agent:statusChanged" {}
        let listening = tokio::spawn(async move {
            let (mut last, mut heard) = (0, Instant::now());
            loop {
                match socket.next().await {
                    Ok(message) => {
                        last = message["offset"].as_u64().unwrap_or(last);
                        heard = Instant::now();
                    }
                    Err(RawError::Closed { code, .. }) => {
                        return (last, heard, Instant::now(), code);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        });
        let path = format!("/tokens/{}", token["token"]["id"].as_str().unwrap());
        let asked = Instant::now();
        assert_eq!(admin.delete(&path).await.status, 204);
        let answered = asked.elapsed();
        let head = server.state.hub.position().offset;
        let (last, heard, end, code) = listening.await.unwrap();
        busy.abort();
        assert_eq!(code, Some(4001));
        assert!(last <= head, "it heard of {last}, and was revoked before {head}");
        let (heard, end) = (heard.saturating_duration_since(asked), end.duration_since(asked));
        println!(
            "{round}: after the request: last event {heard:?}, close {end:?}, answer {answered:?}"
        );
        assert!(end < answered + SOON, "{end:?}");
        assert_eq!(program.agents().await.unwrap_err().status(), Some(401));
    }
}

/// A connection that is being opened while its token is revoked does not slip through, in
/// whichever order the two happen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_does_not_overtake_a_revocation() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    create(&admin, "a").await;
    let (mut opened, mut refused) = (0, 0);
    // By how many microseconds the handshake goes first. Where the two meet is looked for: in
    // longer steps while they happen in the same order, in shorter ones when it has changed.
    let (mut ahead, mut step) = (0_i64, 100_i64);
    let mut was_opened = None;
    for _ in 0..30 {
        let token = admin.post("/tokens", json!({ "name": "t", "agentId": "a" })).await.body;
        let program = server.client().with_token(token["secret"].as_str().unwrap());
        let path = format!("/tokens/{}", token["token"]["id"].as_str().unwrap());
        let revoking = async {
            pause(ahead).await;
            admin.delete(&path).await
        };
        let connecting = async {
            pause(-ahead).await;
            RawSocket::connect(&program).await
        };
        let (revoked, socket) = tokio::join!(revoking, connecting);
        assert_eq!(revoked.status, 204);
        let is_opened = socket.is_ok();
        match socket {
            Ok(mut socket) => {
                opened += 1;
                assert_eq!(closed(&mut socket).await, Some(4001));
            }
            Err(RawError::Socket(error)) => {
                refused += 1;
                let status = match &*error {
                    tungstenite::Error::Http(response) => Some(response.status()),
                    _ => None,
                };
                assert_eq!(status, Some(StatusCode::UNAUTHORIZED), "{error}");
            }
            Err(other) => panic!("{other}"),
        }
        step = match was_opened.replace(is_opened) {
            Some(before) if before != is_opened => (step / 2).max(10),
            _ => step * 2,
        };
        // A second is far more than either takes.
        ahead = (ahead + if is_opened { -step } else { step }).clamp(-1_000_000, 1_000_000);
    }
    println!("{opened} of 30 were opened, and closed");
    assert!(opened > 0 && refused > 0, "{opened} were opened, {refused} refused");
}

/// Lets so many microseconds pass: fewer than a timer can tell apart.
async fn pause(micros: i64) {
    let end = Instant::now() + Duration::from_micros(micros.max(0).unsigned_abs());
    while Instant::now() < end {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_deleted_agents_tokens_are_revoked() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    create(&admin, "a").await;
    let token = admin.post("/tokens", json!({ "name": "t", "agentId": "a" })).await.body;
    let program = server.client().with_token(token["secret"].as_str().unwrap());
    let mut socket = RawSocket::connect(&program).await.unwrap();
    socket.next().await.unwrap();
    assert_eq!(admin.delete("/agents/a").await.status, 204);
    assert_eq!(closed(&mut socket).await, Some(4001));
    assert_eq!(admin.get("/tokens").await.body["items"], json!([]));
    // Who has its id later does not inherit them.
    create(&admin, "a").await;
    assert_eq!(program.agents().await.unwrap_err().status(), Some(401));
}

#[tokio::test]
async fn a_token_that_expires_closes_its_sockets() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    create(&admin, "a").await;
    let soon = Timestamp::from_millis(Timestamp::now().as_millis() + 4_000);
    let new = json!({ "name": "t", "agentId": "a", "expiresAt": soon });
    let token = admin.post("/tokens", new).await.body;
    let program = server.client().with_token(token["secret"].as_str().unwrap());
    let mut socket = RawSocket::connect(&program).await.unwrap();
    assert_eq!(socket.next().await.unwrap()["event"], "hub:welcome");
    assert_eq!(closed(&mut socket).await, Some(4001));
    assert_eq!(program.agents().await.unwrap_err().status(), Some(401));
}
