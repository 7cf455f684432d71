//! Frames of WebSocket (RFC 6455, section 5.2).

use std::ops::ControlFlow;

/// A text message.
pub const TEXT: u8 = 1;
/// Asks for a pong with the same payload.
pub const PING: u8 = 9;
/// Answers a ping.
pub const PONG: u8 = 10;

/// Calls `each` with the opcode and payload of every whole frame of a server, which masks nothing,
/// that `bytes` begins with; how many bytes these are.
pub(super) fn scan(bytes: &[u8], mut each: impl FnMut(u8, &[u8]) -> ControlFlow<()>) -> usize {
    let mut scanned = 0;
    while let Some((opcode, header, length)) = head(&bytes[scanned..]) {
        let begin = scanned + header;
        let Some(payload) = bytes.get(begin..begin + length) else { break };
        scanned = begin + length;
        if each(opcode, payload).is_break() {
            break;
        }
    }
    scanned
}

/// Opcode, length of the header and length of the payload, if the whole header is there.
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let opcode = first & 0x0f;
    Some(match second & 0x7f {
        126 => (opcode, 4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
            (opcode, 10, usize::try_from(length).ok()?)
        }
        length => (opcode, 2, usize::from(length)),
    })
}

/// A server's frame.
pub fn server_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(opcode, payload, None)
}

/// A client's frame. Its mask is zero, which costs neither side anything here.
pub fn client_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(opcode, payload, Some([0; 4]))
}

fn frame(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(0x80 | opcode);
    let masked = if mask.is_some() { 0x80 } else { 0 };
    match payload.len() {
        length @ 0..=125 => frame.push(masked | length as u8),
        length @ 126..=0xffff => {
            frame.push(masked | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(masked | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(mask.iter().flatten());
    frame.extend(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> (Vec<(u8, Vec<u8>)>, usize) {
        let mut found = Vec::new();
        let scanned = scan(bytes, |opcode, payload| {
            found.push((opcode, payload.to_vec()));
            ControlFlow::Continue(())
        });
        (found, scanned)
    }

    #[test]
    fn frames_of_every_length_are_found_wherever_the_bytes_are_cut() {
        let payloads = [0, 1, 125, 126, 0xffff, 0x1_0000].map(|length| vec![b'x'; length]);
        let bytes: Vec<u8> = payloads.iter().flat_map(|one| server_frame(TEXT, one)).collect();
        let wanted: Vec<_> = payloads.iter().map(|one| (TEXT, one.clone())).collect();
        assert_eq!(frames(&bytes), (wanted.clone(), bytes.len()));
        for cut in (0..400).chain([70_000, bytes.len() - 1]) {
            let (mut found, scanned) = frames(&bytes[..cut]);
            assert!(scanned <= cut);
            found.extend(frames(&bytes[scanned..]).0);
            assert_eq!(found, wanted, "cut at {cut}");
        }
    }

    #[test]
    fn scanning_ends_when_it_is_told_to() {
        let bytes = [server_frame(TEXT, b"one"), server_frame(TEXT, b"two")].concat();
        assert_eq!(scan(&bytes, |_, _| ControlFlow::Break(())), bytes.len() / 2);
    }

    #[test]
    fn a_client_masks() {
        assert_eq!(client_frame(PONG, b"a"), [0x8a, 0x81, 0, 0, 0, 0, b'a']);
    }
}
