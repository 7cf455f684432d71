//! What has to be in place before anything else works. Each part looks first, does only what is
//! missing, says what that is and how long it takes, and can be interrupted and started again.

mod cargo_tools;
mod chromium;
mod components;
mod npm;
mod rust_src;
mod wasm_target;

use std::path::PathBuf;

use anyhow::Result;

use crate::workspace::Workspace;

/// For `cargo leptos serve`, `watch` and `build`.
pub(crate) fn for_serving(workspace: &Workspace) -> Result<()> {
    wasm_target::ensure(workspace)?;
    cargo_tools::ensure_leptos(workspace)?;
    cargo_tools::ensure_wasm_bindgen(workspace)
}

/// For release builds of the site, beside [`for_serving`]: `wasm-opt`.
pub(crate) fn for_release(workspace: &Workspace) -> Result<()> {
    npm::ensure(workspace)
}

/// For formatting, clippy and the native tests.
pub(crate) fn for_checks(workspace: &Workspace) -> Result<()> {
    components::ensure(workspace)?;
    cargo_tools::ensure_nextest(workspace)
}

/// For the browser tests and all they are built with; returns the browser.
pub(crate) fn for_browser_tests(workspace: &Workspace) -> Result<PathBuf> {
    for_serving(workspace)?;
    npm::ensure(workspace)?;
    chromium::ensure(workspace)
}

/// Says what is about to be put in place, and how long that takes.
fn announce(what: &str, how_long: &str) {
    println!("Set-up: {what} ({how_long})");
}
