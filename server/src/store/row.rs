//! Reading columns into the protocol's types.

use std::{error::Error, str::FromStr};

use colloquy_protocol::{position::Offset, time::Timestamp};
use serde::de::DeserializeOwned;
use sqlx::{Row, sqlite::SqliteRow};

/// A text column that is written as text: ids, kinds, statuses.
pub(super) fn text<T>(row: &SqliteRow, column: &'static str) -> sqlx::Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    row.try_get::<&str, _>(column)?.parse().map_err(|cause| undecodable(column, cause))
}

/// A text column that may be null.
pub(super) fn optional_text<T>(row: &SqliteRow, column: &'static str) -> sqlx::Result<Option<T>>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    row.try_get::<Option<&str>, _>(column)?
        .map(|text| text.parse().map_err(|cause| undecodable(column, cause)))
        .transpose()
}

/// A text column that holds JSON.
pub(super) fn json<T: DeserializeOwned>(row: &SqliteRow, column: &'static str) -> sqlx::Result<T> {
    serde_json::from_str(row.try_get(column)?).map_err(|cause| undecodable(column, cause))
}

/// An integer column that holds milliseconds since 1970.
pub(super) fn moment(row: &SqliteRow, column: &'static str) -> sqlx::Result<Timestamp> {
    row.try_get(column).map(Timestamp::from_millis)
}

/// The same, perhaps null.
pub(super) fn optional_moment(
    row: &SqliteRow,
    column: &'static str,
) -> sqlx::Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}

/// An integer column that is never negative: an offset, a count.
pub(super) fn number(row: &SqliteRow, column: &'static str) -> sqlx::Result<u64> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|cause| undecodable(column, cause))
}

/// The same, perhaps null.
pub(super) fn optional_number(row: &SqliteRow, column: &'static str) -> sqlx::Result<Option<u64>> {
    row.try_get::<Option<i64>, _>(column)?
        .map(|number| u64::try_from(number).map_err(|cause| undecodable(column, cause)))
        .transpose()
}

/// An offset as SQLite keeps it. Offsets count up from 1, so none comes near the limit; one that
/// a client made up is cut to it.
pub(super) fn integer(offset: Offset) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

fn undecodable(column: &'static str, cause: impl Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(cause) }
}
