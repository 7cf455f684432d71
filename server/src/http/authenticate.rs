//! Who asks: a person by their cookie, a program by its token, or, in local mode, anybody who
//! passed the guard. Whoever it is goes on as the request's [`Caller`]; what nobody may do is the
//! services' to say.

use std::net::IpAddr;

use axum::{
    Router,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use axum_login::AuthSession;
use tower::ServiceBuilder;
use tracing::field::display;

use super::{
    browser::{self, Accounts},
    peer::Peer,
    problem::Problem,
};
use crate::{AppState, access::Caller, limits::Lines};

/// How often something had been taken away, from whomever, when it was found out who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Revocations(pub(crate) u64);

/// The subprotocol of `/ws`.
pub(crate) const SUBPROTOCOL: &str = "colloquy.v1";

/// What stands before a token among the subprotocols, for browsers, which cannot set headers.
const BEARER_SUBPROTOCOL: &str = "colloquy.bearer.";

/// The router, told of each request who asks.
pub(crate) fn authenticated(router: Router, state: &AppState) -> Router {
    router.layer(
        ServiceBuilder::new()
            .map_response(mend)
            .layer(browser::layer(state))
            .layer(from_fn_with_state(state.clone(), identify)),
    )
}

/// Where a request comes from; unknown on the control socket.
pub(crate) fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|peer| peer.address)
}

/// Whether a client offers a subprotocol that the hub speaks.
pub(crate) fn offers_subprotocol(headers: &HeaderMap) -> bool {
    subprotocols(headers).any(|one| one == SUBPROTOCOL)
}

async fn identify(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let address = address(request.extensions());
    let revocations = Revocations(state.services.revocations());
    let caller = match token(request.headers()).map(str::to_owned) {
        // A token is what somebody means to be judged by: one that is not known is not made up for
        // by a cookie, or by local mode.
        Some(token) => {
            let caller = state.services.caller_of_token(&token).await?;
            if caller.is_none() {
                static REFUSALS: Lines = Lines::new();
                if let Some(left_out) = REFUSALS.next() {
                    let address = address.map(display);
                    tracing::info!(address, left_out, "A token that is not known was refused.");
                }
            }
            caller
        }
        None => {
            let session = request.extensions().get::<AuthSession<Accounts>>().cloned();
            let person = match session {
                Some(session) => browser::caller(&session).await?,
                None => None,
            };
            person.or_else(|| state.mode.is_local().then(Caller::local))
        }
    };
    if let Some(caller) = caller {
        request.extensions_mut().insert(Caller { address, ..caller });
        request.extensions_mut().insert(revocations);
    }
    Ok(next.run(request).await)
}

/// The token in `Authorization`, or among the subprotocols.
fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
    });
    bearer.or_else(|| subprotocols(headers).find_map(|one| one.strip_prefix(BEARER_SUBPROTOCOL)))
}

fn subprotocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Mends two things of the libraries that read the cookie: a cookie of `__Host-` is forgotten only
/// when it is said to be `Secure` again, and a failure is told as a problem.
fn mend(mut response: Response) -> Response {
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && !response.headers().contains_key(header::CONTENT_TYPE)
    {
        return Problem::unavailable("who asks could not be found out").into_response();
    }
    if let header::Entry::Occupied(mut cookies) = response.headers_mut().entry(header::SET_COOKIE) {
        for cookie in cookies.iter_mut() {
            let secure = cookie
                .to_str()
                .ok()
                .filter(|text| text.starts_with("__Host-") && !text.contains("; Secure"));
            let secure =
                secure.and_then(|text| HeaderValue::try_from(format!("{text}; Secure")).ok());
            if let Some(secure) = secure {
                *cookie = secure;
            }
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        let pairs = all.iter().cloned();
        pairs.map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_token_comes_in_a_header_or_as_a_subprotocol() {
        use header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
        for (given, expected) in [
            (headers(&[]), None),
            (headers(&[(AUTHORIZATION, "Bearer clq_x")]), Some("clq_x")),
            (headers(&[(AUTHORIZATION, "bearer  clq_x ")]), Some("clq_x")),
            (headers(&[(AUTHORIZATION, "Basic clq_x")]), None),
            (headers(&[(AUTHORIZATION, "clq_x")]), None),
            (headers(&[(SEC_WEBSOCKET_PROTOCOL, "colloquy.v1")]), None),
            (
                headers(&[(SEC_WEBSOCKET_PROTOCOL, "colloquy.v1, colloquy.bearer.clq_x")]),
                Some("clq_x"),
            ),
            (
                headers(&[
                    (AUTHORIZATION, "Bearer clq_x"),
                    (SEC_WEBSOCKET_PROTOCOL, "colloquy.bearer.clq_y"),
                ]),
                Some("clq_x"),
            ),
        ] {
            assert_eq!(token(&given), expected, "{given:?}");
        }
    }
}
