//! `cargo xtask build`: one optimised executable with the site inside.

use std::env;

use anyhow::{Context, Result};

use crate::setup;
use crate::steps::Steps;
use crate::workspace::{Workspace, run};

/// With it Leptos keeps one type for all views, which makes the WASM a tenth smaller. The half that
/// renders and the half that hydrates must agree, so both are built with it; development builds
/// do without, or every check would compile Leptos anew.
const ERASE_VIEWS: &str = "--cfg erase_components";

/// `RUSTFLAGS` of everything that is optimised: builds with others share nothing.
pub(crate) fn flags() -> String {
    let inherited = env::var("RUSTFLAGS").unwrap_or_default();
    format!("{inherited} {ERASE_VIEWS}").trim().to_owned()
}

pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let flags = flags();
    let mut steps = Steps::default();
    steps.step("set-up", || {
        setup::for_release(workspace)?;
        setup::for_serving(workspace)
    })?;
    steps.step("the site: WASM, JavaScript, style; each also as brotli and gzip", || {
        run(workspace.command("cargo-leptos").env("RUSTFLAGS", &flags).args([
            "leptos",
            "build",
            "--release",
            "--frontend-only",
            "--split",
            "--precompress",
        ]))
    })?;
    steps.step("the executable, with the site embedded", || {
        run(workspace.command("cargo").env("RUSTFLAGS", &flags).args([
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
