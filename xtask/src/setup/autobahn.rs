//! Autobahn's test suite of the WebSocket protocol, from PyPI. It runs on Python 2.7 only.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::announce;
use crate::workspace::{Workspace, output, run};

const PACKAGE: &str = "autobahntestsuite==25.10.1";

/// A command that runs the suite's `wstest`.
pub(super) fn ensure(workspace: &Workspace) -> Result<Command> {
    let folder = workspace.tools.join("autobahn");
    let Some(python) = python(workspace) else {
        bail!(
            "Autobahn's test suite needs Python 2.7. What to do: have `python2.7` on the PATH, or \
             install it with pyenv"
        );
    };
    let in_folder = |arguments: &[&str]| {
        let mut command = workspace.command(&python);
        command.env("PYTHONUSERBASE", &folder).arg("-m").args(arguments);
        command
    };
    if !folder.join("bin/wstest").is_file() {
        announce("installing Autobahn's test suite", "two minutes");
        let wanted = ["--user", "--quiet", "--only-binary=cryptography", PACKAGE];
        run(in_folder(&["pip", "install"]).args(wanted))?;
    }
    Ok(in_folder(&["autobahntestsuite.wstest"]))
}

/// The interpreter: the PATH's, or one that pyenv has beside its chosen ones.
fn python(workspace: &Workspace) -> Option<PathBuf> {
    let works = |python: &PathBuf| output(workspace.command(python).arg("--version")).is_ok();
    let found = workspace.find("python2.7").filter(works);
    found.or_else(|| {
        let versions = output(workspace.command("pyenv").args(["versions", "--bare"])).ok()?;
        let version = versions.lines().find(|version| version.trim().starts_with("2.7."))?;
        let prefix = output(workspace.command("pyenv").args(["prefix", version.trim()])).ok()?;
        Some(PathBuf::from(prefix).join("bin/python2.7")).filter(works)
    })
}
