//! One connection's task: what comes from the socket, what goes to it, and how it ends.
//!
//! Reading and writing go on side by side in one task. Writing takes what waits in the outbox and
//! sends it in one go; reading answers one message after the other. Whichever ends first ends the
//! connection; a close frame is sent unless the peer is gone, and what the peer still sends is
//! read for a moment, because closing with unread input would destroy the close frame.

use std::{
    collections::{HashMap, VecDeque},
    fmt::Display,
    pin::pin,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use colloquy_protocol::{
    PROTOCOL_VERSION,
    close::CloseCode,
    error::{ErrorCode, WireError},
    event::ClientEventName,
    frame::{HubEvent, RawClientFrame, Welcome, is_number},
    position::Position,
    time::Timestamp,
};
use futures_util::{
    Sink, SinkExt, Stream, StreamExt,
    future::{Either, select},
};
use serde_json::value::RawValue;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    time::{MissedTickBehavior, interval_at, sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, frame::coding::CloseCode as WireCloseCode},
    },
};

use super::{
    Context, EventHandlerRegistry, Hub, Visitor, encode,
    outbox::Next,
    seat::Seat,
    sending::{Sending, Stopped},
};
use crate::{access::Caller, limits::Limits, metrics, service::Services, store::Database};

/// A peer that has been silent for that many heartbeats, pongs included, is taken for gone; and
/// one that takes nothing for as long is too slow.
const SILENT_HEARTBEATS: f64 = 2.5;

/// More refused messages than this within [`REFUSAL_WINDOW`] close the connection.
const MAX_REFUSALS: usize = 100;
const REFUSAL_WINDOW: Duration = Duration::from_secs(10);

/// For how long a close frame may take to leave, and the peer to answer it.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// What every connection of a server shares.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    pub(crate) hub: Hub,
    pub(crate) database: Database,
    pub(crate) services: Services,
    pub(crate) handlers: Arc<EventHandlerRegistry>,
    pub(crate) limits: Limits,
}

/// The connection as its handlers see it.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) caller: Caller,
    pub(super) seat: Seat,
    database: Database,
    closing: OnceLock<CloseCode>,
}

impl Peer {
    /// Waits for what must come before a subscription or `client:ready`: the replay before it has
    /// ended, and the events up to its own position, if they are committed, were published.
    pub(super) async fn settle(&self, since: Option<&Position>) -> Result<(), WireError> {
        self.seat.caught_up().await;
        let hub = self.seat.hub();
        if let Some(since) = since
            && since.offset > hub.position().offset
        {
            let snapshot = self.database.snapshot().await.map_err(crate::error::Error::from)?;
            hub.reach(since, snapshot.head()).await;
        }
        Ok(())
    }

    pub(super) fn close_after_reply(&self, code: CloseCode) {
        self.closing.get_or_init(|| code);
    }
}

/// Why reading ended.
enum ReadEnd {
    /// The peer closed, or the network failed.
    Gone,
    /// The hub closes.
    Close(CloseCode),
    /// The hub closes, and what is still in the socket is no longer a WebSocket's.
    Broken(CloseCode),
}

/// Serves one connection until it ends.
pub(crate) async fn run<S>(resources: Resources, visitor: Visitor, socket: WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, mut stream) = socket.split();
    let caller = visitor.caller.clone();
    let id = visitor.id.clone();
    let seat = match resources.hub.join(visitor) {
        Ok(seat) => seat,
        Err(code) => return close(&mut sink, &mut stream, code, CLOSE_PATIENCE).await,
    };
    // What was taken away before it joined did not close it.
    let refusal = match resources.services.check_again(&caller).await {
        Ok(refusal) => refusal,
        Err(error) => {
            tracing::error!(%error, "Whether a connection may stay could not be found out.");
            Some(CloseCode::Internal)
        }
    };
    if let Some(code) = refusal {
        return close(&mut sink, &mut stream, code, CLOSE_PATIENCE).await;
    }
    let patience = resources.hub.0.heartbeat.mul_f64(SILENT_HEARTBEATS);
    let welcome = Welcome {
        connection_id: id.clone(),
        protocol: PROTOCOL_VERSION,
        epoch: resources.hub.0.epoch.to_string(),
        offset: seat.welcome(),
        heartbeat_seconds: resources.hub.0.heartbeat.as_secs(),
        user_id: caller.principal.id.clone(),
    };
    seat.tell(encode(&HubEvent::Welcome(welcome)));
    tracing::debug!(connection = %id, principal = %caller.principal.id, "A connection was opened.");
    let peer = Peer { caller, seat, database: resources.database, closing: OnceLock::new() };
    let peer = Arc::new(peer);
    let context = Context::new(peer.clone(), resources.services);

    let (code, broken) = {
        let limits = Inbound::new(&resources.limits, &resources.hub);
        let reading = pin!(async {
            tokio::select! {
                end = read(&mut stream, &context, &resources.handlers, limits, patience) => end,
                () = expiry(peer.caller.expires_at) => ReadEnd::Close(CloseCode::Unauthorised),
            }
        });
        let writing = pin!(write(&mut sink, &peer, patience));
        match select(reading, writing).await {
            Either::Left((ReadEnd::Gone, _)) | Either::Right((None, _)) => (None, false),
            Either::Left((ReadEnd::Close(code), writing)) => {
                peer.seat.outbox().abort(code);
                (writing.await, false)
            }
            Either::Left((ReadEnd::Broken(code), writing)) => {
                peer.seat.outbox().abort(code);
                (writing.await, true)
            }
            Either::Right((code, _)) => (code, false),
        }
    };
    tracing::debug!(connection = %id, ?code, "A connection ends.");
    let Some(code) = code else { return };
    let mut leave = CLOSE_PATIENCE;
    if code == CloseCode::SlowConsumer {
        ::metrics::counter!(metrics::SLOW_CLOSES).increment(1);
        tracing::info!(connection = %id, "A connection read too slowly; it may resume.");
        // What is in its socket goes first, however slowly: only then can it read why.
        leave = patience;
    }
    close(&mut sink, &mut stream, code, leave).await;
    if broken && let Ok(mut socket) = sink.reunite(stream) {
        drain(socket.get_mut()).await;
    }
}

