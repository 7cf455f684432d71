//! One page per file. Each lives in a part of the WASM (`crate::parts`), loaded when somebody goes
//! there.

pub mod agents;
pub mod chats;
pub mod collections;
pub mod connections;
pub mod demo;
pub mod events;
pub mod not_found;
pub mod overview;
pub mod people;
pub mod profile;
pub mod sign_in;
pub mod tokens;
pub mod welcome;
