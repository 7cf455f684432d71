//! What the server sends.

use axum::body::Bytes;
use colloquy_protocol::{close::CloseCode, position::Offset};

/// The longest payload of a frame about the connection, in bytes (RFC 6455, section 5.5).
pub(super) const MAX_CONTROL_BYTES: usize = 125;

/// What a frame is, as RFC 6455, section 5.2, numbers it.
pub(super) mod opcode {
    pub(in crate::ws) const CONTINUATION: u8 = 0x0;
    pub(in crate::ws) const TEXT: u8 = 0x1;
    pub(in crate::ws) const BINARY: u8 = 0x2;
    pub(in crate::ws) const CLOSE: u8 = 0x8;
    pub(in crate::ws) const PING: u8 = 0x9;
    pub(in crate::ws) const PONG: u8 = 0xA;
}

/// The bit that says that a message ends with this frame.
pub(super) const FIN: u8 = 0x80;

/// A frame as it goes over the network. What a server sends is not masked, so it is the same for
/// everybody: encoded once, shared by all. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(Bytes);

impl Frame {
    /// A text message.
    pub fn text(text: &str) -> Self {
        Self::new(opcode::TEXT, &[text.as_bytes()])
    }

    /// An event of the log as it goes out live; `payload` is JSON.
    pub(crate) fn event(name: &str, payload: &str, offset: Offset) -> Self {
        Self::text(&format!(r#"{{"event":"{name}","payload":{payload},"offset":{offset}}}"#))
    }

    /// That event as it is replayed.
    pub(crate) fn replayed(&self) -> Self {
        let live = self.payload();
        let open = live.strip_suffix(b"}").unwrap_or(live);
        Self::new(opcode::TEXT, &[open, br#","replay":true}"#])
    }

    /// A binary message.
    #[cfg(feature = "bench")]
    pub(crate) fn binary(bytes: &[u8]) -> Self {
        Self::new(opcode::BINARY, &[bytes])
    }

    /// Asks for a sign of life.
    pub fn ping() -> Self {
        Self(Bytes::from_static(&[FIN | opcode::PING, 0]))
    }

    /// The answer to a ping; only what a ping may carry (125 bytes) is sent back.
    pub fn pong(payload: &[u8]) -> Self {
        Self::new(opcode::PONG, &[&payload[..payload.len().min(MAX_CONTROL_BYTES)]])
    }

    /// The end: with a code and its reason.
    pub fn close(code: CloseCode) -> Self {
        Self::new(opcode::CLOSE, &[&code.code().to_be_bytes(), code.reason().as_bytes()])
    }

    /// The answer to a peer's close frame: its own code, if it gave one.
    pub fn close_back(code: Option<u16>) -> Self {
        match code {
            Some(code) => Self::new(opcode::CLOSE, &[&code.to_be_bytes()]),
            None => Self::new(opcode::CLOSE, &[]),
        }
    }

    /// The bytes to send.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are to send.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: each frame has a header.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn payload(&self) -> &[u8] {
        let header = match self.0.get(1) {
            Some(127) => 10,
            Some(126) => 4,
            _ => 2,
        };
        self.0.get(header..).unwrap_or_default()
    }

    fn new(opcode: u8, payload: &[&[u8]]) -> Self {
        let length: usize = payload.iter().map(|part| part.len()).sum();
        let mut bytes = Vec::with_capacity(length + 10);
        bytes.push(FIN | opcode);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(length @ ..=125), _) => bytes.push(length),
            (_, Ok(length)) => {
                bytes.push(126);
                bytes.extend(length.to_be_bytes());
            }
            _ => {
                bytes.push(127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        for part in payload {
            bytes.extend_from_slice(part);
        }
        Self(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 6455, section 5.7.
    #[test]
    fn frames_are_encoded_as_the_standard_says() {
        assert_eq!(Frame::text("Hello").as_bytes(), b"\x81\x05Hello");
        assert_eq!(Frame::pong(b"Hello").as_bytes(), b"\x8a\x05Hello");
        assert_eq!(Frame::ping().as_bytes(), [0x89, 0]);
        assert_eq!(Frame::close(CloseCode::Normal).as_bytes(), b"\x88\x05\x03\xe8bye");
        assert_eq!(Frame::close_back(Some(1000)).as_bytes(), b"\x88\x02\x03\xe8");
        assert_eq!(Frame::close_back(None).as_bytes(), [0x88, 0]);
    }

    #[test]
    fn a_length_takes_as_many_bytes_as_it_needs() {
        for (length, header) in [
            (0, &[0x81, 0][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 0xff, 0xff]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = Frame::text(&"x".repeat(length));
            assert_eq!(frame.len(), header.len() + length);
            assert!(frame.as_bytes().starts_with(header), "{length}");
        }
    }

    #[test]
    fn every_close_frame_fits() {
        for code in CloseCode::ALL {
            assert!(Frame::close(code).len() <= 2 + MAX_CONTROL_BYTES);
        }
    }
}
