//! `colloquy demo`: three agents that work together on a running hub.
//!
//! They are clients like any other: each acts as itself, hears of the others only through its own
//! live connection, and can do nothing that another program could not.
//!
//! - [`script`]: what they talk about
//! - [`role`]: who they are; [`actor`]: what all three can do
//! - [`planner`], [`worker`], [`critic`]: how each answers to what it hears

mod actor;
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
    role::Role,
};

/// Where to play.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The hub's address
    #[arg(long, env = "COLLOQUY_URL", value_name = "URL", default_value = "http://127.0.0.1:3000")]
    url: String,
}

const UNAUTHENTICATED: u16 = 401;

/// How long to wait before trying again.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// How long taking leave may take.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);

/// Plays until SIGINT or SIGTERM. A hub that is away is waited for.
///
/// # Errors
/// When the address is not one of a hub, or the hub is not in local mode.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let client = Client::new(&options.url)?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    select! {
        refused = play_on(&client, &options.url) => return Err(refused),
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    print("Stopping: the agents go offline.");
    // A hub that is gone shows nobody that they are.
    let _ = timeout(LEAVE_TIMEOUT, take_leave(&client)).await;
    Ok(())
}

/// Plays again whenever a play ends, until the hub does not let it.
async fn play_on(client: &Client, url: &str) -> anyhow::Error {
    let mut is_away = false;
    loop {
        let Err(ended) = play(client, url).await;
        if let Ended::Call(error) = &ended
            && error.status() == Some(UNAUTHENTICATED)
        {
            return anyhow!(
                "the hub at {url} wants everybody to sign in; the demo acts as three agents, as only \
                 local mode lets it: play on a hub of its own, `colloquy serve --data-dir demo`"
            );
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

/// Plays until one of the three can not go on.
async fn play(client: &Client, url: &str) -> Result<Infallible, Ended> {
    let (planner, worker, critic) = try_join!(
        Actor::enter(client, Role::Planner),
        Actor::enter(client, Role::Worker),
        Actor::enter(client, Role::Critic),
    )?;
    print(&format!("Three agents are at work: {url}/demo/websocket shows them. Ctrl-C stops."));
    let (never, ..) =
        try_join!(planner::play(planner), worker::play(worker), critic::play(critic))?;
    match never {}
}

async fn take_leave(client: &Client) -> Result<(), Ended> {
    for role in Role::ALL {
        let id = role.id()?;
        let offline = StatusChange { status: AgentStatus::Offline, status_detail: None };
        client.act_as(id.clone()).set_agent_status(&id, &offline).await?;
    }
    Ok(())
}

fn print(line: &str) {
    // Nobody may be reading; the agents go on all the same.
    let _ = writeln!(io::stdout(), "{line}");
}
