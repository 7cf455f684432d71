//! Tables: the median of each figure, and the median of its ratios to the ceiling's in the same
//! round.

use std::fmt::Write;

use crate::{
    fan_out::{Case, Figures, Measured},
    figures::median,
    peer,
};

/// Who delivers a smaller share than that of what the ceiling does at a fixed rate did not keep it.
const KEPT: f64 = 0.97;

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

    /// The largest share of its core that the generator used while something was delivered.
    fn busiest_generator(&self, shape: &str) -> Option<f64> {
        let of_shape = self.0.iter().filter(|one| one.shape == shape);
        let shares = of_shape.filter_map(|one| match &one.figures {
            Figures::Delivering { generator, .. } => Some(*generator),
            _ => None,
        });
        shares.max_by(f64::total_cmp)
    }

    /// Everybody who was measured on a shape, in the order of all.
    fn peers(&self, shape: &str) -> Vec<&'static str> {
        let there = |name: &&str| self.0.iter().any(|one| one.peer == *name && one.shape == shape);
        peer::ALL.map(|peer| peer.name()).into_iter().filter(there).collect()
    }
}

/// CPU time of a delivery, in microseconds.
pub(super) fn cpu(figures: &Figures, wanted: Case) -> Option<f64> {
    match figures {
        Figures::Delivering { case, cpu_micros, .. } if *case == wanted => Some(*cpu_micros),
        _ => None,
    }
}

/// Within which half of all deliveries came, in microseconds.
fn p50(figures: &Figures, wanted: Case) -> Option<f64> {
    match figures {
        Figures::Delivering { case, p50_micros: micros, .. } if *case == wanted => {
            Some(f64::from(*micros))
        }
        _ => None,
    }
}

/// Within which 99 of 100 deliveries came, in microseconds.
pub(super) fn p99(figures: &Figures, wanted: Case) -> Option<f64> {
    match figures {
        Figures::Delivering { case, p99_micros: micros, .. } if *case == wanted => {
            Some(f64::from(*micros))
        }
        _ => None,
    }
}

