//! The examples that see for themselves whether all is as it should be, each with a hub of its own.

use std::process::Command;

use tempfile::TempDir;

use crate::support::process::{in_folder, serve_on_any_port, stderr};

#[test]
fn the_tour_with_curl_finds_every_event_in_the_log() {
    // `curl 7.88.1 (...`
    let told = said(Command::new("curl").arg("--version")).unwrap_or_default();
    let version: Vec<u32> = told.split([' ', '.']).filter_map(|word| word.parse().ok()).collect();
    if version < vec![7, 83] {
        eprintln!("The tour with curl is left out: there is no curl 7.83 or later.");
        return;
    }
    ends_well(Command::new(example("curl/tour.sh")));
}

#[test]
fn the_tour_in_python_sees_every_event() {
    let needed = "import asyncio, websockets.asyncio.client; asyncio.timeout";
    if said(Command::new("python3").args(["-c", needed])).is_none() {
        eprintln!("The tour in Python is left out: there is no Python 3.11 with websockets.");
        return;
    }
    let mut tour = Command::new("python3");
    tour.arg(example("python/colloquy_tour.py"));
    ends_well(tour);
}

fn example(file: &str) -> String {
    format!("{}/../examples/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn ends_well(example: Command) {
    let folder = TempDir::new().unwrap();
    let hub = serve_on_any_port(folder.path());
    let mut example = in_folder(example, folder.path());
    let output = example.env("COLLOQUY_URL", &hub.url).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", stderr(&output));
}

/// What a command says that ends well; none where it does not, or is not there.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
