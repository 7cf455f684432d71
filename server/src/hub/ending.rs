//! How a connection ends: a close frame is sent unless the peer is gone, and what the peer still sends
//! is read for a moment, because closing with unread input would destroy the close frame.

use std::time::Duration;

use axum::body::Bytes;
use colloquy_protocol::{MAX_INBOUND_BYTES, close::CloseCode, id::ConnectionId};
use tokio::time::timeout;

use super::outbox::Outbox;
use crate::{
    metrics,
    ws::{Decoder, Frame, Incoming, Socket},
};

/// For how long a close frame may take to leave, and the peer to answer it.
pub(super) const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// How a connection ends.
pub(super) enum End {
    /// The network failed.
    Gone,
    /// The peer closed, with a code perhaps.
    Closed(Option<u16>),
    /// The hub closes.
    Close(CloseCode),
    /// The hub closes, and what is still in the socket is no longer a WebSocket's.
    Broken(CloseCode),
}

/// Tells a peer that shook hands why it may not be here: a page can not see the status that a
/// refused handshake has. `early` is what was read of the socket already.
pub(crate) async fn refuse(socket: Socket, early: Bytes, code: CloseCode) {
    let mut decoder = Decoder::new(MAX_INBOUND_BYTES);
    decoder.feed(&early);
    close(&socket, Vec::new(), code, Some(decoder), CLOSE_PATIENCE).await;
}

/// Ends a connection.
pub(super) async fn leave(
    outbox: &Outbox,
    id: &ConnectionId,
    end: End,
    decoder: Decoder,
    patience: Duration,
) {
    // What was answered last still goes, if it can.
    outbox.flush();
    let code = match end {
        End::Close(code) | End::Broken(code) => Some(outbox.abort(code)),
        End::Closed(_) | End::Gone => None,
    };
    tracing::debug!(connection = %id, ?code, "A connection ends.");
    let mut last = outbox.end();
    match (end, code) {
        (End::Closed(code), _) => {
            last.extend_from_slice(Frame::close_back(code).as_bytes());
            // Whether it is taken or not, the connection ends here.
            let _ = timeout(CLOSE_PATIENCE, outbox.socket().write_all(&last)).await;
        }
        (end, Some(code)) => {
            let mut leave = CLOSE_PATIENCE;
            if code == CloseCode::SlowConsumer {
                ::metrics::counter!(metrics::SLOW_CLOSES).increment(1);
                tracing::info!(connection = %id, "A connection read too slowly; it may resume.");
                // What is in its socket goes first, however slowly: only then can it read why.
                leave = patience;
            }
            let decoder = matches!(end, End::Close(_)).then_some(decoder);
            close(outbox.socket(), last, code, decoder, leave).await;
        }
        (_, None) => {}
    }
}

/// Sends a close frame, after the rest of what was begun, and reads on until the peer has closed
/// too. Without a decoder what it sends is not looked at.
pub(super) async fn close(
    socket: &Socket,
    mut last: Vec<u8>,
    code: CloseCode,
    decoder: Option<Decoder>,
    leave: Duration,
) {
    last.extend_from_slice(Frame::close(code).as_bytes());
    if let Ok(Ok(())) = timeout(leave, socket.write_all(&last)).await {
        if decoder.is_none() {
            // Its answer would not be understood, so nobody waits for it.
            socket.finish();
        }
        // Whether it answers or not, the connection ends here.
        let _ = timeout(CLOSE_PATIENCE, hear_out(socket, decoder)).await;
    }
}

/// Reads and drops what the peer sends until it closes.
async fn hear_out(socket: &Socket, mut decoder: Option<Decoder>) {
    let mut scrap = Decoder::new(0);
    loop {
        if let Some(readable) = &mut decoder {
            match readable.next_message() {
                Ok(Some(Incoming::Close(_))) => return,
                Ok(Some(_)) => continue,
                Ok(None) => {}
                Err(_) => decoder = None,
            }
        }
        let into = decoder.as_mut().unwrap_or(&mut scrap);
        if !matches!(socket.receive(into).await, Ok(true)) {
            return;
        }
        scrap = Decoder::new(0);
    }
}
