//! `colloquy notify`: a system notification from the command line.

use std::io::{self, Write};

use anyhow::bail;
use axum::{
    body::{Bytes, to_bytes},
    http::{Request, header},
};
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use colloquy_protocol::{model::NotificationType, request::NewNotification};
use colloquy_server::{control, settings::Settings};
use serde_json::Value;

/// What to tell.
#[derive(Debug, Args)]
pub(crate) struct Notice {
    /// What to say
    message: String,
    /// How serious it is
    #[arg(long = "type", value_name = "TYPE", default_value = "info")]
    #[arg(value_parser = PossibleValuesParser::new(["info", "warning", "error", "success"])
        .try_map(|name| serde_json::from_value::<NotificationType>(Value::String(name))))]
    notification_type: NotificationType,
    /// More, for programs
    #[arg(long, value_name = "JSON", value_parser = json, default_value = "null")]
    details: Value,
}

/// Sends the notification and prints it as it was logged.
///
/// # Errors
/// When the data folder can not be used, or the hub refuses.
pub(crate) async fn run(notice: Notice, settings: Settings) -> anyhow::Result<()> {
    let Notice { message, notification_type, details } = notice;
    let body = serde_json::to_vec(&NewNotification { notification_type, message, details })?;
    let request = Request::post("/api/v1/notifications")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(body))?;
    let response = control::perform(request, settings).await?;
    let status = response.status();
    let answer = to_bytes(response.into_body(), MAX_ANSWER_BYTES).await?;
    let answer = String::from_utf8_lossy(&answer);
    if !status.is_success() {
        bail!("the hub refused ({status}): {answer}");
    }
    writeln!(io::stdout(), "{answer}")?;
    Ok(())
}

const MAX_ANSWER_BYTES: usize = 1024 * 1024;

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}
