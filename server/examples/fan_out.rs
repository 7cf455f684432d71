//! The hub and `/ws` as they are, fed by a POST that stores nothing, for `cargo xtask bench`:
//! `fan_out PORT PUBLISH_PORT FOLDER [--forgetful]`.

use std::{
    net::Ipv4Addr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
    serve::ListenerExt,
};
use clap::Parser;
use colloquy_protocol::{id::ChatId, topic::Topic};
use colloquy_server::{AppState, hub::Hub, serve, settings::Settings};
use tokio::net::TcpListener;

#[derive(Parser)]
struct Arguments {
    port: u16,
    publish_port: u16,
    folder: PathBuf,
    /// Give events no place in the log, so that nothing can be replayed.
    #[arg(long)]
    forgetful: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { port, publish_port, folder, forgetful } = Arguments::parse();
    let settings = Settings { data_dir: folder, max_connections: 12_000, ..Settings::default() };
    let state = AppState::open(settings).await?;
    let feed = Feed { hub: Arc::new(Mutex::new(state.hub.clone())), forgetful };
    let sockets = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let posts = TcpListener::bind((Ipv4Addr::LOCALHOST, publish_port)).await?;
    let posts = posts.tap_io(|stream| {
        // Slower without it, and nothing worse.
        let _ = stream.set_nodelay(true);
    });
    let posting = Router::new().route("/{chat}", post(publish)).with_state(feed);
    tokio::try_join!(axum::serve(posts, posting), serve(sockets, state, std::future::pending()))?;
    Ok(())
}

/// The hub, to one publish at a time.
#[derive(Clone)]
struct Feed {
    hub: Arc<Mutex<Hub>>,
    forgetful: bool,
}

async fn publish(
    State(feed): State<Feed>,
    Path(chat): Path<ChatId>,
    payload: String,
) -> StatusCode {
    let (name, topic) = ("chat:messageCreated", Topic::Chat(chat));
    let hub = feed.hub.lock().unwrap_or_else(PoisonError::into_inner);
    match feed.forgetful {
        true => hub.publish_forgotten(&topic, name, &payload),
        false => hub.publish_unstored(topic, name, &payload),
    }
    StatusCode::NO_CONTENT
}
