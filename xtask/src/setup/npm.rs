//! The npm packages of a folder, exactly those of its lock file.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::announce;
use crate::workspace::{Workspace, run};

pub(super) fn ensure(workspace: &Workspace, folder: &Path) -> Result<()> {
    let wanted = fs::read(folder.join("package-lock.json")).context("no package-lock.json")?;
    // `npm ci` removes node_modules first, so this copy exists only after a complete installation.
    let installed = folder.join("node_modules/.installed-lock");
    if fs::read(&installed).is_ok_and(|lock| lock == wanted) {
        return Ok(());
    }
    if workspace.find("npm").is_none() {
        bail!("npm is missing. What to do: install Node.js 20 or newer and run this again");
    }
    let modules = folder.join("node_modules");
    announce(&format!("installing npm packages into {}", modules.display()), "under a minute");
    run(workspace.command("npm").args(["ci", "--ignore-scripts"]).current_dir(folder))
        .context("npm packages are missing. What to do: npm's message is above; run this again")?;
    fs::write(installed, wanted).with_context(|| format!("cannot write to {}", modules.display()))
}
