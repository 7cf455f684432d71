//! Every route and every client event, tried by everybody, with the expected answer beside it.
//!
//! The columns are those of [`Who::ALL`](crate::world::Who::ALL), in their order. In a path and a
//! body a word in capitals names something that is made for the try:
//!
//! - `ADA`, `BOB`: the two agents; `AGENT`: a third one, in no chat
//! - `OPEN`: a chat that everybody sees; `SAID`: a message in it
//! - `SECRET`: a chat that only ada and the member see; `WHISPER`: a message in it
//! - `NOTES`: a collection; `SOCKET`: ada's connection; `NEW`: an id that is not taken
//! - `PERSON`: somebody invited; `TOKEN`: a token of bob's; `LOGIN`: a login of the admin's

/// One line: a route of the API document, what is asked, and the statuses that come.
pub(crate) struct Route {
    /// Method and path as the API document has them.
    pub(crate) documented: &'static str,
    /// The path that is asked.
    pub(crate) path: &'static str,
    /// The body that is sent.
    pub(crate) body: &'static str,
    /// The status for each column.
    pub(crate) expected: [u16; 9],
}

const fn route(
    documented: &'static str,
    path: &'static str,
    body: &'static str,
    expected: [u16; 9],
) -> Route {
    Route { documented, path, body, expected }
}

/// Not tried, because the others need what would be gone.
pub(crate) const NOT: u16 = 0;

const V1: &str = "/api/v1";

/// Whether that is a path of the REST API, which the document has under `/api/v1`.
pub(crate) fn full(path: &str) -> String {
    match path {
        "/health" | "/ready" | "/metrics" => path.to_owned(),
        _ => format!("{V1}{path}"),
    }
}

