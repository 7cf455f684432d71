//! What clients send: bytes in, messages out. Nothing here reads, writes or waits.
//!
//! What came is kept only until a frame is whole, and a frame or message that is too long is
//! refused by its header, so a decoder never holds more than the limit and what was fed at once.
//! While nothing is under way it holds no memory at all.

use std::str;

use colloquy_protocol::close::CloseCode;

use super::frame::{FIN, MAX_CONTROL_BYTES, opcode};

/// The bit of the second byte that says that a frame is masked, as a client's must be.
const MASKED: u8 = 0x80;

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A text message, whole.
    Text(String),
    /// A binary message, whole.
    Binary(Vec<u8>),
    /// A ping, with what is to be sent back.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// The end, with its code if it has one. What comes after it does not count.
    Close(Option<u16>),
}

/// Reads a client's frames (RFC 6455, section 5).
///
/// ```
/// use colloquy_server::ws::{Decoder, Incoming};
///
/// let mut decoder = Decoder::new(1024);
/// decoder.feed(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d]);
/// assert_eq!(decoder.next_message(), Ok(None), "two bytes are missing");
/// decoder.feed(&[0x51, 0x58]);
/// assert_eq!(decoder.next_message(), Ok(Some(Incoming::Text("Hello".to_owned()))));
/// ```
#[derive(Debug)]
pub struct Decoder {
    /// The most bytes of a message.
    limit: usize,
    /// What came; up to `read` it was dealt with.
    input: Vec<u8>,
    read: usize,
    message: Option<Message>,
}

/// A message of which not all fragments have come.
#[derive(Debug)]
struct Message {
    is_text: bool,
    payload: Vec<u8>,
    /// Up to here a text is known to be UTF-8.
    valid: usize,
}

/// A frame's header.
struct Header {
    is_last: bool,
    opcode: u8,
    /// Where the mask begins, counted from the frame's first byte.
    mask: usize,
    length: usize,
}

impl Decoder {
    /// For messages of at most that many bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, input: Vec::new(), read: 0, message: None }
    }

    /// Takes what came from the network, in any pieces.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.read == self.input.len() {
            self.input.clear();
        } else {
            self.input.drain(..self.read);
        }
        self.read = 0;
        self.input.extend_from_slice(bytes);
    }

    /// The next message that is whole; `None` when more has to come first.
    ///
    /// # Errors
    /// With the code to close with when the client breaks the protocol. What is fed after that is
    /// not a WebSocket's.
    pub fn next_message(&mut self) -> Result<Option<Incoming>, CloseCode> {
        while let Some(header) = self.header()? {
            let begin = self.read + header.mask + 4;
            let Some(payload) = self.input.get(begin..begin + header.length) else {
                return Ok(None);
            };
            let mut payload = payload.to_vec();
            let mask = [0, 1, 2, 3].map(|index| self.input[begin - 4 + index]);
            for (index, byte) in payload.iter_mut().enumerate() {
                *byte ^= mask[index % 4];
            }
            self.read = begin + header.length;
            if let Some(incoming) = self.take(&header, payload)? {
                return Ok(Some(incoming));
            }
        }
        if self.read == self.input.len() {
            (self.input, self.read) = (Vec::new(), 0);
        }
        Ok(None)
    }

    /// The header of the frame that comes next, once it is there.
    fn header(&self) -> Result<Option<Header>, CloseCode> {
        let [first, second, rest @ ..] = &self.input[self.read..] else { return Ok(None) };
        // With the bits of extensions, none of which was agreed on: one that is set is unknown.
        let (is_last, opcode) = (first & FIN != 0, first & !FIN);
        let is_control = opcode & 0x8 != 0;
        let is_known = match opcode {
            opcode::CONTINUATION => self.message.is_some(),
            opcode::TEXT | opcode::BINARY => self.message.is_none(),
            opcode::CLOSE | opcode::PING | opcode::PONG => is_last,
            _ => false,
        };
        if second & MASKED == 0 || !is_known {
            return Err(CloseCode::Protocol);
        }
        let (length, mask) = match second & !MASKED {
            126 => match rest {
                [high, low, ..] => (u64::from(u16::from_be_bytes([*high, *low])), 4),
                _ => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(bytes) => (u64::from_be_bytes(*bytes), 10),
                None => return Ok(None),
            },
            short => (u64::from(short), 2),
        };
        let so_far = match &self.message {
            Some(message) if !is_control => message.payload.len(),
            _ => 0,
        };
        match usize::try_from(length) {
            Ok(length) if is_control && length > MAX_CONTROL_BYTES => Err(CloseCode::Protocol),
            Ok(length) if length <= self.limit - so_far => {
                Ok(Some(Header { is_last, opcode, mask, length }))
            }
            _ => Err(CloseCode::TooBig),
        }
    }

    /// What a frame makes whole, if it does.
    fn take(&mut self, header: &Header, payload: Vec<u8>) -> Result<Option<Incoming>, CloseCode> {
        match header.opcode {
            opcode::PING => return Ok(Some(Incoming::Ping(payload))),
            opcode::PONG => return Ok(Some(Incoming::Pong)),
            opcode::CLOSE => return close(&payload).map(Some),
            _ => {}
        }
        let mut message = match self.message.take() {
            Some(mut message) => {
                message.payload.extend_from_slice(&payload);
                message
            }
            None => Message { is_text: header.opcode == opcode::TEXT, payload, valid: 0 },
        };
        if !header.is_last {
            message.check()?;
            self.message = Some(message);
            return Ok(None);
        }
        match message.is_text {
            true => String::from_utf8(message.payload).map(Incoming::Text).map(Some),
            false => return Ok(Some(Incoming::Binary(message.payload))),
        }
        .map_err(|_| CloseCode::NotText)
    }
}

