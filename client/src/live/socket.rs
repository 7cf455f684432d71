//! The socket of a live connection, whichever state it is in.

use std::{future, time::Duration};

use colloquy_protocol::close::CloseCode;
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    self, Message,
    http::StatusCode,
    protocol::{CloseFrame, frame::Utf8Bytes},
};

use crate::{
    client::SocketAddress,
    raw::{self, WebSocket},
};

/// How long a peer may take to accept a message, or the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// At most one socket.
pub(super) enum Socket {
    None,
    Opening(BoxFuture<'static, Result<WebSocket, tungstenite::Error>>),
    Open(Box<WebSocket>),
    /// It ended, with this close code, and [`Socket::next`] has not said so yet.
    Ended(Option<u16>),
}

/// What came from a socket.
pub(super) enum Incoming {
    Text(Utf8Bytes),
    /// It ended, with this close code.
    Closed(Option<u16>),
}

impl Socket {
    pub(super) fn open(address: SocketAddress) -> Self {
        Self::Opening(Box::pin(async move { raw::open(&address).await }))
    }

    /// Sends a text message. A failure shows as the socket's end.
    pub(super) async fn send(&mut self, text: String) {
        if let Self::Open(stream) = self
            && !matches!(timeout(PATIENCE, stream.send(Message::text(text))).await, Ok(Ok(())))
        {
            *self = Self::Ended(None);
        }
    }

    /// Says good-bye in the background, and forgets the socket.
    pub(super) fn close(&mut self, code: CloseCode) {
        if let Self::Open(stream) = std::mem::replace(self, Self::None) {
            let frame = CloseFrame { code: code.code().into(), reason: code.reason().into() };
            say_good_bye(stream, Some(frame));
        }
    }

    /// What comes next; without a socket, nothing ever does. May be cancelled.
    pub(super) async fn next(&mut self) -> Incoming {
        loop {
            match self {
                Self::None => return future::pending().await,
                Self::Ended(code) => {
                    let code = *code;
                    *self = Self::None;
                    return Incoming::Closed(code);
                }
                Self::Opening(opening) => {
                    *self = match opening.await {
                        Ok(stream) => Self::Open(Box::new(stream)),
                        // A page, which cannot see the status, is told by a close code.
                        Err(error) if is_final(&error) => {
                            tracing::warn!(%error, "The hub does not let us in.");
                            Self::Ended(Some(CloseCode::Unauthorised.code()))
                        }
                        Err(error) => {
                            tracing::debug!(%error, "The hub could not be reached.");
                            Self::Ended(None)
                        }
                    };
                }
                Self::Open(stream) => match stream.next().await {
                    Some(Ok(Message::Text(text))) => return Incoming::Text(text),
                    Some(Ok(Message::Close(frame))) => {
                        if let Self::Open(stream) = std::mem::replace(self, Self::None) {
                            say_good_bye(stream, None);
                        }
                        return Incoming::Closed(frame.map(|frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => *self = Self::Ended(None),
                },
            }
        }
    }
}

/// Whether another handshake would fail in the same way: who asks is not known, may not be here, or
/// acts as an agent that does not exist; a proxy lets no WebSocket pass; or the token is nothing that
/// can be sent.
fn is_final(error: &tungstenite::Error) -> bool {
    match error {
        tungstenite::Error::Http(answer) => matches!(
            answer.status(),
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::UNPROCESSABLE_ENTITY
                | StatusCode::UPGRADE_REQUIRED
        ),
        tungstenite::Error::HttpFormat(_) => true,
        _ => false,
    }
}

fn say_good_bye(mut stream: Box<WebSocket>, frame: Option<CloseFrame>) {
    tokio::spawn(async move {
        let close = async {
            // A peer that is already gone needs no good-bye.
            let _ = (*stream).close(frame).await;
            while let Some(Ok(_)) = stream.next().await {}
        };
        let _ = timeout(PATIENCE, close).await;
    });
}
