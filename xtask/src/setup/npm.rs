//! The npm packages: Playwright for the browser tests, Binaryen for its `wasm-opt`.

use std::fs;

use anyhow::{Context, Result, bail};

use super::announce;
use crate::workspace::{Workspace, run};

pub(super) fn ensure(workspace: &Workspace) -> Result<()> {
    let folder = workspace.end2end();
    let wanted = fs::read(folder.join("package-lock.json")).context("no package-lock.json")?;
    // `npm ci` removes node_modules first, so this copy exists only after a complete installation.
    let installed = folder.join("node_modules/.installed-lock");
    if fs::read(&installed).is_ok_and(|lock| lock == wanted) {
        return Ok(());
    }
    if workspace.find("npm").is_none() {
        bail!("npm is missing. What to do: install Node.js 20 or newer and run this again");
    }
    announce("installing npm packages into end2end/node_modules", "under a minute");
    run(workspace.command("npm").args(["ci", "--ignore-scripts"]).current_dir(&folder))
        .context("npm packages are missing. What to do: npm's message is above; run this again")?;
    fs::write(installed, wanted).context("cannot write to end2end/node_modules")
}
