//! Many rows with one statement.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, query_builder::Separated};

/// The most rows of one statement. Those of fewer rows have a power of two, so that there are few
/// statements to prepare.
const AT_ONCE: usize = 32;

/// Inserts rows: `into` is the statement up to `VALUES`, `push` binds the columns of one row.
pub(super) async fn all<T>(
    connection: &mut SqliteConnection,
    into: &'static str,
    mut rows: impl ExactSizeIterator<Item = T>,
    mut push: impl FnMut(Separated<'_, Sqlite, &'static str>, T),
) -> sqlx::Result<()> {
    while let Some(power) = rows.len().checked_ilog2() {
        let mut sql = QueryBuilder::<Sqlite>::new(into);
        sql.push_values(rows.by_ref().take(AT_ONCE.min(1 << power)), &mut push);
        sql.build().execute(&mut *connection).await?;
    }
    Ok(())
}
