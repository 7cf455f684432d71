//! The command line: what can be asked of `colloquy`, and where its settings come from.

mod ask;
mod backup;
mod demo;
mod file;
mod notify;
mod serve;
mod token;
mod user;

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use anyhow::anyhow;
use clap::{
    Arg, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use colloquy_server::{data_dir::require_database, logging, settings::Settings};

use file::SettingsFile;

/// A real-time hub for multi-agent systems
///
/// Without a subcommand it serves. Flags go before environment variables, and those before the
/// settings file, a TOML file whose keys are named like the flags: data_dir = "./data".
#[derive(Debug, Parser)]
#[command(name = "colloquy", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    configured: Configured,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Serve the hub until SIGINT or SIGTERM
    Serve(Configured),
    /// Tell everybody who is connected something
    ///
    /// The server that owns the data folder does it; when none runs, it is logged for those who
    /// come back.
    Notify {
        #[command(flatten)]
        notice: notify::Notice,
        #[command(flatten)]
        configured: Configured,
    },
    /// Copy everything into one file, while the server runs or not
    ///
    /// The file must not exist yet. Everybody who is connected is told when it is complete.
    Backup {
        /// The new file
        file: PathBuf,
        #[command(flatten)]
        configured: Configured,
    },
    /// Bring a backup back, while no server runs
    ///
    /// The database that it replaces is kept beside it. Clients load afresh: what they knew of the
    /// log belongs to another history.
    Restore {
        /// The backup
        file: PathBuf,
        #[command(flatten)]
        configured: Configured,
    },
    /// Invite people, change their roles, disable them, reset their passwords
    User {
        #[command(subcommand)]
        task: user::UserTask,
        #[command(flatten)]
        configured: Configured,
    },
    /// Make, list and revoke the tokens of programs
    Token {
        #[command(subcommand)]
        task: token::TokenTask,
        #[command(flatten)]
        configured: Configured,
    },
    /// Let a planner, a worker and a critic work together on a running hub, until stopped
    Demo(demo::Options),
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
struct Configured {
    /// The settings file; without one, colloquy.toml in the working folder, when it is there
    #[arg(long, env = "COLLOQUY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// Reads the command line, the environment and the settings file.
///
/// # Errors
/// When one of them holds something unknown or unacceptable; the error says which, and where it
/// comes from. Asking for help is such an "error" too.
pub(crate) fn read() -> Result<Cli, clap::Error> {
    let arguments: Vec<OsString> = env::args_os().collect();
    // Compose files and the like give empty variables for what is not set.
    let mut command = with_arguments(Cli::command(), &|argument| match argument.get_env() {
        Some(name) if env::var_os(name).is_some_and(|value| value.is_empty()) => argument.env(None),
        _ => argument,
    });
    // What `cargo leptos` tells the server that it starts.
    if let Some(address) = env::var(LEPTOS_ADDRESS).ok().filter(|address| !address.is_empty()) {
        command = with_defaults(command, &|key| (key == "listen").then(|| vec![address.clone()]));
    }
    let cli = parse(command.clone(), &arguments, None)?;
    let Some(file) = cli.settings_file(&mut command)? else { return Ok(cli) };
    let command = with_defaults(command, &|key| file.get(key).cloned());
    parse(command, &arguments, Some(&file))
}

impl Cli {
    /// Does what is asked.
    ///
    /// # Errors
    /// When it cannot be done; for people to read.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self.task {
            None => serve::run(self.configured.begin()?).await,
            Some(Task::Serve(configured)) => serve::run(configured.begin()?).await,
            Some(Task::Notify { notice, configured }) => {
                notify::run(notice, configured.begin_at_hub()?).await
            }
            Some(Task::Backup { file, configured }) => {
                backup::unless_stopped(backup::back_up_to(file, configured.begin()?)).await
            }
            Some(Task::Restore { file, configured }) => {
                backup::unless_stopped(backup::restore(&file, configured.begin()?)).await
            }
            Some(Task::User { task, configured }) if task.may_begin_hub() => {
                user::run(task, configured.begin()?).await
            }
            Some(Task::User { task, configured }) => {
                user::run(task, configured.begin_at_hub()?).await
            }
            Some(Task::Token { task, configured }) => {
                token::run(task, configured.begin_at_hub()?).await
            }
            Some(Task::Demo(options)) => demo::run(options).await,
        }
    }

    /// The settings file of a task that has settings.
    fn settings_file(&self, command: &mut Command) -> Result<Option<SettingsFile>, clap::Error> {
        let configured = match &self.task {
            None => &self.configured,
            Some(
                Task::Serve(configured)
                | Task::Notify { configured, .. }
                | Task::Backup { configured, .. }
                | Task::Restore { configured, .. }
                | Task::User { configured, .. }
                | Task::Token { configured, .. },
            ) => configured,
            Some(Task::Demo(_)) => return Ok(None),
        };
        SettingsFile::read(configured.config.as_deref(), command)
    }
}

