//! The settings of a hub: each option once, with its flag, its environment variable, its key in
//! `colloquy.toml` (the field's name here) and its default.
//!
//! How flags, environment and file are laid over each other is the command's work (`cli`).

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, ValueEnum, value_parser};

use crate::origin::Origin;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// The address to serve; with one that other machines reach, everybody must sign in
    #[arg(long, env = "COLLOQUY_LISTEN", value_name = "HOST:PORT", value_parser = address)]
    #[arg(default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The folder of the database, the lock and the control socket; made when missing
    #[arg(long, env = "COLLOQUY_DATA_DIR", value_name = "FOLDER", default_value = "./data")]
    pub data_dir: PathBuf,

    /// Who may come in; auto: whoever is on this machine, until the first person is created
    #[arg(long, env = "COLLOQUY_AUTH", value_name = "MODE", default_value = "auto")]
    pub auth: Auth,

    /// The origin under which people reach the hub, such as https://hub.example.org; what is not
    /// a loopback name makes everybody sign in
    #[arg(long, env = "COLLOQUY_PUBLIC_URL", value_name = "ORIGIN")]
    pub public_url: Option<Origin>,

    /// Other origins whose pages may use the API and the sockets, such as https://chat.example.org
    #[arg(long, env = "COLLOQUY_ALLOWED_ORIGINS", value_name = "ORIGIN,ORIGIN")]
    #[arg(value_delimiter = ',')]
    pub allowed_origins: Vec<Origin>,

    /// How logs are written to standard error; auto: text on a terminal, JSON otherwise
    #[arg(long, env = "COLLOQUY_LOG_FORMAT", value_name = "FORMAT", default_value = "auto")]
    pub log_format: LogFormat,

    /// Seconds between a connection's heartbeats; silence for 2.5 of them closes it
    #[arg(
        long = "heartbeat-seconds",
        id = "heartbeat_seconds",
        env = "COLLOQUY_HEARTBEAT_SECONDS"
    )]
    #[arg(value_name = "SECONDS", value_parser = seconds, default_value = "15")]
    pub heartbeat: Duration,

    /// How many messages may wait for one connection before it is closed as too slow
    #[arg(long, env = "COLLOQUY_QUEUE_MESSAGES", value_name = "NUMBER", default_value = "4096")]
    #[arg(value_parser = at_least_one)]
    pub queue_messages: usize,

    /// How many bytes may wait for one connection before it is closed as too slow
    #[arg(long, env = "COLLOQUY_QUEUE_BYTES", value_name = "BYTES", default_value = "8388608")]
    #[arg(value_parser = at_least_one)]
    pub queue_bytes: usize,

    /// How many days the event log is kept
    #[arg(long = "retention-days", id = "retention_days", env = "COLLOQUY_RETENTION_DAYS")]
    #[arg(value_name = "DAYS", value_parser = days, default_value = "7")]
    pub retention: Duration,

    /// How many events the event log keeps
    #[arg(
        long,
        env = "COLLOQUY_RETENTION_EVENTS",
        value_name = "NUMBER",
        default_value = "1000000"
    )]
    #[arg(value_parser = value_parser!(u64).range(1..))]
    pub retention_events: u64,

    /// How many connections are served at once; more wait to be accepted
    #[arg(long, env = "COLLOQUY_MAX_CONNECTIONS", value_name = "NUMBER", default_value = "10000")]
    #[arg(value_parser = at_least_one)]
    pub max_connections: usize,

    /// How many bytes the body of a request may have
    #[arg(long, env = "COLLOQUY_MAX_BODY_BYTES", value_name = "BYTES", default_value = "1048576")]
    #[arg(value_parser = at_least_one)]
    pub max_body_bytes: usize,

    /// How long a client may take to send the headers of a request
    #[arg(long = "header-timeout-seconds", id = "header_timeout_seconds")]
    #[arg(env = "COLLOQUY_HEADER_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[arg(value_parser = seconds, default_value = "30")]
    pub header_timeout: Duration,

    /// How long stopping waits for what is running
    #[arg(long = "shutdown-timeout-seconds", id = "shutdown_timeout_seconds")]
    #[arg(env = "COLLOQUY_SHUTDOWN_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[arg(value_parser = seconds, default_value = "10")]
    pub shutdown_timeout: Duration,
}

