//! One connection's task: what comes from the socket, what goes to it, and how it ends.
//!
//! Reading and writing go on side by side in one task. Reading answers one message after the other;
//! writing sees to what is this task's duty: its own answers, what the socket did not take at once,
//! the log, and heartbeats. Whichever ends first ends the connection (see [`ending`](super::ending)).

use std::{
    collections::HashMap,
    fmt::Display,
    future::poll_fn,
    pin::pin,
    sync::{Arc, OnceLock},
    task::Poll,
    time::Duration,
};

use axum::body::Bytes;
use colloquy_protocol::{
    MAX_INBOUND_BYTES, PROTOCOL_VERSION,
    close::CloseCode,
    error::{ErrorCode, WireError},
    event::ClientEventName,
    frame::{HubEvent, RawClientFrame, Welcome, is_number},
    position::Position,
    time::Timestamp,
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Either, select},
};
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Context, EventHandlerRegistry, Hub, Visitor, encode,
    ending::{CLOSE_PATIENCE, End, close, leave},
    inbound::{Inbound, Refusals},
    inbox::{Inbox, Said, Silence},
    outbox::Duty,
    seat::Seat,
};
use crate::{
    access::Caller,
    error::Error,
    limits::Limits,
    service::Services,
    store::Database,
    ws::{Decoder, Frame, Socket},
};

/// A peer that has been silent for that many heartbeats, pongs included, is taken for gone; and
/// one that takes nothing for as long is too slow.
pub(super) const SILENT_HEARTBEATS: f64 = 2.5;

/// What every connection of a server shares.
#[derive(Debug)]
pub(crate) struct Resources {
    pub(crate) hub: Hub,
    pub(crate) database: Database,
    pub(crate) services: Services,
    pub(crate) handlers: EventHandlerRegistry,
    pub(crate) limits: Limits,
}

/// The connection as its handlers see it.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) seat: Seat,
    resources: Arc<Resources>,
    closing: OnceLock<CloseCode>,
}

impl Peer {
    /// Who acts through the connection.
    pub(super) fn caller(&self) -> &Caller {
        &self.seat.visitor().caller
    }

    /// What can be asked of the hub's data.
    pub(super) fn services(&self) -> &Services {
        &self.resources.services
    }

    /// Waits until everything up to that position was published, if the log has it: a client may have
    /// read a commit over REST a moment before it is published.
    pub(super) async fn settle(&self, since: Option<&Position>) -> Result<(), WireError> {
        let hub = self.seat.hub();
        let Some(since) = since.filter(|one| *one.epoch == *hub.0.epoch) else { return Ok(()) };
        if since.offset > hub.position().offset {
            let snapshot = self.resources.database.snapshot().await.map_err(Error::from)?;
            let is_committed = since.offset <= snapshot.head();
            drop(snapshot);
            if is_committed {
                // The sender lives as long as the hub, so this cannot fail.
                let _ = hub.0.head.subscribe().wait_for(|head| *head >= since.offset).await;
            }
        }
        Ok(())
    }

    pub(super) fn close_after_reply(&self, code: CloseCode) {
        self.closing.get_or_init(|| code);
    }
}

/// Serves one connection until it ends. `early` is what was read of the socket already.
///
/// It joins before the future is made, because that should hold nothing that is needed only to begin:
/// there are as many of them as there are connections. What is needed only to end is boxed then.
pub(crate) fn run(
    resources: Arc<Resources>,
    visitor: Visitor,
    socket: Socket,
    early: Bytes,
) -> impl Future<Output = ()> + Send + 'static {
    let mut decoder = Decoder::new(MAX_INBOUND_BYTES);
    decoder.feed(&early);
    let joined = match resources.hub.join(visitor, socket) {
        Ok(seat) => Ok(Arc::new(Peer { seat, resources, closing: OnceLock::new() })),
        Err((code, socket)) => Err((code, Box::new(socket))),
    };
    async move {
        match joined {
            Ok(peer) => serve(peer, decoder).await,
            Err((code, socket)) => {
                let patience = sleep(CLOSE_PATIENCE);
                let end = close(&socket, Vec::new(), code, Some(decoder), patience);
                Box::pin(end).await;
            }
        }
    }
}

