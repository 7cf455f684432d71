//! The `colloquy` executable, started as a shell would.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use colloquy_client::Client;
use rustix::process::{Pid, Signal, kill_process};

use super::provide_cryptography;

pub(crate) const COLLOQUY: &str = env!("CARGO_BIN_EXE_colloquy");

/// How long anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// `colloquy` in that folder.
pub(crate) fn colloquy(folder: &Path) -> Command {
    in_folder(Command::new(COLLOQUY), folder)
}

/// A command in that folder, with nothing of this test's environment that `colloquy` would heed.
pub(crate) fn in_folder(mut command: Command, folder: &Path) -> Command {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["COLLOQUY_", "LEPTOS_", "RUST_LOG"].iter().any(|one| name.starts_with(one)) {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A server that runs until it is dropped.
pub(crate) struct Process {
    pub(crate) process: Child,
    pub(crate) output: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Process {
    /// Starts a server and waits until it says where it is.
    pub(crate) fn start(command: &mut Command) -> Self {
        provide_cryptography();
        let mut process = command.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let Some(url) = line.trim().split(' ').find(|word| word.starts_with("http://")) else {
            process.kill().unwrap();
            let mut error = String::new();
            process.stderr.take().unwrap().read_to_string(&mut error).unwrap();
            panic!("no address in {line:?}; {error}");
        };
        Self { url: url.to_owned(), process, output }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.process.try_wait().unwrap() {
                Some(status) => return status,
                None if Instant::now() > deadline => panic!("it does not end"),
                None => thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn serve_on_any_port(folder: &Path) -> Process {
    Process::start(colloquy(folder).args(["serve", "--listen", "127.0.0.1:0"]))
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What a command prints when it does what it should.
pub(crate) fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = colloquy(folder).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}
