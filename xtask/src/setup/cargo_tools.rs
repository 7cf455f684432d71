//! The tools that `cargo install` builds, in `.tools/bin`.

use std::fs;

use anyhow::{Context, Result, bail};

use super::announce;
use crate::workspace::{Workspace, output, run};

/// The newest release that Rust 1.95 compiles.
const CARGO_LEPTOS: &str = "0.3.10";
/// What is installed where there is none; any version will do.
const CARGO_NEXTEST: &str = "0.9.143";

pub(super) fn ensure_leptos(workspace: &Workspace) -> Result<()> {
    if version(workspace, "cargo-leptos").as_deref() == Some(CARGO_LEPTOS) {
        return Ok(());
    }
    // It compiles its own OpenSSL, which needs more than Rust's usual C compiler.
    let missing: Vec<_> =
        ["make", "perl"].into_iter().filter(|tool| workspace.find(tool).is_none()).collect();
    if !missing.is_empty() {
        bail!(
            "cargo-leptos cannot be compiled without {}. What to do: install it, on Debian with \
             `apt-get install build-essential perl`, and run this again",
            missing.join(" and ")
        );
    }
    // Unoptimised it compiles in a fraction of the time, and is fast enough for what it does.
    install(workspace, "cargo-leptos", CARGO_LEPTOS, &["--debug"], "2 to 15 minutes, once")
}

/// The version has to be exactly that of the wasm-bindgen library, so the lock file tells it.
pub(super) fn ensure_wasm_bindgen(workspace: &Workspace) -> Result<()> {
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).context("no Cargo.lock")?;
    let wanted = locked_version(&lock, "wasm-bindgen").context("Cargo.lock has no wasm-bindgen")?;
    if version(workspace, "wasm-bindgen").as_deref() == Some(wanted) {
        return Ok(());
    }
    install(workspace, "wasm-bindgen-cli", wanted, &[], "1 to 5 minutes, once")
}

pub(super) fn ensure_nextest(workspace: &Workspace) -> Result<()> {
    if version(workspace, "cargo-nextest").is_some() {
        return Ok(());
    }
    install(workspace, "cargo-nextest", CARGO_NEXTEST, &["--debug"], "2 to 15 minutes, once")
}

/// The second word of `PROGRAM --version`, if there is such a program.
fn version(workspace: &Workspace, program: &str) -> Option<String> {
    let text = output(workspace.command(program).arg("--version")).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

fn install(
    workspace: &Workspace,
    package: &str,
    version: &str,
    profile: &[&str],
    how_long: &str,
) -> Result<()> {
    announce(
        &format!("compiling {package} {version} into {}", workspace.tools.display()),
        how_long,
    );
    // A build folder of its own lets an interrupted installation go on where it stopped.
    let scratch = workspace.tools.join("build").join(package);
    run(workspace
        .command("cargo")
        .args(["install", "--locked", "--force"])
        .args(profile)
        .arg(format!("{package}@{version}"))
        .arg("--root")
        .arg(&workspace.tools)
        .arg("--target-dir")
        .arg(&scratch)
        .env("CARGO_PROFILE_DEV_DEBUG", "0"))
    .with_context(|| {
        format!(
            "{package} could not be installed. What to do: the compiler's message is above; if it \
             is about the network, run this again, and it goes on where it stopped"
        )
    })?;
    fs::remove_dir_all(&scratch)
        .with_context(|| format!("cannot remove the build folder {}", scratch.display()))
}

/// The version of `package` in the text of a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, entry) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    entry.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn a_lock_file_tells_the_version_of_exactly_the_named_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.50\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.129\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.129"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
