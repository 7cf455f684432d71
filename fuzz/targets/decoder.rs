//! The decoder of clients' frames: whatever comes, in whatever pieces, it makes the same of it and
//! never more than came.

#![no_main]

/// The server's own sources; the server itself takes minutes to build.
#[path = "../../server/src/ws"]
#[allow(dead_code, reason = "the server uses what is not needed here")]
mod ws {
    pub mod decoder;
    pub mod frame;
}

use colloquy_protocol::close::CloseCode;
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};

use ws::decoder::{Decoder, Incoming};

const LIMIT: usize = 1_000;

#[derive(Debug, Arbitrary)]
struct Sent {
    /// How many bytes come at a time.
    piece: u16,
    parts: Vec<Part>,
}

#[derive(Debug, Arbitrary)]
enum Part {
    /// Bytes without any form.
    Bytes(Vec<u8>),
    /// A frame, masked, whatever its first byte says.
    Frame { first: u8, mask: [u8; 4], payload: Vec<u8> },
    /// A fragment of a text, and what it begins or goes on with.
    Text { first: Fragment, text: String, cut: u8 },
    /// A header of a frame that may not come.
    Header { first: u8, length: u64 },
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Fragment {
    Whole = 0x81,
    First = 0x01,
    Next = 0x00,
    Last = 0x80,
}

impl Part {
    fn write(&self, into: &mut Vec<u8>) {
        match self {
            Self::Bytes(bytes) => into.extend(bytes),
            Self::Frame { first, mask, payload } => frame(into, *first, *mask, payload),
            Self::Text { first, text, cut } => {
                let end = text.len().min(usize::from(*cut));
                frame(into, *first as u8, [1, 2, 3, 4], &text.as_bytes()[..end]);
            }
            Self::Header { first, length } => {
                into.extend([*first, 0xff]);
                into.extend(length.to_be_bytes());
            }
        }
    }
}

fn frame(into: &mut Vec<u8>, first: u8, mask: [u8; 4], payload: &[u8]) {
    into.push(first);
    match payload.len() {
        length @ ..=125 => into.push(0x80 | length as u8),
        length => {
            into.push(0x80 | 126);
            into.extend((length.min(65_535) as u16).to_be_bytes());
        }
    }
    into.extend(mask);
    into.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// Everything that comes of these bytes, and how it ends.
fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Incoming>, Option<CloseCode>) {
    let mut decoder = Decoder::new(LIMIT);
    let mut all = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_message() {
                Ok(Some(incoming)) => all.push(incoming),
                Ok(None) => break,
                Err(code) => return (all, Some(code)),
            }
        }
    }
    (all, None)
}

fn length(incoming: &Incoming) -> usize {
    match incoming {
        Incoming::Text(text) => text.len(),
        Incoming::Binary(bytes) | Incoming::Ping(bytes) => bytes.len(),
        Incoming::Pong | Incoming::Close(_) => 0,
    }
}

fuzz_target!(|sent: Sent| {
    let mut bytes = Vec::new();
    for part in &sent.parts {
        part.write(&mut bytes);
    }
    let (all, end) = decode(std::iter::once(&bytes[..]));
    let in_pieces = decode(bytes.chunks(usize::from(sent.piece).max(1)));
    assert_eq!((&all, &end), (&in_pieces.0, &in_pieces.1), "it depends on the pieces");
    // Each frame has a header of at least six bytes.
    let said: usize = all.iter().map(|incoming| length(incoming) + 6).sum();
    assert!(said <= bytes.len(), "more than was sent");
    assert!(all.iter().all(|incoming| length(incoming) <= LIMIT));
    let allowed = [CloseCode::Protocol, CloseCode::NotText, CloseCode::TooBig];
    assert!(end.is_none_or(|code| allowed.contains(&code)));
});
