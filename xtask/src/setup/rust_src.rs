//! Builds the standard library for WASM where only package registries answer: Debian packages the
//! sources of the same compiler, and cargo can compile them like any crate.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::wasm_target::TARGET;
use crate::workspace::{Workspace, output, run};

/// The suite that has packages of recent compilers.
const SUITE: &str = "trixie-backports";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Puts the libraries of the compiler in use into its folder `libraries`.
pub(super) fn install(workspace: &Workspace, libraries: &Path) -> Result<()> {
    let scratch = workspace.tools.join("rust-src");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;
    let version = compiler_version(workspace)?;
    let sources = download(workspace, &scratch, &version)?;
    let built = compile(workspace, &scratch, &sources)?;
    copy(&built, libraries)?;
    fs::remove_dir_all(&scratch).context("cannot remove the build folder")
}

fn compiler_version(workspace: &Workspace) -> Result<String> {
    let text = output(workspace.command("rustc").arg("--version"))?;
    let version = text.split_whitespace().nth(1).context("rustc does not tell its version")?;
    if version.contains('-') {
        bail!("Debian has no sources of the pre-release compiler {version}");
    }
    Ok(version.to_owned())
}

/// Unpacks Debian's `rust-src` into `scratch` and returns its `library` folder. The system's own
/// apt is only asked for its mirror: lists, cache and sources are all in `scratch`.
fn download(workspace: &Workspace, scratch: &Path, version: &str) -> Result<PathBuf> {
    if workspace.find("apt-get").is_none() || !Path::new(KEYRING).exists() {
        bail!("this is no Debian system, whose package rust-src would have been of use");
    }
    let source = format!("deb [signed-by={KEYRING}] {} {SUITE} main\n", mirror(workspace)?);
    fs::write(scratch.join("sources.list"), source)?;
    fs::create_dir_all(scratch.join("state/lists/partial"))?;
    fs::create_dir_all(scratch.join("cache/archives/partial"))?;
    let apt = |args: &[&str]| {
        let folder = |name: &str, path: &str| {
            format!("--option=Dir::{name}={}", scratch.join(path).display())
        };
        run(workspace
            .command("apt-get")
            .arg(folder("Etc::SourceList", "sources.list"))
            .arg("--option=Dir::Etc::SourceParts=-")
            .arg(folder("State", "state"))
            .arg(folder("Cache", "cache"))
            .arg("--option=APT::Sandbox::User=root")
            .arg("--quiet")
            .args(args)
            .current_dir(scratch))
    };
    apt(&["update"])?;
    apt(&["download", &format!("rust-src={version}*")])
        .with_context(|| format!("Debian's {SUITE} has no sources of Rust {version}"))?;
    let package = fs::read_dir(scratch)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded nothing")?;
    run(workspace.command("dpkg").arg("-x").arg(package).arg(scratch))?;
    Ok(scratch.join(format!("usr/src/rustc-{version}/library")))
}

/// The Debian mirror that the system's apt uses, or else Debian's own.
fn mirror(workspace: &Workspace) -> Result<String> {
    let uris = output(workspace.command("apt-get").args(["indextargets", "--format=$(REPO_URI)"]))?;
    let mirror = uris.lines().find(|uri| uri.trim_end_matches('/').ends_with("/debian"));
    Ok(mirror.unwrap_or("http://deb.debian.org/debian").to_owned())
}

/// Compiles the standard library, for the sake of an empty crate, and returns the folder it is in.
fn compile(workspace: &Workspace, scratch: &Path, sources: &Path) -> Result<PathBuf> {
    let project = scratch.join("empty");
    fs::create_dir_all(&project)?;
    fs::write(
        project.join("Cargo.toml"),
        "[workspace]\n[package]\nname = \"empty\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n",
    )?;
    fs::write(project.join("lib.rs"), "")?;
    run(workspace
        .command("cargo")
        .args(["build", "--release", "-Zbuild-std=std,panic_abort,test", "--target", TARGET])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", scratch.join("target"))
        // Building the standard library is an unstable feature of cargo, and so is naming the
        // place of its sources, which are otherwise looked for inside the toolchain.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("__CARGO_TESTS_ONLY_SRC_ROOT", sources)
        // Link-time optimisation of the site needs the bitcode, which cargo would leave out.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes"))?;
    Ok(scratch.join("target").join(TARGET).join("release/deps"))
}

/// Copies what was built. `libstd`, by which set-up tells that the target is there, comes last and
/// at once, so an interruption leaves nothing that looks complete.
fn copy(built: &Path, libraries: &Path) -> Result<()> {
    fs::create_dir_all(libraries).with_context(|| {
        format!("cannot write to the Rust toolchain at {}", libraries.display())
    })?;
    let mut standard = None;
    for entry in fs::read_dir(built)?.flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if !text.ends_with(".rlib") || text.starts_with("libempty") {
            continue;
        }
        if text.starts_with("libstd-") {
            standard = Some(entry.path());
        } else {
            fs::copy(entry.path(), libraries.join(&name))?;
        }
    }
    let standard = standard.context("cargo built no standard library")?;
    let name = standard.file_name().context("the standard library has no name")?;
    let partial = libraries.join("partial");
    fs::copy(&standard, &partial)?;
    fs::rename(partial, libraries.join(name)).context("cannot write to the Rust toolchain")
}
