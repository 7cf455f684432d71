//! The timestamp of every payload: RFC 3339 in UTC with milliseconds.
//!
//! Written and read here rather than by a library, because it is part of every browser's program:
//! the arithmetic of the calendar is two functions, which the tests compare with the `time` crate.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Written as RFC 3339 UTC with exactly three decimals; read from any RFC 3339 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 timestamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 timestamp such as 2026-01-31T12:00:00.000Z")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// The moment that many milliseconds after 1970 (negative: before).
    ///
    /// Moments outside the years 0 to 9999 become the nearest one inside.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(-62_167_219_200_000, 253_402_300_799_999))
    }

    /// This moment, by the system's clock. The browser has none that the standard library knows.
    #[cfg(not(target_family = "wasm"))]
    pub fn now() -> Self {
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since_1970.map_or(0, |since| since.as_millis());
        Self::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// Milliseconds since 1970.
    pub fn as_millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(DAY));
        let millis = self.0.rem_euclid(DAY);
        let (minutes, millis) = (millis / MINUTE, millis % MINUTE);
        let (hour, minute) = (minutes / 60, minutes % 60);
        let (second, millis) = (millis / SECOND, millis % SECOND);
        // Not by a format, which takes several times as long: every event and every answer has some.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (place, number) in [
            (0..4, year),
            (5..7, month),
            (8..10, day),
            (11..13, hour),
            (14..16, minute),
            (17..19, second),
            (20..23, millis),
        ] {
            write_digits(&mut text[place], number);
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        parse(text.as_bytes()).map(Self::from_millis).ok_or(InvalidTimestamp)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTimestamp;

    fn try_from(text: String) -> Result<Self, InvalidTimestamp> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(moment: Timestamp) -> Self {
        moment.to_string()
    }
}

/// Writes the last digits of a number that is not negative over zeros.
fn write_digits(zeros: &mut [u8], mut number: i64) {
    for digit in zeros.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
}

/// Reads `date-time` of RFC 3339, section 5.6. A leap second counts as the second before it.
fn parse(text: &[u8]) -> Option<i64> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't' | b' ', ref time @ ..] = text
    else {
        return None;
    };
    let &[h1, h2, b':', n1, n2, b':', s1, s2, ref rest @ ..] = time else { return None };
    let year = number([y1, y2])? * 100 + number([y3, y4])?;
    let month = number([m1, m2]).filter(|month| (1..=12).contains(month))?;
    let day = number([d1, d2])?;
    let days = days(year, month, day);
    if date(days) != (year, month, day) {
        return None;
    }
    let hour = number([h1, h2]).filter(|hour| *hour < 24)?;
    let minute = number([n1, n2]).filter(|minute| *minute < 60)?;
    let second = number([s1, s2]).filter(|second| *second <= 60)?.min(59);
    let (millis, offset) = fraction(rest)?;
    Some(days * DAY + (hour * 60 + minute - minutes(offset)?) * MINUTE + second * SECOND + millis)
}

/// The milliseconds of `.123456`, if it is there, and what follows.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', digits @ ..] = text else { return Some((0, text)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(count);
    let digit = |place: usize| digits.get(place).map_or(0, |byte| i64::from(byte - b'0'));
    (count > 0).then(|| (digit(0) * 100 + digit(1) * 10 + digit(2), rest))
}

/// How many minutes a place's time is ahead of UTC.
fn minutes(offset: &[u8]) -> Option<i64> {
    match *offset {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let hours = number([h1, h2]).filter(|hours| *hours < 24)?;
            let minutes = number([m1, m2]).filter(|minutes| *minutes < 60)?;
            let ahead = hours * 60 + minutes;
            Some(if sign == b'+' { ahead } else { -ahead })
        }
        _ => None,
    }
}

fn number(digits: [u8; 2]) -> Option<i64> {
    let [tens, ones] = digits.map(|byte| char::from(byte).to_digit(10));
    Some(i64::from(tens? * 10 + ones?))
}

/// The days from 1970-01-01 to a date of the Gregorian calendar, by the years that begin in March
/// (so that a leap day ends its year) and the 400 years after which the calendar repeats itself.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    cycle * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// The date that many days after 1970-01-01: the inverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (year * 365 + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (cycle * 400 + year + i64::from(month < 3), month, day)
}

#[cfg(test)]
mod tests {
    use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};
    use proptest::{prelude::*, string::string_regex};

    use super::*;

    #[test]
    fn written_in_utc_with_three_decimals() {
        let moment: Timestamp = "2026-01-31T13:00:00.0519+01:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-01-31T12:00:00.051Z");
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn refuses_what_is_no_timestamp() {
        for text in [
            "",
            "yesterday",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00ZZ",
            "2026-1-31T12:00:00Z",
            "2026-02-29T12:00:00Z",
            "2026-00-10T12:00:00Z",
            "2026-04-31T12:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:60:00Z",
            "2026-01-31T12:00:61Z",
            "2026-01-31T12:00:00+24:00",
            "2026-01-31T12:00:00+0100",
            "+026-01-31T12:00:00Z",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
        }
    }

    #[test]
    fn a_leap_second_can_be_read() {
        let moment: Timestamp = "2016-12-31T23:59:60.5Z".parse().unwrap();
        assert_eq!(moment.to_string(), "2016-12-31T23:59:59.500Z");
    }

    #[test]
    fn extremes_can_be_written() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    }

    proptest! {
        #[test]
        fn every_moment_is_the_one_that_another_implementation_reads(
            millis in -62_167_219_200_000..=253_402_300_799_999_i64,
        ) {
            let text = Timestamp(millis).to_string();
            let other = OffsetDateTime::parse(&text, &Rfc3339).unwrap();
            prop_assert_eq!(other.unix_timestamp_nanos(), i128::from(millis) * 1_000_000);
            prop_assert_eq!(text.parse(), Ok(Timestamp(millis)));
        }

        #[test]
        fn texts_are_read_as_another_implementation_reads_them(
            text in string_regex(
                "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{1,9})?\
                 ([Zz]|[+-][0-2][0-9]:[0-6][0-9])"
            ).unwrap(),
        ) {
            let other = OffsetDateTime::parse(&text, &Rfc3339).ok();
            let millis = other.map(|other| other.unix_timestamp_nanos().div_euclid(1_000_000));
            let read = text.parse::<Timestamp>().ok();
            prop_assert_eq!(
                read,
                millis.map(|millis| Timestamp::from_millis(i64::try_from(millis).unwrap())),
            );
        }
    }
}
