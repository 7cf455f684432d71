//! What commands print on standard output.

use std::{
    fmt::Display,
    io::{self, Write},
};

use anyhow::Context;

/// Prints one or more lines. Whoever has closed standard output wants to read no more.
///
/// # Errors
/// When it cannot be written to otherwise.
pub(crate) fn print(lines: impl Display) -> anyhow::Result<()> {
    match writeln!(io::stdout(), "{lines}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written to"),
    }
}

/// Prints a list, a line for each; an empty one is told on standard error.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_list(
    lines: impl Iterator<Item = String>,
    when_empty: &str,
) -> anyhow::Result<()> {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        // Whether somebody reads it or not.
        let _ = writeln!(io::stderr(), "{when_empty}");
        return Ok(());
    }
    print(lines.join("\n"))
}
