//! Our WebSockets, which at `/echo` send back whatever comes, for `cargo xtask autobahn`:
//! `echo PORT FOLDER`.

use std::{net::Ipv4Addr, path::PathBuf};

use anyhow::Result;
use clap::Parser;
use colloquy_server::{AppState, open_files, serve, settings::Settings};
use tokio::net::TcpListener;

#[derive(Parser)]
struct Arguments {
    port: u16,
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { port, folder } = Arguments::parse();
    let max_connections = open_files::room_for(Settings::default().max_connections);
    let settings = Settings { data_dir: folder, max_connections, ..Settings::default() };
    let state = AppState::open(settings).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(serve(listener, state, std::future::pending()).await?)
}
