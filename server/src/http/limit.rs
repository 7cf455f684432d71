//! How often somebody may ask, and how long they may take to send what they ask.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{peer::Peer, problem::Problem};
use crate::{access::Caller, limits::Limits};

/// Lets a request pass, unless whoever asks has asked too often. Whatever watches the server is
/// always answered.
pub(crate) async fn requests(
    State(limits): State<Limits>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !matches!(request.uri().path(), "/health" | "/ready") {
        let caller = request.extensions().get::<Caller>();
        let address = request.extensions().get::<Peer>().map(|peer| peer.address);
        limits.request(caller, address)?;
    }
    Ok(next.run(request).await)
}

/// The body took too long to come.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
pub(crate) struct TooSlow;

/// A body that must be there in time, as a whole.
pub(crate) struct Timely {
    body: Incoming,
    deadline: Instant,
    /// Set once something has to be waited for.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whether its end was not read; none: there is nothing of it.
    unread: Option<Unread>,
}

/// Whether the end of a body was not read, once nobody reads it any more.
pub(crate) type Unread = Arc<AtomicBool>;

impl Timely {
    pub(crate) fn new(body: Incoming, within: Duration) -> Self {
        let unread = (!body.is_end_stream()).then(|| Arc::new(AtomicBool::new(true)));
        Self { body, deadline: Instant::now() + within, alarm: None, unread }
    }

    /// Tells later whether it was read to its end.
    pub(crate) fn unread(&self) -> Option<Unread> {
        self.unread.clone()
    }
}

impl Body for Timely {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if let (None, Some(unread)) = (&frame, &this.unread) {
                unread.store(false, Ordering::Relaxed);
            }
            return Poll::Ready(frame.map(|frame| Ok(frame?)));
        }
        let deadline = this.deadline;
        let alarm = this.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        alarm.as_mut().poll(context).map(|()| Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
