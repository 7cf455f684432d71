//! Errors as answers: RFC 9457 `application/problem+json`, naming the field at fault.

use std::{collections::BTreeMap, fmt};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use colloquy_protocol::problem::{self, FieldError};
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        Content, ContentBuilder, Header, Ref, RefOr, Response as Documented, ResponseBuilder,
    },
};

use crate::error::{Error, whole_seconds};

/// Why a request was not done, as an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldError>,
    /// When to try again, in seconds: the header `Retry-After`.
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem of that status.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// A problem of that status with one field.
    pub(crate) fn of_field(
        status: StatusCode,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let error = FieldError::new(field, message);
        let detail = error.to_string();
        Self { errors: vec![error], ..Self::new(status, detail) }
    }

    /// 403.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 503.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// 404 for a path that cannot name anything.
    pub(crate) fn no_such_path(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is nothing at {path}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::NotFound { .. } => StatusCode::NOT_FOUND,
            Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::PreconditionFailed { .. } => StatusCode::PRECONDITION_FAILED,
            Error::Unauthenticated => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::Unavailable | Error::StorageFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::StorageFull(_) => StatusCode::INSUFFICIENT_STORAGE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let detail = error.to_string();
        let retry_after = match &error {
            Error::TooMany { retry_after, .. } => Some(whole_seconds(retry_after)),
            Error::Unavailable => Some(1),
            Error::StorageFailed(_) => Some(STORAGE_RETRY_SECONDS),
            _ => None,
        };
        let errors = match error {
            Error::Invalid(fields) => fields,
            Error::Conflict(field) => vec![field],
            Error::PreconditionFailed { .. } => {
                vec![FieldError::new("If-Match", detail.clone())]
            }
            Error::Internal(cause) => {
                tracing::error!(
                    error = &*cause,
                    "A request failed, and the fault is the server's."
                );
                return Self::new(status, "the server failed; its log says why");
            }
            Error::NotFound { .. }
            | Error::Unauthenticated
            | Error::Forbidden(_)
            | Error::TooMany { .. }
            | Error::Unavailable
            | Error::StorageFull(_)
            | Error::StorageFailed(_) => Vec::new(),
        };
        Self { errors, retry_after, ..Self::new(status, detail) }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, detail, errors, retry_after } = self;
        let media_type = [(header::CONTENT_TYPE, PROBLEM_JSON)];
        let retry_after = retry_after.map(|seconds| [(header::RETRY_AFTER, seconds)]);
        let title = status.canonical_reason().unwrap_or("Error");
        let body =
            problem::Problem { errors, ..problem::Problem::new(status.as_u16(), title, detail) };
        let mut response = (status, media_type, retry_after, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// A disk that fails does not mend itself within a second.
const STORAGE_RETRY_SECONDS: u64 = 5;

const PROBLEM_JSON: &str = "application/problem+json";

/// What the routes of a kind may answer in place of what they are for, beside what any route may.
macro_rules! problems {
    ($($(#[$meta:meta])* $name:ident: $($status:literal)+;)+) => {$(
        $(#[$meta])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Documented>> {
                documented(&[$($status),+])
            }
        }
    )+};
}

problems! {
    /// Reading a list.
    ListProblems: 422 503;
    /// Reading one thing.
    ReadProblems: 404 422 503;
    /// Creating something.
    CreateProblems: 408 409 413 415 422 503 507;
    /// PATCH and PUT.
    ChangeProblems: 404 408 412 413 415 422 503 507;
    /// DELETE of what has a version.
    DeleteProblems: 404 412 422 503 507;
    /// Ending a login, and revoking a token.
    EndProblems: 404 422 503 507;
    /// Signing in.
    SignInProblems: 408 413 415 422 503 507;
    /// Changing a person.
    AdministerProblems: 404 408 409 413 415 422 503 507;
    /// Making a new link for a person, for which there is no body.
    LinkProblems: 404 409 422 503 507;
    /// What anybody may ask: whether the server is there.
    HealthProblems: 503;
}

/// Those statuses, and what any request may be answered.
fn documented(statuses: &[u16]) -> BTreeMap<String, RefOr<Documented>> {
    let any = [400, 401, 403, 429, 500];
    any.iter().chain(statuses).map(|status| (status.to_string(), one(*status).into())).collect()
}

fn one(status: u16) -> Documented {
    let schema = Ref::from_schema_name(problem::Problem::name());
    let content: Content = ContentBuilder::new().schema(Some(schema)).build();
    let response =
        ResponseBuilder::new().description(meaning(status)).content(PROBLEM_JSON, content);
    match status {
        429 | 503 => response.header("Retry-After", Header::new(u32::schema())).build(),
        _ => response.build(),
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read: its body is not JSON, say.",
        401 => "Nobody knows who asks: sign in, or send a token.",
        403 => "Who asks may not do this, or the Host or the Origin is foreign.",
        404 => "There is no such thing.",
        409 => {
            "It is there already, or does not go with what is there, or the idempotency key was \
                used for something else."
        }
        408 => "The body did not come in time.",
        412 => "The entity is not at a version that If-Match names.",
        413 => "The body is too large.",
        415 => "The body is not declared as JSON.",
        422 => "A field, parameter or header is unknown or not acceptable.",
        429 => "Who asks has asked too much for now.",
        503 => "The server has more to do than it can take on now, or its disk fails.",
        507 => "The server's disk is full, so nothing can be changed.",
        _ => "The server failed; its log says why.",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[test]
    fn a_busy_server_says_when_to_come_back() {
        let response = Error::Unavailable.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }

    #[test]
    fn what_the_disk_does_is_told_apart() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let failed = std::io::Error::other("input/output error");
        for (cause, status, comes_back) in [(full, 507, false), (failed, 503, true)] {
            let response = Error::from(sqlx::Error::Io(cause)).into_response();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().contains_key(header::RETRY_AFTER), comes_back);
        }
    }

    #[tokio::test]
    async fn the_servers_own_faults_are_not_told() {
        let response = Error::internal("no such table: secrets").into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secrets"));
    }
}