impl Message {
    /// Whether a text can still become UTF-8; a character may end in the next fragment.
    fn check(&mut self) -> Result<(), CloseCode> {
        if self.is_text
            && let Err(error) = str::from_utf8(&self.payload[self.valid..])
        {
            self.valid += error.valid_up_to();
            return error.error_len().map_or(Ok(()), |_| Err(CloseCode::NotText));
        }
        self.valid = self.payload.len();
        Ok(())
    }
}

/// Reads a close frame's payload (RFC 6455, sections 5.5.1 and 7.4).
fn close(payload: &[u8]) -> Result<Incoming, CloseCode> {
    let (code, reason) = match payload {
        [] => return Ok(Incoming::Close(None)),
        [_] => return Err(CloseCode::Protocol),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    // What RFC 6455 and IANA's list let a peer say, and what is left to applications.
    match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 if str::from_utf8(reason).is_ok() => {
            Ok(Incoming::Close(Some(code)))
        }
        1000..=1003 | 1007..=1014 | 3000..=4999 => Err(CloseCode::NotText),
        _ => Err(CloseCode::Protocol),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 1_000;

    /// A client's frame.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let mut bytes = vec![first];
        match payload.len() {
            length @ ..=125 => bytes.push(MASKED | length as u8),
            length @ ..=65_535 => {
                bytes.push(MASKED | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            length => {
                bytes.push(MASKED | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend(mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }

    /// Everything that comes of these bytes, and how it ends.
    fn decode<'a>(
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> (Vec<Incoming>, Option<CloseCode>) {
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
            let kept = decoder.message.as_ref().map_or(0, |message| message.payload.len());
            assert!(kept <= LIMIT && decoder.input.len() < LIMIT + 14 + piece.len());
        }
        (all, None)
    }

    fn text(text: &str) -> Incoming {
        Incoming::Text(text.to_owned())
    }

    #[test]
    fn fragments_make_a_message_and_control_frames_come_between_them() {
        let bytes = [
            frame(0x01, b"Hel"),
            frame(0x89, b"now"),
            frame(0x00, b""),
            frame(0x8a, b""),
            frame(0x80, b"lo"),
            frame(0x82, &[0xff]),
            frame(0x88, b"\x03\xe8bye"),
        ]
        .concat();
        let all = [
            Incoming::Ping(b"now".to_vec()),
            Incoming::Pong,
            text("Hello"),
            Incoming::Binary(vec![0xff]),
            Incoming::Close(Some(1000)),
        ];
        assert_eq!(decode([&bytes[..]]), (all.to_vec(), None));
    }

    #[test]
    fn what_breaks_the_protocol_is_refused_by_its_code() {
        let unmasked = vec![0x81, 1, b'x'];
        let long_ping = frame(0x89, &[0; 126]);
        for (bytes, code) in [
            (unmasked, CloseCode::Protocol),
            (long_ping, CloseCode::Protocol),
            (frame(0x09, b""), CloseCode::Protocol),
            (frame(0xc1, b"x"), CloseCode::Protocol),
            (frame(0x83, b"x"), CloseCode::Protocol),
            (frame(0x8b, b""), CloseCode::Protocol),
            (frame(0x80, b"x"), CloseCode::Protocol),
            ([frame(0x01, b"x"), frame(0x81, b"y")].concat(), CloseCode::Protocol),
            (frame(0x81, &[0xff]), CloseCode::NotText),
            (frame(0x81, "é".as_bytes().split_at(1).0), CloseCode::NotText),
            ([frame(0x01, b"x"), frame(0x00, &[0xff])].concat(), CloseCode::NotText),
            (frame(0x88, &[3]), CloseCode::Protocol),
            (frame(0x88, &[3, 0xed]), CloseCode::Protocol),
            (frame(0x88, &[0, 0]), CloseCode::Protocol),
            (frame(0x88, &[3, 0xe8, 0xff]), CloseCode::NotText),
            (frame(0x82, &[0; LIMIT + 1]), CloseCode::TooBig),
            ([frame(0x02, &[0; LIMIT]), frame(0x80, &[0])].concat(), CloseCode::TooBig),
            (vec![0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0], CloseCode::TooBig),
        ] {
            assert_eq!(decode([&bytes[..]]), (Vec::new(), Some(code)), "{bytes:?}");
        }
        assert_eq!(decode([&frame(0x82, &[0; LIMIT])[..]]).0, [Incoming::Binary(vec![0; LIMIT])]);
    }

    /// Its header is enough: nobody has to send all of it first.
    #[test]
    fn too_long_is_known_from_the_header() {
        assert_eq!(decode([&[0x81, 0xfe, 0xff, 0xff][..]]), (Vec::new(), Some(CloseCode::TooBig)));
    }

    #[test]
    fn a_character_may_be_cut_by_fragments() {
        let (first, second) = "né".as_bytes().split_at(2);
        let bytes = [frame(0x01, first), frame(0x80, second)].concat();
        assert_eq!(decode([&bytes[..]]), (vec![text("né")], None));
    }

    #[test]
    fn a_million_empty_fragments_take_no_memory() {
        let mut decoder = Decoder::new(LIMIT);
        decoder.feed(&frame(0x01, b""));
        let fragments = frame(0x00, b"").repeat(1_000);
        for _ in 0..1_000 {
            decoder.feed(&fragments);
            assert_eq!(decoder.next_message(), Ok(None));
            assert_eq!(decoder.input.capacity(), 0);
        }
        decoder.feed(&frame(0x80, b""));
        assert_eq!(decoder.next_message(), Ok(Some(text(""))));
    }

    /// A message, and how it is cut into fragments.
    fn any_message() -> impl Strategy<Value = (Incoming, Vec<u8>)> {
        let text =
            any::<String>().prop_map(|text| (1, text.clone().into_bytes(), Incoming::Text(text)));
        let binary = prop::collection::vec(any::<u8>(), 0..300);
        let binary = binary.prop_map(|bytes| (2, bytes.clone(), Incoming::Binary(bytes)));
        let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
        (prop_oneof![text, binary], cuts).prop_map(|((opcode, bytes, incoming), cuts)| {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let last = cuts.len() - 2;
            let fragment = |(number, ends): (usize, &[usize])| {
                let first = if number == 0 { opcode } else { 0 };
                let fin = if number == last { FIN } else { 0 };
                frame(first | fin, &bytes[ends[0]..ends[1]])
            };
            (incoming, cuts.windows(2).enumerate().flat_map(fragment).collect())
        })
    }

    proptest! {
        /// Whatever the fragments, and in whatever pieces they come.
        #[test]
        fn what_was_sent_is_what_comes(
            messages in prop::collection::vec(any_message(), 0..6),
            piece in 1..200usize,
        ) {
            let (sent, bytes): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
            prop_assert_eq!(decode(bytes.concat().chunks(piece)), (sent, None));
        }

        /// Nonsense ends with a code or waits for more, in any pieces alike.
        #[test]
        fn any_bytes_are_borne(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            piece in 1..50usize,
        ) {
            prop_assert_eq!(decode([&bytes[..]]), decode(bytes.chunks(piece)));
        }
    }
}
