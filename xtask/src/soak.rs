//! `cargo xtask soak`: what the hub survives, in numbers that matter.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::steps::Steps;
use crate::workspace::{Workspace, output, run};

const DOCUMENT: &str = "docs/soak.md";
const BEGIN: &str = "<!-- soak: begin -->";
const END: &str = "<!-- soak: end -->";

/// Runs the long forms of the tests in `server/tests/soak` whose names contain that, one after the
/// other. When all of them were run, and none failed, the table goes into the document.
pub(crate) fn soak(workspace: &Workspace, only: Option<&str>) -> Result<()> {
    let mut steps = Steps::default();
    steps.step("set-up", || setup::for_checks(workspace))?;
    let lines = workspace.target.join("soak");
    if lines.exists() {
        fs::remove_dir_all(&lines)?;
    }
    fs::create_dir_all(&lines)?;
    let mut tests = workspace.command("cargo");
    tests.args(["nextest", "run", "--package=colloquy-server", "--test=soak", "--profile=soak"]);
    tests.args(["--run-ignored=all"]).args(only).env("SOAK", &lines);
    let survived = steps.step("soak", || run(&mut tests));
    let table = table(workspace, &lines)?;
    println!("\n{table}");
    survived?;
    if only.is_none() {
        write(&workspace.root.join(DOCUMENT), &table)?;
        println!("This is in {DOCUMENT} now.");
    }
    Ok(())
}

/// The conditions, and the lines that the tests left, in the order of their files' names.
fn table(workspace: &Workspace, lines: &Path) -> Result<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(lines)? {
        files.push(entry?.path());
    }
    files.sort();
    let mut table = format!("{}\n\n", conditions(workspace)?);
    table += "| | fault | what was done | what came of it | took |\n|---|---|---|---|---|\n";
    for file in files {
        table += &fs::read_to_string(file)?;
    }
    Ok(table)
}

fn conditions(workspace: &Workspace) -> Result<String> {
    let said = |program: &str, arguments: &[&str]| {
        output(Command::new(program).args(arguments).current_dir(&workspace.root))
    };
    Ok(format!(
        "{}, commit {}; {} cores, {}; a debug build, as in the other tests.",
        said("date", &["-u", "+%Y-%m-%d %H:%M UTC"])?,
        said("git", &["describe", "--always", "--dirty", "--abbrev=10"])?,
        said("nproc", &[])?,
        said("uname", &["-srm"])?,
    ))
}

/// Puts the table between the document's marks.
fn write(document: &Path, table: &str) -> Result<()> {
    let text = fs::read_to_string(document).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else { bail!("{DOCUMENT} has lost its marks") };
    Ok(fs::write(document, format!("{before}{BEGIN}\n{table}{END}{after}"))?)
}
