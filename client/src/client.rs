//! Where the hub is, and who acts.

use colloquy_protocol::{id::AgentId, position::Position};
use reqwest::{Method, Url};

use crate::{
    call::{Answer, Call, done},
    error::Error,
    live::{self, Live, Notices},
};

/// A client of one hub. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Without a slash at the end.
    base: String,
    act_as: Option<AgentId>,
}

impl Client {
    /// A client of the hub at that address, such as `http://127.0.0.1:3000`, that acts as the
    /// person `local`. Connects only when it is used.
    ///
    /// # Errors
    /// [`Error::Address`] when the address is not one of HTTP.
    pub fn new(base: &str) -> Result<Self, Error> {
        let url = Url::parse(base).map_err(|error| Error::Address(format!("{base}: {error}")))?;
        if url.scheme() != "http" {
            return Err(Error::Address(format!("{base}: only http:// is spoken")));
        }
        let http = reqwest::Client::builder().user_agent(USER_AGENT).build()?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), act_as: None })
    }

    /// The same client, acting as that agent (design, "REST": local mode).
    #[must_use]
    pub fn act_as(&self, agent: AgentId) -> Self {
        Self { act_as: Some(agent), ..self.clone() }
    }

    /// A live connection. It connects at once, and again whenever it is lost.
    ///
    /// Must be called inside a tokio runtime.
    pub fn live(&self) -> (Live, Notices) {
        live::start(self.socket_url(), None)
    }

    /// As [`Client::live`], going on from a position which was kept from an earlier run (see
    /// [`Notices::position`]).
    pub fn live_from(&self, position: Position) -> (Live, Notices) {
        live::start(self.socket_url(), Some(position))
    }

    /// A request to any path of the hub, such as `/health`, for what the typed methods do not
    /// show: [`Call::send`] gives the answer whatever it is.
    pub fn request(&self, method: Method, path: &str) -> Call<()> {
        self.call(method, path, done)
    }

    /// The WebSocket's address.
    pub fn socket_url(&self) -> String {
        let address = self.base.replacen("http", "ws", 1);
        match &self.act_as {
            Some(agent) => format!("{address}/ws?actAs={agent}"),
            None => format!("{address}/ws"),
        }
    }

    pub(crate) fn call<T>(
        &self,
        method: Method,
        path: &str,
        read: fn(Answer) -> Result<T, Error>,
    ) -> Call<T> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = match &self.act_as {
            Some(agent) => request.header("Colloquy-Act-As", agent.as_str()),
            None => request,
        };
        Call::new(request, read)
    }
}

pub(crate) const USER_AGENT: &str = concat!("colloquy-client/", env!("CARGO_PKG_VERSION"));
