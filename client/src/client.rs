//! Where the hub is, and who acts.

use std::fmt;

use colloquy_protocol::{id::AgentId, position::Position};
use reqwest::{Method, Url};

use crate::{
    call::{Answer, Call, done},
    error::Error,
    live::{self, Live, Notices},
};

/// A client of one hub. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Without a slash at the end.
    base: String,
    act_as: Option<AgentId>,
    token: Option<String>,
}

/// Where a WebSocket is opened, and with which token.
#[derive(Clone)]
pub(crate) struct SocketAddress {
    pub(crate) url: String,
    pub(crate) token: Option<String>,
}

impl Client {
    /// A client of the hub at that address, such as `http://127.0.0.1:3000`, that acts, in local
    /// mode, as the person `local`. Connects only when it is used.
    ///
    /// # Errors
    /// [`Error::Address`] when the address is not one of HTTP.
    pub fn new(base: &str) -> Result<Self, Error> {
        let url = Url::parse(base).map_err(|error| Error::Address(format!("{base}: {error}")))?;
        if url.scheme() != "http" {
            return Err(Error::Address(format!("{base}: only http:// is spoken")));
        }
        let http = reqwest::Client::builder().user_agent(USER_AGENT).build()?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), act_as: None, token: None })
    }

    /// The same client, acting as that agent (design, "REST": local mode).
    #[must_use]
    pub fn act_as(&self, agent: AgentId) -> Self {
        Self { act_as: Some(agent), ..self.clone() }
    }

    /// The same client, acting as the owner of that token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A live connection. It connects at once, and again whenever it is lost.
    ///
    /// Must be called inside a tokio runtime.
    pub fn live(&self) -> (Live, Notices) {
        live::start(self.socket_address(), None)
    }

    /// As [`Client::live`], going on from a position which was kept from an earlier run (see
    /// [`Notices::position`]).
    pub fn live_from(&self, position: Position) -> (Live, Notices) {
        live::start(self.socket_address(), Some(position))
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

    pub(crate) fn socket_address(&self) -> SocketAddress {
        SocketAddress { url: self.socket_url(), token: self.token.clone() }
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
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Call::new(request, read)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "...");
        f.debug_struct("Client")
            .field("base", &self.base)
            .field("act_as", &self.act_as)
            .field("token", &token)
            .finish_non_exhaustive()
    }
}

pub(crate) const USER_AGENT: &str = concat!("colloquy-client/", env!("CARGO_PKG_VERSION"));
