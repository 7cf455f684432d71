//! `cargo xtask fuzz`: what a fuzzer makes up, for the frame decoder and the clients' session.
//!
//! libFuzzer, as `cargo fuzz` uses it, but with the stable compiler: what it needs of the compiler
//! is that code tells where it goes. There is no unsafe code of ours that a sanitizer could watch.
//! It is C++ itself, and is compiled here.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::steps::Steps;
use crate::workspace::{Workspace, output, run};

/// The programs of `fuzz/`, and the most bytes that they are given.
const TARGETS: [(&str, u32); 2] = [("decoder", 4_000), ("session", 2_000)];

/// Has the code tell libFuzzer where it goes, and what it compares.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Runs each for so many seconds. What was found useful is kept in the target folder, for the next
/// time; what fails is kept there, too, and named.
pub(crate) fn fuzz(workspace: &Workspace, seconds: u32) -> Result<()> {
    let mut steps = Steps::default();
    let about = output(workspace.command("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say what it runs on")?;
    let folder = folder(workspace);
    steps.step("the programs", || {
        let mut build = cargo(workspace);
        // With a target, build scripts are built without the flags.
        run(build.args(["build", "--locked", "--target", host]).env("RUSTFLAGS", FLAGS))
    })?;
    for (name, most) in TARGETS {
        steps.step(name, || {
            let corpus = folder.join("corpus").join(name);
            fs::create_dir_all(&corpus)?;
            let program = folder.join(host).join("debug").join(name);
            run(workspace
                .command(program)
                .arg(format!("-max_total_time={seconds}"))
                .arg(format!("-max_len={most}"))
                .arg(format!("-artifact_prefix={}/{name}-", folder.display()))
                .arg("-print_final_stats=1")
                .arg(corpus))
        })?;
    }
    Ok(())
}

/// Checks the programs as the workspace is checked, which they are no part of.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    run(cargo(workspace).args(["fmt", "--check"]))?;
    let mut clippy = cargo(workspace);
    // Nothing is linked, so any file will pass for libFuzzer, and no C++ compiler is needed.
    clippy.env("CUSTOM_LIBFUZZER_PATH", workspace.root.join("fuzz/Cargo.toml"));
    run(clippy.args(["clippy", "--locked", "--", "-Dwarnings"]))
}

/// Cargo, in the workspace that `fuzz/` is by itself.
fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = workspace.command("cargo");
    cargo.current_dir(workspace.root.join("fuzz")).env("CARGO_TARGET_DIR", folder(workspace));
    cargo
}

/// Where everything is that is made here.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("fuzz")
}
