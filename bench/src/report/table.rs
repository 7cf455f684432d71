//! Tables: the median of each figure, and the median of its ratios to the ceiling's in the same
//! round.

use std::fmt::Write;

use crate::{
    fan_out::{Case, Figures, Measured},
    figures::median,
    peer,
};

/// Everything that was measured.
pub(super) struct Results<'a>(pub(super) &'a [Measured]);

/// One number of what was measured in a case.
pub(super) type Of = fn(&Figures, Case) -> Option<f64>;

impl Results<'_> {
    /// The values of a figure, each with its round.
    fn values(
        &self,
        peer: &str,
        shape: &str,
        of: impl Fn(&Figures) -> Option<f64>,
    ) -> Vec<(usize, f64)> {
        let is_it =
            |one: &&Measured| one.peer == peer && one.shape == shape && one.part != "growth";
        let measured = self.0.iter().filter(is_it);
        measured.filter_map(|one| Some((one.round, of(&one.figures)?))).collect()
    }

    /// The median of a figure.
    pub(super) fn median(
        &self,
        peer: &str,
        shape: &str,
        of: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<f64> {
        median(self.values(peer, shape, of).into_iter().map(|(_, value)| value))
    }

    /// The median of a figure's ratios to the same figure of another server in the same round.
    pub(super) fn ratio(
        &self,
        peer: &str,
        to: &str,
        shape: &str,
        of: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<f64> {
        let theirs = self.values(to, shape, &of);
        let same_round = |round| theirs.iter().find(|(other, _)| *other == round);
        let values = self.values(peer, shape, &of).into_iter();
        median(values.filter_map(|(round, value)| Some(value / same_round(round)?.1)))
    }

    /// Everybody who was measured on a shape, in the order of all.
    fn peers(&self, shape: &str) -> Vec<&'static str> {
        let there = |name: &&str| self.0.iter().any(|one| one.peer == *name && one.shape == shape);
        peer::ALL.map(|peer| peer.name()).into_iter().filter(there).collect()
    }
}

/// CPU time of a delivery.
pub(super) fn cpu(figures: &Figures, wanted: Case) -> Option<f64> {
    match figures {
        Figures::Delivering { case, cpu_micros, .. } if *case == wanted => Some(*cpu_micros),
        _ => None,
    }
}

/// Half of all deliveries came within that.
fn p50(figures: &Figures, wanted: Case) -> Option<f64> {
    match figures {
        Figures::Delivering { case, p50_micros, .. } if *case == wanted => {
            Some(f64::from(*p50_micros))
        }
        _ => None,
    }
}

/// 99 of 100 deliveries came within that.
pub(super) fn p99(figures: &Figures, wanted: Case) -> Option<f64> {
    match figures {
        Figures::Delivering { case, p99_micros, .. } if *case == wanted => {
            Some(f64::from(*p99_micros))
        }
        _ => None,
    }
}

/// Deliveries per second.
pub(super) fn rate(figures: &Figures, wanted: Case) -> Option<f64> {
    match figures {
        Figures::Delivering { case, per_second, .. } if *case == wanted => Some(*per_second),
        _ => None,
    }
}

/// What was delivered, by everybody.
pub(super) fn deliveries(results: &Results, shape: &str) -> String {
    let mut text =
        "| server | CPU µs each | p50 ms | p99 ms | 16 in flight /s | 128 in flight /s |\n\
                    |---|---:|---:|---:|---:|---:|\n"
            .to_owned();
    for name in results.peers(shape) {
        let cell = |case, of: Of, to, scale: f64, digits| {
            let of = |figures: &Figures| of(figures, case);
            let ratio = results.ratio(name, to, shape, of);
            match (results.median(name, shape, of), ratio) {
                (Some(value), Some(ratio)) => format!("{:.digits$} ({ratio:.2})", value * scale),
                _ => "–".to_owned(),
            }
        };
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} |",
            cell(Case::Rate, cpu, "ceiling", 1.0, 1),
            cell(Case::Rate, p50, "ceiling", 1e-3, 2),
            cell(Case::Rate, p99, "ceiling", 1e-3, 2),
            cell(Case::InFlight(16), rate, "ceiling", 1.0, 0),
            cell(Case::InFlight(128), rate, "ceiling-batched", 1.0, 0),
        );
    }
    text
}

/// What connections cost, by everybody.
pub(super) fn connections(results: &Results, shape: &str) -> String {
    let mut text =
        "| server | accepted /s | KiB each | generator's core |\n|---|---:|---:|---:|\n".to_owned();
    for name in results.peers(shape) {
        let of = |which: fn([f64; 3]) -> f64| {
            move |figures: &Figures| match figures {
                Figures::Connecting { per_second, bytes_each, generator } => {
                    Some(which([*per_second, *bytes_each, *generator]))
                }
                _ => None,
            }
        };
        let [rate, bytes, generator] =
            [of(|[rate, ..]| rate), of(|[_, each, _]| each), of(|[.., own]| own)];
        let value = |number: Option<f64>| number.unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "| {name} | {:.0} ({:.2}) | {:.1} | {:.0} % |",
            value(results.median(name, shape, rate)),
            value(results.ratio(name, "ceiling", shape, rate)),
            value(results.median(name, shape, bytes)) / 1024.0,
            value(results.median(name, shape, generator)) * 100.0,
        );
    }
    text
}

/// A list of what failed, and why.
pub(super) fn failures(results: &Results) -> String {
    let mut text = String::new();
    for one in results.0 {
        if let Figures::Failed { why } = &one.figures {
            let _ = writeln!(text, "- {}, {}, round {}: {why}", one.peer, one.shape, one.round + 1);
        }
    }
    text
}
