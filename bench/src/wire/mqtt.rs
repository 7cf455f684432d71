//! Packets of MQTT 3.1.1 (section 2): a type and flags, a length, a body.

use std::ops::ControlFlow;

/// Answers a CONNECT.
pub const CONNACK: u8 = 2;
/// Answers a SUBSCRIBE.
pub const SUBACK: u8 = 9;

/// Calls `each` with the type and body of every whole packet that `bytes` begins with; how many
/// bytes these are.
pub(super) fn scan(bytes: &[u8], mut each: impl FnMut(u8, &[u8]) -> ControlFlow<()>) -> usize {
    let mut scanned = 0;
    while let Some((header, length)) = head(&bytes[scanned..]) {
        let begin = scanned + header;
        let Some(body) = bytes.get(begin..begin + length) else { break };
        let kind = bytes[scanned] >> 4;
        scanned = begin + length;
        if each(kind, body).is_break() {
            break;
        }
    }
    scanned
}

/// Length of the header and length of the body, if the whole header is there.
fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for place in 0..4 {
        let digit = *bytes.get(1 + place)?;
        length |= usize::from(digit & 0x7f) << (7 * place);
        if digit < 0x80 {
            return Some((2 + place, length));
        }
    }
    None
}

/// Connects as nobody in particular, with nothing kept and no need for signs of life.
pub fn connect() -> Vec<u8> {
    packet(0x10, &[0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0, 0, 0])
}

/// Subscribes, to be told of each publish at most once (QoS 0).
pub fn subscribe(topics: impl IntoIterator<Item = String>) -> Vec<u8> {
    let mut body = vec![0, 1];
    for topic in topics {
        body.extend((topic.len() as u16).to_be_bytes());
        body.extend(topic.as_bytes());
        body.push(0);
    }
    packet(0x82, &body)
}

/// Publishes, at most once (QoS 0): nobody answers.
pub fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend(topic.as_bytes());
    body.extend(payload);
    packet(0x30, &body)
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    let mut length = body.len();
    while length >= 0x80 {
        packet.push(length as u8 | 0x80);
        length >>= 7;
    }
    packet.push(length as u8);
    packet.extend(body);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_every_length_are_found_wherever_the_bytes_are_cut() {
        let payloads = [0, 1, 120, 125, 126, 20_000].map(|length| vec![b'x'; length]);
        let bytes: Vec<u8> = payloads.iter().flat_map(|payload| publish("r", payload)).collect();
        let wanted: Vec<_> = payloads.iter().map(|payload| (3, payload.len() + 3)).collect();
        for cut in (0..300).chain([20_000, bytes.len()]) {
            let mut found = Vec::new();
            let mut keep = |kind, body: &[u8]| {
                found.push((kind, body.len()));
                ControlFlow::Continue(())
            };
            let scanned = scan(&bytes[..cut], &mut keep);
            scan(&bytes[scanned..], &mut keep);
            assert_eq!(found, wanted, "cut at {cut}");
        }
    }
}
