//! How a connection ends: a close frame is sent unless the peer is gone, and what the peer still sends
//! is read for a moment, because closing with unread input would destroy the close frame.

use std::time::Duration;

use axum::body::Bytes;
use colloquy_protocol::{
    MAX_INBOUND_BYTES,
    close::CloseCode,
    id::{ConnectionId, PrincipalId},
};
use tokio::{
    select,
    time::{sleep, timeout},
};

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

/// Tells a peer that shook hands why it may not be here: a page cannot see the status that a
/// refused handshake has. `early` is what was read of the socket already.
pub(crate) async fn refuse(socket: Socket, early: Bytes, code: CloseCode) {
    let mut decoder = Decoder::new(MAX_INBOUND_BYTES);
    decoder.feed(&early);
    close(&socket, Vec::new(), code, Some(decoder), sleep(CLOSE_PATIENCE)).await;
}

/// Ends a connection. `patience` is over when one that was too slow has had time enough to read why.
pub(super) async fn leave(
    outbox: &Outbox,
    id: &ConnectionId,
    who: &PrincipalId,
    end: End,
    decoder: Decoder,
    patience: impl Future<Output = ()>,
) {
    // What was answered last still goes, if it can.
    outbox.flush(&mut metrics::Written::default());
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
            let decoder = matches!(end, End::Close(_)).then_some(decoder);
            if code == CloseCode::SlowConsumer {
                tracing::info!(
                    connection = %id, principal = %who, "A connection was too slow; it may resume."
                );
                // What is in its socket goes first, however slowly: only then can it read why.
                close(outbox.socket(), last, code, decoder, patience).await;
            } else {
                close(outbox.socket(), last, code, decoder, sleep(CLOSE_PATIENCE)).await;
            }
        }
        (_, None) => {}
    }
}

/// Sends a close frame, after the rest of what was begun, until `patience` is over, and reads on until
/// the peer has closed too. Without a decoder what it sends is not looked at.
pub(super) async fn close(
    socket: &Socket,
    mut last: Vec<u8>,
    code: CloseCode,
    decoder: Option<Decoder>,
    patience: impl Future<Output = ()>,
) {
    metrics::closed(code);
    last.extend_from_slice(Frame::close(code).as_bytes());
    let is_sent = select! {
        sent = socket.write_all(&last) => sent.is_ok(),
        () = patience => false,
    };
    if is_sent {
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

#[cfg(test)]
mod tests {
    use std::{io::Read, net::Shutdown, os::unix::net::UnixStream as Theirs};

    use tokio::net::UnixStream;

    use super::*;

    /// What is counted of a code.
    fn closes(code: CloseCode) -> u64 {
        let name = format!("{}{{code=\"{}\"}} ", metrics::CLOSES, code.code());
        let told = metrics::recorder().render();
        told.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
    }

    /// Whoever never joined is told why, and counted, as everybody is whom the hub closes.
    #[tokio::test]
    async fn who_is_refused_is_counted() {
        let (ours, mut theirs) = Theirs::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        // It says nothing more, so nobody waits for its answer.
        theirs.shutdown(Shutdown::Write).unwrap();
        let before = closes(CloseCode::Unauthorised);
        let socket = Socket::Unix(UnixStream::from_std(ours).unwrap());
        refuse(socket, Bytes::new(), CloseCode::Unauthorised).await;
        assert_eq!(closes(CloseCode::Unauthorised), before + 1);
        let mut told = Vec::new();
        theirs.read_to_end(&mut told).unwrap();
        assert_eq!(told, Frame::close(CloseCode::Unauthorised).as_bytes());
    }
}
