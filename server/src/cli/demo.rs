//! `colloquy demo`: three agents that work together on a running hub.
//!
//! They are clients like any other: each acts as itself, hears of the others only through its own
//! live connection, and can do nothing that another program could not.
//!
//! - [`script`]: what they talk about
//! - [`role`]: who they are; [`cast`]: how they come in; [`actor`]: what all three can do
//! - [`planner`], [`worker`], [`critic`]: how each answers to what it hears
//! - [`obstacle`]: why the hub cannot be reached

mod actor;
mod cast;
mod critic;
mod obstacle;
mod planner;
mod role;
mod script;
mod worker;

use std::{
    convert::Infallible,
    io::{self, Write},
    time::Duration,
};

use anyhow::bail;
use clap::Args;
use colloquy_client::{
    Client, Error,
    protocol::{model::AgentStatus, request::StatusChange},
};
use tokio::{
    select,
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
    try_join,
};

use self::{
    actor::{Actor, Ended},
    cast::{Cast, HOW_TO_CAST},
    obstacle::Obstacle,
    role::Role,
};

/// Where to play.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The hub's address
    #[arg(long, env = "COLLOQUY_URL", value_name = "URL", default_value = "http://127.0.0.1:3000")]
    url: String,
    /// What the three come in with where people sign in: a token of each of the agents demo-planner,
    /// demo-worker and demo-critic
    #[arg(long, env = "COLLOQUY_TOKEN", value_name = "TOKEN", value_delimiter = ',')]
    #[arg(hide_env_values = true)]
    token: Vec<String>,
}

const UNAUTHENTICATED: u16 = 401;

/// What to do about a certificate of one's own.
const HOW_TO_TRUST: &str = "where SSL_CERT_FILE names a PEM file, the certificates in it are trusted \
    instead of the system's";

/// How long to wait before trying again.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// How long taking leave may take.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);

/// Plays until SIGINT or SIGTERM. A hub that is away is waited for.
///
/// # Errors
/// When the address is not one of a hub, or the hub does not let the three in.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let cast = Cast::new(Client::new(&options.url)?, options.token);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    select! {
        played = play_on(&cast, &options.url) => match played? {},
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    say("Stopping: the agents go offline.");
    // A hub that is gone shows nobody that they are.
    let _ = timeout(LEAVE_TIMEOUT, take_leave(&cast)).await;
    Ok(())
}

/// Plays again whenever a play ends, until the hub does not let it.
async fn play_on(cast: &Cast, url: &str) -> anyhow::Result<Infallible> {
    // Said once, however often it is tried again.
    let mut said = String::new();
    loop {
        let ended = match enter(cast).await {
            Ok(actors) => {
                said.clear();
                say(&format!(
                    "Three agents are at work: {url}/demo/websocket shows them. Ctrl-C stops."
                ));
                let Err(ended) = play(actors).await;
                ended
            }
            Err(ended) => ended,
        };
        let line = told(&ended, cast, url)?;
        if line != said {
            say(&line);
            said = line;
        }
        sleep(RETRY_DELAY).await;
    }
}

/// What is said of a play that has ended, and is tried again.
fn told(ended: &Ended, cast: &Cast, url: &str) -> anyhow::Result<String> {
    let error = match ended {
        Ended::Call(error) if error.status() == Some(UNAUTHENTICATED) => {
            bail!("the hub at {url} {}", cast.what_to_do())
        }
        Ended::Uncast(agent) => {
            bail!("none of the tokens is one of the agent {agent}: {HOW_TO_CAST}")
        }
        Ended::Call(Error::Transport(error)) => error,
        ended => return Ok(format!("Starting over: {ended}")),
    };
    Ok(match Obstacle::of(error) {
        Obstacle::Absence => {
            format!("No hub answers at {url}. Start one with `colloquy serve`; waiting for it.")
        }
        Obstacle::Mistrust(cause) => {
            bail!("the hub at {url} is not trusted: {cause}; {HOW_TO_TRUST}")
        }
        Obstacle::Other(cause) => format!("No hub can be reached at {url}: {cause}. Trying again."),
    })
}

async fn enter(cast: &Cast) -> Result<[Actor; 3], Ended> {
    let clients = cast.clients().await?;
    let [planner, worker, critic] = Role::ALL.map(|role| Actor::enter(&clients, role));
    let (planner, worker, critic) = try_join!(planner, worker, critic)?;
    Ok([planner, worker, critic])
}

/// Plays until one of the three cannot go on.
async fn play([planner, worker, critic]: [Actor; 3]) -> Result<Infallible, Ended> {
    let (never, ..) =
        try_join!(planner::play(planner), worker::play(worker), critic::play(critic))?;
    match never {}
}

async fn take_leave(cast: &Cast) -> Result<(), Ended> {
    for (id, client) in cast.clients().await? {
        let offline = StatusChange { status: AgentStatus::Offline, status_detail: None };
        client.set_agent_status(&id, &offline).await?;
    }
    Ok(())
}

fn say(line: &str) {
    // Nobody may be reading; the agents go on all the same.
    let _ = writeln!(io::stdout(), "{line}");
}
