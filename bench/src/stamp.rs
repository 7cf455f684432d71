//! The payload of every publish: 256 bytes of JSON that say when it was sent, and which it is.

use std::{sync::OnceLock, time::Instant};

/// How long a payload is, in bytes.
const LENGTH: usize = 256;

/// What a stamp begins with. It survives being quoted once more, as a string inside JSON.
const MARK: &[u8] = b"at=";
const DIGITS: usize = 16;
const STAMP: usize = MARK.len() + 2 * DIGITS + 1;

/// Says when a payload was sent, and which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Nanoseconds since the generator started.
    pub at: u64,
    /// Publishes are numbered from 0 on.
    pub number: u64,
}

impl Stamp {
    /// A payload with this stamp.
    pub fn payload(self) -> String {
        let Self { at, number } = self;
        let mut text = format!(r#"{{"stamp":"at={at:016},{number:016}","filler":""#);
        text.extend(std::iter::repeat_n('x', LENGTH - 2 - text.len()));
        text.push_str(r#""}"#);
        text
    }

    /// The stamp in a message. `place` is where the last one was found, and is looked at first:
    /// every message of a server begins alike.
    pub fn find(message: &[u8], place: &mut usize) -> Option<Self> {
        Self::read(message, *place).or_else(|| {
            *place = message.windows(MARK.len()).position(|bytes| bytes == MARK)?;
            Self::read(message, *place)
        })
    }

    fn read(message: &[u8], place: usize) -> Option<Self> {
        let digits = message.get(place..place + STAMP)?.strip_prefix(MARK)?;
        Some(Self { at: number(&digits[..DIGITS]), number: number(&digits[DIGITS + 1..]) })
    }
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit.wrapping_sub(b'0')))
}

/// Nanoseconds since this was asked for the first time.
pub fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_again_however_it_is_wrapped() {
        let stamp = Stamp { at: 12_345_678_901, number: 42 };
        let payload = stamp.payload();
        assert_eq!(payload.len(), LENGTH);
        serde_json::from_str::<serde_json::Value>(&payload).unwrap();
        let quoted = serde_json::to_string(&payload).unwrap();
        let mut place = 0;
        for message in [payload.clone(), format!("42[\"message\",{payload}]"), quoted] {
            for _ in 0..2 {
                assert_eq!(Stamp::find(message.as_bytes(), &mut place), Some(stamp), "{message}");
            }
        }
        assert_eq!(Stamp::find(b"{\"event\":\"hub:heartbeat\"}", &mut place), None);
    }
}
