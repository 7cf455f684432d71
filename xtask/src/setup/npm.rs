//! The npm packages of a folder, exactly those of its lock file.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::announce;
use crate::workspace::{Workspace, output, run};

/// The oldest Node.js that will do: the browser tests want `import.meta.dirname`.
const OLDEST: (u32, u32) = (20, 11);

const ADVICE: &str = "What to do: install Node.js 20.11 or newer, with npm, and run this again";

pub(super) fn ensure(workspace: &Workspace, folder: &Path) -> Result<()> {
    ensure_node(workspace)?;
    let wanted = fs::read(folder.join("package-lock.json")).context("no package-lock.json")?;
    // `npm ci` removes node_modules first, so this copy exists only after a complete installation.
    let installed = folder.join("node_modules/.installed-lock");
    if fs::read(&installed).is_ok_and(|lock| lock == wanted) {
        return Ok(());
    }
    if workspace.find("npm").is_none() {
        bail!("npm is missing. {ADVICE}");
    }
    let modules = folder.join("node_modules");
    announce(&format!("installing npm packages into {}", modules.display()), "under a minute");
    run(workspace.command("npm").args(["ci", "--ignore-scripts"]).current_dir(folder))
        .context("npm packages are missing. What to do: npm's message is above; run this again")?;
    fs::write(installed, wanted).with_context(|| format!("cannot write to {}", modules.display()))
}

fn ensure_node(workspace: &Workspace) -> Result<()> {
    let told = output(workspace.command("node").arg("--version"))
        .with_context(|| format!("Node.js does not answer. {ADVICE}"))?;
    if version(&told) < Some(OLDEST) {
        bail!("Node.js {told} is too old. {ADVICE}");
    }
    Ok(())
}

/// The first two numbers of what `node --version` tells, such as `v20.11.1`.
fn version(told: &str) -> Option<(u32, u32)> {
    let mut numbers = told.strip_prefix('v')?.split('.').map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::{OLDEST, version};

    #[test]
    fn versions_are_compared_number_by_number() {
        assert_eq!(version("v20.11.1"), Some(OLDEST));
        assert!(version("v100.0.0") > Some(OLDEST));
        for too_old in ["v20.9.0", "v18.19.0", "v8.17.0", "20.11.1", "nonsense"] {
            assert!(version(too_old) < Some(OLDEST), "{too_old}");
        }
    }
}
