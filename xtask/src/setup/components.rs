//! rustfmt and clippy, which a minimal Rust toolchain leaves out.

use anyhow::{Context, Result};

use super::announce;
use crate::workspace::{Workspace, output, run};

pub(super) fn ensure(workspace: &Workspace) -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if output(workspace.command("cargo").args([subcommand, "--version"])).is_ok() {
            continue;
        }
        announce(&format!("adding {component} to the Rust toolchain"), "under a minute");
        run(workspace.command("rustup").args(["component", "add", component])).with_context(
            || {
                format!(
                    "{component} is missing. What to do: install it for the Rust toolchain in use"
                )
            },
        )?;
    }
    Ok(())
}