async fn serve(peer: Arc<Peer>, mut decoder: Decoder) {
    let (seat, resources) = (&peer.seat, &peer.resources);
    // What was taken away before it joined did not close it. The check is large, and lasts only for
    // a moment.
    let refusal = match Box::pin(resources.services.check_again(peer.caller())).await {
        Ok(refusal) => refusal,
        Err(error) => {
            tracing::error!(%error, "Whether a connection may stay could not be found out.");
            Some(CloseCode::Internal)
        }
    };
    let (outbox, id, who) =
        (seat.outbox(), &seat.visitor().id, &seat.visitor().caller.principal.id);
    if let Some(code) = refusal {
        let patience = sleep(CLOSE_PATIENCE);
        return Box::pin(leave(outbox, id, who, End::Close(code), decoder, patience)).await;
    }
    let patience = resources.hub.0.heartbeat.mul_f64(SILENT_HEARTBEATS);
    welcome(&peer);

    let end = {
        let silence = Silence::default();
        let reading = pin!(read(&mut decoder, &peer, &silence));
        let writing = pin!(write(&peer, &silence, patience));
        match select(reading, writing).await {
            Either::Left((end, _)) | Either::Right((end, _)) => end,
        }
    };
    let patience = resources.hub.patience(patience);
    Box::pin(leave(outbox, id, who, end, decoder, patience)).await;
}

/// The first message.
fn welcome(peer: &Peer) {
    let (hub, Visitor { id, caller, .. }) = (peer.seat.hub(), peer.seat.visitor());
    let welcome = Welcome {
        connection_id: id.clone(),
        protocol: PROTOCOL_VERSION,
        epoch: hub.0.epoch.to_string(),
        offset: peer.seat.welcome(),
        heartbeat_seconds: hub.0.heartbeat.as_secs(),
        user_id: caller.principal.id.clone(),
    };
    peer.seat.tell(&encode(&HubEvent::Welcome(welcome)));
    tracing::debug!(connection = %id, principal = %caller.principal.id, "A connection was opened.");
}

/// Answers what the peer says.
async fn read(decoder: &mut Decoder, peer: &Arc<Peer>, silence: &Silence) -> End {
    let outbox = peer.seat.outbox();
    let mut inbox = Inbox::new(decoder, outbox, silence);
    let mut limits = Inbound::new(&peer.resources.limits, &peer.resources.hub);
    let mut refusals = Refusals::default();
    loop {
        let answered = match inbox.next().await {
            Ok(Said::Text(text)) => answer(&text, peer, &mut inbox, &mut limits).await,
            Ok(Said::Binary) => {
                let error = WireError::new(ErrorCode::InvalidJson, "messages are text");
                let code = error.code;
                peer.seat.tell(&encode(&HubEvent::Error(error)));
                Ok(Some(code))
            }
            Err(end) => Err(end),
        };
        let refused = match answered {
            Ok(refused) => refused,
            Err(end) => return end,
        };
        if let Some(refused) = refused
            && refusals.are_too_many(Instant::now())
        {
            outbox.finish(match refused {
                ErrorCode::TooManyMessages => CloseCode::TooManyMessages,
                _ => CloseCode::TooManyErrors,
            });
        }
        if let Some(code) = peer.closing.get() {
            outbox.finish(*code);
        }
    }
}

