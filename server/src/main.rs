//! The `colloquy` command. What it can do is in [`cli`].

mod cli;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use colloquy_server::logging;
use rustix::{fs::Mode, process::umask};

#[tokio::main]
async fn main() -> ExitCode {
    // The database, its journals and the sockets are for this user alone.
    umask(Mode::RWXG | Mode::RWXO);
    let cli = match cli::read() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let ended = cli.run().await;
    logging::finish();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whether somebody reads it or not, it has failed.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
