//! Statements that SQLite runs one after the other, in one go.

use serde::Serialize;
use serde_json::json;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, query_builder::Separated};

/// The most rows of one statement: what SQLite would undo it with, the pages that it changes, then
/// stays in memory (`.cargo/config.toml`).
const AT_ONCE: usize = 16;

/// Statements that wait to be run together: each time that SQLite's thread is asked costs as much
/// as a row or two.
#[derive(Default)]
pub(super) struct Batch(QueryBuilder<Sqlite>);

impl Batch {
    /// Adds a statement without parameters.
    pub(super) fn push(&mut self, statement: &'static str) {
        self.0.push(statement).push(";");
    }

    /// Adds rows: `into` is the statement up to the values, `push` binds the columns of one row, of
    /// which there are so many, and the first is not null.
    pub(super) fn insert<T>(
        &mut self,
        into: &'static str,
        columns: usize,
        mut rows: impl ExactSizeIterator<Item = T>,
        mut push: impl FnMut(&mut Separated<'_, Sqlite, &'static str>, T),
    ) {
        while rows.len() > 0 {
            let taken = rows.len().min(AT_ONCE);
            let mut some = rows.by_ref().take(taken);
            // Rounded up to a power of two, so that there are few statements to prepare.
            let places = taken.next_power_of_two();
            self.0.push(into).push(" SELECT * FROM (");
            self.0.push_values(0..places, |mut values, _| match some.next() {
                Some(row) => push(&mut values, row),
                None => (0..columns).for_each(|_| _ = values.push_bind(None::<i64>)),
            });
            self.0.push(") WHERE column1 IS NOT NULL;");
        }
    }

    /// Adds a row for each of some texts: `into` is the statement up to the values, which are the
    /// number and the text.
    pub(super) fn insert_each(
        &mut self,
        into: &'static str,
        number: i64,
        texts: &[impl Serialize],
    ) {
        let texts = json!(texts).to_string();
        self.0.push(into).push(" SELECT ").push_bind(number);
        self.0.push(", value FROM json_each(").push_bind(texts).push(");");
    }

    /// Runs them all, up to the first that fails.
    pub(super) async fn run(mut self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        self.0.build().execute(connection).await.map(drop)
    }
}
