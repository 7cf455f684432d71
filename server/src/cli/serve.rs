//! `colloquy serve`: the hub, until it is told to stop.

use std::{
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    process,
    time::Duration,
};

use anyhow::Context;
use colloquy_server::{
    AppState, control::ControlSocket, data_dir::DataDir, logging, open_files, router::router,
    serve, settings::Settings, tls,
};
use sd_notify::NotifyState;
use tokio::{
    join,
    net::{TcpListener, TcpSocket},
    select,
    signal::unix::{Signal, SignalKind, signal},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long closing the database may take, once nobody is served any more.
const CLOSING: Duration = Duration::from_secs(5);

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// When the data folder, the database or the address cannot be had.
pub(crate) async fn run(mut settings: Settings) -> anyhow::Result<()> {
    let stopping = stop_on_signals()?;
    settings.max_connections = open_files::room_for(settings.max_connections);
    tls::check(&settings).await?;
    let data_dir = DataDir::lock(&settings.data_dir)?;
    let listener = listen(settings.listen)?;
    // Port 0 is some other one by now.
    settings.listen = listener.local_addr()?;
    let (address, url) = (settings.listen, settings.url());
    let patience = settings.shutdown_timeout;
    data_dir.prepare_database()?;
    let state = AppState::open(settings)
        .await
        .with_context(|| format!("the hub in {} cannot be opened", data_dir.path().display()))?;
    let control = ControlSocket::listen(&data_dir).with_context(|| {
        format!("no control socket can be opened in {}", data_dir.path().display())
    })?;
    let link = state.services.set_up_link().await?;
    if let Err(error) = announce(&url, link.as_deref()) {
        tracing::warn!(%error, "What to open is not shown: standard output cannot be written to.");
    }
    tracing::info!(%address, data_dir = %data_dir.path().display(), "The hub is open.");
    tell_systemd(NotifyState::Ready);

    let http = serve(listener, state.clone(), stopping.clone().cancelled_owned());
    let control = control.serve(router(state.clone()), stopping.clone().cancelled_owned());
    let control = async {
        select! {
            served = control => served,
            () = async { stopping.cancelled().await; sleep(patience).await } => Ok(()),
        }
    };
    let tell = async {
        stopping.cancelled().await;
        tell_systemd(NotifyState::Stopping);
    };
    let (http, control, ()) =
        join!(not_alone(http, &stopping), not_alone(control, &stopping), tell);
    if timeout(CLOSING, state.close()).await.is_err() {
        tracing::warn!("Stopped without waiting until the database was closed.");
    }
    http.and(control)?;
    tracing::info!("The hub is closed.");
    Ok(())
}

/// Tells systemd, if it was that which started the hub and it asks to be told.
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd cannot be told how far the hub is.");
    }
}

/// Serves, and stops the hub when that ends, by an error too: with one way in alone it is none.
async fn not_alone(
    serving: impl Future<Output = io::Result<()>>,
    stopping: &CancellationToken,
) -> io::Result<()> {
    let served = serving.await;
    stopping.cancel();
    served
}

/// How many connections the system keeps until they are accepted, if it keeps as many: who comes when
/// there is no room tries again a second later. Everybody comes at once when the hub was away.
const BACKLOG: u32 = 4096;

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Where connections of an earlier run have not quite ended.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    bound().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is in use by another program; --listen (COLLOQUY_LISTEN) chooses another \
             address, and port 0 any free port"
        ),
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
    })
}

/// What to open, on standard output, whatever becomes of the logs.
fn announce(url: &str, set_up_link: Option<&str>) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "Colloquy is open at {url}")?;
    writeln!(output, "  live demo:   {url}/demo/websocket")?;
    writeln!(output, "  try the API: {url}/docs")?;
    if let Some(link) = set_up_link {
        writeln!(output, "Set up the first administrator within 30 minutes: {url}{link}")?;
    }
    output.flush()
}

/// A token that the first SIGINT or SIGTERM cancels, or the end of the terminal that it was started
/// in. SIGINT or SIGTERM after that ends the process at once.
fn stop_on_signals() -> io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let hangup = signal(SignalKind::hangup())?;
    // Once it has ended, it is no terminal any more.
    let in_terminal =
        io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal();
    let stopping = CancellationToken::new();
    let token = stopping.clone();
    tokio::spawn(async move {
        select! {
            () = either(&mut interrupt, &mut terminate) => {}
            () = end_of_terminal(hangup, in_terminal) => {}
        }
        token.cancel();
        either(&mut interrupt, &mut terminate).await;
        tracing::warn!("Told to stop a second time, and ended at once.");
        logging::finish();
        process::exit(1);
    });
    Ok(stopping)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// Waits for the SIGHUP of a terminal that ends. One that comes to a service means nothing.
async fn end_of_terminal(mut hangup: Signal, in_terminal: bool) {
    while hangup.recv().await.is_some() && !in_terminal {
        tracing::info!("SIGHUP changes nothing: settings are read at the start.");
    }
}
