//! Rust's standard library for WASM, the one thing that lives in the toolchain, not in `.tools/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{announce, rust_src};
use crate::workspace::{Workspace, output};

pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// How long rustup may take. Where its host is out of reach it can hang for long.
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

pub(super) fn ensure(workspace: &Workspace) -> Result<()> {
    let libraries =
        output(workspace.command("rustc").args(["--print=target-libdir", "--target", TARGET]))
            .map(PathBuf::from)
            .context("rustc does not answer. What to do: install Rust from https://rustup.rs")?;
    if has_standard_library(&libraries) {
        return Ok(());
    }
    announce(
        &format!(
            "adding the target {TARGET} to the Rust toolchain, outside this folder, at {}",
            libraries.display()
        ),
        "under a minute",
    );
    if rustup_adds_it(workspace) && has_standard_library(&libraries) {
        return Ok(());
    }
    announce(
        "rustup could not add it; building it from Debian's source package instead",
        "2 to 10 minutes, once",
    );
    rust_src::install(workspace, &libraries).with_context(|| {
        format!(
            "the target {TARGET} could not be added. What to do: run `rustup target add {TARGET}` \
             where https://static.rust-lang.org answers, then run this again"
        )
    })
}

fn has_standard_library(libraries: &Path) -> bool {
    let Ok(entries) = fs::read_dir(libraries) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

fn rustup_adds_it(workspace: &Workspace) -> bool {
    let mut command = workspace.command("rustup");
    let Ok(mut rustup) = command.args(["target", "add", TARGET]).stdin(Stdio::null()).spawn()
    else {
        return false;
    };
    let start = Instant::now();
    while start.elapsed() < RUSTUP_LIMIT {
        match rustup.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(200)),
            Err(_) => break,
        }
    }
    // Whether or not it could be killed, it has not done what it should.
    let _ = rustup.kill();
    let _ = rustup.wait();
    false
}
