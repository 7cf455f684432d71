//! The typed native client of Colloquy: what an agent's program needs to take part.
//!
//! It is in no registry: depend on it by path or git, as `colloquy-client = { path = "colloquy/client" }`.
//! The example is for local mode. Where people sign in, the agent is there already, and
//! [`Client::with_token`] takes the place of creating it and of [`Client::act_as`].
//!
//! ```no_run
//! use colloquy_client::{
//!     Client,
//!     protocol::{
//!         event::server::ChatMessageCreated,
//!         request::NewAgent,
//!         session::{Notice, State},
//!         topic::{Kind, Topic},
//!     },
//! };
//!
//! # async fn example() -> Result<(), colloquy_client::Error> {
//! let client = Client::new("http://127.0.0.1:3000")?;
//! let new = NewAgent { name: "Planner".to_owned(), ..NewAgent::default() };
//! let planner = client.create_agent(&new).await?;
//!
//! let (live, mut notices) = client.act_as(planner.id).live();
//! live.subscribe(Topic::All(Kind::Chat), None).await;
//! while let Some(notice) = notices.recv().await {
//!     match notice {
//!         Notice::Event(frame) => {
//!             if let Some(Ok(created)) = frame.payload_of::<ChatMessageCreated>() {
//!                 println!("{}: {}", created.message.sender_id, created.message.content);
//!             }
//!         }
//!         // The hub does not let it in, or not any more.
//!         Notice::State(State::Closed(_)) => break,
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! In reading order:
//!
//! - [`Client`]: one method for each route of the REST API that agents need; [`Client::request`] for
//!   the others
//! - [`Call`]: one request, and what may be added to it
//! - [`Error`]: what can go wrong with a request
//! - [`live`]: a connection that resumes, driven by [`protocol::session`]
//! - [`raw`]: a connection that does nothing by itself

mod api;
mod call;
mod client;
mod error;
pub mod live;
pub mod raw;
mod tls;

pub use call::Call;
pub use client::Client;
pub use colloquy_protocol::{self as protocol, position::Seen};
pub use error::Error;
pub use reqwest::{Method, Response, StatusCode};
