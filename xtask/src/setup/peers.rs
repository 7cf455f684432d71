//! The servers that fan-out is measured beside: Node's and Bun from npm, nchan and mosquitto from
//! Debian, unpacked into the project's tools and not installed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::{announce, npm};
use crate::workspace::{Workspace, run};

/// The servers, then the libraries that they need and that few machines have.
const PACKAGES: [&str; 6] =
    ["nginx", "libnginx-mod-nchan", "mosquitto", "libcjson1", "libdlt2", "libwrap0"];

/// Those whose versions are told with the figures.
const SERVERS: usize = 3;

/// Installs those from npm.
pub(super) fn ensure_npm(workspace: &Workspace) -> Result<()> {
    npm::ensure(workspace, &workspace.root.join("bench/peers"))
}

/// The folder into which Debian's packages were unpacked.
pub(super) fn ensure_debian(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.tools.join("debian");
    // Written last, so it is there only after everything else.
    let versions = folder.join("versions");
    if versions.is_file() {
        return Ok(folder);
    }
    if ["apt-get", "dpkg"].iter().any(|program| workspace.find(program).is_none()) {
        bail!(
            "nginx with nchan, and mosquitto, come from Debian. What to do: run this on Debian or \
             Ubuntu"
        );
    }
    announce("unpacking nginx, nchan and mosquitto of Debian", "under a minute");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let scratch = folder.join("packages");
    fs::create_dir_all(&scratch)?;
    run(workspace.command("apt-get").arg("download").args(PACKAGES).current_dir(&scratch))
        .context("What to do: `sudo apt-get update`, then run this again")?;
    let mut told = Vec::new();
    for entry in fs::read_dir(&scratch)? {
        let file = entry?.path();
        run(workspace.command("dpkg").arg("--extract").arg(&file).arg(&folder))?;
        // NAME_VERSION_ARCHITECTURE.deb
        let name = file.file_stem().unwrap_or_default().to_string_lossy().replace("%3a", ":");
        let mut words = name.split('_');
        let (name, version) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        if PACKAGES[..SERVERS].contains(&name) {
            told.push(format!("{name} {version}"));
        }
    }
    told.sort();
    fs::write(versions, told.join("\n")).context("cannot write to the tools' folder")?;
    Ok(folder)
}
