//! Fan-out, measured on one server after the other.
//!
//! - [`plan`]: what is measured on whom
//! - [`shape`]: who is in which room
//! - [`visit`](mod@visit): one server from its start to its end; [`storm`]: everybody comes back at once

mod plan;
mod shape;
mod storm;
mod visit;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::{
    plan::{Part, Series, base, growth, idle, large, parts},
    shape::Shape,
    visit::visit,
};

/// What is measured on connections that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// 20,000 deliveries a second, whatever happens.
    Rate,
    /// As many deliveries as get through with so many publishes in flight in all.
    InFlight(usize),
    /// The fixed rate goes on while everybody is cut off, and comes back after two seconds.
    Storm,
}

/// How long each case is measured, warming up included, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Seconds {
    /// Before anything counts.
    pub warm_up: f64,
    /// A fixed rate.
    pub rate: f64,
    /// Saturation.
    pub saturation: f64,
}

impl Seconds {
    /// For the figures that are kept.
    pub const FULL: Self = Self { warm_up: 1.0, rate: 8.0, saturation: 4.0 };
    /// For a look.
    pub const QUICK: Self = Self { warm_up: 0.5, rate: 3.0, saturation: 2.0 };
}

/// How many deliveries a second a fixed rate is.
pub const RATE: f64 = 20_000.0;

/// One figure with what belongs to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    /// The part of the benchmark.
    pub part: String,
    /// The server.
    pub peer: String,
    /// Connections and rooms.
    pub shape: String,
    /// In which round; figures of one round are compared with each other.
    pub round: usize,
    /// What was measured.
    pub figures: Figures,
}

/// What was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figures {
    /// Of connections that only were made.
    Connecting {
        /// Connections accepted per second, subscriptions included.
        per_second: f64,
        /// The server's memory for each, in bytes.
        bytes_each: f64,
        /// The share of a core that the generator used meanwhile.
        generator: f64,
    },
    /// Of deliveries.
    Delivering {
        /// How they were caused.
        case: Case,
        /// Deliveries per second.
        per_second: f64,
        /// The server's CPU time for each, in microseconds: seconds per million.
        cpu_micros: f64,
        /// Half of all deliveries came within that many microseconds.
        p50_micros: u32,
        /// 99 of 100 came within that many.
        p99_micros: u32,
        /// The share of a core that the server used.
        server: f64,
        /// The share of a core that the generator used.
        generator: f64,
    },
    /// Of everybody's coming back at once, to be sent what they missed meanwhile.
    Recovering {
        /// How many came back.
        clients: usize,
        /// From beginning to connect to having the last event that was missed: half within that many
        /// microseconds.
        p50_micros: u32,
        /// 99 of 100 within that many.
        p99_micros: u32,
        /// From when the first came back to when the last had everything, in seconds.
        whole_seconds: f64,
        /// The share of a core that the generator used meanwhile.
        generator: f64,
    },
    /// Nothing: the server failed, or lost something.
    Failed {
        /// How.
        why: String,
    },
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting { per_second, bytes_each, generator } => write!(
                f,
                "connecting {per_second:6.0}/s, {:4.1} KiB each; generator {:3.0} %",
                bytes_each / 1024.0,
                generator * 100.0
            ),
            Self::Delivering {
                case,
                per_second,
                cpu_micros,
                p50_micros,
                p99_micros,
                server,
                generator,
            } => {
                write!(f, "{case:<13} {per_second:7.0}/s, {cpu_micros:5.2} us each")?;
                if *case == Case::Rate {
                    write!(f, ", p50 {p50_micros} us, p99 {p99_micros} us")?;
                }
                let (server, generator) = (server * 100.0, generator * 100.0);
                write!(f, "; server {server:.0} %, generator {generator:.0} %")
            }
            Self::Recovering { clients, p50_micros, p99_micros, whole_seconds, generator } => {
                write!(
                    f,
                    "{clients} back after {whole_seconds:.2} s, p50 {p50_micros} us, p99 {p99_micros} \
                 us; generator {:.0} %",
                    generator * 100.0
                )
            }
            Self::Failed { why } => write!(f, "FAILED: {why}"),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate => f.pad("rate"),
            Self::Storm => f.pad("storm"),
            Self::InFlight(number) => f.pad(&format!("{number} in flight")),
        }
    }
}
