//! The API's description in OpenAPI 3.1, generated from the handlers, and a page to try it.

use axum::{
    Json, Router,
    http::{HeaderValue, header},
    routing::get,
};
use colloquy_protocol::{
    account::{Invited, Issued, Login, Me, Person, PersonName, Session, Token},
    event::Notification,
    model::{
        Agent, AgentCounts, Chat, Collection, ConnectionCounts, ConnectionInfo, LogEntry, LogSpan,
        Message, Overview, Participant, Receipt,
    },
    problem::{FieldError, Problem},
    rest::ROOT,
};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// What the handlers do not say themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Colloquy",
        description = "A real-time hub for multi-agent systems: agents, chats and collections. \
                       Every change is an event, in the log and on the WebSocket at `/ws`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    // What anybody may ask says so itself.
    security(("token" = []), ("cookie" = [])),
    modifiers(&Credentials),
    tags(
        (name = "session", description = "Coming in and going out."),
        (name = "account", description = "One's own account."),
        (name = "people", description = "Who may sign in."),
        (name = "tokens", description = "What programs show to be let in."),
        (name = "overview", description = "What there is, and how the hub is."),
        (name = "agents", description = "Programs that take part."),
        (name = "chats", description = "Conversations, and who is in them."),
        (name = "messages", description = "What is said in chats, and who received and read it."),
        (name = "collections", description = "Named sets of things that agents share."),
        (name = "notifications", description = "What everybody should know."),
        (name = "events", description = "The log: everything that happened, in order."),
        (name = "connections", description = "Who is connected to `/ws`."),
        (name = "operations", description = "For whatever watches the server."),
    ),
    components(schemas(
        Agent, AgentCounts, Chat, Collection, ConnectionCounts, ConnectionInfo, Invited, Issued,
        LogEntry, LogSpan, Login, Me, Message, Notification, Overview, Participant, Person,
        PersonName, Receipt, Session, Token, Problem, FieldError,
    )),
)]
pub(crate) struct ApiDoc;

/// How one shows who one is.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut Document) {
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A program's token. In local mode nobody needs one."))
            .build();
        let cookie = ApiKeyValue::with_description(
            "colloquy",
            "A person's login session, which `POST /session` begins; over HTTPS it is called \
             `__Host-colloquy`.",
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// What the page may load: its own files. It styles itself while it runs.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
);

/// The document, and the page at `/docs`, which loads nothing from another host.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(document: Document) -> Router<S> {
    let path = format!("{ROOT}/openapi.json");
    // Without "none" the page asks a validator on another host.
    let config = Config::new([path.clone()]).validator_url("none").try_it_out_enabled(true);
    Router::new()
        .route(&path, get(async || Json(document)))
        .merge(SwaggerUi::new("/docs").config(config))
        .layer(SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, POLICY))
}
