//! The process that is measured.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use colloquy_bench::process::{Family, ask_to_end};
use colloquy_client::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{Options, load::Connection};

/// The chat that is posted to: private, so that who sees it has to be found out.
pub(crate) const CHAT: &str = "bench";

/// A server whose data go with it.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: String,
    /// A token for each of the agents in the chat: those that post, and then two that follow it.
    pub(crate) tokens: Vec<String>,
    process: Child,
    _data: Arc<TempDir>,
}

impl Server {
    /// Starts one with an agent for each client, and two more, all of them in one private chat.
    pub(crate) async fn start(options: &Options, flags: &[&str]) -> Result<Self> {
        let data = Arc::new(tempfile::tempdir_in(&options.folder)?);
        // In local mode there is nobody to sign in, so everything can be made; then everybody must.
        let local = Self::spawn(options, data.clone(), flags).await?;
        let mut tokens = Vec::new();
        let mut participants = Vec::new();
        for number in 0..options.clients + 2 {
            let id = format!("agent-{number}");
            local.create("agents", &json!({ "id": id, "name": id })).await?;
            let new = json!({ "agentId": id, "name": id, "scopes": ["read", "messages"] });
            let issued = local.create("tokens", &new).await?;
            tokens.push(issued["secret"].as_str().context("a token has a secret")?.to_owned());
            participants.push(json!({ "participantId": id, "kind": "agent" }));
        }
        let chat = json!({
            "id": CHAT, "title": CHAT, "visibility": "participants", "participants": participants,
        });
        local.create("chats", &chat).await?;
        drop(local);
        let flags = [flags, &["--auth", "required"]].concat();
        let mut server = Self::spawn(options, data, &flags).await?;
        server.tokens = tokens;
        Ok(server)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Seconds of CPU time that it has used.
    pub(crate) fn cpu(&self) -> Result<f64> {
        Family(self.pid()).cpu_seconds()
    }

    /// A client that comes with that token.
    pub(crate) fn client(&self, token: &str) -> Result<Client> {
        Ok(Client::new(&format!("http://{}", self.address))?.with_token(token))
    }

    async fn spawn(options: &Options, data: Arc<TempDir>, flags: &[&str]) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        // The clients' core, if there is one, is inherited otherwise.
        let mut command = Command::new("taskset");
        command.args(["-c", &options.server_cores]).arg(&options.server);
        let log: PathBuf = data.path().join("log");
        let process = command
            .args(["serve", "--listen", &address, "--limit-requests", NO_LIMIT])
            // The clients of one server wait while those of another are measured.
            .args(["--header-timeout-seconds", "600"])
            .args(["--limit-messages", NO_LIMIT, "--data-dir"])
            .arg(data.path())
            .args(flags)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .spawn()
            .with_context(|| format!("{} does not start", options.server.display()))?;
        let server = Self { address, tokens: Vec::new(), process, _data: data };
        for _ in 0..500 {
            if let Ok(mut connection) = Connection::open(&server.address).await
                && connection
                    .ask(&request("GET", "/ready", &server.address, None, ""))
                    .await
                    .is_ok()
            {
                return Ok(server);
            }
            sleep(Duration::from_millis(20)).await;
        }
        bail!("the server does not come up: {}", fs::read_to_string(&log)?)
    }

    async fn create(&self, what: &str, new: &Value) -> Result<Value> {
        let path = format!("/api/v1/{what}");
        let request = request("POST", &path, &self.address, None, &new.to_string());
        let mut connection = Connection::open(&self.address).await?;
        let status = connection.ask(&request).await?;
        let body = String::from_utf8_lossy(connection.body()).into_owned();
        if status != 201 {
            bail!("{what} could not be created: {status} {body}");
        }
        Ok(serde_json::from_str(&body)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        ask_to_end(&self.process);
        let _ = self.process.wait();
    }
}

const NO_LIMIT: &str = "4000000000";

/// A request as it goes out.
pub(crate) fn request(
    method: &str,
    path: &str,
    host: &str,
    token: Option<&str>,
    body: &str,
) -> Vec<u8> {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let content = match body.is_empty() {
        true => String::new(),
        false => format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
    };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{}{content}\r\n{body}",
        authorization.unwrap_or_default(),
    )
    .into_bytes()
}