impl Configured {
    /// Begins to log, and hands over the settings.
    fn begin(self) -> anyhow::Result<Settings> {
        logging::start(self.settings.log_format)
            .map_err(|error| anyhow!("RUST_LOG cannot be read: {error}"))?;
        for variable in unknown_variables() {
            let variable = variable.to_string_lossy();
            tracing::warn!(%variable, "Nothing is set by this environment variable: is it misspelt?");
        }
        Ok(self.settings)
    }

    /// The same, for a command about a hub that is there: in the wrong folder it must not make one.
    fn begin_at_hub(self) -> anyhow::Result<Settings> {
        let settings = self.begin()?;
        require_database(&settings.data_dir)?;
        Ok(settings)
    }
}

const LEPTOS_ADDRESS: &str = "LEPTOS_SITE_ADDR";

fn parse(
    command: Command,
    arguments: &[OsString],
    file: Option<&SettingsFile>,
) -> Result<Cli, clap::Error> {
    command
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| with_source(error, arguments, file))
}

/// Lays defaults for settings under what flags and environment say, in every subcommand.
fn with_defaults(command: Command, default: &dyn Fn(&str) -> Option<Vec<String>>) -> Command {
    with_arguments(command, &|argument| match default(argument.get_id().as_str()) {
        Some(values) => argument.default_values(values),
        None => argument,
    })
}

/// Changes every argument, in every subcommand.
fn with_arguments(command: Command, change: &dyn Fn(Arg) -> Arg) -> Command {
    command.mut_args(change).mut_subcommands(|subcommand| with_arguments(subcommand, change))
}

/// An error that also says where the value at fault comes from, when that is not a flag.
fn with_source(
    mut error: clap::Error,
    arguments: &[OsString],
    file: Option<&SettingsFile>,
) -> clap::Error {
    let Some(ContextValue::String(at_fault)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let mut command = Configured::augment_args(Command::new("settings"));
    command.build();
    let Some(setting) = command.get_arguments().find(|one| one.to_string() == *at_fault) else {
        return error;
    };
    let flag = format!("--{}", setting.get_long().unwrap_or_default());
    let is_flag = |argument: &OsString| {
        argument.to_str().is_some_and(|text| text.split('=').next() == Some(&flag))
    };
    if arguments.iter().any(is_flag) {
        return error;
    }
    let key = setting.get_id().as_str();
    let is_set = |name: &&OsStr| env::var_os(name).is_some_and(|value| !value.is_empty());
    let source = match (setting.get_env().filter(is_set), file) {
        (Some(variable), _) => {
            format!("the value comes from the environment variable {}", variable.display())
        }
        (None, Some(file)) if file.get(key).is_some() => {
            format!("the value comes from the key `{key}` in {}", file.path().display())
        }
        (None, _) => format!("the value comes from the environment variable {LEPTOS_ADDRESS}"),
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![source.into()]));
    error
}

/// The variables that look like settings and are none.
fn unknown_variables() -> Vec<OsString> {
    let command = Cli::command();
    let known = |name: &OsStr| {
        command
            .get_subcommands()
            .flat_map(Command::get_arguments)
            .any(|one| one.get_env() == Some(name))
    };
    env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.as_encoded_bytes().starts_with(b"COLLOQUY_") && !known(name))
        .collect()
}
