//! Serving: connections are accepted, answered and, in the end, let go.

use std::{
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request, serve::Listener};
use colloquy_protocol::close::CloseCode;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    select,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    AppState,
    http::{authenticate::authenticated, guard::guarded},
    router::router,
};

/// The most bytes that the headers of one request may have.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Serves the hub until `shutdown` completes; then accepts no more, closes every WebSocket with
/// 1001 and lets requests under way finish, for `shutdown_timeout` at most.
///
/// At most `max_connections` are served at once, WebSockets included; those beyond wait in the
/// system's backlog until one ends.
///
/// # Errors
/// None that is the network's: a connection that can not be accepted or fails is logged.
pub async fn serve(
    mut listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let settings = &state.settings;
    let router = authenticated(router(state.clone()), &state);
    let router = guarded(router, &settings.allowed_origins);
    let places = Arc::new(Semaphore::new(settings.max_connections));
    let stopping = CancellationToken::new();
    // Its tasks end with it. Those of WebSockets are the state's: `close_all` waits for them.
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_buf_size(MAX_HEADER_BYTES);

    loop {
        let next = async {
            let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
            // Waits and tries again when the system can not accept, say for want of handles.
            let (stream, peer) = Listener::accept(&mut listener).await;
            io::Result::Ok((Counted { stream, _place: place }, peer))
        };
        let (stream, peer) = select! {
            () = &mut shutdown => break,
            Some(_ended) = connections.join_next() => continue,
            accepted = next => accepted?,
        };
        connections.spawn(answer(http.clone(), stream, peer, router.clone(), stopping.clone()));
    }
    drop(listener);
    stopping.cancel();

    tracing::info!("Stopping: closing every WebSocket and finishing the requests under way.");
    let finish = async {
        state.hub.close_all(CloseCode::GoingAway).await;
        while connections.join_next().await.is_some() {}
    };
    if timeout(settings.shutdown_timeout, finish).await.is_err() {
        tracing::warn!(connections = connections.len(), "Stopped without waiting any longer.");
    }
    Ok(())
}

/// Answers the requests of one connection until it ends or becomes a WebSocket.
async fn answer(
    http: http1::Builder,
    stream: Counted,
    peer: SocketAddr,
    router: Router,
    stopping: CancellationToken,
) {
    if let Err(error) = stream.stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "A connection waits for full packets.");
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let ended = select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            // The request under way is answered, and no further one.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "A connection ended early.");
    }
}

/// A connection that holds its place among `max_connections`, as a WebSocket too.
struct Counted {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
