//! What is read of a request, and how a request that cannot be read is refused.

use std::net::IpAddr;

use axum::{
    body::Body as RequestBody,
    extract::{FromRequest, FromRequestParts, MatchedPath, OriginalUri, RawPathParams, Request},
    http::{HeaderMap, HeaderValue, StatusCode, request::Parts},
};
use colloquy_protocol::{
    id::AgentId,
    rest::{ACT_AS, IDEMPOTENCY_KEY},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::{
    IntoParams, PartialSchema,
    openapi::{
        ObjectBuilder, RefOr,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{Schema, Type},
    },
};

use crate::{
    AppState,
    access::Caller,
    error::Error,
    http::{
        authenticate::{Revocations, address},
        conditions,
        json::{json, typed},
        problem::Problem,
    },
    service::{Change, Idempotency, ListQuery},
};

/// The ids in the path; an id that cannot exist is a path where nothing is.
pub(crate) struct Path<T>(pub(crate) T);

/// The parameters of the query.
pub(crate) struct Query<T>(pub(crate) T);

/// The JSON body of a PATCH or a PUT.
pub(crate) struct Body<T>(pub(crate) T);

/// The JSON body of a POST, and the change that it asks for, which is made once for each
/// `Idempotency-Key`.
pub(crate) struct Post<T> {
    pub(crate) change: Change,
    pub(crate) body: T,
}

/// The JSON body of a POST whose answer holds a secret, of [`SECRET_POST_BYTES`] at most. Answers with
/// secrets are not kept, so there is no `Idempotency-Key`.
pub(crate) struct SecretPost<T>(pub(crate) T);

/// The same of a POST without a body.
pub(crate) struct NotRepeatable;

/// A change of what has no version: `If-Match` could not be honoured, so it is refused.
pub(crate) struct Unversioned;

/// Who asks, where everybody may.
pub(crate) struct MaybeCaller(pub(crate) Option<Caller>);

/// Where somebody tries to sign in from, as far as that is known. Their attempt is counted before their
/// body is read: whoever has none left is not listened to.
pub(crate) struct Attempt(pub(crate) Option<IpAddr>);

/// `If-Match`, for the API document: [`Change`] reads it.
pub(crate) struct IfMatch;

/// `If-None-Match`, for the API document: [`not_modified`](super::answer::not_modified) reads it.
pub(crate) struct IfNoneMatch;

/// How many bytes the body of a [`SecretPost`] may have, unless the settings allow even less: names,
/// addresses and passwords are short, and some of these are read of strangers.
const SECRET_POST_BYTES: usize = 16 * 1024;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartQuery {
    /// How many at most.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// The `nextCursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// How many items a page has at most: from 1 to 200, without being told 50.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Limit(u32);

/// A text to search for, of at most 200 characters: SQLite refuses patterns that are very long.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Search(pub(crate) String);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let ids = axum::extract::Path::from_request_parts(parts, state).await;
        let ids = ids.map_err(|_| Problem::no_such_path(original_path(parts)))?;
        Ok(Self(ids.0))
    }
}

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        typed(serde_urlencoded::Deserializer::new(pairs), "query").map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let value = read(&parts, body, state, state.settings.max_body_bytes).await?;
        typed(value, "body").map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Post<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let mut change = Change::from_request_parts(&mut parts, state).await?;
        let key = idempotency_key(&parts.headers)?;
        let route = route(&mut parts).await;
        let value = read(&parts, body, state, state.settings.max_body_bytes).await?;
        change.idempotency = key.map(|key| Idempotency {
            key,
            route: format!("POST {route}"),
            // An object's members are sorted by now, so how the client ordered them is no matter.
            request_hash: Sha256::digest(value.to_string()).into(),
        });
        Ok(Self { change, body: typed(value, "body")? })
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for SecretPost<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        NotRepeatable::from_request_parts(&mut parts, state).await?;
        let max_bytes = SECRET_POST_BYTES.min(state.settings.max_body_bytes);
        let value = read(&parts, body, state, max_bytes).await?;
        typed(value, "body").map(Self)
    }
}

impl FromRequestParts<AppState> for NotRepeatable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        if parts.headers.contains_key(IDEMPOTENCY_KEY) {
            let message = "the answer holds a secret, which is not kept to be given again";
            return Err(Error::invalid(IDEMPOTENCY_KEY, message).into());
        }
        Ok(Self)
    }
}

impl FromRequestParts<AppState> for Unversioned {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        if conditions::if_match(&parts.headers)?.is_some() {
            let message = "this has no version that it could be compared with";
            return Err(Error::invalid("If-Match", message).into());
        }
        Ok(Self)
    }
}

impl FromRequestParts<AppState> for MaybeCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        match parts.extensions.get::<Caller>() {
            Some(_) => Caller::from_request_parts(parts, state).await.map(Some).map(Self),
            None => Ok(Self(None)),
        }
    }
}

impl FromRequestParts<AppState> for Attempt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let address = address(&parts.extensions);
        state.limits.sign_in_from(address)?;
        Ok(Self(address))
    }
}

