//! The command line: what can be asked of `colloquy`, and where its settings come from.

mod ask;
mod backup;
mod demo;
mod file;
mod notify;
mod output;
mod serve;
mod token;
mod user;

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write},
    path::PathBuf,
};

use anyhow::anyhow;
use clap::{
    Arg, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};
use colloquy_server::{
    data_dir::{DataDirError, require_database},
    logging,
    settings::Settings,
};

use file::SettingsFile;

/// A real-time hub for multi-agent systems
///
/// Without a subcommand it serves. Settings stand before a subcommand or after it. Flags go before
/// environment variables, and those before the settings file, a TOML file whose keys are named like
/// the flags: data_dir = "./data".
#[derive(Debug, Parser)]
#[command(name = "colloquy", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    configured: Configured,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Serve the hub until SIGINT or SIGTERM
    Serve,
    /// Tell everybody who is connected something
    ///
    /// The server that owns the data folder does it; when none runs, it is logged for those who
    /// come back.
    Notify(notify::Notice),
    /// Copy everything into one file, while the server runs or not
    ///
    /// The file must not exist yet. Everybody who is connected is told when it is complete.
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Bring a backup back, while no server runs
    ///
    /// The database that it replaces is kept beside it. Clients load afresh: what they knew of the
    /// log belongs to another history.
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Invite people, change their roles, disable them, reset their passwords
    #[command(subcommand)]
    User(user::UserTask),
    /// Make, list and revoke the tokens of programs
    #[command(subcommand)]
    Token(token::TokenTask),
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
    let mut command = with_arguments(command(), &|argument| match argument.get_env() {
        Some(name) if env::var_os(name).is_some_and(|value| value.is_empty()) => argument.env(None),
        _ => argument,
    });
    // What `cargo leptos` tells the server that it starts.
    if let Some(address) = env::var(LEPTOS_ADDRESS).ok().filter(|address| !address.is_empty()) {
        command = with_defaults(command, &|key| (key == "listen").then(|| vec![address.clone()]));
    }
    let cli = parse(command.clone(), &arguments, None)?;
    if let Some(Task::Demo(_)) = cli.task {
        return match settings().find(|setting| is_given(setting, &arguments)) {
            Some(setting) => Err(command.error(ErrorKind::ArgumentConflict, no_setting(&setting))),
            None => Ok(cli),
        };
    }
    let Some(file) = SettingsFile::read(cli.configured.config.as_deref(), &mut command)? else {
        return Ok(cli);
    };
    let command = with_defaults(command, &|key| file.get(key).cloned());
    parse(command, &arguments, Some(&file))
}

impl Cli {
    /// Does what is asked.
    ///
    /// # Errors
    /// When it cannot be done; for people to read.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self { task, configured } = self;
        match task.unwrap_or(Task::Serve) {
            Task::Serve => serve::run(configured.begin()?).await,
            Task::Notify(notice) => notify::run(notice, configured.begin_at_hub()?).await,
            Task::Backup { file } => {
                let copied = backup::back_up_to(file, configured.begin_at_hub()?);
                backup::unless_stopped(copied).await
            }
            Task::Restore { file } => {
                backup::unless_stopped(backup::restore(&file, configured.begin()?)).await
            }
            Task::User(task) if task.may_begin_hub() => {
                user::run(task, configured.begin_with_hub()?).await
            }
            Task::User(task) => user::run(task, configured.begin_at_hub()?).await,
            Task::Token(task) => token::run(task, configured.begin_at_hub()?).await,
            Task::Demo(options) => demo::run(options).await,
        }
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

    /// The same, for a command that makes a hub where there is none, and then says where.
    fn begin_with_hub(self) -> anyhow::Result<Settings> {
        let settings = self.begin()?;
        match require_database(&settings.data_dir) {
            Err(DataDirError::NoHub(folder)) => {
                // Whether somebody reads it or not.
                let _ = writeln!(
                    io::stderr(),
                    "There is no hub in {} yet: one is made.",
                    folder.display()
                );
            }
            found => found?,
        }
        Ok(settings)
    }
}

/// The settings that the help of each subcommand shows; `serve` shows them all.
const ALWAYS_SHOWN: [&str; 2] = ["config", "data_dir"];

const MORE_SETTINGS: &str = "Every setting that `colloquy serve --help` shows is taken here too.";

/// The command line. Settings are taken anywhere in it.
fn command() -> Command {
    let settings: Vec<Arg> = settings().map(|setting| setting.global(true)).collect();
    Cli::command().mut_args(|setting| setting.global(true)).mut_subcommands(|task| {
        match task.get_name() {
            "serve" => task,
            // It refuses them (see `read`).
            "demo" => task.args(settings.iter().map(|setting| setting.clone().hide(true))),
            _ => with_settings(task, &settings),
        }
    })
}

/// Adds the settings to a subcommand and its verbs. (What is global is added by itself otherwise, and
/// shown in every help.)
fn with_settings(command: Command, settings: &[Arg]) -> Command {
    let is_hidden = |setting: &Arg| !ALWAYS_SHOWN.contains(&setting.get_id().as_str());
    command
        .args(settings.iter().map(|setting| setting.clone().hide(is_hidden(setting))))
        .after_help(MORE_SETTINGS)
        .mut_subcommands(|verb| with_settings(verb, settings))
}

/// Every setting, `--config` among them.
fn settings() -> impl Iterator<Item = Arg> {
    let command = Command::new("settings").disable_help_flag(true);
    let mut command = Configured::augment_args(command);
    command.build();
    command.get_arguments().cloned().collect::<Vec<_>>().into_iter()
}

/// Whether a flag says it.
fn is_given(argument: &Arg, arguments: &[OsString]) -> bool {
    let flag = format!("--{}", argument.get_long().unwrap_or_default());
    arguments
        .iter()
        .take_while(|one| *one != "--")
        .any(|one| one.to_string_lossy().split('=').next() == Some(&flag))
}

fn no_setting(setting: &Arg) -> String {
    let flag = setting.get_long().unwrap_or_default();
    format!("the demo is a client of a running hub: --{flag} is a setting of the hub itself")
}

const LEPTOS_ADDRESS: &str = "LEPTOS_SITE_ADDR";

fn parse(
    command: Command,
    arguments: &[OsString],
    file: Option<&SettingsFile>,
) -> Result<Cli, clap::Error> {
    // What a flag says goes before all else, whatever that is.
    let command = with_arguments(command, &|argument| match is_given(&argument, arguments) {
        true => argument.env(None).default_value(None),
        false => argument,
    });
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
    let Some(setting) = settings().find(|one| one.to_string() == *at_fault) else {
        return error;
    };
    if is_given(&setting, arguments) {
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
        let tasks = command.get_subcommands().flat_map(Command::get_arguments);
        command.get_arguments().chain(tasks).any(|one| one.get_env() == Some(name))
    };
    env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.as_encoded_bytes().starts_with(b"COLLOQUY_") && !known(name))
        .collect()
}
