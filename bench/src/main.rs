//! The load generator's command; `cargo xtask bench` builds and runs it.

use std::{fs::OpenOptions, io::Write, path::PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use colloquy_bench::{
    fan_out::{Case, Measured, Seconds, Shape, visit},
    peer::{self, Peer},
    process::{GENERATOR_CORE, pin, raise_file_limit},
};

/// Measures fan-out on one server after the other: server and generator on a core each.
#[derive(Parser)]
struct Arguments {
    /// The servers; all when none is named
    #[arg(value_name = "SERVER", value_parser = named)]
    servers: Vec<&'static dyn Peer>,

    /// Who is in which room
    #[arg(long, value_enum, default_value = "base")]
    shape: Shapes,

    /// What is measured: `rate`, or a number of publishes in flight
    #[arg(long, value_delimiter = ',', value_parser = case, default_value = "rate,16,128")]
    cases: Vec<Case>,

    /// How often all servers are measured, one after the other
    #[arg(long, default_value_t = 1)]
    rounds: usize,

    /// Measure for a shorter time
    #[arg(long)]
    quick: bool,

    /// A file to which the figures are added, one line of JSON each
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shapes {
    /// 1,000 connections in 10 rooms
    Base,
    /// 10,000 connections in 100 rooms
    Large,
    /// 1,000 connections in 1,000 rooms of 1 to 1,000
    Skewed,
    /// 10,000 connections in two rooms each
    Idle,
}

impl Shapes {
    fn shape(self) -> Shape {
        match self {
            Self::Base => Shape::even(1_000, 10, 100),
            Self::Large => Shape::even(10_000, 100, 100),
            Self::Skewed => Shape::skewed(),
            Self::Idle => Shape::even(10_000, 100, 200),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let servers = match arguments.servers.is_empty() {
        true => peer::ALL.to_vec(),
        false => arguments.servers,
    };
    let seconds = if arguments.quick { Seconds::QUICK } else { Seconds::FULL };
    raise_file_limit()?;
    pin(GENERATOR_CORE)?;
    let shape = arguments.shape.shape();
    for round in 0..arguments.rounds {
        for server in &servers {
            let name = server.name();
            let measured = visit(*server, &shape, &arguments.cases, seconds).await;
            for figures in measured.with_context(|| format!("{name}, {}", shape.name))? {
                println!("{name:>16} {figures}");
                let (peer, shape) = (name.to_owned(), shape.name.clone());
                keep(arguments.out.as_ref(), &Measured { peer, shape, round, figures })?;
            }
        }
    }
    Ok(())
}

fn keep(file: Option<&PathBuf>, measured: &Measured) -> Result<()> {
    let Some(path) = file else { return Ok(()) };
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(file, "{}", serde_json::to_string(measured)?).context("the figures are not kept")
}

fn named(name: &str) -> Result<&'static dyn Peer, String> {
    let found = peer::ALL.into_iter().find(|peer| peer.name() == name);
    let names = || peer::ALL.map(|peer| peer.name()).join(", ");
    found.ok_or_else(|| format!("expected one of {}", names()))
}

fn case(text: &str) -> Result<Case, String> {
    match text {
        "rate" => Ok(Case::Rate),
        number => number.parse().map(Case::InFlight).map_err(|_| "rate, or a number".to_owned()),
    }
}
