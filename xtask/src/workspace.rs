//! Where things are, and how programs are started there.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The folders that every task works with, all absolute.
pub(crate) struct Workspace {
    /// The clone.
    pub(crate) root: PathBuf,
    /// Where set-up keeps its tools: `.tools/`, or `XTASK_TOOLS_DIR` for a cache that outlives a
    /// clone.
    pub(crate) tools: PathBuf,
    /// Cargo's target folder, wherever the environment put it.
    pub(crate) target: PathBuf,
}

impl Workspace {
    pub(crate) fn locate() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .context("start this as `cargo xtask`, which says where the workspace is")?;
        let root = manifest.parent().context("xtask is not inside a workspace")?.to_path_buf();
        let tools = match env::var_os("XTASK_TOOLS_DIR") {
            Some(folder) => std::path::absolute(folder)?,
            None => root.join(".tools"),
        };
        // This executable is TARGET/debug/xtask.
        let executable = env::current_exe().context("cannot tell where this executable is")?;
        let target = executable.ancestors().nth(2).context("xtask is not in a target folder")?;
        Ok(Self { target: target.to_path_buf(), root, tools })
    }

    /// The folder of everything that comes from npm: the browser tests and `wasm-opt`.
    pub(crate) fn end2end(&self) -> PathBuf {
        self.root.join("end2end")
    }

    /// A command that runs in the clone and finds the project's own tools before any others.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(&self.root).env("PATH", self.search_path());
        command
    }

    /// The file that `program` would run, if there is one.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        env::split_paths(&self.search_path())
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())
    }

    fn search_path(&self) -> std::ffi::OsString {
        let own = [self.tools.join("bin"), self.end2end().join("node_modules/.bin")];
        let inherited = env::var_os("PATH").unwrap_or_default();
        // Joining fails only for a folder with a colon in its name, which PATH cannot hold at all.
        env::join_paths(own.into_iter().chain(env::split_paths(&inherited))).unwrap_or(inherited)
    }
}

/// Runs a command, its output on the terminal, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = display(command);
    let status = command.stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("`{program}` could not be started"))?;
    if !status.success() {
        bail!("`{program}` failed ({status})");
    }
    Ok(())
}

/// What a command prints, without the white space around it; fails unless it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let program = display(command);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("`{program}` could not be started"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        bail!("`{program}` failed ({}): {}", output.status, message.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn display(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