/// Who asks, as was found out before ([`super::authenticate`]), perhaps as the agent that they act as.
impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned().ok_or(Error::Unauthenticated)?;
        match only(&parts.headers, ACT_AS)? {
            Some(id) => acting_as(state, caller, ACT_AS, id.to_str().unwrap_or_default()).await,
            None => Ok(caller),
        }
    }
}

/// Who asks for a change, and for which versions.
impl FromRequestParts<AppState> for Change {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let if_match = conditions::if_match(&parts.headers)?;
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self { caller, if_match, idempotency: None })
    }
}

impl TryFrom<u32> for Limit {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        if (1..=200).contains(&number) { Ok(Self(number)) } else { Err("expected 1 to 200") }
    }
}

impl Limit {
    /// The most that can be asked for.
    pub(crate) fn most() -> Self {
        Self(200)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl From<PartQuery> for ListQuery {
    fn from(PartQuery { limit, cursor }: PartQuery) -> Self {
        Self { limit: limit.into(), cursor, ..Self::default() }
    }
}

impl From<Limit> for u32 {
    fn from(limit: Limit) -> Self {
        limit.0
    }
}

impl TryFrom<String> for Search {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.chars().count() > 200 {
            Err("expected 200 characters at most")
        } else if text.contains('\0') {
            // SQLite would look for what is before it.
            Err("a text to look for has no NUL")
        } else {
            Ok(Self(text))
        }
    }
}

impl From<Search> for String {
    fn from(search: Search) -> Self {
        search.0
    }
}

/// The agent that acts, named by that header or parameter (docs/protocol.md, "Who acts").
pub(crate) async fn acting_as(
    state: &AppState,
    caller: Caller,
    field: &str,
    id: &str,
) -> Result<Caller, Problem> {
    if !caller.may_act_as_agents() {
        let detail = "only in local mode can one act as an agent; otherwise its token does";
        return Err(Problem::of_field(StatusCode::FORBIDDEN, field, detail));
    }
    match id.parse() {
        Ok(id) if state.services.agent_exists(&id).await? => Ok(caller.acting_as(id)),
        _ => Err(Error::invalid(field, "there is no agent with this id").into()),
    }
}

/// Reads a JSON body of at most that many bytes. Whoever asks must still be who they were when it began.
async fn read(
    parts: &Parts,
    body: RequestBody,
    state: &AppState,
    max_bytes: usize,
) -> Result<Value, Problem> {
    let value = json(parts, body, max_bytes).await?;
    let known = parts.extensions.get::<Caller>().zip(parts.extensions.get::<Revocations>());
    if let Some((caller, revocations)) = known {
        state.services.require_still(caller, revocations.0).await?;
    }
    Ok(value)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = only(headers, IDEMPOTENCY_KEY)? else { return Ok(None) };
    let bytes = value.as_bytes();
    match value.to_str() {
        Ok(key) if (1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic) => {
            Ok(Some(key.to_owned()))
        }
        _ => {
            Err(Error::invalid(IDEMPOTENCY_KEY, "expected 1 to 255 visible ASCII characters")
                .into())
        }
    }
}

/// The route with what stands for its parameters, however the client wrote that.
async fn route(parts: &mut Parts) -> String {
    let mut route =
        parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    if let Ok(parameters) = RawPathParams::from_request_parts(parts, &()).await {
        for (name, value) in &parameters {
            route = route.replace(&format!("{{{name}}}"), value);
        }
    }
    route
}

/// The path as the client wrote it: nested routers see only the rest of it.
fn original_path(parts: &Parts) -> &str {
    parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |original| original.0.path())
}

/// A header that may be there once.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Error::invalid(name, "must not be there twice").into()),
        (value, None) => Ok(value),
    }
}

impl IntoParams for Change {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![act_as(), if_match()]
    }
}

/// The header with which one acts as an agent, as a parameter of whatever reads.
pub(crate) struct ActingAs;

impl IntoParams for ActingAs {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![act_as()]
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![if_match()]
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let unless =
            "Entity tags, such as `\"12\"`: what is at one of these versions is not sent again.";
        vec![in_header("If-None-Match", text(), unless)]
    }
}

impl<T> IntoParams for Post<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let key = text().pattern(Some("^[!-~]{1,255}$"));
        let once =
            "The same key and body within 24 hours: the same answer, and nothing done twice.";
        vec![act_as(), in_header(IDEMPOTENCY_KEY, key, once)]
    }
}

fn act_as() -> Parameter {
    let who = "In local mode only: the agent that acts; without it the person `local` does. Where \
               people sign in it is refused (403): there a token says which agent acts.";
    in_header(ACT_AS, AgentId::schema(), who)
}

fn if_match() -> Parameter {
    let tags = text().pattern(Some(r#"^([*]|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#));
    in_header("If-Match", tags, "Only when the entity is at one of these versions (ETags).")
}

fn in_header(name: &str, schema: impl Into<RefOr<Schema>>, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .schema(Some(schema))
        .description(Some(description))
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
