//! A network between clients and a server that can be made to fail.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::AbortHandle,
    time::sleep,
};

/// How long a connection stands still before it goes on.
const PAUSE: Duration = Duration::from_secs(1);

/// How a connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Both sides are told that it has ended.
    Close,
    /// Both sides are told that it broke.
    Reset,
    /// Nothing gets through any more, and nobody is told.
    HalfOpen,
    /// Nothing gets through for a while, as if the other process were stopped.
    Pause,
}

impl Cut {
    pub(crate) const ALL: [Self; 4] = [Self::Close, Self::Reset, Self::HalfOpen, Self::Pause];
}

/// A proxy in front of a server. Dropping it ends all connections.
pub(crate) struct Proxy {
    pub(crate) url: String,
    lines: Arc<Mutex<Vec<Line>>>,
    accepting: AbortHandle,
}

/// One connection.
struct Line {
    opened: Instant,
    state: watch::Sender<Option<Cut>>,
}

impl Proxy {
    pub(crate) async fn start(server: &str) -> Self {
        let server = server.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lines = Arc::<Mutex<Vec<Line>>>::default();
        let opened = lines.clone();
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (state, cut) = watch::channel(None);
                let server = server.clone();
                opened.lock().unwrap().push(Line { opened: Instant::now(), state });
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await.unwrap();
                    carry(client, server, cut).await;
                });
            }
        });
        Self { url, lines, accepting: accepting.abort_handle() }
    }

    /// How many connections were opened so far.
    pub(crate) fn opened(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// How many there are.
    pub(crate) fn open(&self) -> usize {
        self.lines.lock().unwrap().iter().filter(|line| line.is_open()).count()
    }

    /// Cuts one of those that are open, chosen by a number.
    pub(crate) fn cut(&self, number: usize, how: Cut) {
        let lines = self.lines.lock().unwrap();
        let open: Vec<_> = lines.iter().filter(|line| line.is_open()).collect();
        if !open.is_empty() {
            open[number % open.len()].state.send_replace(Some(how));
        }
    }

    /// Cuts all that are open, at once.
    pub(crate) fn cut_all(&self, how: Cut) {
        for line in self.lines.lock().unwrap().iter().filter(|line| line.is_open()) {
            line.state.send_replace(Some(how));
        }
    }

    /// The most connections that were opened within so long, since then.
    pub(crate) fn busiest(&self, within: Duration, since: Instant) -> usize {
        let lines = self.lines.lock().unwrap();
        let times: Vec<_> =
            lines.iter().map(|line| line.opened).filter(|opened| *opened >= since).collect();
        let until = |start: usize| times.partition_point(|time| *time < times[start] + within);
        (0..times.len()).map(|start| until(start) - start).max().unwrap_or(0)
    }
}

impl Line {
    fn is_open(&self) -> bool {
        !self.state.is_closed() && matches!(*self.state.borrow(), None | Some(Cut::Pause))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Carries what both sides send until one ends, or the line is cut.
async fn carry(client: TcpStream, server: TcpStream, mut cut: watch::Receiver<Option<Cut>>) {
    let ((client_reader, client_writer), (server_reader, server_writer)) =
        (client.into_split(), server.into_split());
    let there = pump(client_reader, server_writer, cut.clone());
    let back = pump(server_reader, client_writer, cut.clone());
    let ((client_reader, server_writer), (server_reader, client_writer)) =
        tokio::join!(there, back);
    let how = *cut.borrow();
    match how {
        // It stays as it is until the proxy ends.
        Some(Cut::HalfOpen) => {
            let _ = cut.wait_for(|_| false).await;
        }
        Some(Cut::Reset) => {
            for stream in [
                client_reader.reunite(client_writer).unwrap(),
                server_reader.reunite(server_writer).unwrap(),
            ] {
                stream.set_zero_linger().unwrap();
            }
        }
        _ => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut cut: watch::Receiver<Option<Cut>>,
) -> (OwnedReadHalf, OwnedWriteHalf) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        tokio::select! {
            read = from.read(&mut buffer) => match read {
                Ok(0) | Err(_) => break,
                Ok(read) => {
                    if to.write_all(&buffer[..read]).await.is_err() {
                        break;
                    }
                }
            },
            changed = cut.changed() => {
                let how = *cut.borrow_and_update();
                match how {
                    Some(Cut::Pause) if changed.is_ok() => sleep(PAUSE).await,
                    _ => break,
                }
            }
        }
    }
    // The other side hears of an end, but for one that nobody is told of.
    if !matches!(*cut.borrow(), Some(Cut::HalfOpen | Cut::Reset)) {
        let _ = to.shutdown().await;
    }
    (from, to)
}
