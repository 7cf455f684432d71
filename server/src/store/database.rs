//! The database file: opening it, and reading it at one position of the log.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path, sync::Arc, time::Duration};

use colloquy_protocol::position::{Offset, Position};
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{events, history::Mark};
use crate::error::{CORRUPT, FULL, NOTADB, primary_code};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Older ones have the WAL-reset bug, which can lose committed transactions.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Readers that work at once. SQLite reads are short; more would only fight for the processor.
const READERS: u32 = 8;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite said no.
    #[error("the database cannot be opened: {0}")]
    Sql(sqlx::Error),
    /// It is no database, or not a whole one.
    #[error("the database is damaged: bring a backup back with `colloquy restore FILE` ({0})")]
    Damaged(sqlx::Error),
    /// There is no room for what opening it writes.
    #[error("the disk is full: free some space, and try again; nothing is lost")]
    Full,
    /// Its schema has steps that this executable does not know.
    #[error(
        "a newer Colloquy made the database, and there is no way back: run that one, or restore a backup"
    )]
    Newer,
    /// The schema could not be brought up to date.
    #[error("the database cannot be brought up to date")]
    Migration(#[source] MigrateError),
    /// The SQLite in this executable is too old to be trusted.
    #[error("SQLite {0} loses committed data now and then; 3.51.3 or later is needed")]
    OldSqlite(String),
}

/// By hand, because sqlx's errors tell their source themselves.
impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(primary_code);
        match &error {
            _ if matches!(code, Some(CORRUPT | NOTADB)) => Self::Damaged(error),
            sqlx::Error::Io(cause) if cause.kind() == io::ErrorKind::StorageFull => Self::Full,
            _ if code == Some(FULL) => Self::Full,
            _ => Self::Sql(error),
        }
    }
}

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(_) => Self::Newer,
            MigrateError::Execute(cause) => cause.into(),
            MigrateError::ExecuteMigration(cause, version) => match cause.into() {
                Self::Sql(cause) => Self::Migration(MigrateError::ExecuteMigration(cause, version)),
                told => told,
            },
            error => Self::Migration(error),
        }
    }
}

/// The database, open for reading. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    readers: SqlitePool,
    options: SqliteConnectOptions,
    epoch: Arc<str>,
    mark: Mark,
    file: FileId,
}

/// What a file is, whatever it is called: its device and inode.
type FileId = (u64, u64);

impl Database {
    /// Opens (or makes) the database file, brings its schema up to date and settles its epoch.
    pub(crate) async fn open(path: &Path) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options).await?;
        require_recent_sqlite(&mut connection).await?;
        MIGRATIONS.run(&mut connection).await?;
        let mark = Mark::beside(path);
        let epoch = mark.settle(&mut connection).await?;
        let file = file_id(path).map_err(sqlx::Error::from)?;
        connection.close().await?;
        // One stays open for good: with the last connection SQLite's index of its log would go, and
        // what a failed commit left in the file could be taken for committed by the next one.
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(10))
            // It would ask SQLite's thread, which cannot go away, whether it is there.
            .test_before_acquire(false)
            .connect_with(options.clone().read_only(true))
            .await?;
        Ok(Self { readers, options, epoch: epoch.into(), mark, file })
    }

    /// The epoch of this history.
    pub(crate) fn epoch(&self) -> &Arc<str> {
        &self.epoch
    }

    /// What tells this history from a copy of it.
    pub(crate) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Whether its file is still where it was opened: what is written to one that is gone is lost.
    pub(crate) fn is_in_place(&self) -> bool {
        file_id(self.options.get_filename()).is_ok_and(|file| file == self.file)
    }

    /// How many bytes it has on the disk, with its write-ahead log.
    pub(crate) fn bytes(&self) -> u64 {
        let database = self.options.get_filename();
        let bytes = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        bytes(database) + bytes(&database.with_extension("db-wal"))
    }

    /// Begins to read: everything that the snapshot shows belongs to its one position.
    pub(crate) async fn snapshot(&self) -> sqlx::Result<Snapshot> {
        let mut tx = self.readers.begin().await?;
        let offset = events::head(&mut tx).await?;
        Ok(Snapshot { tx, position: Position { epoch: self.epoch.to_string(), offset } })
    }

    /// Closes the readers: no snapshot can be taken any more.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
    }

    /// The one connection that may write; [`super::Writer`] owns it.
    pub(super) async fn writing_connection(&self) -> sqlx::Result<SqliteConnection> {
        // Where the file is gone, an empty one would only hide that.
        let options = self.options.clone().create_if_missing(false);
        SqliteConnection::connect_with(&options).await
    }
}

/// A read transaction, and the log position that it shows.
pub(crate) struct Snapshot {
    tx: Transaction<'static, Sqlite>,
    position: Position,
}

impl Snapshot {
    /// What to query.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }

    /// The log's head as this snapshot sees it.
    pub(crate) fn head(&self) -> Offset {
        self.position.offset
    }

    /// Ends the reading and gives the position that was read at.
    pub(crate) fn into_position(self) -> Position {
        self.position
    }
}

fn file_id(path: &Path) -> io::Result<FileId> {
    let file = fs::metadata(path)?;
    Ok((file.dev(), file.ino()))
}

async fn require_recent_sqlite(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let version: String =
        sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *connection).await?;
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST_SQLITE {
        return Err(OpenError::OldSqlite(version));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `.cargo/config.toml` asks for, which cargo reads only beside the workspace.
    #[tokio::test]
    async fn sqlite_is_compiled_as_the_workspace_asks_for() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let options: Vec<String> = sqlx::query_scalar("SELECT * FROM pragma_compile_options")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for wanted in ["DEFAULT_MEMSTATUS=0", "ENABLE_QPSG", "STMTJRNL_SPILL=98304"] {
            assert!(options.iter().any(|option| option == wanted), "{wanted} of {options:?}");
        }
        assert!(!options.iter().any(|option| option == "ENABLE_MEMORY_MANAGEMENT"));
    }
}
