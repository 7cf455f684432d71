//! The WebSocket's front door: the handshake, and who is let in.

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use colloquy_protocol::{close::CloseCode, rest::ACT_AS, time::Timestamp};
use hyper::upgrade::{self, OnUpgrade};
use serde::Deserialize;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::{
    authenticate::{SUBPROTOCOL, offers_subprotocol},
    browser::user_agent,
    extract::{self, Query},
    peer::Peer,
    problem::Problem,
};
use crate::{
    AppState,
    access::Caller,
    error::{Error, Result},
    hub::{self, Visitor},
    service,
    ws::Socket,
};

/// What a client may say about itself in the address.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Handshake {
    /// Local mode only: the agent that acts through this connection.
    act_as: Option<String>,
}

/// Switches to the WebSocket protocol (RFC 6455, section 4.2) and hands the connection to the hub.
///
/// Of somebody who is not known, a page's connection is closed right after it: the page could not
/// see the status of a refused handshake.
pub(crate) async fn upgrade(
    State(state): State<AppState>,
    caller: Result<Caller, Problem>,
    Query(handshake): Query<Handshake>,
    peer: Option<Extension<Peer>>,
    mut request: Request,
) -> Result<Response, Problem> {
    let is_known = request.extensions().get::<Caller>().is_some();
    let visitor = match caller {
        Err(_) if !is_known && request.headers().contains_key(header::ORIGIN) => None,
        caller => {
            let caller = match handshake.act_as {
                None => caller?,
                Some(_) if request.headers().contains_key(ACT_AS) => {
                    return Err(Error::invalid("actAs", "the header says who acts, too").into());
                }
                Some(agent) => extract::acting_as(&state, caller?, "actAs", &agent).await?,
            };
            let user_agent = user_agent(request.headers());
            let peer = peer.map(|Extension(peer)| peer);
            let places = state.limits.socket(&caller, peer.map(|peer| peer.address))?;
            // The task that waits for the switch is as large as what it holds.
            Some(Box::new((visitor(caller, peer, user_agent)?, places)))
        }
    };
    let (switched, response) = match shake_hands(&mut request) {
        Ok(agreed) => agreed,
        Err(refusal) => return Ok(*refusal),
    };
    let resources = state.resources.clone();
    state.tasks.spawn(async move {
        let taken = match switched.await {
            Ok(upgraded) => Socket::take(upgraded),
            Err(cause) => return tracing::debug!(%cause, "A handshake was not completed."),
        };
        match (taken, visitor) {
            (Ok((socket, early)), Some(admitted)) => {
                // The box goes at once, and not when the connection ends.
                let (visitor, _held) = {
                    let admitted = admitted;
                    *admitted
                };
                hub::run(resources, visitor, socket, early).await;
            }
            (Ok((socket, early)), None) => {
                Box::pin(hub::refuse(socket, early, CloseCode::Unauthorised)).await;
            }
            (Err(_), _) => tracing::error!("A WebSocket came through a listener that is not ours."),
        }
    });
    Ok(response)
}

/// The same for a connection that only sends back what comes.
#[cfg(feature = "bench")]
pub(crate) async fn echo(State(state): State<AppState>, mut request: Request) -> Response {
    match shake_hands(&mut request) {
        Ok((switched, response)) => {
            state.tasks.spawn(async move {
                if let Ok(Ok((socket, early))) = switched.await.map(Socket::take) {
                    hub::echo(socket, early).await;
                }
            });
            response
        }
        Err(refusal) => *refusal,
    }
}

/// Agrees to what the request asks for: what it will have become, and the answer that says so. What
/// asks for no WebSocket of version 13 is refused.
fn shake_hands(request: &mut Request) -> Result<(OnUpgrade, Response), Box<Response>> {
    let switched = upgrade::on(&mut *request);
    spell_plainly(request.headers_mut(), header::CONNECTION, "Upgrade");
    spell_plainly(request.headers_mut(), header::UPGRADE, "websocket");
    let agreed = match create_response_with_body(request, Body::empty) {
        Ok(response) if has_one_key(request.headers()) => Ok(response),
        Ok(_) => Err("Sec-WebSocket-Key: expected one, of 16 bytes as base64".to_owned()),
        Err(cause) => Err(cause.to_string()),
    };
    let mut response = agreed.map_err(|cause| {
        let detail = format!("/ws speaks WebSocket only: {cause}");
        let refusal = Problem::new(StatusCode::UPGRADE_REQUIRED, detail);
        let wanted = [
            (header::CONNECTION, "upgrade"),
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
        ];
        Box::new((wanted, refusal).into_response())
    })?;
    if offers_subprotocol(request.headers()) {
        let ours = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, ours);
    }
    Ok((switched, response))
}

/// Has a header whose lists name that option, in any of its lines, name it alone (RFC 9110, section 5.3),
/// which is how its reader expects it.
fn spell_plainly(headers: &mut HeaderMap, name: HeaderName, option: &'static str) {
    let mut lists = headers.get_all(&name).iter().filter_map(|list| list.to_str().ok());
    if lists.any(|list| list.split(',').any(|one| one.trim().eq_ignore_ascii_case(option))) {
        headers.insert(name, HeaderValue::from_static(option));
    }
}

/// Whether there is one key, and it is what RFC 6455 says that a key is (section 4.2.1).
fn has_one_key(headers: &HeaderMap) -> bool {
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else { return false };
    BASE64_STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

fn visitor(caller: Caller, peer: Option<Peer>, user_agent: Option<String>) -> Result<Visitor> {
    Ok(Visitor {
        id: service::new_id()?,
        caller,
        address: peer.map_or_else(|| "control socket".to_owned(), |peer| peer.to_string()),
        user_agent,
        connected_at: Timestamp::now(),
    })
}
