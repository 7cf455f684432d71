//! Reading JSON, and saying which field is at fault when it is not what was expected.

use std::fmt::Display;

use axum::{
    body::Body,
    http::{Method, StatusCode, header, request::Parts},
};
use colloquy_protocol::problem::FieldError;
use futures_util::TryStreamExt;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    error::Error,
    http::{limit::TooSlow, problem::Problem},
    limits::Limit,
    metrics,
};

/// Reads a JSON body of at most that many bytes.
pub(crate) async fn json(parts: &Parts, body: Body, max_bytes: usize) -> Result<Value, Problem> {
    if !is_json(parts) {
        let expected = match parts.method {
            Method::PATCH => "expected application/merge-patch+json or application/json",
            _ => "expected application/json",
        };
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::of_field(status, "Content-Type", expected));
    }
    if parts.headers.get(header::CONTENT_ENCODING).is_some_and(|how| how != "identity") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::of_field(
            status,
            "Content-Encoding",
            "bodies are not compressed here",
        ));
    }
    let bytes = read(body, max_bytes).await?;
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    let Value::Object(members) = &value else {
        // An array could be read as a struct's fields in their order.
        return Err(Error::invalid("body", "expected an object").into());
    };
    for (field, member) in members {
        if is_deeper_than(MAX_DEPTH, member) {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Error::invalid(field, message).into());
        }
    }
    Ok(value)
}

/// Reads a `T`, or says which field is in the way; `whole` is the name of the whole.
pub(crate) fn typed<'de, T, D>(from: D, whole: &str) -> Result<T, Problem>
where
    T: Deserialize<'de>,
    D: Deserializer<'de, Error: Display>,
{
    serde_path_to_error::deserialize(from).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        Error::Invalid(vec![field_at_fault(&path, whole, message)]).into()
    })
}

const MERGE_PATCH: &str = "application/merge-patch+json";

/// JSON that is nested deeper is refused: it could be stored inside an event, but not read back.
const MAX_DEPTH: usize = 64;

/// Whether the body is said, once, to be JSON; which is UTF-8 (RFC 8259, section 8.1).
fn is_json(parts: &Parts) -> bool {
    let mut values = parts.headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let mut pieces = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let essence = pieces.next().unwrap_or_default();
    let is_utf_8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    let is_json = essence.eq_ignore_ascii_case("application/json")
        || parts.method == Method::PATCH && essence.eq_ignore_ascii_case(MERGE_PATCH);
    is_json && pieces.all(is_utf_8)
}

/// Reads the body. One that is too large is read on for a while and thrown away: a client that is
/// cut off while it writes never gets to read the answer.
async fn read(body: Body, max_bytes: usize) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let mut bytes: Vec<u8> = Vec::new();
    let mut seen = 0;
    while let Some(chunk) = stream.try_next().await.map_err(|cause| unreadable(&cause))? {
        seen += chunk.len();
        if seen <= max_bytes {
            if seen > bytes.capacity() {
                // A vector by itself would double its room beyond what may come.
                bytes.reserve_exact(seen.saturating_mul(2).min(max_bytes) - bytes.len());
            }
            bytes.extend_from_slice(&chunk);
        } else if seen > max_bytes.saturating_mul(8) {
            break;
        }
    }
    if seen > max_bytes {
        metrics::limited(Limit::BodySize);
        let message = format!("has more than {max_bytes} bytes");
        return Err(Problem::of_field(StatusCode::PAYLOAD_TOO_LARGE, "body", message));
    }
    Ok(bytes)
}

/// Why the body cannot be read to its end.
fn unreadable(cause: &axum::Error) -> Problem {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(cause);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            metrics::limited(Limit::BodyTime);
            return Problem::of_field(StatusCode::REQUEST_TIMEOUT, "body", error.to_string());
        }
        cause = error.source();
    }
    malformed("the body ended too early")
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
