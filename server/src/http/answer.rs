//! Answers that succeed, each with the headers that it owes and its own part of the API document.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use colloquy_protocol::{
    account::{Invited, Issued, Me, Person, Session},
    event::Notification,
    model::{Agent, Chat, Collection, ConnectionInfo, Message, Overview, Page, Participant},
    position::{Offset, Position, Seen},
    rest,
};
use serde::Serialize;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, Ref, RefOr, Response as Documented, ResponseBuilder,
        schema::Schema,
    },
};

use crate::http::conditions;

/// What an answer carries.
pub(crate) trait Resource: Serialize + ToSchema {
    /// Its schema in the API document.
    fn documented() -> RefOr<Schema> {
        Ref::from_schema_name(Self::name()).into()
    }

    /// What its version is, which becomes its `ETag`; none: it has no versions.
    const VERSION: Option<fn(&Self) -> Offset> = None;
}

/// 200: the state, and the place in the log that it shows.
pub(crate) struct Shown<T>(pub(crate) Seen<T>);

/// 200: the state after a change.
pub(crate) struct Changed<T>(pub(crate) T);

/// 201: what was created, and where it is.
pub(crate) struct Created<T> {
    /// Its path in the API.
    pub(crate) location: String,
    /// What was created.
    pub(crate) resource: T,
}

/// 204: it is no more.
pub(crate) struct Gone;

/// An answer that nobody on the way may keep: it holds or sets a secret.
pub(crate) type Unkept<T> = ([(HeaderName, &'static str); 1], T);

/// The answer, to be kept by nobody.
pub(crate) fn unkept<T>(answer: T) -> Unkept<T> {
    ([(header::CACHE_CONTROL, "no-store")], answer)
}

/// 304, for the API document: [`not_modified`] answers it.
pub(crate) struct NotModified;

/// Answers 304 in place of what the client said, in `If-None-Match`, that it has already.
pub(crate) async fn not_modified(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let had = Vec::from_iter(request.headers().get_all(header::IF_NONE_MATCH).iter().cloned());
    let response = next.run(request).await;
    let is = response.headers().get(header::ETAG).and_then(|is| is.to_str().ok());
    let known = is.is_some_and(|is| conditions::names(&had, is));
    if !(reads && known) {
        return response;
    }
    let mut headers = response.headers().clone();
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONTENT_TYPE);
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

impl Resource for Agent {
    const VERSION: Option<fn(&Self) -> Offset> = Some(|agent| agent.version);
}

impl Resource for Chat {
    const VERSION: Option<fn(&Self) -> Offset> = Some(|chat| chat.version);
}

impl Resource for Collection {
    const VERSION: Option<fn(&Self) -> Offset> = Some(|collection| collection.version);
}

impl Resource for Message {}
impl Resource for Participant {}
impl Resource for Notification {}
impl Resource for ConnectionInfo {}
impl Resource for Overview {}
impl Resource for Session {}
impl Resource for Me {}
impl Resource for Person {}
impl Resource for Invited {}
impl Resource for Issued {}

impl<T: Serialize + ToSchema> Resource for Page<T> {
    fn documented() -> RefOr<Schema> {
        Self::schema()
    }
}

impl<T: Resource> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        let Seen { value, position } = self.0;
        (position_headers(position), Changed(value)).into_response()
    }
}

impl<T: Resource> IntoResponse for Changed<T> {
    fn into_response(self) -> Response {
        (entity_tag(&self.0), Json(self.0)).into_response()
    }
}

impl<T: Resource> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let location = [(header::LOCATION, format!("{}{}", rest::ROOT, self.location))];
        (StatusCode::CREATED, location, Changed(self.resource)).into_response()
    }
}

impl IntoResponse for Gone {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

fn entity_tag<T: Resource>(resource: &T) -> HeaderMap {
    let tag = T::VERSION.map(|version| format!("\"{}\"", version(resource)));
    let tag = tag.and_then(|tag| HeaderValue::try_from(tag).ok());
    tag.map(|tag| (header::ETAG, tag)).into_iter().collect()
}

fn position_headers(position: Position) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(rest::OFFSET, HeaderValue::from(position.offset));
    if let Ok(epoch) = HeaderValue::try_from(position.epoch) {
        headers.insert(rest::EPOCH, epoch);
    }
    headers
}

impl<T: Resource> IntoResponses for Shown<T> {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        let shown = with_body::<T>("The state, and in the headers the place in the log it shows.");
        one(200, tagged::<T>(with_position(shown)))
    }
}

impl IntoResponses for NotModified {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        let known = ResponseBuilder::new().description("If-None-Match names the current version.");
        one(304, with_version(with_position(known)))
    }
}

impl<T: Resource> IntoResponses for Changed<T> {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        one(200, tagged::<T>(with_body::<T>("What it is now, changed or not.")))
    }
}

impl<T: Resource> IntoResponses for Created<T> {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        let created = with_body::<T>("What was created.").header("Location", text("Where it is."));
        one(201, tagged::<T>(created))
    }
}

impl IntoResponses for Gone {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        one(204, ResponseBuilder::new().description("It is no more."))
    }
}

fn one(status: u16, response: ResponseBuilder) -> BTreeMap<String, RefOr<Documented>> {
    BTreeMap::from([(status.to_string(), response.build().into())])
}

fn with_body<T: Resource>(description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(T::documented())).build();
    ResponseBuilder::new().description(description).content("application/json", content)
}

/// With the header of what has a version.
fn tagged<T: Resource>(response: ResponseBuilder) -> ResponseBuilder {
    match T::VERSION {
        Some(_) => with_version(response),
        None => response,
    }
}

fn with_version(response: ResponseBuilder) -> ResponseBuilder {
    response.header("ETag", text("Its version, in quotes."))
}

fn with_position(response: ResponseBuilder) -> ResponseBuilder {
    response
        .header(rest::EPOCH, text("Which history of the log."))
        .header(rest::OFFSET, number("The last event that is part of the state."))
}

fn text(description: &str) -> utoipa::openapi::Header {
    described(String::schema(), description)
}

fn number(description: &str) -> utoipa::openapi::Header {
    described(u64::schema(), description)
}

fn described(schema: RefOr<Schema>, description: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}
