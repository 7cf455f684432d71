//! The settings of a hub: each option once, with its flag, its environment variable, its key in
//! `colloquy.toml` (the field's name here) and its default.
//!
//! How flags, environment and file are laid over each other is the command's work (`cli`).

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    time::Duration,
};

use clap::{Args, ValueEnum, value_parser};
use ipnet::IpNet;

use crate::origin::{InvalidOrigin, Origin};

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
    #[arg(long, env = "COLLOQUY_PUBLIC_URL", value_name = "ORIGIN", value_parser = site)]
    pub public_url: Option<Origin>,

    /// Other origins whose pages may use the API and the sockets, such as https://chat.example.org
    #[arg(long, env = "COLLOQUY_ALLOWED_ORIGINS", value_name = "ORIGIN,ORIGIN")]
    #[arg(value_delimiter = ',')]
    pub allowed_origins: Vec<Origin>,

    /// The certificate of the hub, then those above it: a PEM file. The hub serves HTTPS with it
    #[arg(long, env = "COLLOQUY_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The key of the certificate: a PEM file. Both are read again when they change
    #[arg(long, env = "COLLOQUY_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// Networks of reverse proxies, such as 10.0.0.0/8: only their X-Forwarded-For, -Proto and
    /// -Host count
    #[arg(long, env = "COLLOQUY_TRUSTED_PROXY", value_name = "NETWORK,NETWORK")]
    #[arg(value_delimiter = ',', value_parser = network)]
    pub trusted_proxy: Vec<IpNet>,

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
    #[arg(value_parser = queue_bytes)]
    pub queue_bytes: usize,

    /// How many bytes of the log's end are kept in memory, for those who come back after a moment
    #[arg(long, env = "COLLOQUY_RECENT_BYTES", value_name = "BYTES", default_value = "8388608")]
    pub recent_bytes: usize,

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

    /// How many changes that wait are committed together, at most
    #[arg(long, env = "COLLOQUY_WRITE_GROUP", value_name = "NUMBER", default_value = "256")]
    #[arg(value_parser = at_least_one)]
    pub write_group: usize,

    /// How many connections are served at once. When there are as many, the one that has been idle for
    /// the longest time makes room for the next; if none is, the next one waits. WebSockets leave a
    /// twentieth of them, at most 64, to requests
    #[arg(long, env = "COLLOQUY_MAX_CONNECTIONS", value_name = "NUMBER", default_value = "10000")]
    #[arg(value_parser = at_least_one)]
    pub max_connections: usize,

    /// How many connections one principal may have to the WebSocket at once
    #[arg(long, env = "COLLOQUY_MAX_CONNECTIONS_PER_PRINCIPAL", value_name = "NUMBER")]
    #[arg(value_parser = at_least_one, default_value = "100")]
    pub max_connections_per_principal: usize,

    /// How many connections may come from one address at once (or one /64 network of IPv6)
    #[arg(long, env = "COLLOQUY_MAX_CONNECTIONS_PER_ADDRESS", value_name = "NUMBER")]
    #[arg(value_parser = at_least_one, default_value = "1000")]
    pub max_connections_per_address: usize,

    /// How many subscriptions one connection may have
    #[arg(long, env = "COLLOQUY_MAX_SUBSCRIPTIONS", value_name = "NUMBER")]
    #[arg(value_parser = at_least_one, default_value = "10000")]
    pub max_subscriptions: usize,

    /// How many attempts to sign in there may be in a minute from one address; for one account ten times
    /// as many, from wherever nobody is signed in
    #[arg(long, env = "COLLOQUY_LIMIT_SIGN_INS", value_name = "NUMBER", default_value = "10")]
    #[arg(value_parser = rate)]
    pub limit_sign_ins: NonZeroU32,

    /// How many requests a person, or an address that shows no credentials, may make in a minute; an
    /// agent ten times as many
    #[arg(long, env = "COLLOQUY_LIMIT_REQUESTS", value_name = "NUMBER", default_value = "600")]
    #[arg(value_parser = rate)]
    pub limit_requests: NonZeroU32,

    /// How many messages a person may send in a minute, into chats or over the WebSocket; ten times as
    /// many acknowledgements; and an agent ten times as many of each
    #[arg(long, env = "COLLOQUY_LIMIT_MESSAGES", value_name = "NUMBER", default_value = "120")]
    #[arg(value_parser = rate)]
    pub limit_messages: NonZeroU32,

    /// How many bytes the headers of a request may have, as they are read: somewhat more may pass
    #[arg(long, env = "COLLOQUY_MAX_HEADER_BYTES", value_name = "BYTES", default_value = "65536")]
    #[arg(value_parser = header_bytes)]
    pub max_header_bytes: usize,

    /// How many headers a request may have
    #[arg(long, env = "COLLOQUY_MAX_HEADERS", value_name = "NUMBER", default_value = "100")]
    #[arg(value_parser = at_least_one)]
    pub max_headers: usize,

    /// How many bytes the body of a request may have
    #[arg(long, env = "COLLOQUY_MAX_BODY_BYTES", value_name = "BYTES", default_value = "1048576")]
    #[arg(value_parser = at_least_one)]
    pub max_body_bytes: usize,

    /// How long a client may take to send the headers of a request, the TLS handshake included;
    /// and how long a connection may wait for its next request
    #[arg(long = "header-timeout-seconds", id = "header_timeout_seconds")]
    #[arg(env = "COLLOQUY_HEADER_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[arg(value_parser = seconds, default_value = "20")]
    pub header_timeout: Duration,

    /// How long a client may take to send the body of a request, from its headers on; and for how long
    /// it may take nothing of an answer, or too little for its system to say so (some 64 KiB)
    #[arg(long = "body-timeout-seconds", id = "body_timeout_seconds")]
    #[arg(env = "COLLOQUY_BODY_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[arg(value_parser = seconds, default_value = "25")]
    pub body_timeout: Duration,

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
            && self.trusted_proxy.is_empty()
            && self.public_url.as_ref().is_none_or(Origin::is_loopback)
    }

    /// Where people reach the hub, as far as the settings say: what can be opened on this machine at
    /// least.
    pub fn url(&self) -> String {
        if let Some(origin) = &self.public_url {
            return origin.to_string();
        }
        let mut address = self.listen;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        let scheme = if self.tls_cert.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    /// Whether browsers reach the hub over TLS.
    pub fn is_secure(&self) -> bool {
        self.tls_cert.is_some() || self.public_url.as_ref().is_some_and(Origin::is_https)
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
            tls_cert: None,
            tls_key: None,
            trusted_proxy: Vec::new(),
            log_format: LogFormat::Auto,
            heartbeat: Duration::from_secs(15),
            queue_messages: 4096,
            queue_bytes: 8 * 1024 * 1024,
            recent_bytes: 8 * 1024 * 1024,
            retention: Duration::from_secs(7 * SECONDS_PER_DAY),
            retention_events: 1_000_000,
            write_group: 256,
            max_connections: 10_000,
            max_connections_per_principal: 100,
            max_connections_per_address: 1000,
            max_subscriptions: 10_000,
            limit_sign_ins: const { NonZeroU32::new(10).unwrap() },
            limit_requests: const { NonZeroU32::new(600).unwrap() },
            limit_messages: const { NonZeroU32::new(120).unwrap() },
            max_header_bytes: 64 * 1024,
            max_headers: 100,
            max_body_bytes: 1024 * 1024,
            header_timeout: Duration::from_secs(20),
            body_timeout: Duration::from_secs(25),
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

/// Reads an origin that a browser can open.
fn site(text: &str) -> Result<Origin, String> {
    let origin: Origin = text.parse().map_err(|error: InvalidOrigin| error.to_string())?;
    match origin.is_site() {
        true => Ok(origin),
        false => Err("expected https://host or http://host, with :port or without".to_owned()),
    }
}

/// Reads a network, or an address that is one by itself.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse().map(|address: IpAddr| address.into());
    let network: IpNet = text.parse().or_else(|_| address()).map_err(|_| {
        "expected a network or an address, such as 10.0.0.0/8 or 127.0.0.1".to_owned()
    })?;
    Ok(network.trunc())
}

/// The HTTP server wants room for so many.
const LEAST_HEADER_BYTES: usize = 8 * 1024;

/// The longest event has half as many at most; one that never fits would close every connection.
const LEAST_QUEUE_BYTES: usize = 1024 * 1024;

fn header_bytes(text: &str) -> Result<usize, String> {
    at_least(LEAST_HEADER_BYTES, text)
}

fn queue_bytes(text: &str) -> Result<usize, String> {
    at_least(LEAST_QUEUE_BYTES, text)
}

fn at_least(least: usize, text: &str) -> Result<usize, String> {
    let number = at_least_one(text)?;
    if number < least {
        return Err(format!("expected at least {least}"));
    }
    Ok(number)
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

fn rate(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| format!("expected a whole number from 1 to {}", u32::MAX))
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
            (&["--trusted-proxy=127.0.0.1"], false),
        ] {
            assert_eq!(parse(flags).unwrap().may_be_local(), local, "{flags:?}");
        }
    }

    #[test]
    fn a_number_has_bounds() {
        for flag in [
            "--heartbeat-seconds=0",
            "--queue-bytes=-1",
            "--retention-days=99999999999",
            "--limit-requests=0",
        ] {
            let error = parse(&[flag]).err().unwrap().to_string();
            assert!(error.contains("expected a whole number from 1 to"), "{error}");
        }
    }

    #[test]
    fn what_must_hold_something_has_room_for_it() {
        for (flag, least) in [("--max-header-bytes", 8 * 1024), ("--queue-bytes", 1024 * 1024)] {
            assert!(parse(&[&format!("{flag}={least}")]).is_ok());
            let error = parse(&[&format!("{flag}={}", least - 1)]).err().unwrap().to_string();
            assert!(error.contains(&format!("expected at least {least}")), "{error}");
        }
    }

    #[test]
    fn what_people_are_told_to_open_can_be_opened() {
        for (flags, expected) in [
            (&["--listen=127.0.0.1:3000"][..], "http://127.0.0.1:3000"),
            (&["--listen=0.0.0.0:3000"], "http://127.0.0.1:3000"),
            (&["--listen=[::]:3000"], "http://[::1]:3000"),
            (&["--listen=192.0.2.1:3000"], "http://192.0.2.1:3000"),
            (&["--listen=0.0.0.0:3000", "--public-url=https://a.example"], "https://a.example"),
        ] {
            assert_eq!(parse(flags).unwrap().url(), expected);
        }
    }
}
