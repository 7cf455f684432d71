//! `cargo xtask serve`, and what `cargo leptos` is in this workspace.

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result};

use crate::setup;
use crate::workspace::Workspace;

/// What of cargo-leptos builds the site. Its WASM is in a few parts, and what puts them
/// together (`--split`) is no setting of the workspace.
const BUILDING: [&str; 5] = ["build", "end-to-end", "serve", "test", "watch"];

/// Sets up, then becomes `cargo leptos serve`.
pub(crate) fn serve(workspace: &Workspace, args: &[String]) -> Result<()> {
    let mut all = vec!["serve".to_owned()];
    all.extend_from_slice(args);
    leptos(workspace, &all)
}

/// Sets up, then becomes cargo-leptos: `cargo leptos serve | watch | build ...`.
pub(crate) fn leptos(workspace: &Workspace, args: &[String]) -> Result<()> {
    if args.iter().any(|arg| arg == "--release" || arg == "-r") {
        setup::for_release(workspace)?;
    }
    setup::for_serving(workspace)?;
    let mut command = workspace.command("cargo-leptos");
    command.arg("leptos");
    if let Some((task, rest)) = args.split_first() {
        command.arg(task);
        if BUILDING.contains(&task.as_str()) {
            // In front of what is the server's: everything behind `--`.
            command.arg("--split");
        }
        command.args(rest);
    }
    // The terminal's signals and the exit code are cargo-leptos's own from here on.
    Err(command.exec()).context("cargo-leptos could not be started")
}