/// Tells a peer that shook hands why it may not be here: a page can not see the status that a
/// refused handshake has.
pub(crate) async fn refuse<S>(socket: WebSocketStream<S>, code: CloseCode)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, mut stream) = socket.split();
    close(&mut sink, &mut stream, code, CLOSE_PATIENCE).await;
}

/// Waits until what the peer came with ends by itself.
async fn expiry(at: Option<Timestamp>) {
    let Some(at) = at else { return std::future::pending().await };
    let millis = at.as_millis() - Timestamp::now().as_millis();
    sleep(Duration::from_millis(u64::try_from(millis).unwrap_or_default())).await;
}

/// Answers what the peer says.
async fn read<S>(
    stream: &mut S,
    context: &Context,
    handlers: &EventHandlerRegistry,
    mut limits: Inbound<'_>,
    patience: Duration,
) -> ReadEnd
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    let peer = &context.peer;
    let mut refusals = Refusals::default();
    loop {
        let Ok(next) = timeout(patience, stream.next()).await else {
            return ReadEnd::Close(CloseCode::Silent);
        };
        let refused = match next {
            Some(Ok(Message::Text(text))) => {
                let allowed = limits.allow(peer);
                answer(&text, context, handlers, allowed).await
            }
            Some(Ok(Message::Binary(_))) => {
                let error = match limits.allow(peer) {
                    Ok(()) => WireError::new(ErrorCode::InvalidJson, "messages are text"),
                    Err(error) => error,
                };
                peer.seat.tell(encode(&HubEvent::Error(error.clone())));
                Err(error.code)
            }
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => return broken(&error),
            None => return ReadEnd::Gone,
        };
        if let Err(refused) = refused
            && refusals.are_too_many(Instant::now())
        {
            peer.seat.outbox().finish(match refused {
                ErrorCode::TooManyMessages => CloseCode::TooManyMessages,
                _ => CloseCode::TooManyErrors,
            });
        }
        if let Some(code) = peer.closing.get() {
            peer.seat.outbox().finish(*code);
        }
        if peer.seat.outbox().is_closing() {
            // What it still says is not answered; writing ends the connection.
            std::future::pending::<()>().await;
        }
    }
}

/// How a connection ends whose input can not be read.
fn broken(error: &Error) -> ReadEnd {
    match error {
        Error::Capacity(_) => ReadEnd::Broken(CloseCode::TooBig),
        Error::Utf8(_) => ReadEnd::Broken(CloseCode::NotText),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => ReadEnd::Gone,
        Error::Protocol(_) => ReadEnd::Broken(CloseCode::Protocol),
        _ => ReadEnd::Gone,
    }
}

