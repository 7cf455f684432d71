//! HTTP: one handler group per file. The routes are in [`crate::router`].
//!
//! - [`extract`], [`json`], [`conditions`]: what is read of a request
//! - [`answer`], [`problem`], [`compression`]: what is answered
//! - [`agents`], [`chats`], [`participants`], [`messages`], [`collections`], [`notifications`],
//!   [`events`], [`connections`], [`overview`]: the REST API
//! - [`session`], [`profile`], [`people`], [`tokens`]: the part of it that is about who may come in
//! - [`docs`]: its description; [`health`]: what watches the server reads
//! - [`ws`]: the WebSocket
//! - [`pages`], [`site`]: the pages, and the files that they need
//! - [`authenticate`]: who asks; [`browser`]: people's login sessions
//! - [`guard`]: who may ask at all; [`peer`]: where a request comes from; [`limit`]: how often
//! - [`headers`]: what every answer carries; [`measure`]: what is counted of every request

pub(crate) mod agents;
pub(crate) mod answer;
pub(crate) mod authenticate;
pub(crate) mod browser;
pub(crate) mod chats;
pub(crate) mod collections;
pub(crate) mod compression;
pub(crate) mod conditions;
pub(crate) mod connections;
pub(crate) mod docs;
pub(crate) mod events;
pub(crate) mod extract;
pub(crate) mod guard;
pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod json;
pub(crate) mod limit;
pub(crate) mod measure;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod overview;
pub(crate) mod pages;
pub(crate) mod participants;
pub(crate) mod peer;
pub(crate) mod people;
pub(crate) mod problem;
pub(crate) mod profile;
pub(crate) mod session;
pub(crate) mod site;
pub(crate) mod tokens;
pub(crate) mod ws;
