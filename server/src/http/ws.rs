//! The WebSocket's front door: the handshake, and who is let in.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use colloquy_protocol::{MAX_INBOUND_BYTES, time::Timestamp};
use hyper::upgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::server::create_response_with_body,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    extract::{self, Query},
    problem::Problem,
};
use crate::{
    AppState,
    access::Caller,
    error::Result,
    hub::{self, Visitor},
    service,
};

/// What a client may say about itself in the address.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Handshake {
    /// Local mode only: the agent that acts through this connection.
    act_as: Option<String>,
}

/// Switches to the WebSocket protocol (RFC 6455, section 4.2) and hands the connection to the hub.
pub(crate) async fn upgrade(
    State(state): State<AppState>,
    caller: Caller,
    Query(handshake): Query<Handshake>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    let caller = match handshake.act_as {
        None => caller,
        Some(agent) => match extract::acting_as(&state, caller, "actAs", &agent).await {
            Ok(caller) => caller,
            Err(problem) => return problem.into_response(),
        },
    };
    let user_agent = request.headers().get(header::USER_AGENT);
    let user_agent = user_agent.map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned());
    let visitor = match visitor(caller, address, user_agent) {
        Ok(visitor) => visitor,
        Err(error) => return error.into_response(),
    };
    let switched = upgrade::on(&mut request);
    let response = match create_response_with_body(&request, Body::empty) {
        Ok(response) => response,
        Err(cause) => {
            let detail = format!("/ws speaks WebSocket only: {cause}");
            let refusal = Problem::new(StatusCode::UPGRADE_REQUIRED, detail);
            let wanted = [(header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];
            return (wanted, refusal).into_response();
        }
    };
    state.tasks.clone().spawn(async move {
        match switched.await {
            Ok(stream) => {
                let socket = WebSocketStream::from_raw_socket(
                    TokioIo::new(stream),
                    Role::Server,
                    Some(config()),
                );
                hub::run(state.resources(), visitor, socket.await).await;
            }
            Err(cause) => tracing::debug!(%cause, "A handshake was not completed."),
        }
    });
    response
}

fn visitor(caller: Caller, address: SocketAddr, user_agent: Option<String>) -> Result<Visitor> {
    Ok(Visitor {
        id: service::new_id()?,
        caller,
        address,
        user_agent,
        connected_at: Timestamp::now(),
    })
}

/// Small buffers, because most connections are quiet: by default each would take 128 KiB at once.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(16 * 1024)
        // Room for what is buffered and for the largest event; the outbox bounds the rest.
        .max_write_buffer_size(16 * 1024 * 1024)
        .max_message_size(Some(MAX_INBOUND_BYTES))
        .max_frame_size(Some(MAX_INBOUND_BYTES))
}