#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    //                                                                                       admin memb view  ada  bob read  nobo disa revo
    route("GET /health", "/health", "",                                                      [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    route("GET /ready", "/ready", "",                                                        [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    route("GET /metrics", "/metrics", "",                                                    [200, 403, 403, 403, 403, 403, 401, 401, 401]),
    route("GET /overview", "/overview", "",                                                  [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /agents", "/agents", "",                                                      [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("POST /agents", "/agents", r#"{"name": "N"}"#,                                     [201, 201, 403, 201, 201, 403, 401, 401, 401]),
    route("GET /agents/{id}", "/agents/ADA", "",                                             [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("PATCH /agents/{id}", "/agents/ADA", r#"{"name": "NEW"}"#,                         [200, 200, 403, 200, 403, 403, 401, 401, 401]),
    route("PUT /agents/{id}/status", "/agents/ADA/status", r#"{"status": "working"}"#,       [200, 403, 403, 200, 403, 403, 401, 401, 401]),
    route("DELETE /agents/{id}", "/agents/AGENT", "",                                        [204, 204, 403, 403, 403, 403, 401, 401, 401]),
    route("DELETE /agents/{id}", "/agents/ADA", "",                                          [NOT, NOT, 403, 403, 403, 403, 401, 401, 401]),

    route("GET /chats", "/chats", "",                                                        [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("POST /chats", "/chats", r#"{"title": "T"}"#,                                      [201, 201, 403, 201, 201, 403, 401, 401, 401]),
    route("GET /chats/{id}", "/chats/OPEN", "",                                              [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /chats/{id}", "/chats/SECRET", "",                                            [404, 200, 404, 200, 404, 200, 401, 401, 401]),
    route("PATCH /chats/{id}", "/chats/OPEN", r#"{"title": "U"}"#,                           [200, 200, 403, 200, 200, 403, 401, 401, 401]),
    route("PATCH /chats/{id}", "/chats/SECRET", r#"{"title": "U"}"#,                         [404, 200, 403, 200, 404, 403, 401, 401, 401]),
    route("DELETE /chats/{id}", "/chats/OPEN", "",                                           [204, 204, 403, 204, 204, 403, 401, 401, 401]),
    route("DELETE /chats/{id}", "/chats/SECRET", "",                                         [404, 204, 403, 204, 404, 403, 401, 401, 401]),
    route("GET /chats/{id}/participants", "/chats/OPEN/participants", "",                    [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /chats/{id}/participants", "/chats/SECRET/participants", "",                  [404, 200, 404, 200, 404, 200, 401, 401, 401]),
    route("POST /chats/{id}/participants", "/chats/OPEN/participants", r#"{"participantId": "AGENT", "kind": "agent"}"#,
                                                                                             [201, 201, 403, 201, 201, 403, 401, 401, 401]),
    route("POST /chats/{id}/participants", "/chats/SECRET/participants", r#"{"participantId": "AGENT", "kind": "agent"}"#,
                                                                                             [404, 201, 403, 201, 404, 403, 401, 401, 401]),
    route("GET /chats/{id}/participants/{participantId}", "/chats/OPEN/participants/ADA", "", [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /chats/{id}/participants/{participantId}", "/chats/SECRET/participants/ADA", "", [404, 200, 404, 200, 404, 200, 401, 401, 401]),
    route("DELETE /chats/{id}/participants/{participantId}", "/chats/OPEN/participants/ADA", "",
                                                                                             [204, 204, 403, 204, 204, 403, 401, 401, 401]),
    route("DELETE /chats/{id}/participants/{participantId}", "/chats/SECRET/participants/ADA", "",
                                                                                             [404, 204, 403, 204, 404, 403, 401, 401, 401]),
    route("GET /chats/{id}/messages", "/chats/OPEN/messages", "",                            [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /chats/{id}/messages", "/chats/SECRET/messages", "",                          [404, 200, 404, 200, 404, 200, 401, 401, 401]),
    route("POST /chats/{id}/messages", "/chats/OPEN/messages", r#"{"content": "C"}"#,        [201, 201, 403, 201, 201, 403, 401, 401, 401]),
    route("POST /chats/{id}/messages", "/chats/SECRET/messages", r#"{"content": "C"}"#,      [404, 201, 403, 201, 404, 403, 401, 401, 401]),
    route("GET /chats/{id}/receipts", "/chats/OPEN/receipts", "",                            [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /chats/{id}/receipts", "/chats/SECRET/receipts", "",                          [404, 200, 404, 200, 404, 200, 401, 401, 401]),
    route("GET /messages/{id}", "/messages/SAID", "",                                        [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /messages/{id}", "/messages/WHISPER", "",                                     [404, 200, 404, 200, 404, 200, 401, 401, 401]),
    route("GET /messages/{id}/receipts", "/messages/SAID/receipts", "",                      [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /messages/{id}/receipts", "/messages/WHISPER/receipts", "",                   [404, 200, 404, 200, 404, 200, 401, 401, 401]),

    route("GET /collections", "/collections", "",                                            [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("POST /collections", "/collections", r#"{"name": "N"}"#,                           [201, 201, 403, 201, 201, 403, 401, 401, 401]),
    route("GET /collections/{id}", "/collections/NOTES", "",                                 [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("PATCH /collections/{id}", "/collections/NOTES", r#"{"name": "M"}"#,               [200, 200, 403, 200, 200, 403, 401, 401, 401]),
    route("DELETE /collections/{id}", "/collections/NOTES", "",                              [204, 204, 403, 204, 204, 403, 401, 401, 401]),
    route("POST /notifications", "/notifications", r#"{"type": "info", "message": "M"}"#,    [201, 201, 403, 201, 201, 403, 401, 401, 401]),
    route("GET /events", "/events", "",                                                      [200, 200, 200, 200, 200, 200, 401, 401, 401]),

    // Ada's connection: her read-only token is hers, too.
    route("GET /connections", "/connections", "",                                            [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /connections/{id}", "/connections/SOCKET", "",                                [200, 404, 404, 200, 404, 200, 401, 401, 401]),
    route("DELETE /connections/{id}", "/connections/SOCKET", "",                             [204, 404, 404, 204, 404, 204, 401, 401, 401]),

    route("GET /session", "/session", "",                                                    [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    route("POST /session", "/session", r#"{"email": "nobody@example.org", "password": "not this one"}"#,
                                                                                             [401, 401, 401, 401, 401, 401, 401, 401, 401]),
    route("POST /welcome", "/welcome", r#"{"link": "no link", "password": "not this one"}"#, [422, 422, 422, 422, 422, 422, 422, 422, 422]),
    route("GET /profile", "/profile", "",                                                    [200, 200, 200, 403, 403, 403, 401, 401, 401]),
    route("PATCH /profile", "/profile", r#"{"name": "N"}"#,                                  [200, 200, 200, 403, 403, 403, 401, 401, 401]),
    route("GET /logins", "/logins", "",                                                      [200, 200, 200, 403, 403, 403, 401, 401, 401]),
    route("DELETE /logins/{id}", "/logins/LOGIN", "",                                        [204, 404, 404, 403, 403, 403, 401, 401, 401]),
    route("GET /people", "/people", "",                                                      [200, 403, 403, 403, 403, 403, 401, 401, 401]),
    route("POST /people", "/people", r#"{"email": "NEW@example.org", "name": "N", "role": "viewer"}"#,
                                                                                             [201, 403, 403, 403, 403, 403, 401, 401, 401]),
    route("GET /people/names", "/people/names", "",                                          [200, 200, 200, 200, 200, 200, 401, 401, 401]),
    route("GET /people/{id}", "/people/PERSON", "",                                          [200, 403, 403, 403, 403, 403, 401, 401, 401]),
    route("PATCH /people/{id}", "/people/PERSON", r#"{"name": "M"}"#,                        [200, 403, 403, 403, 403, 403, 401, 401, 401]),
    route("POST /people/{id}/link", "/people/PERSON/link", "",                               [201, 403, 403, 403, 403, 403, 401, 401, 401]),
    route("GET /tokens", "/tokens", "",                                                      [200, 200, 200, 403, 403, 403, 401, 401, 401]),
    route("POST /tokens", "/tokens", r#"{"name": "N"}"#,                                     [201, 201, 201, 403, 403, 403, 401, 401, 401]),
    route("POST /tokens", "/tokens", r#"{"name": "N", "agentId": "BOB"}"#,                   [201, 403, 403, 403, 403, 403, 401, 401, 401]),
    route("DELETE /tokens/{id}", "/tokens/TOKEN", "",                                        [204, 404, 404, 403, 403, 403, 401, 401, 401]),

    // The last ones: who signs out has no cookie any more.
    route("DELETE /logins", "/logins", "",                                                   [204, 204, 204, 403, 403, 403, 401, 401, 401]),
    route("DELETE /session", "/session", "",                                                 [204, 204, 204, 403, 403, 403, 401, 401, 401]),
];

/// One line: a client event, its payload, and what is answered: `ok`, or the error's code.
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) payload: &'static str,
    /// For the first six columns; nobody else gets a connection.
    pub(crate) expected: [&'static str; 6],
}

const fn event(name: &'static str, payload: &'static str, expected: [&'static str; 6]) -> Event {
    Event { name, payload, expected }
}

const OK: &str = "ok";
const NO: &str = "forbidden";
const NONE: &str = "not_found";

#[rustfmt::skip]
pub(crate) const EVENTS: &[Event] = &[
    //                                                                       admin memb  view  ada   bob   read
    event("subscribe:agent", r#""*""#,                                       [OK,   OK,   OK,   OK,   OK,   OK]),
    event("subscribe:chat", r#""OPEN""#,                                     [OK,   OK,   OK,   OK,   OK,   OK]),
    // As for an id that does not exist: what it is about is not told, and stays silent.
    event("subscribe:chat", r#""SECRET""#,                                   [OK,   OK,   OK,   OK,   OK,   OK]),
    event("subscribe:collection", r#""NOTES""#,                              [OK,   OK,   OK,   OK,   OK,   OK]),
    event("unsubscribe:agent", r#""*""#,                                     [OK,   OK,   OK,   OK,   OK,   OK]),
    event("unsubscribe:chat", r#""OPEN""#,                                   [OK,   OK,   OK,   OK,   OK,   OK]),
    event("unsubscribe:collection", r#""NOTES""#,                            [OK,   OK,   OK,   OK,   OK,   OK]),
    event("client:ready", "null",                                            [OK,   OK,   OK,   OK,   OK,   OK]),
    event("message:received", r#"{"messageId": "SAID"}"#,                    [OK,   OK,   OK,   OK,   OK,   NO]),
    event("message:received", r#"{"messageId": "WHISPER"}"#,                 [NONE, OK,   NONE, OK,   NONE, NO]),
    event("message:read", r#"{"messageId": "SAID"}"#,                        [OK,   OK,   OK,   OK,   OK,   NO]),
    event("message:read", r#"{"messageId": "WHISPER"}"#,                     [NONE, OK,   NONE, OK,   NONE, NO]),
    event("client:disconnect", "null",                                       [OK,   OK,   OK,   OK,   OK,   OK]),
];
