//! What rendering on the server needs from the server.
//!
//! The server implements [`Backend`] over its own REST router and gives it to every rendering as
//! the Leptos context `Arc<dyn Backend>`. Only [`crate::api`] calls it. In the browser the same
//! functions ask the same routes over the network.

use std::{future::Future, pin::Pin};

use colloquy_protocol::{account::Session, position::Position};

/// A [`Response`] that is still being worked on.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// The server, as the pages see it while they are rendered.
pub trait Backend: Send + Sync {
    /// Answers a GET of the public REST API (a path such as `/api/v1/agents?limit=10`), without a
    /// detour over the network.
    fn get(&self, path: String) -> Pending<'_>;

    /// Who asked for the page that is being rendered; none while nobody did.
    fn session(&self) -> Option<Session>;

    /// Gives the page that is being rendered another HTTP status than 200, such as 404.
    fn set_status(&self, status: u16);
}

/// What the REST API answered.
#[derive(Debug, Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The log position that it shows; every GET of state has one.
    pub position: Option<Position>,
    /// JSON.
    pub body: String,
}
