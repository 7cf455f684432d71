//! One request and its answer: over the network in the browser, through the backend during SSR.

use colloquy_protocol::{
    position::{Offset, Position},
    problem::Problem,
    rest,
};
use serde::de::DeserializeOwned;

use super::{ApiError, RequestKey};

/// Where one signs in: it says with 401 that the password is wrong.
pub(super) const SESSION: &str = "/session";

/// The status that says that the server does not know who asks.
#[cfg(not(feature = "ssr"))]
const UNKNOWN: u16 = 401;

/// How many milliseconds an answer may take, with all of its body: what the network lost is not waited for.
#[cfg(not(feature = "ssr"))]
const DEADLINE: u32 = 30_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method<'a> {
    Get,
    /// With the key that tells it from another one like it; none where answers are not kept.
    Post(Option<&'a RequestKey>),
    Put,
    Patch,
    Delete,
}

/// A successful answer.
pub(super) struct Answer {
    pub(super) position: Option<Position>,
    body: String,
}

impl Answer {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_str(&self.body).map_err(unexpected)
    }

    fn new(status: u16, position: Option<Position>, body: String) -> Result<Self, ApiError> {
        if (200..300).contains(&status) {
            return Ok(Self { position, body });
        }
        Err(match serde_json::from_str(&body) {
            Ok(problem) => ApiError::Refused(problem),
            // A proxy, for a hub that is away. What else is not the hub's says nothing about what was
            // asked for.
            Err(_) if rest::may_pass(status) => {
                let detail = format!("The server answered with status {status}.");
                ApiError::Refused(Problem::new(status, "", detail))
            }
            Err(error) => unexpected(error),
        })
    }
}

/// Asks the backend. Nothing is changed while a page is rendered, so GET is all there is.
#[cfg(feature = "ssr")]
pub(super) async fn call(
    method: Method<'_>,
    path: &str,
    _body: Option<String>,
    _version: Option<Offset>,
) -> Result<Answer, ApiError> {
    match backend() {
        Some(backend) if method == Method::Get => {
            let answer = backend.get(format!("{}{path}", rest::ROOT)).await;
            Answer::new(answer.status, answer.position, answer.body)
        }
        _ => Err(ApiError::Unexpected("no backend was given to the rendering".to_owned())),
    }
}

/// The server that renders.
#[cfg(feature = "ssr")]
pub(super) fn backend() -> Option<std::sync::Arc<dyn crate::backend::Backend>> {
    leptos::context::use_context()
}

/// Asks over the network.
#[cfg(not(feature = "ssr"))]
pub(super) async fn call(
    method: Method<'_>,
    path: &str,
    body: Option<String>,
    version: Option<Offset>,
) -> Result<Answer, ApiError> {
    // Nothing in a browser moves between threads, so this is only for the types.
    send_wrapper::SendWrapper::new(async move {
        let sign_ins = crate::session::sign_ins();
        let response = fetch(method, &format!("{}{path}", rest::ROOT), body, version).await?;
        let position = position(&response);
        let text = response.text().await.map_err(unanswered)?;
        if response.status() == UNKNOWN && path != SESSION {
            crate::session::was_refused(sign_ins, method != Method::Get);
        }
        Answer::new(response.status(), position, text)
    })
    .await
}

#[cfg(not(feature = "ssr"))]
async fn fetch(
    method: Method<'_>,
    url: &str,
    body: Option<String>,
    version: Option<Offset>,
) -> Result<gloo_net::http::Response, ApiError> {
    use gloo_net::http::Request;

    let mut request = match method {
        Method::Get => Request::get(url),
        Method::Post(Some(key)) => Request::post(url).header(rest::IDEMPOTENCY_KEY, &key.0),
        Method::Post(None) => Request::post(url),
        Method::Put => Request::put(url),
        Method::Patch => Request::patch(url),
        Method::Delete => Request::delete(url),
    }
    .abort_signal(Some(&web_sys::AbortSignal::timeout_with_u32(DEADLINE)));
    if let Some(version) = version {
        request = request.header("If-Match", &format!("\"{version}\""));
    }
    let request = match body {
        Some(body) => request.header("Content-Type", "application/json").body(body),
        None => request.build(),
    };
    request.map_err(unexpected)?.send().await.map_err(unanswered)
}

/// Why no answer came: browsers tell the end of the deadline from a network that fails.
#[cfg(not(feature = "ssr"))]
fn unanswered(error: gloo_net::Error) -> ApiError {
    match error {
        gloo_net::Error::JsError(error) if error.name == "TimeoutError" => ApiError::Late,
        _ => ApiError::Unreachable,
    }
}

/// The log position that a GET shows (docs/protocol.md, "REST").
#[cfg(not(feature = "ssr"))]
fn position(response: &gloo_net::http::Response) -> Option<Position> {
    let header = |name| response.headers().get(name);
    let offset = header(rest::OFFSET)?.parse().ok()?;
    Some(Position { epoch: header(rest::EPOCH)?, offset })
}

fn unexpected(error: impl std::fmt::Display) -> ApiError {
    ApiError::Unexpected(error.to_string())
}
