//! Copying a whole database into one file: how a backup is made, and how one is brought back.

use std::path::Path;

use colloquy_protocol::position::Offset;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{database::MIGRATIONS, events, gaps, row};
use crate::error::{CORRUPT, FULL, NOTADB, primary_code};

/// Why a database cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It is another file, or another program's database.
    #[error("it is no database of Colloquy")]
    Foreign,
    /// Its schema is not known here.
    #[error("its schema is not known (step {0}): a newer Colloquy made it")]
    Newer(i64),
    /// SQLite's `integrity_check`, or its reading, found it broken.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// There is no room for the copy.
    #[error("the disk is full")]
    Full,
    /// SQLite said no.
    #[error("{0}")]
    Sql(sqlx::Error),
}

/// Copies the database at `from`, as it is at one moment, into `to`, an empty file. The copy is
/// checked as a whole; how far its log goes.
///
/// It is made by `VACUUM INTO`: one read transaction, which holds up no writer and takes part in
/// nothing that a running server does. What comes of it is one file without a journal, and nothing
/// that was deleted is in it, except that the search's index may still have the pieces of three
/// characters of a deleted text, of which a short one could be put together again. (SQLite's backup
/// API copies pages, begins anew with each change that another process makes, and is not to be had
/// without unsafe code.)
///
/// # Errors
/// When the one cannot be read or is not known, or the other cannot be written.
pub(crate) async fn copy(from: &Path, to: &Path) -> Result<Offset, CopyError> {
    let Some(target) = to.to_str() else {
        return Err(CopyError::Sql(sqlx::Error::Configuration("its name is not UTF-8".into())));
    };
    let mut source = open(SqliteConnectOptions::new().filename(from).read_only(true)).await?;
    require_known_schema(&mut source).await?;
    sqlx::query("VACUUM INTO ?1").bind(target).execute(&mut source).await?;
    source.close().await?;
    check(to).await
}

/// Whether a database is whole and known; how far its log goes.
///
/// # Errors
/// When it cannot be read, is damaged, or not known.
pub(crate) async fn check(path: &Path) -> Result<Offset, CopyError> {
    let mut database = open(SqliteConnectOptions::new().filename(path).read_only(true)).await?;
    require_known_schema(&mut database).await?;
    let found: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check(3)").fetch_all(&mut database).await?;
    if found != ["ok"] {
        return Err(CopyError::Damaged(found.join("; ")));
    }
    let head = events::head(&mut database).await?;
    database.close().await?;
    Ok(head)
}

/// Makes what is in a database the beginning of another history: it gets an epoch of its own when
/// it is opened next, whatever lies beside it. Its log goes on after `lost` at the earliest, the end
/// of the log that it replaces: an offset is an entity's version too, and so its `ETag`, which must
/// never stand for two different things. An older schema is brought up to date.
///
/// # Errors
/// Those of SQLite.
pub(crate) async fn begin_history(path: &Path, lost: Offset) -> Result<(), CopyError> {
    let mut database = open(SqliteConnectOptions::new().filename(path)).await?;
    MIGRATIONS.run(&mut database).await.map_err(sqlx::Error::from)?;
    let mut tx = database.begin().await?;
    let end = events::head(&mut tx).await?;
    let head = end.max(lost);
    if end < head {
        gaps::add(&mut tx, end, head).await?;
    }
    sqlx::query("DELETE FROM history").execute(&mut *tx).await?;
    sqlx::query("DELETE FROM sqlite_sequence WHERE name = 'events'").execute(&mut *tx).await?;
    sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?1)")
        .bind(row::integer(head))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(database.close().await?)
}

/// Brings what is in a database's write-ahead log into its file, which then holds everything. How
/// far its own log goes.
///
/// # Errors
/// Those of SQLite.
pub(crate) async fn fold(path: &Path) -> Result<Offset, CopyError> {
    let mut database = open(SqliteConnectOptions::new().filename(path)).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut database).await?;
    let head = events::head(&mut database).await?;
    database.close().await?;
    Ok(head)
}

async fn open(options: SqliteConnectOptions) -> sqlx::Result<SqliteConnection> {
    SqliteConnection::connect_with(&options.disable_statement_logging()).await
}

/// Goes on only if every step that made the schema is one of ours; steps that are still to come do
/// not matter.
async fn require_known_schema(database: &mut SqliteConnection) -> Result<(), CopyError> {
    let ours: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations' \
         AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'history')",
    )
    .fetch_optional(&mut *database)
    .await?;
    if ours.is_none() {
        return Err(CopyError::Foreign);
    }
    let steps: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(database)
            .await?;
    let is_known = |(version, checksum): &(i64, Vec<u8>)| {
        MIGRATIONS.iter().any(|known| known.version == *version && *known.checksum == **checksum)
    };
    match steps.iter().find(|step| !is_known(step)) {
        None => Ok(()),
        Some((version, _)) => Err(CopyError::Newer(*version)),
    }
}

impl From<sqlx::Error> for CopyError {
    fn from(cause: sqlx::Error) -> Self {
        match cause.as_database_error().and_then(primary_code) {
            Some(CORRUPT) => Self::Damaged(cause.to_string()),
            Some(FULL) => Self::Full,
            Some(NOTADB) => Self::Foreign,
            _ => Self::Sql(cause),
        }
    }
}
