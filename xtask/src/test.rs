//! `cargo xtask test`: every check there is, the cheap ones first.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::steps::Steps;
use crate::workspace::{Workspace, run};
use crate::{build, fuzz, setup};

/// The workspace without the crate that only a browser can run.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "colloquy-frontend"];
const SERVER_WITH_SITE: [&str; 3] = ["--package", "colloquy-server", "--features=embed,bench"];

pub(crate) fn test(workspace: &Workspace, fast: bool) -> Result<()> {
    let mut steps = Steps::default();
    let chromium = steps.step("set-up", || {
        if fast {
            setup::for_checks(workspace)?;
            return Ok(None);
        }
        let chromium = setup::for_browser_tests(workspace)?;
        setup::for_checks(workspace)?;
        setup::for_serving(workspace)?;
        Ok(Some(chromium))
    })?;

    let cargo = |args: &[&[&str]]| run(workspace.command("cargo").args(args.concat()));
    steps.step("formatting", || cargo(&[&["fmt", "--all", "--check"]]))?;
    steps.step("clippy, native", || {
        cargo(&[&["clippy"], &NATIVE, &["--all-targets", "--", "-Dwarnings"]])
    })?;
    steps.step("formatting and clippy, fuzz/", || fuzz::check(workspace))?;
    let Some(chromium) = chromium else {
        steps.step("tests", || cargo(&[&["nextest", "run"], &NATIVE]))?;
        println!("\n--fast left out: WASM, documentation examples, embedded site, browser tests.");
        return Ok(());
    };
    steps.step("clippy, wasm32", || {
        let crates = ["colloquy-frontend", "colloquy-app", "colloquy-protocol"];
        let crates = crates.map(|name| ["--package", name]).concat();
        let target = ["--target=wasm32-unknown-unknown", "--features=colloquy-app/hydrate"];
        cargo(&[&["clippy"], &crates, &target, &["--", "-Dwarnings"]])
    })?;
    steps.step("tests", || cargo(&[&["nextest", "run"], &NATIVE]))?;
    steps.step("documentation examples", || cargo(&[&["test", "--quiet", "--doc"], &NATIVE]))?;
    steps.step("the site, for development", || {
        run(workspace.command("cargo-leptos").args(["leptos", "build", "--split"]))
    })?;
    steps.step("the server with the site embedded", || {
        cargo(&[&["clippy"], &SERVER_WITH_SITE, &["--all-targets", "--", "-Dwarnings"]])?;
        cargo(&[&["nextest", "run", "--lib"], &SERVER_WITH_SITE, &["site::"]])
    })?;
    steps.step("TypeScript of the browser tests", || {
        run(browser_tool(workspace, "tsc").arg("--noEmit"))
    })?;
    steps.step("browser tests", || {
        run(playwright(workspace, "debug/colloquy", &chromium).arg("test"))
    })
}

/// `cargo xtask budgets`: what the pages of the executable cost that `build` makes.
pub(crate) fn budgets(workspace: &Workspace) -> Result<()> {
    // What is missing is told before the build.
    let chromium = setup::for_browser_tests(workspace)?;
    build::build(workspace)?;
    let config = "--config=budgets/playwright.config.ts";
    run(playwright(workspace, "release/colloquy", &chromium).args(["test", config]))
}

fn playwright(workspace: &Workspace, server: &str, chromium: &Path) -> Command {
    let mut command = browser_tool(workspace, "playwright");
    command.env("E2E_SERVER", workspace.target.join(server)).env("E2E_CHROMIUM", chromium);
    command
}

fn browser_tool(workspace: &Workspace, name: &str) -> Command {
    let mut command = workspace.command(name);
    command.current_dir(workspace.end2end());
    command
}
