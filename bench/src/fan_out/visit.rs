//! One server from its start to its end, with everything that is measured on it meanwhile.

use std::{
    net::{SocketAddr, TcpListener},
    ops::Range,
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use colloquy_protocol::position::Position;
use tokio::{
    net::TcpStream,
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{Case, Figures, RATE, Seconds, Shape, storm::storm};
use crate::{
    figures::percentile,
    peer::{Peer, Place, local},
    process::{Family, SERVER_CORE, ask_to_end, own_cpu_seconds},
    publisher::{Line, Publisher},
    subscriber::{Ear, Subscriber},
    tally::{Reached, Tally},
};

/// How many connections are being made at once.
const CONNECTING: usize = 128;
/// How long a server may take to start, or to deliver what is still under way.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a server is left alone after its last connection before its memory is looked at.
const SETTLING: Duration = Duration::from_secs(1);

/// Starts a server, connects everybody, measures, and stops it. Figures are kept only if everybody
/// received everything.
///
/// # Errors
/// When the server fails or loses something.
pub async fn visit(
    peer: &'static dyn Peer,
    shape: &Shape,
    cases: &[Case],
    seconds: Seconds,
    keep: &mut dyn FnMut(Figures) -> Result<()>,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [port, publish_port] = free_ports()?;
    let place = Place { folder: folder.path().to_owned(), port, publish_port };
    let mut server = Server::start(&peer.command(&place)?)?;
    server.ready(&[port, peer.publish_address(&place).port()]).await?;
    let publish = peer.publish_address(&place);
    if !peer.preparation(shape.members.len()).is_empty() {
        let mut line = Line::open(peer, publish).await?;
        for request in peer.preparation(shape.members.len()) {
            line.publish(&request).await.context("a room could not be made")?;
        }
    }

    let tally = Arc::new(Tally::new(shape.members.len(), shape.rooms_of.len()));
    let crowd = Crowd {
        ear: Arc::new(Ear::new(peer, tally.clone())),
        address: local(port),
        rooms_of: &shape.rooms_of,
    };
    if cases.contains(&Case::Storm) {
        tally.lock().places = Some(vec![Reached::default(); shape.rooms_of.len()]);
    }
    let (connecting, mut listening) = connect(&crowd, &server).await?;
    keep(connecting)?;
    let publisher = Arc::new(Publisher {
        peer,
        address: publish,
        tally: tally.clone(),
        turns: shape.turns.clone(),
        members: shape.members.clone(),
        next: AtomicUsize::new(0),
    });
    for case in cases {
        let per_second = RATE / shape.fan_out();
        let figures = match case {
            Case::Storm => storm(&publisher, per_second, &crowd, &mut listening).await?,
            Case::Rate | Case::InFlight(_) => {
                deliver(&publisher, &server, per_second, *case, seconds).await?
            }
        };
        tally.lock().check(&shape.rooms_of)?;
        keep(figures)?;
    }
    Ok(())
}

/// Everybody who subscribes.
pub(super) struct Crowd<'a> {
    ear: Arc<Ear>,
    address: SocketAddr,
    rooms_of: &'a [Vec<usize>],
}

impl Crowd<'_> {
    /// Connects everybody and has them listen. `since` is how far each has got who comes back.
    pub(super) async fn connect(&self, since: &[Option<Position>]) -> Result<JoinSet<()>> {
        let mut listening = JoinSet::new();
        self.connect_some(0..self.rooms_of.len(), since, &mut listening).await?;
        Ok(listening)
    }

    async fn connect_some(
        &self,
        numbers: Range<usize>,
        since: &[Option<Position>],
        listening: &mut JoinSet<()>,
    ) -> Result<()> {
        let mut connecting = JoinSet::new();
        for number in numbers {
            let rooms = &self.rooms_of[number];
            if connecting.len() == CONNECTING
                && let Some(connected) = connecting.join_next().await
            {
                listening.spawn(Subscriber::listen(connected??));
            }
            let (ear, address, rooms) = (self.ear.clone(), self.address, rooms.clone());
            let since = since.get(number).cloned().flatten();
            connecting.spawn(async move {
                let connected = Subscriber::connect(ear, address, number, &rooms, since.as_ref());
                connected.await.with_context(|| format!("connection {number}"))
            });
        }
        while let Some(connected) = connecting.join_next().await {
            listening.spawn(Subscriber::listen(connected??));
        }
        Ok(())
    }
}

