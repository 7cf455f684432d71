//! `cargo xtask autobahn`: what Autobahn's test suite says of our WebSockets.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;

use crate::setup;
use crate::steps::Steps;
use crate::workspace::{Workspace, run};

/// How the suite calls us in its reports.
const AGENT: &str = "Colloquy";

/// Those of extensions: the hub offers none.
const LEFT_OUT: [&str; 2] = ["12.*", "13.*"];

/// How one case went, as `index.json` tells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    behavior: String,
    behavior_close: String,
}

pub(crate) fn autobahn(workspace: &Workspace) -> Result<()> {
    let mut steps = Steps::default();
    let mut suite = steps.step("set-up", || setup::for_autobahn(workspace))?;
    steps.step("the server that echoes", || {
        let example = ["--package=colloquy-server", "--features=bench", "--example=echo"];
        run(workspace.command("cargo").arg("build").args(example))
    })?;
    let folder = workspace.target.join("autobahn");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(folder.join("data"))?;
    let cases = steps.step("the suite", || {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let specification = json!({
            "outdir": folder.join("reports"),
            "servers": [{ "agent": AGENT, "url": format!("ws://127.0.0.1:{port}/echo") }],
            "cases": ["*"],
            "exclude-cases": LEFT_OUT,
            "exclude-agent-cases": {},
        });
        let file = folder.join("specification.json");
        fs::write(&file, specification.to_string())?;
        let mut server = workspace.command(workspace.target.join("debug/examples/echo"));
        server.arg(port.to_string()).arg(folder.join("data")).stdin(Stdio::null());
        let _server = Running(server.spawn().context("the server could not be started")?);
        // It tries again while nobody listens.
        run(suite.args(["--mode", "fuzzingclient", "--spec"]).arg(&file))?;
        let index = fs::read_to_string(folder.join("reports/index.json"))?;
        let mut index: BTreeMap<String, BTreeMap<String, Case>> = serde_json::from_str(&index)?;
        index.remove(AGENT).context("the suite's report says nothing of us")
    })?;
    judge(&cases)
}

/// Counts how the cases went, names those that are not `OK`, and fails when one failed.
fn judge(cases: &BTreeMap<String, Case>) -> Result<()> {
    let mut counts = BTreeMap::<&str, Vec<&str>>::new();
    let mut failed = 0;
    for (name, case) in cases {
        for (what, word) in [("", &case.behavior), ("close: ", &case.behavior_close)] {
            let is_fine = ["OK", "NON-STRICT", "INFORMATIONAL"].contains(&word.as_str());
            failed += usize::from(!is_fine);
            if word != "OK" {
                println!("{name}: {what}{word}");
            }
        }
        counts.entry(&case.behavior).or_default().push(name);
    }
    let counts: Vec<String> =
        counts.iter().map(|(word, names)| format!("{} {word}", names.len())).collect();
    println!("{} cases: {}", cases.len(), counts.join(", "));
    if failed > 0 || cases.is_empty() {
        bail!("{failed} failed");
    }
    Ok(())
}

/// A process that ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
