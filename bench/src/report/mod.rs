//! The figures as people read them: `docs/benchmarks.md`, and the plot beside it.
//!
//! - [`table`]: a Markdown table, and what stands in its cells
//! - [`growth`]: the plot
//! - [`conditions`]: on what it was measured

mod conditions;
mod growth;
mod table;

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use self::table::Results;
use crate::fan_out::{Case, Measured, Shape, base, idle, large};

const PLOT: &str = "fan-out-growth.svg";

/// Writes the section "Fan-out" of `docs/benchmarks.md`, and the plot.
///
/// # Errors
/// When the files can not be written.
pub fn write(measured: &[Measured]) -> Result<()> {
    let results = Results(measured);
    fs::write(docs().join(PLOT), growth::plot(&results)).context("the plot can not be written")?;
    section("fan-out", &fan_out(&results))
}

/// Puts a text between the marks of a section of `docs/benchmarks.md`, instead of what is there.
///
/// # Errors
/// When the file lacks the marks, or can not be written.
pub fn section(name: &str, text: &str) -> Result<()> {
    let path = docs().join("benchmarks.md");
    let all = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let lacks = || format!("{} lacks the marks of the section {name}", path.display());
    let (before, rest) = all.split_once(&begin).with_context(lacks)?;
    let (_, after) = rest.split_once(&end).with_context(lacks)?;
    fs::write(&path, format!("{before}{begin}\n{text}\n{end}{after}"))
        .with_context(|| format!("cannot write to {}", path.display()))
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn fan_out(results: &Results) -> String {
    let mut text = conditions::line(results);
    for (title, shape) in [
        ("1,000 connections in 10 rooms", base()),
        ("10,000 connections in 100 rooms", large()),
        ("1,000 connections in 1,000 rooms of 1 to 1,000", Shape::skewed()),
    ] {
        let _ = write!(text, "\n### {title}\n\n{}", table::deliveries(results, &shape.name));
    }
    let idle = table::connections(results, &idle().name);
    let _ = write!(text, "\n### 10,000 connections with two subscriptions each, idle\n\n{idle}");
    let _ = write!(text, "\n### What was aimed at\n\n{}", aims(results));
    let _ = write!(
        text,
        "\n### Growth\n\nThe CPU time of a delivery at 20,000 a second, while something is \
         doubled, as a multiple\nof what it is at first.\n\n![Growth]({PLOT})\n"
    );
    let failures = table::failures(results);
    if !failures.is_empty() {
        let _ = write!(text, "\n### What failed\n\n{failures}");
    }
    text
}

/// Each target of the design, and what came of it.
fn aims(results: &Results) -> String {
    use table::{cpu, p99, rate};
    let mut text = "| on | what | aim | measured |\n|---|---|---:|---:|\n".to_owned();
    for shape in [base().name, large().name] {
        let few = Case::InFlight(16);
        let many = Case::InFlight(128);
        for (what, case, of, to, most, aim) in [
            (
                "CPU time of a delivery, to the ceiling's",
                Case::Rate,
                cpu as table::Of,
                "ceiling",
                true,
                1.2,
            ),
            ("p99, to the ceiling's", Case::Rate, p99, "ceiling", true, 1.5),
            ("16 in flight, to the ceiling", few, rate, "ceiling", false, 0.9),
            ("16 in flight, to nchan", few, rate, "nchan", false, 1.1),
            ("16 in flight, to Socket.IO", few, rate, "socket.io", false, 1.9),
            ("128 in flight, to the batched ceiling", many, rate, "ceiling-batched", false, 0.9),
            ("128 in flight, to nchan", many, rate, "nchan", false, 3.5),
            ("128 in flight, to Socket.IO", many, rate, "socket.io", false, 5.5),
        ] {
            let ratio = results.ratio("ours", to, &shape, |figures| of(figures, case));
            let measured = match ratio {
                None => "–".to_owned(),
                Some(ratio) => {
                    let is_met = if most { ratio <= aim } else { ratio >= aim };
                    format!("{ratio:.2}{}", if is_met { "" } else { " (missed)" })
                }
            };
            let aim = format!("{} {aim}", if most { "≤" } else { "≥" });
            let _ = writeln!(text, "| {shape} | {what} | {aim} | {measured} |");
        }
    }
    text
}
