//! One REST request over the control socket, and its answer.

use anyhow::{Context, bail};
use axum::{
    body::{Bytes, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use colloquy_protocol::{model::Page, rest::ROOT};
use colloquy_server::{control, settings::Settings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Asks the server that owns the data folder, or this process when none runs, without a body.
///
/// # Errors
/// When the data folder cannot be used, or the hub refuses.
pub(crate) async fn ask<T: DeserializeOwned>(
    settings: &Settings,
    method: Method,
    path: &str,
) -> anyhow::Result<T> {
    send(settings, method, path, Bytes::new()).await
}

/// The same, with a JSON body.
///
/// # Errors
/// When the data folder cannot be used, or the hub refuses.
pub(crate) async fn tell<T: DeserializeOwned>(
    settings: &Settings,
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> anyhow::Result<T> {
    send(settings, method, path, serde_json::to_vec(body)?.into()).await
}

/// All of a list, asked for part by part, as one page.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn ask_all<T: DeserializeOwned>(
    settings: &Settings,
    path: &str,
) -> anyhow::Result<Page<T>> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        // A cursor is written in hexadecimal digits.
        let part = format!("{path}?limit=200{cursor}");
        let Page { items, next_cursor } = ask(settings, Method::GET, &part).await?;
        all.extend::<Vec<T>>(items);
        let Some(next) = next_cursor else { return Ok(Page { items: all, next_cursor: None }) };
        cursor = format!("&cursor={next}");
    }
}

async fn send<T: DeserializeOwned>(
    settings: &Settings,
    method: Method,
    path: &str,
    body: Bytes,
) -> anyhow::Result<T> {
    let request = Request::builder()
        .method(method)
        .uri(format!("{ROOT}{path}"))
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)?;
    let response = control::perform(request, settings.clone()).await?;
    let status = response.status();
    let answer = to_bytes(response.into_body(), MAX_ANSWER_BYTES).await?;
    if !status.is_success() {
        let problem: Value = serde_json::from_slice(&answer).unwrap_or_default();
        match problem["detail"].as_str() {
            Some(detail) => bail!("the hub refused: {detail}"),
            None => bail!("the hub refused ({status}): {}", String::from_utf8_lossy(&answer)),
        }
    }
    let answer = if status == StatusCode::NO_CONTENT { &b"null"[..] } else { &answer[..] };
    serde_json::from_slice(answer).context("the hub's answer cannot be read")
}
