//! Serving: connections are accepted, answered and, in the end, let go.
//!
//! - [`room`]: how many there are at once, and who makes room for the next
//! - [`counted`]: a stream that holds its place

mod counted;
mod room;

use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, header},
    response::{IntoResponse, Response},
    serve::Listener,
};
use colloquy_protocol::close::CloseCode;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    select,
    task::JoinSet,
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tower::ServiceExt;

pub(crate) use self::counted::Counted;
use self::room::{Idle, Room};
use crate::{
    AppState,
    error::Error,
    http::{
        authenticate::authenticated,
        guard::guarded,
        limit::Timely,
        peer::{self, Connection},
        problem::Problem,
        site,
    },
    limits::{Limit, Limits, Lines},
    metrics,
    router::router,
    settings::Settings,
    tls::Tls,
};

/// How long a connection that is one too many may take to hear so.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(1);

/// Serves the hub until `shutdown` completes; then accepts no more, closes every WebSocket with
/// 1001 and lets requests under way finish, for `shutdown_timeout` at most. Meanwhile it keeps house: a
/// state is served once.
///
/// At most `max_connections` are served at once, WebSockets included. For those beyond, the connection
/// that has been idle for the longest time makes room: one that has asked nothing yet, or waits for its
/// next request. When there is none, they wait until one ends. Each is an open file: whoever serves asks
/// [`crate::open_files::room_for`] beforehand how many the system allows.
///
/// # Errors
/// When the certificate cannot be read. None that is the network's: a connection that cannot be
/// accepted or fails is logged.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // The runtime's workers accept, and not the thread that waits for this: it would be woken for
    // each connection, only to hand it over to them.
    let accepting = tokio::spawn(accept(listener, state, shutdown));
    AbortOnDropHandle::new(accepting).await.map_err(io::Error::other)?
}

async fn accept(
    mut listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let settings = state.settings.clone();
    if !site::is_built(&state.leptos_options) {
        tracing::warn!(
            folder = %state.leptos_options.site_root,
            "The site is not built, so pages have no style and do nothing: `cargo xtask serve` builds it."
        );
    }
    state.start_housekeeping();
    let stopping = CancellationToken::new();
    let tls = Tls::open(&settings).await.map_err(io::Error::other)?;
    let tls = tls.map(|(tls, keep_current)| {
        state.tasks.spawn(stopping.clone().run_until_cancelled_owned(keep_current));
        tls
    });
    let door = Arc::new(Door {
        http: http(&settings),
        router: guarded(authenticated(router(state.clone()), &state), &state),
        tls,
        limits: state.limits.clone(),
        stopping: stopping.clone(),
        settings,
    });
    let places = door.settings.max_connections;
    ::metrics::gauge!(metrics::OPEN_CONNECTIONS_LIMIT).set(places as f64);
    let room = Room::new(places);
    // Its tasks end with it. Those of WebSockets are the state's: `close_all` waits for them.
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);

    loop {
        // Waits and tries again when the system cannot accept, say for want of handles.
        let (stream, peer) = select! {
            () = &mut shutdown => break,
            Some(_ended) = connections.join_next() => continue,
            accepted = Listener::accept(&mut listener) => accepted,
        };
        let place = select! {
            () = &mut shutdown => break,
            place = room.place() => place,
        };
        let idle = room.idle();
        connections.spawn(door.clone().answer(Counted::new(stream, place), peer, idle));
    }
    drop(listener);
    stopping.cancel();

    tracing::info!("Stopping: closing every WebSocket and finishing the requests under way.");
    let finish = async {
        state.hub.close_all(CloseCode::GoingAway).await;
        while connections.join_next().await.is_some() {}
    };
    if timeout(door.settings.shutdown_timeout, finish).await.is_err() {
        tracing::warn!(connections = connections.len(), "Stopped without waiting any longer.");
    }
    Ok(())
}

fn http(settings: &Settings) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_buf_size(settings.max_header_bytes)
        .max_headers(settings.max_headers);
    http
}

/// What all connections are answered with.
struct Door {
    http: http1::Builder,
    router: Router,
    tls: Option<Tls>,
    limits: Limits,
    settings: Arc<Settings>,
    stopping: CancellationToken,
}

