//! A connection that does nothing by itself: for tests of the wire protocol, and for clients that
//! want another session than ours.

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header},
        protocol::CloseFrame,
    },
};

use crate::client::{Client, SocketAddress, USER_AGENT};

/// How long [`RawSocket::next`] waits.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A WebSocket that speaks JSON.
#[derive(Debug)]
pub struct RawSocket {
    stream: WebSocket,
    last_id: u64,
    /// What came while a reply was waited for.
    early: VecDeque<Value>,
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// The connection is closed; without a code when it just broke.
    #[error("the connection is closed: {code:?} {reason}")]
    Closed {
        /// The close code.
        code: Option<u16>,
        /// The reason that came with it.
        reason: String,
    },
    /// Nothing came within [`PATIENCE`].
    #[error("nothing came within {} seconds", PATIENCE.as_secs())]
    Silent,
    /// The message is not JSON.
    #[error("not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// The socket failed; a handshake that was refused carries its answer.
    #[error(transparent)]
    Socket(#[from] Box<tungstenite::Error>),
}

impl RawSocket {
    /// Connects to the hub's `/ws`. The first message will be `hub:welcome`.
    ///
    /// # Errors
    /// [`RawError::Socket`] when there is no hub, or it refuses.
    pub async fn connect(client: &Client) -> Result<Self, RawError> {
        let stream = open(&client.socket_address()).await.map_err(Box::new)?;
        Ok(Self { stream, last_id: 0, early: VecDeque::new() })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// [`RawError::Socket`] when the connection is gone.
    pub async fn send(&mut self, message: &Value) -> Result<(), RawError> {
        self.send_text(message.to_string()).await
    }

    /// Sends any text, JSON or not.
    ///
    /// # Errors
    /// [`RawError::Socket`] when the connection is gone.
    pub async fn send_text(&mut self, text: impl Into<String>) -> Result<(), RawError> {
        Ok(self.stream.send(Message::text(text.into())).await.map_err(Box::new)?)
    }

    /// Sends a message that asks for a reply, and waits for that. What comes before it is kept
    /// for [`RawSocket::next`].
    ///
    /// # Errors
    /// Those of sending and of [`RawSocket::next`].
    pub async fn request(&mut self, event: &str, payload: Value) -> Result<Value, RawError> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({ "event": event, "payload": payload, "id": id })).await?;
        loop {
            let message = self.read().await?;
            if message["reply"] == id {
                return Ok(message);
            }
            self.early.push_back(message);
        }
    }

    /// The next message; waits for it, at most for [`PATIENCE`]. Pings are answered on the way.
    ///
    /// # Errors
    /// When the connection ends, nothing comes, or what comes is not JSON.
    pub async fn next(&mut self) -> Result<Value, RawError> {
        match self.early.pop_front() {
            Some(message) => Ok(message),
            None => self.read().await,
        }
    }

    /// The next message as it was written; it passes over what [`RawSocket::request`] kept.
    ///
    /// # Errors
    /// When the connection ends or nothing comes.
    pub async fn next_text(&mut self) -> Result<String, RawError> {
        loop {
            let message = timeout(PATIENCE, self.stream.next()).await;
            match message.map_err(|_| RawError::Silent)?.transpose().map_err(Box::new)? {
                Some(Message::Text(text)) => return Ok(text.to_string()),
                Some(Message::Close(Some(CloseFrame { code, reason }))) => {
                    let reason = reason.to_string();
                    return Err(RawError::Closed { code: Some(code.into()), reason });
                }
                Some(Message::Close(None)) | None => {
                    return Err(RawError::Closed { code: None, reason: String::new() });
                }
                Some(_) => {}
            }
        }
    }

    /// Closes the connection, waiting for the hub to agree.
    ///
    /// # Errors
    /// [`RawError::Socket`] when the connection is gone already.
    pub async fn close(&mut self, code: u16) -> Result<(), RawError> {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.stream.close(Some(frame)).await.map_err(Box::new)?;
        loop {
            match self.read().await {
                Ok(_) | Err(RawError::NotJson(_)) => {}
                Err(RawError::Closed { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    async fn read(&mut self) -> Result<Value, RawError> {
        Ok(serde_json::from_str(&self.next_text().await?)?)
    }
}

pub(crate) async fn open(address: &SocketAddress) -> Result<WebSocket, tungstenite::Error> {
    let mut request = address.url.as_str().into_client_request()?;
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    if let Some(token) = &address.token {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
    }
    let tls = address.tls.clone().map_or(Connector::Plain, Connector::Rustls);
    let (stream, _) = connect_async_tls_with_config(request, None, false, Some(tls)).await?;
    Ok(stream)
}
