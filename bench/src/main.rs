//! The load generator's command; `cargo xtask bench` builds and runs it.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::{Args, Parser};
use colloquy_bench::{
    fan_out::{Case, Figures, Measured, Part, parts, visit},
    peer::{self, Peer},
    process::{GENERATOR_CORE, pin, raise_file_limit},
    report,
};

/// Measures fan-out on one server after the other, server and generator on a core each.
#[derive(Parser)]
enum Command {
    /// Measure, and keep the figures in a file
    Measure(Measure),
    /// Write the figures of a file into docs/benchmarks.md, and the plot beside it
    Report {
        /// The file
        figures: PathBuf,
    },
}

#[derive(Args)]
struct Measure {
    /// The parts; all when none is named
    #[arg(value_name = "PART", value_parser = ["base", "large", "skewed", "idle", "storm", "growth"])]
    parts: Vec<String>,

    /// The servers, instead of those that belong to each part
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',', value_parser = named)]
    servers: Vec<&'static dyn Peer>,

    /// What is measured, instead of all: `rate`, `storm`, or a number of publishes in flight
    #[arg(long, value_name = "CASE,CASE", value_delimiter = ',', value_parser = case)]
    cases: Option<Vec<Case>>,

    /// How often each server is measured
    #[arg(long)]
    rounds: Option<usize>,

    /// The number of the first round, to go on where another run ended
    #[arg(long, default_value_t = 0)]
    first_round: usize,

    /// Measure once and for a shorter time
    #[arg(long)]
    quick: bool,

    /// A file to which the figures are added, one line of JSON each
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    match Command::parse() {
        Command::Measure(wanted) => measure(wanted).await,
        Command::Report { figures } => {
            let lines = fs::read_to_string(&figures)
                .with_context(|| format!("no figures in {}", figures.display()))?;
            let figures = lines.lines().map(serde_json::from_str::<Measured>);
            report::write(&figures.collect::<Result<Vec<_>, _>>()?)
        }
    }
}

async fn measure(wanted: Measure) -> Result<()> {
    raise_file_limit()?;
    pin(GENERATOR_CORE)?;
    let mut out = wanted.out.as_deref().map(append_to).transpose()?;
    let mut failures = 0;
    for mut part in parts(wanted.quick) {
        if !wanted.parts.is_empty() && !wanted.parts.iter().any(|name| name == part.name) {
            continue;
        }
        if !wanted.servers.is_empty() {
            part.servers.clone_from(&wanted.servers);
        }
        part.cases = wanted.cases.clone().unwrap_or(part.cases);
        part.rounds = wanted.rounds.unwrap_or(part.rounds);
        failures += run(&part, wanted.first_round, out.as_mut()).await?;
    }
    match failures {
        0 => Ok(()),
        _ => bail!("{failures} measurements failed; why stands above"),
    }
}

/// Measures a part; how many servers failed at it.
async fn run(part: &Part, first_round: usize, mut out: Option<&mut File>) -> Result<usize> {
    let mut failures = 0;
    for round in first_round..first_round + part.rounds {
        for shape in &part.shapes {
            println!("{}, round {}", shape.name, round + 1);
            for server in &part.servers {
                let mut keep = |figures: Figures| {
                    let peer = server.name().to_owned();
                    println!("{peer:>16}  {figures}");
                    let part = part.name.to_owned();
                    let measured =
                        Measured { part, peer, shape: shape.name.clone(), round, figures };
                    let Some(out) = &mut out else { return Ok(()) };
                    let line = serde_json::to_string(&measured)?;
                    writeln!(out, "{line}").context("the figures could not be kept")
                };
                if let Err(error) =
                    visit(*server, shape, &part.cases, part.seconds, &mut keep).await
                {
                    failures += 1;
                    keep(Figures::Failed { why: format!("{error:#}") })?;
                }
            }
        }
    }
    Ok(failures)
}

fn append_to(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.with_context(|| format!("cannot write to {}", path.display()))
}

fn named(name: &str) -> Result<&'static dyn Peer, String> {
    let found = peer::ALL.into_iter().find(|peer| peer.name() == name);
    let names = || peer::ALL.map(|peer| peer.name()).join(", ");
    found.ok_or_else(|| format!("expected one of {}", names()))
}

fn case(text: &str) -> Result<Case, String> {
    match text {
        "rate" => Ok(Case::Rate),
        "storm" => Ok(Case::Storm),
        number => {
            number.parse().map(Case::InFlight).map_err(|_| "rate, storm, or a number".to_owned())
        }
    }
}