/// Connects everybody. The first tenth makes a server do what it does only once, such as loading its
/// code, and is not measured.
async fn connect(crowd: &Crowd<'_>, server: &Server) -> Result<(Figures, JoinSet<()>)> {
    let all = crowd.rooms_of.len();
    let first = all / 10;
    let mut listening = JoinSet::new();
    crowd.connect_some(0..first, &[], &mut listening).await?;
    sleep(SETTLING).await;
    let before = server.family().memory()?;
    let (begun, own) = (Instant::now(), OwnCpu::begin());
    crowd.connect_some(first..all, &[], &mut listening).await?;
    let (took, generator) = (begun.elapsed().as_secs_f64(), own.share());
    sleep(SETTLING).await;
    let connections = (all - first) as f64;
    let bytes = server.family().memory()?.saturating_sub(before) as f64;
    let per_second = connections / took;
    Ok((Figures::Connecting { per_second, bytes_each: bytes / connections, generator }, listening))
}

async fn deliver(
    publisher: &Arc<Publisher>,
    server: &Server,
    per_second: f64,
    case: Case,
    seconds: Seconds,
) -> Result<Figures> {
    let in_flight = match case {
        Case::InFlight(number) => Some(number),
        Case::Rate | Case::Storm => None,
    };
    let measuring = if in_flight.is_some() { seconds.saturation } else { seconds.rate };
    let begin = Instant::now() + Duration::from_secs_f64(seconds.warm_up);
    let end = begin + Duration::from_secs_f64(measuring);
    // A moment longer than is measured, so that what is measured is all alike.
    let until = end + Duration::from_millis(100);
    let publishing = tokio::spawn({
        let publisher = publisher.clone();
        async move {
            match in_flight {
                None => publisher.at_rate(per_second, until).await,
                Some(number) => publisher.saturate(number, until).await,
            }
        }
    });
    sleep_until(begin).await;
    let (cpu, own) = (server.family().cpu_seconds()?, OwnCpu::begin());
    let (begun, delivered) = {
        let mut counts = publisher.tally.lock();
        counts.latencies = (case == Case::Rate).then(Vec::new);
        (Instant::now(), counts.delivered)
    };
    sleep_until(end).await;
    let (took, delivered, latencies) = {
        let mut counts = publisher.tally.lock();
        (begun.elapsed().as_secs_f64(), counts.delivered - delivered, counts.latencies.take())
    };
    let (cpu, generator) = (server.family().cpu_seconds()? - cpu, own.share());
    finish(publisher, publishing).await?;
    let mut latencies = latencies.unwrap_or_default();
    latencies.sort_unstable();
    Ok(Figures::Delivering {
        case,
        per_second: delivered as f64 / took,
        cpu_micros: cpu * 1e6 / delivered as f64,
        p50_micros: percentile(&latencies, 0.5),
        p99_micros: percentile(&latencies, 0.99),
        server: cpu / took,
        generator,
    })
}

/// Waits until publishing has ended and everybody has everything.
pub(super) async fn finish(
    publisher: &Publisher,
    publishing: JoinHandle<Result<()>>,
) -> Result<()> {
    let publishing = timeout(PATIENCE, publishing).await;
    publisher.tally.lock().check(&[])?;
    publishing.context("the server stopped delivering")???;
    timeout(PATIENCE, async {
        while publisher.tally.lock().open() > 0 && publisher.tally.lock().failure.is_none() {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .context("some deliveries never came")
}

/// The share of a core that this process uses from a moment on.
pub(super) struct OwnCpu {
    begun: Instant,
    before: f64,
}

impl OwnCpu {
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), before: own_cpu_seconds() }
    }

    pub(super) fn share(&self) -> f64 {
        (own_cpu_seconds() - self.before) / self.begun.elapsed().as_secs_f64()
    }
}

/// A server that runs. Dropping it ends it.
struct Server(Child);

impl Server {
    fn start(command: &Command) -> Result<Self> {
        let mut pinned = Command::new("taskset");
        pinned.args(["--cpu-list", &SERVER_CORE.to_string()]);
        pinned.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                pinned.env(name, value);
            }
        }
        pinned.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Self(pinned.spawn().context("taskset (of util-linux) could not be started")?))
    }

    fn family(&self) -> Family {
        Family(self.0.id())
    }

    /// Waits until it accepts connections.
    async fn ready(&mut self, ports: &[u16]) -> Result<()> {
        let accepting = async {
            for port in ports {
                while TcpStream::connect(local(*port)).await.is_err() {
                    if let Some(status) = self.0.try_wait()? {
                        bail!("the server ended at once ({status})");
                    }
                    sleep(Duration::from_millis(10)).await;
                }
            }
            Ok(())
        };
        timeout(PATIENCE, accepting).await.context("the server accepts no connections")?
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx ends its workers only when it is asked to end.
        ask_to_end(&self.0);
        for _ in 0..300 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ports that nobody listens on.
fn free_ports() -> Result<[u16; 2]> {
    let [one, other] = [TcpListener::bind(local(0))?, TcpListener::bind(local(0))?];
    Ok([one.local_addr()?.port(), other.local_addr()?.port()])
}
