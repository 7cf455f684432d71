//! `colloquy notify`: a system notification from the command line.

use axum::http::Method;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use colloquy_protocol::{model::NotificationType, request::NewNotification};
use colloquy_server::settings::Settings;
use serde_json::Value;

use super::{ask::tell, output::print};

/// What to tell.
#[derive(Debug, Args)]
pub(crate) struct Notice {
    /// What to say
    message: String,
    /// How serious it is
    #[arg(long = "type", value_name = "TYPE", default_value = "info")]
    #[arg(value_parser = notification_type())]
    notification_type: NotificationType,
    /// More, for programs
    #[arg(long, value_name = "JSON", value_parser = json, default_value = "null")]
    details: Value,
}

/// Sends the notification and prints it as it was logged.
///
/// # Errors
/// When the data folder cannot be used, or the hub refuses.
pub(crate) async fn run(notice: Notice, settings: Settings) -> anyhow::Result<()> {
    let Notice { message, notification_type, details } = notice;
    let new = NewNotification { notification_type, message, details };
    let logged: Value = tell(&settings, Method::POST, "/notifications", &new).await?;
    print(logged)
}

fn notification_type() -> impl TypedValueParser<Value = NotificationType> {
    PossibleValuesParser::new(NotificationType::ALL.map(NotificationType::as_str))
        .try_map(|text| text.parse::<NotificationType>())
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}