/// Answers one message, if it is allowed. Why it was refused, if it was, which the peer was told.
async fn answer(
    text: &str,
    peer: &Arc<Peer>,
    inbox: &mut Inbox<'_>,
    limits: &mut Inbound<'_>,
) -> Result<Option<ErrorCode>, End> {
    let seat = &peer.seat;
    let (id, outcome) = match serde_json::from_str::<RawClientFrame<'_>>(text) {
        // An array can be read as a struct's fields in their order; it is no frame all the same.
        _ if text.trim_start().starts_with('[') => unreadable(text, "a message is an object"),
        Err(cause) => unreadable(text, cause),
        Ok(frame) => {
            let known = frame.event.parse::<ClientEventName>().ok();
            let handler = known.and_then(|event| peer.resources.handlers.get(event));
            let outcome = match handler {
                _ if let Err(refused) = limits.allow(peer, known) => Err(refused),
                Some(handler) => {
                    if known.is_some_and(begins_replay) && seat.is_catching_up() {
                        Box::pin(inbox.hold_until(seat.caught_up())).await?;
                    }
                    handler.handle(Context::new(peer.clone()), frame.payload).await
                }
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
        (Some(id), Ok(ok)) => seat.tell(&format!(r#"{{"reply":{id},"ok":{ok}}}"#)),
        (None, Ok(_)) => {}
        (Some(id), Err(error)) => {
            let error = encode(&error);
            seat.tell(&format!(r#"{{"reply":{id},"error":{error}}}"#));
        }
        (None, Err(error)) => seat.tell(&encode(&HubEvent::Error(error))),
    }
    seat.announce_catch_up();
    Ok(refused)
}

/// Whether the log is read for the peer because of such an event: one replay comes after the other.
fn begins_replay(event: ClientEventName) -> bool {
    use ClientEventName::{ClientReady, SubscribeAgent, SubscribeChat, SubscribeCollection};
    matches!(event, ClientReady | SubscribeAgent | SubscribeChat | SubscribeCollection)
}

/// Does what is this task's to do for what is sent: what waits, the log, heartbeats; and sees that
/// the peer takes something, says something, and may still be here.
async fn write(peer: &Peer, silence: &Silence, patience: Duration) -> End {
    let outbox = peer.seat.outbox();
    let period = peer.seat.hub().0.heartbeat;
    let expiry = expiry(peer.caller().expires_at);
    let mut beat = Instant::now() + period;
    let mut timer = pin!(sleep_until(beat));
    // It is large, and most connections are not reading the log.
    let mut reading = None::<BoxFuture<'_, sqlx::Result<()>>>;
    loop {
        let now = Instant::now();
        // Whoever reads what they were sent is there, however long that takes.
        let silent =
            silence.since().map(|since| outbox.took().map_or(since, |took| took.max(since)));
        let full = outbox.full_since();
        let [too_slow, too_silent] =
            [full, silent].map(|since| since.map(|since| since + patience));
        for (end, code) in [
            (too_slow, CloseCode::SlowConsumer),
            (too_silent, CloseCode::Silent),
            (expiry, CloseCode::Unauthorised),
        ] {
            if end.is_some_and(|end| end <= now) {
                outbox.abort(code);
            }
        }
        if beat <= now {
            beat = now + period;
            // Who takes nothing anyway is not told that nothing happened.
            if full.is_none() {
                peer.seat.heartbeat();
            }
            outbox.tell(Frame::ping());
        }
        let due = [too_slow, too_silent, expiry].into_iter().flatten().fold(beat, Instant::min);
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        let next = poll_fn(|context| {
            // Others may have their turn first: what else is to be done does not wait for that.
            if let Some(read_log) = &mut reading
                && let Poll::Ready(read) = read_log.poll_unpin(context)
            {
                reading = None;
                return Poll::Ready(Next::Read(read));
            }
            match outbox.poll_duty(context) {
                Poll::Ready(Duty::ReadLog) if reading.is_some() => {}
                Poll::Ready(duty) => return Poll::Ready(Next::Duty(duty)),
                Poll::Pending => {}
            }
            timer.as_mut().poll(context).map(|()| Next::Time)
        });
        match next.await {
            Next::Time | Next::Read(Ok(())) => {}
            Next::Read(Err(cause)) => {
                tracing::error!(%cause, "The log could not be read for a connection.");
                outbox.abort(CloseCode::Internal);
            }
            Next::Duty(Duty::ReadLog) => {
                reading = Some(peer.seat.read_log(&peer.resources.database).boxed());
            }
            Next::Duty(Duty::Close(code)) => return End::Close(code),
            Next::Duty(Duty::Gone) => return End::Gone,
        }
    }
}

/// What [`write`] waited for.
enum Next {
    /// Something is due by the clock.
    Time,
    /// More of the log was read.
    Read(sqlx::Result<()>),
    /// There is something to do.
    Duty(Duty),
}

/// When what the peer came with ends by itself.
fn expiry(at: Option<Timestamp>) -> Option<Instant> {
    let millis = at?.as_millis() - Timestamp::now().as_millis();
    Instant::now().checked_add(Duration::from_millis(u64::try_from(millis).unwrap_or_default()))
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

#[cfg(test)]
mod tests {
    use tokio::net::UnixStream;

    use super::*;
    use crate::{AppState, service, settings::Settings};

    /// What another history has is no matter of the database, whose readers may all be busy.
    #[tokio::test]
    async fn a_position_of_another_history_is_not_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        let state = AppState::open(settings).await.unwrap();
        let resources = state.resources.clone();
        let visitor = Visitor {
            id: service::new_id().unwrap(),
            caller: Caller::local(),
            address: "here".to_owned(),
            user_agent: None,
            connected_at: Timestamp::now(),
        };
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let seat = resources.hub.join(visitor, Socket::Unix(ours)).unwrap();
        let peer = Peer { seat, resources, closing: OnceLock::new() };
        peer.resources.database.close().await;
        let ahead = |epoch: &str| Position { epoch: epoch.to_owned(), offset: 9 };
        assert_eq!(peer.settle(Some(&ahead("another"))).await, Ok(()));
        let own = ahead(&state.hub.position().epoch);
        assert_eq!(peer.settle(Some(&own)).await.unwrap_err().code, ErrorCode::Unavailable);
    }
}
