//! A Chromium for the browser tests: the system's own, or Debian's package. Preferred is the one
//! without windows: it is the same engine, and the tests take half the time.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::announce;
use crate::workspace::{Workspace, output, run};

/// Debian's package, and what it installs.
const HEADLESS: &str = "chromium-headless-shell";

const NAMES: [&str; 5] =
    [HEADLESS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const ADVICE: &str = "What to do: install Chromium (on Debian: `sudo apt-get install \
                      chromium-headless-shell`), or set E2E_CHROMIUM to the path of one";

pub(super) fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(chosen) = env::var_os("E2E_CHROMIUM") {
        let chosen = PathBuf::from(chosen);
        if !chosen.is_file() {
            bail!("E2E_CHROMIUM is set to {}, where there is no program", chosen.display());
        }
        return Ok(chosen);
    }
    if let Some(found) = NAMES.iter().find_map(|name| workspace.find(name)) {
        return Ok(found);
    }
    let is_root = output(workspace.command("id").arg("-u")).is_ok_and(|id| id == "0");
    if !is_root || workspace.find("apt-get").is_none() {
        bail!("there is no Chromium for the browser tests. {ADVICE}");
    }
    announce("installing Debian's Chromium, a system package", "1 to 3 minutes");
    let apt = |args: &[&str]| {
        let mut command = workspace.command("apt-get");
        run(command.args(args).env("DEBIAN_FRONTEND", "noninteractive")).context(ADVICE)
    };
    apt(&["update"])?;
    apt(&["install", "--yes", "--no-install-recommends", HEADLESS, "fonts-liberation"])?;
    workspace.find(HEADLESS).context(ADVICE)
}
