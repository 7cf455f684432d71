//! The `colloquy` command. What it can do is in [`cli`].

mod cli;

use std::process::ExitCode;

use rustix::{fs::Mode, process::umask};

#[tokio::main]
async fn main() -> ExitCode {
    // The database, its journals and the sockets are for this user alone.
    umask(Mode::RWXG | Mode::RWXO);
    let cli = match cli::read() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match cli.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
