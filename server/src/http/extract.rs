//! What is read of a request, and how a request that can not be read is refused.

use axum::{
    body::Body as Stream,
    extract::{FromRequest, FromRequestParts, OriginalUri, Request},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
};
use colloquy_protocol::id::{AgentId, Principal};
use futures_util::TryStreamExt;
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
    error::{Error, FieldError},
    http::{conditions, problem::Problem},
    service::{Change, Idempotency},
};

/// The ids in the path; an id that can not exist is a path where nothing is.
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

/// How many items a page has at most: from 1 to 200, without being told 50.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Limit(u32);

/// A text to search for, of at most 200 characters: SQLite refuses patterns that are very long.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Search(String);

const ACT_AS: &str = "Colloquy-Act-As";
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// JSON that is nested deeper is refused: it could be stored inside an event, but not read back.
const MAX_DEPTH: usize = 64;

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
        let value = json(&parts, body, state.settings.max_body_bytes).await?;
        typed(value, "body").map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Post<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let mut change = Change::from_request_parts(&mut parts, state).await?;
        let key = idempotency_key(&parts.headers)?;
        let value = json(&parts, body, state.settings.max_body_bytes).await?;
        change.idempotency = key.map(|key| Idempotency {
            key,
            route: format!("POST {}", original_path(&parts)),
            // An object's members are sorted by now, so how the client ordered them is no matter.
            request_hash: Sha256::digest(value.to_string()).into(),
        });
        Ok(Self { change, body: typed(value, "body")? })
    }
}

/// Who asks for a change, and for which versions.
impl FromRequestParts<AppState> for Change {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let if_match = conditions::if_match(&parts.headers)?;
        let actor = actor(&parts.headers, state).await?;
        Ok(Self { actor, if_match, idempotency: None })
    }
}

impl TryFrom<u32> for Limit {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        if (1..=200).contains(&number) { Ok(Self(number)) } else { Err("expected 1 to 200") }
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
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
        if text.chars().count() <= 200 {
            Ok(Self(text))
        } else {
            Err("expected 200 characters at most")
        }
    }
}

impl From<Search> for String {
    fn from(search: Search) -> Self {
        search.0
    }
}

/// The agent that acts, named by that header or parameter (design, "REST": local mode).
pub(crate) async fn acting_agent(
    state: &AppState,
    field: &str,
    id: &str,
) -> Result<Principal, Problem> {
    match id.parse() {
        Ok(id) if state.services.agent_exists(&id).await? => Ok(Principal::agent(id)),
        _ => Err(Error::invalid(field, "there is no agent with this id").into()),
    }
}

async fn actor(headers: &HeaderMap, state: &AppState) -> Result<Principal, Problem> {
    match headers.get(ACT_AS) {
        Some(id) => acting_agent(state, ACT_AS, id.to_str().unwrap_or_default()).await,
        None => Ok(Principal::local()),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
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

/// Reads a JSON body of at most that many bytes.
async fn json(parts: &Parts, body: Stream, max_bytes: usize) -> Result<Value, Problem> {
    if !is_json(parts) {
        let expected = match parts.method {
            Method::PATCH => "expected application/merge-patch+json or application/json",
            _ => "expected application/json",
        };
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::of_field(status, "Content-Type", expected));
    }
    let bytes = read(body, max_bytes).await?;
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    for (field, member) in value.as_object().into_iter().flatten() {
        if is_deeper_than(MAX_DEPTH, member) {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Error::invalid(field, message).into());
        }
    }
    Ok(value)
}

fn is_json(parts: &Parts) -> bool {
    let value = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || parts.method == Method::PATCH && essence.eq_ignore_ascii_case(MERGE_PATCH)
}

/// Reads the body. One that is too large is read on for a while and thrown away: a client that is
/// cut off while it writes never gets to read the answer.
async fn read(body: Stream, max_bytes: usize) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut seen = 0;
    while let Some(chunk) =
        stream.try_next().await.map_err(|_| malformed("the body ended too early"))?
    {
        seen += chunk.len();
        if seen <= max_bytes {
            bytes.extend_from_slice(&chunk);
        } else if seen > max_bytes.saturating_mul(8) {
            break;
        }
    }
    if seen > max_bytes {
        let message = format!("has more than {max_bytes} bytes");
        return Err(Problem::of_field(StatusCode::PAYLOAD_TOO_LARGE, "body", message));
    }
    Ok(bytes)
}

fn malformed(message: impl Into<String>) -> Problem {
    Problem::of_field(StatusCode::BAD_REQUEST, "body", message)
}

fn is_deeper_than(levels: usize, value: &Value) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => true,
        Value::Array(items) => items.iter().any(|item| is_deeper_than(levels - 1, item)),
        Value::Object(members) => members.values().any(|item| is_deeper_than(levels - 1, item)),
        _ => false,
    }
}

/// Reads a `T`, or says which field is in the way; `whole` is the name of the whole.
fn typed<'de, T, D>(from: D, whole: &str) -> Result<T, Problem>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de, Error: std::fmt::Display>,
{
    serde_path_to_error::deserialize(from).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        Error::Invalid(vec![field_at_fault(&path, whole, message)]).into()
    })
}

/// The path of a missing or repeated field is its parent's: its own name is in serde's message
/// alone.
fn field_at_fault(path: &str, whole: &str, message: String) -> FieldError {
    let parent = if path == "." { "" } else { path };
    let name = ["missing field `", "duplicate field `"]
        .into_iter()
        .find_map(|start| message.strip_prefix(start))
        .and_then(|rest| rest.strip_suffix('`'));
    let field = match (parent, name) {
        ("", None) => whole.to_owned(),
        ("", Some(name)) => name.to_owned(),
        (parent, None) => parent.to_owned(),
        (parent, Some(name)) => format!("{parent}.{name}"),
    };
    FieldError::new(field, message)
}

/// The path as the client wrote it: nested routers see only the rest of it.
fn original_path(parts: &Parts) -> &str {
    parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |original| original.0.path())
}

impl IntoParams for Change {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let tags = text().pattern(Some(r#"^([*]|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#));
        vec![
            act_as(),
            in_header(
                "If-Match",
                tags,
                "Only when the entity is at one of these versions (ETags).",
            ),
        ]
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
    in_header(ACT_AS, AgentId::schema(), "The agent that acts; without it the person `local` does.")
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
