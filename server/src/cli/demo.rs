//! `colloquy demo`: three agents that work together on a running hub.
//!
//! They are clients like any other: each acts as itself, hears of the others only through its own
//! live connection, and can do nothing that another program could not.
//!
//! - [`script`]: what they talk about
//! - [`role`]: who they are; [`cast`]: how they come in; [`actor`]: what all three can do
//! - [`planner`], [`worker`], [`critic`]: how each answers to what it hears

mod actor;
mod cast;
mod critic;
mod planner;
mod role;
mod script;
mod worker;

use std::{
    convert::Infallible,
    io::{self, Write},
    time::Duration,
};

use anyhow::anyhow;
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
        refused = play_on(&cast, &options.url) => return Err(refused),
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    print("Stopping: the agents go offline.");
    // A hub that is gone shows nobody that they are.
    let _ = timeout(LEAVE_TIMEOUT, take_leave(&cast)).await;
    Ok(())
}

/// Plays again whenever a play ends, until the hub does not let it.
async fn play_on(cast: &Cast, url: &str) -> anyhow::Error {
    let mut is_away = false;
    loop {
        let Err(ended) = play(cast, url).await;
        match &ended {
            Ended::Call(error) if error.status() == Some(UNAUTHENTICATED) => {
                return anyhow!("the hub at {url} {}", cast.what_to_do());
            }
            Ended::Uncast(agent) => {
                return anyhow!("none of the tokens is one of the agent {agent}: {HOW_TO_CAST}");
            }
            _ => {}
        }
        let was_away = is_away;
        is_away = matches!(ended, Ended::Call(Error::Transport(_)));
        match (was_away, is_away) {
            (true, true) => {}
            (false, true) => {
                print(&format!(
                    "No hub answers at {url}. Start one with `colloquy serve`; \
                                waiting for it."
                ));
            }
            (_, false) => print(&format!("Starting over: {ended}")),
        }
        sleep(RETRY_DELAY).await;
    }
}

/// Plays until one of the three cannot go on.
async fn play(cast: &Cast, url: &str) -> Result<Infallible, Ended> {
    let clients = cast.clients().await?;
    let [planner, worker, critic] = Role::ALL;
    let (planner, worker, critic) = try_join!(
        Actor::enter(&clients, planner),
        Actor::enter(&clients, worker),
        Actor::enter(&clients, critic),
    )?;
    print(&format!("Three agents are at work: {url}/demo/websocket shows them. Ctrl-C stops."));
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

fn print(line: &str) {
    // Nobody may be reading; the agents go on all the same.
    let _ = writeln!(io::stdout(), "{line}");
}