/// Who may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// As long as nobody has an identity and only this machine is served, whoever is on it.
    Auto,
    /// People who sign in, and programs with tokens.
    Required,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Settings {
    /// Whether nobody but this machine is served, so that there may be nobody to sign in.
    pub fn may_be_local(&self) -> bool {
        self.auth == Auth::Auto
            && self.listen.ip().is_loopback()
            && self.public_url.as_ref().is_none_or(Origin::is_loopback)
    }

    /// Where people reach the hub, as far as the settings say.
    pub fn url(&self) -> String {
        match &self.public_url {
            Some(origin) => origin.to_string(),
            None => format!("http://{}", self.listen),
        }
    }

    /// Whether browsers reach the hub over TLS.
    pub fn is_secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(Origin::is_https)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)),
            data_dir: PathBuf::from("./data"),
            auth: Auth::Auto,
            public_url: None,
            allowed_origins: Vec::new(),
            log_format: LogFormat::Auto,
            heartbeat: Duration::from_secs(15),
            queue_messages: 4096,
            queue_bytes: 8 * 1024 * 1024,
            retention: Duration::from_secs(7 * SECONDS_PER_DAY),
            retention_events: 1_000_000,
            max_connections: 10_000,
            max_body_bytes: 1024 * 1024,
            header_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Reads an address, `localhost` included.
fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("{}:{port}", Ipv4Addr::LOCALHOST),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:3000".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    whole_number(text, 86_400).map(Duration::from_secs)
}

fn days(text: &str) -> Result<Duration, String> {
    whole_number(text, 36_500).map(|days| Duration::from_secs(days * SECONDS_PER_DAY))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = whole_number(text, 1 << 31)?;
    usize::try_from(number).map_err(|_| "too large for this machine".to_owned())
}

fn whole_number(text: &str, most: u64) -> Result<u64, String> {
    text.parse()
        .ok()
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| format!("expected a whole number from 1 to {most}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: Settings,
    }

    fn parse(flags: &[&str]) -> Result<Settings, clap::Error> {
        let arguments = std::iter::once(&"colloquy").chain(flags);
        Command::try_parse_from(arguments).map(|command| command.settings)
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        assert_eq!(parse(&[]).unwrap(), Settings::default());
    }

    #[test]
    fn localhost_is_an_address() {
        assert_eq!(
            parse(&["--listen=localhost:0"]).unwrap().listen,
            "127.0.0.1:0".parse().unwrap()
        );
        assert_eq!(parse(&["--listen=[::1]:80"]).unwrap().listen, "[::1]:80".parse().unwrap());
    }

    #[test]
    fn where_others_come_people_sign_in() {
        for (flags, local) in [
            (&[][..], true),
            (&["--listen=[::1]:80"], true),
            (&["--public-url=http://localhost:80"], true),
            (&["--auth=required"], false),
            (&["--listen=0.0.0.0:3000"], false),
            (&["--listen=192.168.1.2:80"], false),
            (&["--listen=[::]:3000"], false),
            (&["--listen=[::ffff:10.0.0.1]:80"], false),
            (&["--public-url=https://hub.example.org"], false),
        ] {
            assert_eq!(parse(flags).unwrap().may_be_local(), local, "{flags:?}");
        }
    }

    #[test]
    fn a_number_has_bounds() {
        for flag in ["--heartbeat-seconds=0", "--queue-bytes=-1", "--retention-days=99999999999"] {
            assert!(parse(&[flag]).is_err(), "{flag}");
        }
    }
}
