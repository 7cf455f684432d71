//! The server's half of the WebSocket protocol (RFC 6455), without a task or a buffer of its own.
//!
//! - [`Frame`]: what the server sends, ready for any number of sockets
//! - [`Decoder`]: what clients send, from bytes to messages; it reads and waits for nothing
//! - [`Socket`]: the stream taken out of HTTP: whoever has something to send writes to it at once,
//!   as much as it takes
//!
//! The handshake is `http::ws`'s.

mod decoder;
mod frame;
mod socket;

pub(crate) use self::socket::Socket;
pub use self::{
    decoder::{Decoder, Incoming},
    frame::Frame,
};