/// Deliveries per second, in whichever case.
fn any_rate(figures: &Figures) -> Option<f64> {
    match figures {
        Figures::Delivering { per_second, .. } => Some(*per_second),
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

/// Memory of a connection.
pub(super) fn bytes_each(figures: &Figures) -> Option<f64> {
    match figures {
        Figures::Connecting { bytes_each, .. } => Some(*bytes_each),
        _ => None,
    }
}

/// What was delivered, by everybody; empty when nothing was.
pub(super) fn deliveries(results: &Results, shape: &str) -> String {
    let mut rows = String::new();
    for name in results.peers(shape) {
        if results.median(name, shape, any_rate).is_none() {
            continue;
        }
        let cell = |case, of: Of, to, scale: f64, digits| {
            let of = |figures: &Figures| of(figures, case);
            match (results.median(name, shape, of), results.ratio(name, to, shape, of)) {
                (Some(value), Some(ratio)) => format!("{:.digits$} ({ratio:.2})", value * scale),
                _ => "–".to_owned(),
            }
        };
        let at_rate = |figures: &Figures| rate(figures, Case::Rate);
        let kept = results.ratio(name, "ceiling", shape, at_rate);
        let not_kept = match results.median(name, shape, at_rate) {
            Some(rate) if kept.is_some_and(|kept| kept < KEPT) => format!(", at {rate:.0}/s"),
            _ => String::new(),
        };
        let _ = writeln!(
            rows,
            "| {name} | {}{not_kept} | {} | {} | {} | {} |",
            cell(Case::Rate, cpu, "ceiling", 1.0, 1),
            cell(Case::Rate, p50, "ceiling", 1e-3, 2),
            cell(Case::Rate, p99, "ceiling", 1e-3, 2),
            cell(Case::InFlight(16), rate, "ceiling", 1.0, 0),
            cell(Case::InFlight(128), rate, "ceiling-batched", 1.0, 0),
        );
    }
    let table =
        headed("server | CPU µs each | p50 ms | p99 ms | 16 in flight /s | 128 in flight /s", rows);
    match results.busiest_generator(shape) {
        Some(share) => {
            format!("{table}\nThe generator used {:.0} % of its core at most.\n", share * 100.0)
        }
        None => table,
    }
}

/// What connections cost, by everybody; empty when there were none.
pub(super) fn connections(results: &Results, shape: &str) -> String {
    let mut rows = String::new();
    for name in results.peers(shape) {
        let rate = |figures: &Figures| match figures {
            Figures::Connecting { per_second, .. } => Some(*per_second),
            _ => None,
        };
        let generator = |figures: &Figures| match figures {
            Figures::Connecting { generator, .. } => Some(*generator),
            _ => None,
        };
        let (Some(rate), Some(ratio), Some(bytes), Some(generator)) = (
            results.median(name, shape, rate),
            results.ratio(name, "ceiling", shape, rate),
            results.median(name, shape, bytes_each),
            results.median(name, shape, generator),
        ) else {
            continue;
        };
        let (kibibytes, percent) = (bytes / 1024.0, generator * 100.0);
        let _ =
            writeln!(rows, "| {name} | {rate:.0} ({ratio:.2}) | {kibibytes:.1} | {percent:.0} % |");
    }
    headed("server | accepted /s | KiB each (to ours) | generator's core", rows)
}

/// How everybody came back, by everybody; empty when nobody did.
pub(super) fn storms(results: &Results, shape: &str) -> String {
    let mut rows = String::new();
    for name in results.peers(shape) {
        let of = |pick: fn(&Figures) -> Option<f64>| results.median(name, shape, pick);
        let (Some(p50), Some(p99), Some(whole), Some(generator)) = (
            of(|figures| Some(recovering(figures)?.0)),
            of(recovered_p99),
            of(|figures| Some(recovering(figures)?.2)),
            of(|figures| Some(recovering(figures)?.3)),
        ) else {
            continue;
        };
        let _ = writeln!(
            rows,
            "| {name} | {:.2} | {:.2} | {whole:.2} | {:.0} % |",
            p50 / 1e6,
            p99 / 1e6,
            generator * 100.0
        );
    }
    headed("server | p50 s | p99 s | last s | generator's core", rows)
}

/// Within which 99 of 100 who came back had everything, in microseconds.
pub(super) fn recovered_p99(figures: &Figures) -> Option<f64> {
    Some(recovering(figures)?.1)
}

/// p50 and p99 in microseconds, the whole in seconds, the generator's share.
fn recovering(figures: &Figures) -> Option<(f64, f64, f64, f64)> {
    match figures {
        Figures::Recovering { p50_micros, p99_micros, whole_seconds, generator, .. } => {
            Some((f64::from(*p50_micros), f64::from(*p99_micros), *whole_seconds, *generator))
        }
        _ => None,
    }
}

fn headed(titles: &str, rows: String) -> String {
    if rows.is_empty() {
        return rows;
    }
    let numbers = "---:|".repeat(titles.matches('|').count());
    format!("| {titles} |\n|---|{numbers}\n{rows}")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(peer: &str, round: usize, per_second: f64) -> Measured {
        Measured {
            part: "base".to_owned(),
            peer: peer.to_owned(),
            shape: "shape".to_owned(),
            round,
            figures: Figures::Delivering {
                case: Case::InFlight(16),
                per_second,
                cpu_micros: 1.0,
                p50_micros: 1,
                p99_micros: 1,
                server: 1.0,
                generator: 0.5,
            },
        }
    }

    #[test]
    fn ratios_are_within_a_round() {
        let all = [
            measured("ceiling", 0, 100.0),
            measured("ours", 0, 90.0),
            measured("ceiling", 1, 50.0),
            measured("ours", 1, 40.0),
            // A round in which the ceiling failed is compared with nothing.
            measured("ours", 2, 1.0),
        ];
        let results = Results(&all);
        let of = |figures: &Figures| rate(figures, Case::InFlight(16));
        let ratio = results.ratio("ours", "ceiling", "shape", of).unwrap();
        assert!((ratio - 0.85).abs() < 1e-9, "{ratio}");
        assert_eq!(results.median("ours", "shape", of), Some(40.0));
        assert_eq!(results.ratio("ours", "nchan", "shape", of), None);
        let table = deliveries(&results, "shape");
        assert!(table.contains("| ours | – | – | – | 40 (0.85) | – |"), "{table}");
        assert_eq!(deliveries(&results, "another"), "");
    }
}
