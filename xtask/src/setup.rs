//! What has to be in place before anything else works. Each part looks first, does only what is
//! missing, says what that is and how long it takes, and can be interrupted and started again. What
//! only the user can put in place is asked for before anything that takes long.

mod autobahn;
mod cargo_tools;
mod chromium;
mod components;
mod npm;
mod peers;
mod rust_src;
mod wasm_target;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;

/// For `cargo leptos serve`, `watch` and `build`.
pub(crate) fn for_serving(workspace: &Workspace) -> Result<()> {
    wasm_target::ensure(workspace)?;
    cargo_tools::ensure_leptos(workspace)?;
    cargo_tools::ensure_wasm_bindgen(workspace)
}

/// For release builds of the site, beside [`for_serving`]: Binaryen's `wasm-opt`.
pub(crate) fn for_release(workspace: &Workspace) -> Result<()> {
    npm::ensure(workspace, &workspace.end2end())
}

/// For formatting, clippy and the native tests.
pub(crate) fn for_checks(workspace: &Workspace) -> Result<()> {
    components::ensure(workspace)?;
    cargo_tools::ensure_nextest(workspace)
}

/// For the browser tests, beside [`for_serving`]; returns the browser.
pub(crate) fn for_browser_tests(workspace: &Workspace) -> Result<PathBuf> {
    npm::ensure(workspace, &workspace.end2end())?;
    chromium::ensure(workspace)
}

/// For measuring fan-out beside others; returns the folder of those that come from Debian.
pub(crate) fn for_fan_out(workspace: &Workspace) -> Result<PathBuf> {
    peers::ensure_npm(workspace)?;
    peers::ensure_debian(workspace)
}

/// For holding Autobahn's test suite against the WebSocket; returns the command that runs it.
pub(crate) fn for_autobahn(workspace: &Workspace) -> Result<Command> {
    autobahn::ensure(workspace)
}

/// Says what is about to be put in place, and how long that takes.
fn announce(what: &str, how_long: &str) {
    println!("Set-up: {what} ({how_long})");
}
