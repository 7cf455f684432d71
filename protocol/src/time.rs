//! The timestamp of every payload: RFC 3339 in UTC with milliseconds.

use std::{fmt, str::FromStr};

use ::time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem,
    format_description::well_known::Rfc3339, macros::format_description,
};
use serde::{Deserialize, Serialize};

const MILLISECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

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
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .map_err(|_| fmt::Error)?;
        f.write_str(&moment.format(MILLISECONDS).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        let nanos = moment.to_offset(UtcOffset::UTC).unix_timestamp_nanos();
        let millis = i64::try_from(nanos.div_euclid(1_000_000)).map_err(|_| InvalidTimestamp)?;
        Ok(Self::from_millis(millis))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_in_utc_with_three_decimals() {
        let moment: Timestamp = "2026-01-31T13:00:00.0519+01:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-01-31T12:00:00.051Z");
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn refuses_what_is_no_timestamp() {
        assert_eq!("yesterday".parse::<Timestamp>(), Err(InvalidTimestamp));
        assert_eq!("2026-01-31".parse::<Timestamp>(), Err(InvalidTimestamp));
    }

    #[test]
    fn extremes_can_be_written() {
        assert!(Timestamp::from_millis(i64::MAX).to_string().starts_with("9999-12-31"));
        assert!(Timestamp::from_millis(i64::MIN).to_string().starts_with("0000-01-01"));
    }
}
