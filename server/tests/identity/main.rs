//! Who may come in, and how it ends: people, login sessions, one-time links, tokens and modes,
//! through a real port.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

#[path = "../support/mod.rs"]
mod support;

mod links;
mod modes;
mod people;
mod sessions;
mod sockets;
mod tokens;

use colloquy_client::Method;
use colloquy_server::settings::{Auth, Settings};
use reqwest::header::{COOKIE, SET_COOKIE, USER_AGENT};
use serde_json::{Value, json};

use support::Server;

const PASSWORD: &str = "wrong horse 1";

/// A hub where people sign in.
async fn hub() -> Server {
    hub_with(|_| {}).await
}

async fn hub_with(change: impl FnOnce(&mut Settings)) -> Server {
    Server::start_with(|settings| {
        settings.auth = Auth::Required;
        // More than any test tries: what a limit does is tested at the door.
        settings.limit_sign_ins = 1_000.try_into().unwrap();
        change(settings);
    })
    .await
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
    /// The whole `Set-Cookie`.
    set_cookie: Option<String>,
    headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// The fields at fault.
    fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().unwrap();
        errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
    }
}

/// A browser: it keeps a cookie, when it is given one.
#[derive(Clone)]
struct Browser {
    http: reqwest::Client,
    url: String,
    cookie: Option<String>,
}

impl Browser {
    fn new(server: &Server) -> Self {
        Self { http: reqwest::Client::new(), url: server.url.clone(), cookie: None }
    }

    /// The browser of the first admin, who has just set the hub up.
    async fn of_admin(server: &Server) -> Self {
        let link = server.state.services.set_up_link().await.unwrap().unwrap();
        let mut browser = Self::new(server);
        let answer =
            browser.welcome(&link, json!({ "name": "Ada", "email": "ada@example.org" })).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        browser
    }

    /// The browser of somebody whom the admin invited, and their id.
    async fn of_invited(&self, email: &str, role: &str) -> (Self, String) {
        let new = json!({ "email": email, "name": email, "role": role });
        let invited = self.post("/people", new).await;
        assert_eq!(invited.status, 201, "{invited:?}");
        let mut browser = Self { cookie: None, ..self.clone() };
        let link = invited.body["link"].as_str().unwrap();
        let answer = browser.welcome(link, json!({})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        (browser, invited.body["person"]["id"].as_str().unwrap().to_owned())
    }

    /// Another browser, in which the same person signs in.
    async fn elsewhere(&self, email: &str) -> Self {
        let mut other = Self { cookie: None, ..self.clone() };
        assert_eq!(other.sign_in(email, PASSWORD).await.status, 200);
        other
    }

    /// Uses a one-time link.
    async fn welcome(&mut self, link: &str, mut body: Value) -> Answer {
        body["link"] = json!(link.strip_prefix("/welcome#").unwrap());
        if body["password"].is_null() {
            body["password"] = json!(PASSWORD);
        }
        let answer = self.post("/welcome", body).await;
        self.keep(&answer);
        answer
    }

    async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let answer = self.post("/session", json!({ "email": email, "password": password })).await;
        self.keep(&answer);
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.url));
        request = request.header(USER_AGENT, "a browser");
        // A browser says so of what its own pages ask.
        request = request.header("sec-fetch-site", "same-origin");
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        let set_cookie = headers.get(SET_COOKIE).map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        let body =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Answer { status, body, set_cookie, headers }
    }

    /// Who is signed in here, by their name.
    async fn who(&self) -> Option<String> {
        let session = self.get("/session").await;
        assert_eq!(session.status, 200);
        session.body["caller"]["name"].as_str().map(str::to_owned)
    }

    fn keep(&mut self, answer: &Answer) {
        if let Some(cookie) = &answer.set_cookie {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
    }
}
