//! One request, and what may be added to it before it is sent.

use std::{fmt::Display, future::IntoFuture, pin::Pin, time::Duration};

use colloquy_protocol::{
    position::{Offset, Position, Seen},
    problem::Problem,
    rest,
};
use reqwest::{
    RequestBuilder, Response,
    header::{HeaderMap, HeaderName, IF_MATCH, RETRY_AFTER},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::Error;

/// A request that is not sent yet: `.await` it for its result, or [`Call::send`] it for the bare
/// answer.
#[must_use = "a call does nothing until it is awaited"]
#[derive(Debug)]
pub struct Call<T> {
    request: RequestBuilder,
    read: fn(Answer) -> Result<T, Error>,
}

impl<T> Call<T> {
    pub(crate) fn new(request: RequestBuilder, read: fn(Answer) -> Result<T, Error>) -> Self {
        Self { request, read }
    }

    /// A parameter of the query, such as `("limit", 10)`.
    pub fn query(self, name: &str, value: impl Display) -> Self {
        self.with(|request| request.query(&[(name, value.to_string())]))
    }

    /// A body, as JSON.
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.with(|request| request.json(body))
    }

    /// Any header.
    pub fn header(self, name: impl Into<HeaderName>, value: &str) -> Self {
        let name = name.into();
        self.with(|request| request.header(name, value))
    }

    /// Only if the entity is still at this version; otherwise 412.
    pub fn if_match(self, version: Offset) -> Self {
        self.header(IF_MATCH, &format!("\"{version}\""))
    }

    /// Makes a POST that is sent twice with the same key and body be done once.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.with(|request| request.header(rest::IDEMPOTENCY_KEY, key))
    }

    /// Sends it, and gives the answer as it is, whatever its status.
    ///
    /// # Errors
    /// [`Error::Transport`] only.
    pub async fn send(self) -> Result<Response, Error> {
        Ok(self.request.send().await?)
    }

    fn with(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self { request: change(self.request), read: self.read }
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let response = self.request.send().await?;
            let status = response.status();
            let headers = response.headers().clone();
            let body = response.bytes().await?;
            if status.is_success() {
                return (self.read)(Answer { headers, body: body.to_vec() });
            }
            let problem = match serde_json::from_slice(&body) {
                Ok(problem) => problem,
                // A proxy, for a hub that is away. What else is not the hub's says nothing about what
                // was asked for.
                Err(_) if rest::may_pass(status.as_u16()) => {
                    let title = status.canonical_reason().unwrap_or_default();
                    Problem::new(status.as_u16(), title, "this is not the hub's own answer")
                }
                Err(error) => return Err(Error::Unreadable(format!("status {status}: {error}"))),
            };
            Err(Error::Refused { problem, retry_after: retry_after(&headers) })
        })
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What came back from a request that was done.
pub(crate) struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
}

/// The entity that was created or changed.
pub(crate) fn entity<T: DeserializeOwned>(answer: Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| Error::Unreadable(error.to_string()))
}

/// State, with its position in the headers.
pub(crate) fn seen<T: DeserializeOwned>(answer: Answer) -> Result<Seen<T>, Error> {
    let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
    let epoch = header(rest::EPOCH).map(str::to_owned);
    let offset = header(rest::OFFSET).and_then(|offset| offset.parse().ok());
    let (Some(epoch), Some(offset)) = (epoch, offset) else {
        return Err(Error::Unreadable("it has no position".to_owned()));
    };
    Ok(Seen { value: entity(answer)?, position: Position { epoch, offset } })
}

/// Nothing: it is done.
pub(crate) fn done(_: Answer) -> Result<(), Error> {
    Ok(())
}
