//! On what it was measured.

use std::{fs, process::Command};

use serde_json::Value;

use super::table::Results;
use crate::peer::DEBIAN;

/// Date, machine, kernel and versions, as a paragraph.
pub(super) fn line(results: &Results) -> String {
    let rounds = results.0.iter().map(|one| one.round + 1).max().unwrap_or(0);
    format!(
        "{} {rounds} rounds. Node {}, {}, Bun {}; {}.\n",
        machine(),
        said("node", &["--version"]).trim_start_matches('v'),
        ["socket.io", "ws"].map(|name| format!("{name} {}", of_npm(name))).join(", "),
        of_npm("@oven/bun-linux-x64"),
        of_debian(),
    )
}

/// Date, machine and kernel, as a sentence.
pub fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let values = |name: &str| -> Vec<&str> {
        let lines = cpus.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| Some(line.split_once(": ")?.1)).collect()
    };
    format!(
        "Measured on {}: {} cores ({}), Linux {}.",
        said("date", &["-u", "+%Y-%m-%d"]),
        values("processor").len(),
        values("model name").first().unwrap_or(&"unknown"),
        said("uname", &["-r"]).split('-').next().unwrap_or_default(),
    )
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| "unknown".to_owned())
}

/// The version of a package, as `bench/peers` wants it.
fn of_npm(package: &str) -> String {
    let wanted: Value =
        serde_json::from_str(include_str!("../../peers/package.json")).unwrap_or_default();
    wanted["dependencies"][package].as_str().unwrap_or("unknown").to_owned()
}

/// The versions of Debian's packages, as set-up has noted them.
fn of_debian() -> String {
    let folder = std::env::var(DEBIAN).unwrap_or_default();
    let noted = fs::read_to_string(format!("{folder}/versions")).unwrap_or_default();
    let noted: Vec<&str> = noted.lines().collect();
    if noted.is_empty() { "nothing from Debian".to_owned() } else { noted.join(", ") }
}
