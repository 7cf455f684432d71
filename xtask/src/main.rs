//! `cargo xtask`: set-up, serving, testing and building of Colloquy.
//!
//! Reading order: [`workspace`] (where things are, and how programs are started there), [`setup`]
//! (what has to be in place before anything else works), then one module per command.

mod autobahn;
mod bench;
mod build;
mod fuzz;
mod serve;
mod setup;
mod soak;
mod steps;
mod test;
mod workspace;

use anyhow::Result;
use clap::Parser;

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Set up, serve, test and build Colloquy")]
enum Task {
    /// Put the tools in place that serving needs (the other commands do so by themselves)
    Setup,
    /// Build everything and serve it; the data is in `data/`, unless a setting says otherwise
    Serve {
        /// Passed on to `cargo leptos serve`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run every check and test
    Test {
        /// Leave out what is slow: the browser's half, documentation examples and the embedded site
        #[arg(long)]
        fast: bool,
    },
    /// Build `target/release/colloquy`, one executable with the site inside
    Build,
    /// Measure on the executable that `build` makes what the pages cost: bytes, Lighthouse, load
    Budgets,
    /// Measure what it costs, beside others and beside what the machine allows: docs/benchmarks.md
    Bench {
        #[arg(value_enum, default_value = "all")]
        part: bench::Part,
        /// Some minutes instead of an hour
        #[arg(long)]
        quick: bool,
    },
    /// Try what the hub survives, at length: docs/soak.md
    Soak {
        /// Only the tests whose names contain this
        only: Option<String>,
    },
    /// Hold Autobahn's test suite against the WebSocket: docs/bad-input.md
    Autobahn,
    /// Have a fuzzer make things up for the frame decoder and the clients' session
    Fuzz {
        /// For how many seconds, each
        #[arg(long, default_value_t = 120)]
        seconds: u32,
    },
    /// What `cargo leptos` is in this workspace: cargo-leptos, found in the project's tools
    #[command(hide = true, disable_help_flag = true)]
    Leptos {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> Result<()> {
    let task = Task::parse();
    let workspace = Workspace::locate()?;
    match task {
        Task::Setup => {
            setup::for_serving(&workspace)?;
            println!("Set-up is complete: `cargo xtask serve` starts Colloquy.");
            Ok(())
        }
        Task::Serve { args } => serve::serve(&workspace, &args),
        Task::Test { fast } => test::test(&workspace, fast),
        Task::Build => build::build(&workspace),
        Task::Budgets => test::budgets(&workspace),
        Task::Bench { part, quick } => bench::bench(&workspace, part, quick),
        Task::Soak { only } => soak::soak(&workspace, only.as_deref()),
        Task::Autobahn => autobahn::autobahn(&workspace),
        Task::Fuzz { seconds } => fuzz::fuzz(&workspace, seconds),
        Task::Leptos { args } => serve::leptos(&workspace, &args),
    }
}
