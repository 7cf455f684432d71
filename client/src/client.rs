//! Where the hub is, and who acts.

use std::{fmt, sync::Arc};

use colloquy_protocol::{id::AgentId, position::Position, rest, topic::Topic};
use reqwest::{Method, Url};
use tokio_rustls::rustls::ClientConfig;

use crate::{
    call::{Answer, Call, done},
    error::Error,
    live::{self, Live, Notices},
    tls,
};

/// A client of one hub. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Without a slash at the end.
    base: String,
    act_as: Option<AgentId>,
    token: Option<String>,
    /// On whose word the hub is believed to be itself; none: it is not asked.
    tls: Option<Arc<ClientConfig>>,
}

/// Where a WebSocket is opened, and with which token.
#[derive(Clone)]
pub(crate) struct SocketAddress {
    pub(crate) url: String,
    pub(crate) token: Option<String>,
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

impl Client {
    /// A client of the hub at that address, such as `http://127.0.0.1:3000` or
    /// `https://hub.example.org`, that acts, in local mode, as the person `local`. Connects only when it
    /// is used. With `https`, whatever certificates the system trusts are trusted (or those that
    /// `SSL_CERT_FILE` names).
    ///
    /// # Errors
    /// [`Error::Address`] when the address is not one of HTTP; [`Error::Certificates`] when the
    /// system's are not found.
    pub fn new(base: &str) -> Result<Self, Error> {
        let base = parse(base)?;
        let tls = if base.scheme() == "https" { Some(tls::of_the_system()?) } else { None };
        Self::with_tls(&base, tls)
    }

    /// As [`Client::new`], of a hub with a certificate of one's own: those in the PEM text are trusted,
    /// and no others.
    ///
    /// # Errors
    /// As [`Client::new`]; [`Error::Certificates`] when the text holds no certificate.
    pub fn trusting(base: &str, pem: &[u8]) -> Result<Self, Error> {
        Self::with_tls(&parse(base)?, Some(tls::of(pem)?))
    }

    fn with_tls(base: &Url, tls: Option<Arc<ClientConfig>>) -> Result<Self, Error> {
        let http = reqwest::Client::builder().user_agent(USER_AGENT);
        let config = tls.clone().map_or_else(tls::nobody, Ok)?;
        let http = http.tls_backend_preconfigured(ClientConfig::clone(&config)).build()?;
        let base = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self { http, base, act_as: None, token: None, tls })
    }

    /// The same client, acting as that agent (docs/protocol.md, "Who acts"). In local mode only:
    /// otherwise the hub refuses (403), and a token says who acts.
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
    /// A hub that does not let it in (a token that is not known, an agent that does not exist) is not
    /// tried again: the cause is logged, and the session's state is
    /// [`Closed`](colloquy_protocol::session::State::Closed) as after close code 4001.
    ///
    /// Must be called inside a tokio runtime.
    pub fn live(&self) -> (Live, Notices) {
        live::start(self.socket_address())
    }

    /// As [`Client::live`], subscribed to those topics and going on with them from a position which was
    /// kept from an earlier run (see [`Notices::position`]).
    pub fn live_from(
        &self,
        position: Position,
        topics: impl IntoIterator<Item = Topic>,
    ) -> (Live, Notices) {
        live::resume(self.socket_address(), position, topics)
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
        SocketAddress { url: self.socket_url(), token: self.token.clone(), tls: self.tls.clone() }
    }

    pub(crate) fn call<T>(
        &self,
        method: Method,
        path: &str,
        read: fn(Answer) -> Result<T, Error>,
    ) -> Call<T> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = match &self.act_as {
            Some(agent) => request.header(rest::ACT_AS, agent.as_str()),
            None => request,
        };
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Call::new(request, read)
    }
}

/// The address of a hub; only HTTP is spoken.
fn parse(base: &str) -> Result<Url, Error> {
    let url = Url::parse(base).map_err(|error| Error::Address(format!("{base}: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(Error::Address(format!("{base}: only http:// and https:// are spoken"))),
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
