//! The hub and `/ws` as they are, fed by a POST that stores nothing and is read as the ceiling reads
//! it, for `cargo xtask bench`: `fan_out PORT PUBLISH_PORT FOLDER [--forgetful]`.

use std::{
    net::Ipv4Addr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use clap::Parser;
use colloquy_bench::wire::http::{Message, NO_CONTENT};
use colloquy_protocol::{id::ChatId, topic::Topic};
use colloquy_server::{AppState, hub::Hub, open_files, serve, settings::Settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

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
    let max_connections = open_files::room_for(12_000);
    let settings = Settings { data_dir: folder, max_connections, ..Settings::default() };
    let state = AppState::open(settings).await?;
    let feed = Feed { hub: Arc::new(Mutex::new(state.hub.clone())), forgetful };
    let sockets = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let posts = TcpListener::bind((Ipv4Addr::LOCALHOST, publish_port)).await?;
    tokio::try_join!(feed.accept(posts), async {
        Ok(serve(sockets, state, std::future::pending()).await?)
    })?;
    Ok(())
}

/// The hub, to one publish at a time.
#[derive(Clone)]
struct Feed {
    hub: Arc<Mutex<Hub>>,
    forgetful: bool,
}

impl Feed {
    async fn accept(self, posts: TcpListener) -> Result<()> {
        loop {
            let (stream, _) = posts.accept().await?;
            let feed = self.clone();
            tokio::spawn(async move {
                if let Err(error) = feed.read(stream).await {
                    eprintln!("A connection that publishes failed: {error:#}");
                }
            });
        }
    }

    /// Publishes what is posted, one after the other: the next comes when the last was answered. It
    /// is read as the ceiling reads it, because HTTP is not what is compared.
    async fn read(self, mut stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut came = Vec::new();
        while stream.read_buf(&mut came).await? > 0 {
            let Some(request) = Message::read(&came) else { continue };
            let chat = request.path().context("there is no path")?;
            self.publish(chat.parse()?, std::str::from_utf8(request.body)?);
            came.clear();
            stream.write_all(NO_CONTENT).await?;
        }
        Ok(())
    }

    fn publish(&self, chat: ChatId, payload: &str) {
        let (name, topic) = ("chat:messageCreated", Topic::Chat(chat));
        let hub = self.hub.lock().unwrap_or_else(PoisonError::into_inner);
        match self.forgetful {
            true => hub.publish_forgotten(&topic, name, payload),
            false => hub.publish_unstored(topic, name, payload),
        }
    }
}
