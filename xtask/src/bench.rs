//! `cargo xtask bench`: what it costs, beside others.

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use clap::ValueEnum;

use crate::build;
use crate::setup;
use crate::steps::Steps;
use crate::workspace::{Workspace, run};

/// The parts, in the order in which they are run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Writing durably
    Write,
    /// Reading a large hub
    Read,
    /// Delivering to many, beside the ceiling and others
    FanOut,
    /// Each of them
    All,
}

pub(crate) fn bench(workspace: &Workspace, part: Part, quick: bool) -> Result<()> {
    let wanted = |one| part == one || part == Part::All;
    let mut steps = Steps::default();
    let debian = wanted(Part::FanOut)
        .then(|| steps.step("set-up", || setup::for_fan_out(workspace)))
        .transpose()?;
    let cargo = |args: &[&str]| {
        run(workspace.command("cargo").env("RUSTFLAGS", build::flags()).arg("build").args(args))
    };
    steps.step("the servers and the generator, optimised", || {
        cargo(&["--release", "--package=colloquy-bench", "--bins"])?;
        let server = ["--package=colloquy-server", "--features=bench"];
        cargo(&[&["--release"], &server[..], &["--bin=colloquy", "--example=fan_out"]].concat())
    })?;
    if wanted(Part::Write) {
        steps.step("writing", || write(workspace, quick))?;
    }
    if wanted(Part::Read) {
        steps.step("reading", || read(workspace, quick))?;
    }
    if let Some(debian) = debian {
        steps.step("fan-out", || fan_out(workspace, &debian, quick))?;
    }
    Ok(())
}

/// Measures beside others, those from Debian being in that folder.
fn fan_out(workspace: &Workspace, debian: &Path, quick: bool) -> Result<()> {
    let figures = workspace.target.join("bench/fan-out.jsonl");
    fs::create_dir_all(workspace.target.join("bench"))?;
    if figures.exists() {
        fs::remove_file(&figures)?;
    }
    let generator = |verb: &str| {
        let mut command = optimised(workspace, "colloquy-bench");
        command.arg(verb).env("BENCH_DEBIAN", debian);
        command
    };
    let quick = quick.then_some("--quick");
    let measured = run(generator("measure").args(quick).arg("--out").arg(&figures));
    // What did not fail is worth reading all the same.
    run(generator("report").arg(&figures))?;
    measured
}

fn write(workspace: &Workspace, quick: bool) -> Result<()> {
    let mut write = optimised(workspace, "write");
    write.arg("--server").arg(workspace.target.join("release/colloquy"));
    write.arg("--folder").arg(&workspace.target);
    run(if quick { write.args(["--seconds=2", "--rounds=1"]) } else { &mut write })
}

fn read(workspace: &Workspace, quick: bool) -> Result<()> {
    let mut read = optimised(workspace, "read");
    read.arg("--server").arg(workspace.target.join("release/colloquy"));
    read.arg("--folder").arg(&workspace.target);
    run(if quick { read.arg("--times=100") } else { &mut read })
}

fn optimised(workspace: &Workspace, name: &str) -> Command {
    workspace.command(workspace.target.join("release").join(name))
}
