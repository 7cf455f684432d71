//! What rendering on the server needs from the server.
//!
//! The server implements [`Backend`] over its services and gives it to every rendering as the
//! Leptos context `Arc<dyn Backend>`:
//!
//! ```text
//! let backend: Arc<dyn Backend> = Arc::new(services);
//! let provide = move || provide_context(backend.clone());
//! let routes = generate_route_list_with_exclusions_and_ssg_and_context(App, None, provide.clone()).0;
//! router.leptos_routes_with_context(&state, routes, provide, move || shell(options.clone()))
//! ```
//!
//! Only [`crate::api`] calls it. In the browser the same functions ask the public REST API.

use std::{future::Future, pin::Pin};

use crate::api::{ApiError, Choices};

/// The answer of a [`Backend`] that is still being worked on.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ApiError>> + Send + 'a>>;

/// The server, as the pages see it while they are rendered.
pub trait Backend: Send + Sync {
    /// The first page of each list, newest entities first as the REST API sorts them, all read in
    /// one transaction together with the log position that they show.
    ///
    /// # Errors
    /// When the store can not be read now.
    fn choices(&self) -> Answer<'_, Choices>;
}