impl Door {
    /// Answers one connection until it ends or becomes a WebSocket.
    async fn answer(self: Arc<Self>, mut stream: Counted, peer: SocketAddr, idle: Idle) {
        if let Err(error) = stream.set_nodelay() {
            tracing::debug!(%peer, %error, "A connection waits for full packets.");
        }
        stream.keep_little();
        stream.give_up_after(self.settings.body_timeout);
        let deadline = Instant::now() + self.settings.header_timeout;
        // A trusted proxy's connections are everybody's.
        if !peer::is_in(&self.settings.trusted_proxy, peer.ip()) {
            match self.limits.connection(peer.ip()) {
                Ok(place) => stream.hold(place),
                Err(error) => return self.refuse(stream, peer, error).await,
            }
        }
        match &self.tls {
            None => self.speak(stream, Connection { peer, tls: false }, idle, deadline).await,
            // Its state is several times as large, and would be moved with every connection.
            Some(tls) => Box::pin(self.speak_tls(tls, stream, peer, idle, deadline)).await,
        }
    }

    async fn speak_tls(
        &self,
        tls: &Tls,
        stream: Counted,
        peer: SocketAddr,
        idle: Idle,
        deadline: Instant,
    ) {
        let handshake = timeout_at(deadline, tls.acceptor().accept(stream));
        let accepted = select! {
            accepted = handshake => accepted,
            () = idle.dismissed() => return,
            () = self.stopping.cancelled() => return,
        };
        match accepted {
            Ok(Ok(stream)) => {
                self.speak(stream, Connection { peer, tls: true }, idle, deadline).await;
            }
            Ok(Err(error)) => tracing::debug!(%peer, %error, "A TLS handshake failed."),
            Err(_late) => metrics::limited(Limit::HeaderTime),
        }
    }

    /// Answers requests. The first one's headers must be there at the deadline; one that is to make
    /// room may still read what it was answered, for as long as a body may take.
    async fn speak<S>(&self, stream: S, connection: Connection, idle: Idle, deadline: Instant)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let has_asked = AtomicBool::new(false);
        let service = service_fn(|request: Request<Incoming>| {
            has_asked.store(true, Ordering::Relaxed);
            let busy = idle.busy();
            let request = request.map(|body| Timely::new(body, self.settings.body_timeout));
            let unread = request.body().unread();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(connection);
            let answer = self.router.clone().oneshot(request);
            async move {
                let mut answer = answer.await;
                // What is left of the body ends the connection, which a client that would ask on it
                // again has to know (RFC 9112, section 9.3).
                if let Ok(answer) = &mut answer
                    && unread.is_some_and(|unread| unread.load(Ordering::Relaxed))
                {
                    answer
                        .headers_mut()
                        .insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                drop(busy);
                answer
            }
        });
        let served = self.http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut served = pin!(served);
        let mut deadline = pin!(sleep_until(deadline));
        let (mut is_late, mut is_dismissed, mut is_stopping) = (false, false, false);
        let ended = loop {
            select! {
                ended = served.as_mut() => break ended,
                () = deadline.as_mut(), if !is_late => {
                    if is_dismissed {
                        return;
                    }
                    is_late = true;
                    if !has_asked.load(Ordering::Relaxed) {
                        metrics::limited(Limit::HeaderTime);
                        return;
                    }
                }
                () = idle.dismissed(), if !is_dismissed => {
                    if !has_asked.load(Ordering::Relaxed) {
                        return;
                    }
                    (is_dismissed, is_late) = (true, false);
                    deadline.as_mut().reset(Instant::now() + self.settings.body_timeout);
                    served.as_mut().graceful_shutdown();
                }
                () = self.stopping.cancelled(), if !is_stopping => {
                    // The request under way is answered, and no further one.
                    is_stopping = true;
                    served.as_mut().graceful_shutdown();
                }
            }
        };
        if let Err(error) = ended {
            if error.is_parse_too_large() {
                metrics::limited(Limit::HeaderSize);
            } else if error.is_timeout() && !has_asked.load(Ordering::Relaxed) {
                metrics::limited(Limit::HeaderTime);
            }
            tracing::debug!(peer = %connection.peer, %error, "A connection ended early.");
        }
    }

    /// Says why a connection is not served, if that costs nothing: not over TLS.
    async fn refuse(&self, stream: Counted, peer: SocketAddr, error: Error) {
        static REFUSALS: Lines = Lines::new();
        if let Some(left_out) = REFUSALS.next() {
            tracing::info!(address = %peer.ip(), %error, left_out, "A connection was refused.");
        }
        if self.tls.is_some() {
            return;
        }
        let answer = Problem::from(error);
        let service = service_fn(move |_| {
            let mut answer = answer.clone().into_response();
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            async { Ok::<Response, std::convert::Infallible>(answer) }
        });
        let refusal = self.http.serve_connection(TokioIo::new(stream), service);
        // Whether it hears the answer or not, the connection ends here.
        let _ = timeout(REFUSAL_PATIENCE, refusal).await;
    }
}