/// Answers one message, if it is allowed; an error when it was refused, which the peer was told.
async fn answer(
    text: &str,
    context: &Context,
    handlers: &EventHandlerRegistry,
    allowed: Result<(), WireError>,
) -> Result<(), ErrorCode> {
    let seat = &context.peer.seat;
    let (id, outcome) = match serde_json::from_str::<RawClientFrame<'_>>(text) {
        // An array can be read as a struct's fields in their order; it is no frame all the same.
        _ if text.trim_start().starts_with('[') => unreadable(text, "a message is an object"),
        Err(cause) => unreadable(text, cause),
        Ok(frame) => {
            let known = frame.event.parse::<ClientEventName>().ok();
            let outcome = match known.and_then(|event| handlers.get(event)) {
                _ if let Err(refused) = allowed => Err(refused),
                Some(handler) => handler.handle(context.clone(), frame.payload).await,
                None => {
                    Err(WireError::new(ErrorCode::UnknownEvent, "event: there is no such event"))
                }
            };
            (frame.id, outcome)
        }
    };
    // What may succeed later was not refused: it is no fault of the client's, unless it sends too
    // much.
    let is_fault =
        |error: &&WireError| !error.retryable || error.code == ErrorCode::TooManyMessages;
    let refused = outcome.as_ref().err().filter(is_fault).map(|error| error.code);
    match (id, outcome) {
        (Some(id), Ok(ok)) => seat.tell(format!(r#"{{"reply":{id},"ok":{ok}}}"#).into()),
        (None, Ok(_)) => {}
        (Some(id), Err(error)) => {
            let error = encode(&error);
            seat.tell(format!(r#"{{"reply":{id},"error":{error}}}"#).into());
        }
        (None, Err(error)) => seat.tell(encode(&HubEvent::Error(error))),
    }
    seat.announce_catch_up();
    refused.map_or(Ok(()), Err)
}

/// Sends what waits, and heartbeats; the code to close with, or `None` when the peer is gone.
async fn write<S>(sink: &mut S, peer: &Peer, patience: Duration) -> Option<CloseCode>
where
    S: Sink<Message, Error = Error> + Unpin,
{
    let outbox = peer.seat.outbox();
    let period = peer.seat.hub().0.heartbeat;
    let mut beats = interval_at(tokio::time::Instant::now() + period, period);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sending = Sending { sink, seat: &peer.seat, database: &peer.database, patience };
    loop {
        let sent = tokio::select! {
            next = outbox.next() => match next {
                Next::Close(code) => return Some(code),
                Next::Send(items) => sending.send(items).await,
            },
            _ = beats.tick() => {
                peer.seat.heartbeat();
                sending.ping().await
            }
        };
        match sent {
            Ok(()) | Err(Stopped::GivenUp) => {}
            Err(Stopped::Gone) => return None,
            Err(Stopped::TooSlow) => outbox.abort(CloseCode::SlowConsumer),
            Err(Stopped::Log(cause)) => {
                tracing::error!(%cause, "The log could not be read for a connection.");
                outbox.abort(CloseCode::Internal);
            }
        }
    }
}

/// Counts what the peer says against what its principal may say.
struct Inbound<'a> {
    limits: &'a Limits,
    /// How many messages before `client:ready` are not counted: a client that comes back says at
    /// once what it is subscribed to, and that is only recorded.
    uncounted: usize,
}

impl<'a> Inbound<'a> {
    fn new(limits: &'a Limits, hub: &Hub) -> Self {
        Self { limits, uncounted: hub.0.max_subscriptions }
    }

    fn allow(&mut self, peer: &Peer) -> Result<(), WireError> {
        if self.uncounted > 0 && peer.seat.is_recording() {
            self.uncounted -= 1;
            return Ok(());
        }
        Ok(self.limits.message(&peer.caller)?)
    }
}

/// Counts refused messages.
#[derive(Debug, Default)]
struct Refusals(VecDeque<Instant>);

impl Refusals {
    /// Counts one more; whether they are too many.
    fn are_too_many(&mut self, now: Instant) -> bool {
        self.0.push_back(now);
        while self.0.front().is_some_and(|first| now.duration_since(*first) > REFUSAL_WINDOW) {
            self.0.pop_front();
        }
        self.0.len() > MAX_REFUSALS
    }
}

/// Sends a close frame and reads on until the peer has closed too.
async fn close<K, T>(sink: &mut K, stream: &mut T, code: CloseCode, leave: Duration)
where
    K: Sink<Message, Error = Error> + Unpin,
    T: Stream<Item = Result<Message, Error>> + Unpin,
{
    let frame = CloseFrame {
        code: WireCloseCode::from(code.code()),
        reason: Utf8Bytes::from_static(code.reason()),
    };
    if let Ok(Ok(())) = timeout(leave, sink.send(Message::Close(Some(frame)))).await {
        let answer = async { while let Some(Ok(_)) = stream.next().await {} };
        // Whether it answers or not, the connection ends here.
        let _ = timeout(CLOSE_PATIENCE, answer).await;
    }
}

/// Reads and drops what the peer sends until it closes, for a moment at most.
async fn drain(socket: &mut (impl AsyncRead + Unpin)) {
    let mut scrap = vec![0; 16 * 1024];
    let reading = async { while let Ok(1..) = socket.read(&mut scrap).await {} };
    // Whether it closes or not, the connection ends here.
    let _ = timeout(CLOSE_PATIENCE, reading).await;
}

/// What is wrong with a text that is no frame, and its id if it has one.
fn unreadable(text: &str, cause: impl Display) -> (Option<&RawValue>, Result<String, WireError>) {
    let members = serde_json::from_str::<HashMap<String, &RawValue>>(text).unwrap_or_default();
    let id = members.get("id").copied().filter(|id| is_number(id));
    let code = match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => ErrorCode::InvalidMessage,
        Err(_) => ErrorCode::InvalidJson,
    };
    (id, Err(WireError::new(code, cause.to_string())))
}
