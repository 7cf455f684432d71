//! The figures as people read them: `docs/benchmarks.md`, and the plot beside it.
//!
//! - [`table`]: a Markdown table, and what stands in its cells
//! - [`aims`]: what is aimed at; [`growth`]: the plot
//! - [`conditions`]: on what it was measured

mod aims;
mod conditions;
mod growth;
mod table;

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

pub use self::conditions::machine;
use self::table::Results;
use crate::fan_out::{Measured, Shape, base, idle, large};

const PLOT: &str = "fan-out-growth.svg";
const GROWTH: &str = "The CPU time of a delivery at 20,000 a second, while something is doubled, as a \
                      multiple\nof what it is at first; a doubling may raise it by a tenth (dashed).";

/// Writes the section "Fan-out" of `docs/benchmarks.md`, and the plot.
///
/// # Errors
/// When the files cannot be written.
pub fn write(measured: &[Measured]) -> Result<()> {
    let results = Results(measured);
    if growth::is_measured(&results) {
        let plot = growth::plot(&results);
        fs::write(docs().join(PLOT), plot).context("the plot cannot be written")?;
    }
    section("fan-out", &fan_out(&results))
}

/// Writes a section of `docs/benchmarks.md`, instead of what is there.
///
/// # Errors
/// When the file lacks the section's marks, or cannot be written.
pub fn section(name: &str, text: &str) -> Result<()> {
    let path = docs().join("benchmarks.md");
    let all = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    let all = with_section(&all, name, text)
        .with_context(|| format!("{} lacks the marks of the section {name}", path.display()))?;
    fs::write(&path, all).with_context(|| format!("cannot write to {}", path.display()))
}

/// The text with another one between the marks of a section.
fn with_section(all: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = all.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{text}\n{end}{after}"))
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn fan_out(results: &Results) -> String {
    let mut text = conditions::line(results);
    let mut part = |title: &str, content: String| {
        if !content.is_empty() {
            let _ = write!(text, "\n### {title}\n\n{content}");
        }
    };
    for (title, shape) in [
        ("1,000 connections in 10 rooms", base()),
        ("10,000 connections in 100 rooms", large()),
        ("1,000 connections in 1,000 rooms of 1 to 1,000", Shape::skewed()),
    ] {
        part(title, table::deliveries(results, &shape.name));
    }
    let connections = table::connections(results, &idle().name);
    part("10,000 connections with two subscriptions each, idle", connections);
    part(
        "10,000 clients cut off for two seconds, come back",
        table::storms(results, &large().name),
    );
    part("What was aimed at", aims::table(results));
    if growth::is_measured(results) {
        part("Growth", format!("{GROWTH}\n\n![Growth]({PLOT})\n"));
    }
    part("What failed", table::failures(results));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_nothing_else() {
        let page =
            "# Page\n<!-- a: begin -->\nold\n<!-- a: end -->\n<!-- b: begin -->\n<!-- b: end -->\n";
        let once = with_section(page, "a", "new").unwrap();
        assert_eq!(once, page.replace("old", "\nnew"));
        assert_eq!(with_section(&once, "a", "new").unwrap(), once);
        assert_eq!(with_section(page, "c", "new"), None);
    }
}
