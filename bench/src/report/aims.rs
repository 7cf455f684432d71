//! What is aimed at, and what came of each aim.

use std::fmt::Write;

use super::{
    growth,
    table::{Of, Results, bytes_each, cpu, p99, rate, recovered_p99},
};
use crate::fan_out::{self, Case, Figures, base, idle, large};

/// At most or at least so much.
#[derive(Clone, Copy)]
enum Aim {
    AtMost(f64),
    AtLeast(f64),
}

/// What our ratio to another server should be.
const RATIOS: [(&str, Case, Of, &str, Aim); 9] = [
    ("CPU time, to the ceiling's", Case::Rate, cpu, "ceiling", Aim::AtMost(1.2)),
    ("p99, to the ceiling's", Case::Rate, p99, "ceiling", Aim::AtMost(1.5)),
    ("16 in flight, to the ceiling", FEW, rate, "ceiling", Aim::AtLeast(0.9)),
    ("16 in flight, to nchan", FEW, rate, "nchan", Aim::AtLeast(1.1)),
    ("16 in flight, to Socket.IO", FEW, rate, "socket.io", Aim::AtLeast(1.9)),
    ("128 in flight, to the batched ceiling", MANY, rate, "ceiling-batched", Aim::AtLeast(0.9)),
    ("128 in flight, to nchan", MANY, rate, "nchan", Aim::AtLeast(3.5)),
    ("128 in flight, to ours without recovery", MANY, rate, "ours-forgetful", Aim::AtLeast(0.9)),
    ("128 in flight, to Socket.IO", MANY, rate, "socket.io", Aim::AtLeast(5.5)),
];
const FEW: Case = Case::InFlight(16);
const MANY: Case = Case::InFlight(128);

/// A table of those that were measured; empty when none was.
pub(super) fn table(results: &Results) -> String {
    let mut rows = String::new();
    for (shape, is_base) in [(base().name, true), (large().name, false)] {
        // With many connections it is the ceiling alone that is aimed at.
        let aimed_at = RATIOS.into_iter().filter(|ratio| is_base || ratio.3.starts_with("ceiling"));
        for (what, case, of, to, aim) in aimed_at {
            let ratio = results.ratio("ours", to, &shape, |figures| of(figures, case));
            row(&mut rows, &shape, what, aim, ratio);
        }
    }
    let idle = idle().name;
    let per_second = |figures: &Figures| match figures {
        Figures::Connecting { per_second, .. } => Some(*per_second),
        _ => None,
    };
    let kibibytes = |figures: &Figures| Some(bytes_each(figures)? / 1024.0);
    let accepted = results.median("ours", &idle, per_second);
    row(&mut rows, &idle, "accepted per second", Aim::AtLeast(15_000.0), accepted);
    let memory = results.median("ours", &idle, kibibytes);
    row(&mut rows, &idle, "KiB each", Aim::AtMost(4.0), memory);
    let seconds = |figures: &Figures| Some(recovered_p99(figures)? / 1e6);
    let back = results.median("ours-durable", &large().name, seconds);
    row(
        &mut rows,
        &large().name,
        "p99 until who was cut off has everything, s",
        Aim::AtMost(1.0),
        back,
    );
    for series in fan_out::growth() {
        let rise = growth::of_a_doubling(results, &series);
        let aim = Aim::AtMost(growth::ALLOWED);
        row(&mut rows, series.title, "a doubling multiplies CPU time by", aim, rise);
    }
    match rows.is_empty() {
        true => rows,
        false => format!("| on | what | aim | measured |\n|---|---|---:|---:|\n{rows}"),
    }
}

fn row(rows: &mut String, shape: &str, what: &str, aim: Aim, measured: Option<f64>) {
    let Some(measured) = measured else { return };
    let (sign, wanted, is_met) = match aim {
        Aim::AtMost(most) => ("≤", most, measured <= most),
        Aim::AtLeast(least) => ("≥", least, measured >= least),
    };
    let digits = if wanted >= 1_000.0 { 0 } else { 2 };
    let missed = if is_met { "" } else { ", missed" };
    let _ = writeln!(rows, "| {shape} | {what} | {sign} {wanted} | {measured:.digits$}{missed} |");
}
