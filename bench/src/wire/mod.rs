//! As little of each protocol as a load generator needs, and as cheap.
//!
//! - [`websocket`], [`mqtt`]: what subscribers read
//! - [`http`]: what publishers read

use std::ops::ControlFlow;

pub mod http;
pub mod mqtt;
pub mod websocket;

/// What a server speaks with its subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// WebSocket: kinds of messages are its opcodes.
    WebSocket,
    /// MQTT over plain TCP: kinds of messages are its packet types.
    Mqtt,
}

impl Wire {
    /// Calls `each` with the kind and content of every whole message that `bytes` begins with; how
    /// many bytes these are. It may end the scan with a message.
    pub fn scan(self, bytes: &[u8], each: impl FnMut(u8, &[u8]) -> ControlFlow<()>) -> usize {
        match self {
            Self::WebSocket => websocket::scan(bytes, each),
            Self::Mqtt => mqtt::scan(bytes, each),
        }
    }
}
