//! `cargo xtask soak`: what the hub survives, in numbers that matter.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};

use crate::steps::Steps;
use crate::workspace::{Workspace, output, run};
use crate::{autobahn, fuzz, setup};

/// For how long a fuzzer makes things up for each of its programs.
const FUZZ_SECONDS: u32 = 120;

const DOCUMENT: &str = "docs/soak.md";
/// What the line of a fault has that cannot be tried on the machine.
const NOT_TRIED: &str = "| **not tried: ";
const BEGIN: &str = "<!-- soak: begin -->\n";
const END: &str = "<!-- soak: end -->";
const HEAD: &str = "| | fault | what was done | what came of it | took | when, on what |
|---|---|---|---|---|---|
";

/// Runs the long forms of the tests of faults and of bad input (`server/tests/soak` and `input`)
/// whose names contain that, one after the other. The line of each fault that was survived goes into
/// the document's table. Without a name, Autobahn's suite, where it can be set up, and the fuzzer have
/// their turn as well.
pub(crate) fn soak(workspace: &Workspace, only: Option<&str>) -> Result<()> {
    let mut steps = Steps::default();
    let conditions = conditions()?;
    steps.step("set-up", || setup::for_checks(workspace))?;
    // Its turn comes at the end; what it lacks is told now as well.
    let lacking = only.is_none().then(|| setup::for_autobahn(workspace).err()).flatten();
    let tell_lacking = || {
        if let Some(error) = &lacking {
            eprintln!("\nAutobahn's suite is left out: {error:#}");
        }
    };
    tell_lacking();
    let lines = workspace.target.join("soak");
    if lines.exists() {
        fs::remove_dir_all(&lines)?;
    }
    fs::create_dir_all(&lines)?;
    let mut tests = workspace.command("cargo");
    tests.args(["nextest", "run", "--package=colloquy-server", "--test=soak", "--test=input"]);
    tests.args(["--profile=soak", "--run-ignored=all"]).args(only).env("SOAK", &lines);
    let survived = steps.step("soak", || run(&mut tests));
    let table = table(&workspace.root.join(DOCUMENT), &lines, &conditions)?;
    println!("\n{table}");
    if only.is_some() {
        return survived;
    }
    // What failed does not keep the rest from being tried, or told.
    let held = if lacking.is_none() { autobahn::autobahn(workspace) } else { Ok(()) };
    let stood = fuzz::fuzz(workspace, FUZZ_SECONDS);
    tell_lacking();
    let mut failures: Vec<_> =
        [survived, held, stood].into_iter().filter_map(Result::err).collect();
    let last = failures.pop();
    for failure in failures {
        eprintln!("\nError: {failure:?}");
    }
    last.map_or(Ok(()), Err)
}

/// Lays the lines that the tests left over those in the document; the table as it is then.
fn table(document: &Path, lines: &Path, conditions: &str) -> Result<String> {
    let text = fs::read_to_string(document).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let (before, rest) = text.split_once(BEGIN).context("docs/soak.md has lost its mark")?;
    let (table, after) = rest.split_once(END).context("docs/soak.md has lost its mark")?;
    let mut rows: BTreeMap<(u32, String), String> = BTreeMap::new();
    let mut keep = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        if let (Some(Ok(number)), Some(name)) = (cells.next().map(str::parse), cells.next()) {
            let (fault, line) = ((number, name.to_owned()), format!("{line}\n"));
            // What was measured elsewhere is worth more than that it could not be tried here.
            if line.contains(NOT_TRIED) {
                rows.entry(fault).or_insert(line);
            } else {
                rows.insert(fault, line);
            }
        }
    };
    table.lines().for_each(&mut keep);
    for entry in fs::read_dir(lines)? {
        let line = fs::read_to_string(entry?.path())?;
        keep(&format!("{} {conditions} |", line.trim()));
    }
    let table = format!("{HEAD}{}", rows.into_values().collect::<String>());
    fs::write(document, format!("{before}{BEGIN}{table}{END}{after}"))?;
    Ok(table)
}

/// When it was measured, and on what.
fn conditions() -> Result<String> {
    let date = output(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M"]))?;
    Ok(format!("{date}, {} cores", thread::available_parallelism()?))
}
