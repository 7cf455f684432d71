//! How fast messages are stored: many clients that post into one chat, over REST, each waiting for
//! its answer, while two participants follow it over their sockets.
//!
//! Everything is measured in one run, in turn, because a disk is never the same twice:
//!
//! - the server as it is, which commits in groups what waits;
//! - the same server committing each message alone (`--write-group 1`);
//! - the server answering POSTs that it reads and checks, and refuses by a rule;
//! - SQLite by itself, writing the same rows from one thread: [`bare`];
//! - the disk by itself: the median of `fdatasync`.
//!
//! In reading order: [`server`] (the process that is measured), [`load`] (the clients), [`bare`].

mod bare;
mod load;
mod server;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Parser;
use colloquy_bench::{
    figures::{median, percentile},
    report,
};
use rustix::thread::{CpuSet, sched_setaffinity};

use self::{
    bare::Bare,
    load::{Clients, Round},
    server::Server,
};

/// Measure how fast messages are stored
#[derive(Debug, Parser)]
struct Options {
    /// The executable that is measured, a release build
    #[arg(long, default_value = "target/release/colloquy")]
    server: PathBuf,
    /// Where the databases are: a folder on the disk that matters
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// How many clients post at once
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Seconds of each part
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often each part is done
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// The cores of the server, as `taskset -c` takes them
    #[arg(long, default_value = "0-1023")]
    server_cores: String,
    /// The core of the clients
    #[arg(long)]
    client_core: Option<usize>,
    /// Only the server as it is, for a profiler
    #[arg(long)]
    only_group: bool,
}

/// The figures of all rounds, one for each round.
#[derive(Debug, Default)]
struct Figures {
    sync: Vec<f64>,
    bare: Vec<Bare>,
    grouped: Vec<Round>,
    alone: Vec<Round>,
    refused: Vec<Round>,
    idle: Vec<Round>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(core) = options.client_core {
        let mut cores = CpuSet::new();
        cores.set(core);
        sched_setaffinity(None, &cores).context("the clients cannot run on that core")?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = runtime.block_on(measure(&options))?;
    let table = table(&options, &figures);
    print!("{table}");
    if options.only_group {
        return Ok(());
    }
    report::section("write", &format!("{}\n\n{table}", report::machine()))
}

async fn measure(options: &Options) -> Result<Figures> {
    let time = Duration::from_secs(options.seconds);
    let grouped = Server::start(options, &[]).await?;
    println!("server {} at {}", grouped.pid(), grouped.address);
    let mut figures = Figures::default();
    let mut clients = Clients::connect(&grouped, options.clients).await?;
    clients.post(&grouped, Duration::from_secs(1)).await?;
    if options.only_group {
        figures.grouped.push(clients.post(&grouped, time).await?);
        return Ok(figures);
    }
    let alone = Server::start(options, &["--write-group", "1"]).await?;
    let mut clients_of_alone = Clients::connect(&alone, options.clients).await?;
    for _ in 0..options.rounds {
        figures.sync.push(bare::sync_median(&options.folder)?);
        figures.idle.push(clients.read(&grouped, time).await?);
        figures.grouped.push(clients.post(&grouped, time).await?);
        figures.alone.push(clients_of_alone.post(&alone, time).await?);
        figures.refused.push(clients.post_refused(&grouped, time).await?);
        figures.bare.push(bare::store(&options.folder, time)?);
    }
    let (posted, seen) = clients.delivered().await?;
    if posted != seen {
        bail!("{posted} messages were acknowledged to a chat whose followers saw {seen}");
    }
    Ok(figures)
}

fn table(options: &Options, figures: &Figures) -> String {
    let mut text = String::new();
    let mut line = |one: &str| text += &format!("{one}\n");
    let Options { clients, seconds, rounds, .. } = options;
    line(&format!("{clients} clients, {rounds} rounds of {seconds} s; medians of the rounds"));
    line("");
    line("| | messages/s | CPU µs each | p50 ms | p99 ms | reads' p99 ms |");
    line("|---|---|---|---|---|---|");
    for (name, rounds) in [
        ("in groups", &figures.grouped),
        ("each alone", &figures.alone),
        ("refused by a rule", &figures.refused),
        ("idle", &figures.idle),
    ] {
        let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure)).unwrap_or(0.0);
        // Nothing was posted, or nothing read, where there is no number.
        let cell = |value: f64, digits| match value > 0.0 {
            true => format!(" {value:.digits$} |"),
            false => " |".to_owned(),
        };
        let cells = [
            cell(of(Round::rate), 0),
            cell(of(|round| round.cpu * 1e6 / round.posts.len() as f64), 1),
            cell(of(|round| percentile(&round.posts, 0.5) * 1e3), 2),
            cell(of(|round| percentile(&round.posts, 0.99) * 1e3), 2),
            cell(of(|round| percentile(&round.reads, 0.99) * 1e3), 2),
        ];
        line(&format!("| {name} |{}", cells.concat()));
    }
    if figures.bare.is_empty() {
        return text;
    }
    let bare = |of: fn(&Bare) -> f64| median(figures.bare.iter().map(of)).unwrap_or(f64::NAN);
    let (rate, cpu) = (bare(|bare| bare.rate), bare(|bare| bare.cpu * 1e6));
    line(&format!("| bare SQLite, groups of 16 | {rate:.0} | {cpu:.1} | | | |"));
    line("");
    let sync = median(figures.sync.iter().copied()).unwrap_or(f64::NAN);
    line(&format!("fdatasync: {:.3} ms (median)", sync * 1e3));
    line("");
    line("| ratio (median of the rounds) | measured | target |");
    line("|---|---|---|");
    let ratio =
        |of: &dyn Fn(usize) -> f64| median((0..figures.sync.len()).map(of)).unwrap_or(f64::NAN);
    let cpu = |round: &Round| round.cpu / round.posts.len().max(1) as f64;
    for (name, target, value) in [
        (
            "messages/s, in groups : each alone",
            "≥ 5",
            ratio(&|at| figures.grouped[at].rate() / figures.alone[at].rate()),
        ),
        (
            "CPU time, stored : refused",
            "≤ 2",
            ratio(&|at| cpu(&figures.grouped[at]) / cpu(&figures.refused[at])),
        ),
        (
            "messages/s, in groups : bare SQLite",
            "≥ 0.6",
            ratio(&|at| figures.grouped[at].rate() / figures.bare[at].rate),
        ),
        (
            "p99 : fdatasync",
            "< 20",
            ratio(&|at| percentile(&figures.grouped[at].posts, 0.99) / figures.sync[at]),
        ),
        (
            "reads' p99, meanwhile : idle",
            "≤ 2",
            ratio(&|at| {
                percentile(&figures.grouped[at].reads, 0.99)
                    / percentile(&figures.idle[at].reads, 0.99)
            }),
        ),
    ] {
        line(&format!("| {name} | {value:.2} | {target} |"));
    }
    text
}
