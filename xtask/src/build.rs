//! `cargo xtask build`: one optimised executable with the site inside.

use anyhow::{Context, Result};

use crate::setup;
use crate::steps::Steps;
use crate::workspace::{Workspace, run};

pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let mut steps = Steps::default();
    steps.step("set-up", || {
        setup::for_serving(workspace)?;
        setup::for_release(workspace)
    })?;
    steps.step("the site: WASM, JavaScript, style; each also as brotli and gzip", || {
        run(workspace.command("cargo-leptos").args([
            "leptos",
            "build",
            "--release",
            "--frontend-only",
            "--split",
            "--precompress",
        ]))
    })?;
    steps.step("the executable, with the site embedded", || {
        run(workspace.command("cargo").args([
            "build",
            "--release",
            "--package=colloquy-server",
            "--features=embed",
        ]))
    })?;
    let executable = workspace.target.join("release/colloquy");
    let size = executable.metadata().context("the build left no executable")?.len();
    println!("\n{}: {:.1} MiB", executable.display(), size as f64 / f64::from(1 << 20));
    Ok(())
}
