//! The database file: opening it, and reading it at one position of the log.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use colloquy_protocol::{
    id::Principal,
    position::{Offset, Position},
};
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{events, history::Mark};
use crate::{
    error::{CORRUPT, Error, FULL, NOTADB, Result, primary_code},
    limits::Limit,
    metrics,
};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Older ones have the WAL-reset bug, which can lose committed transactions.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Readers that work at once. SQLite reads are short; more would only fight for the processor.
const READERS: u32 = 8;

/// How long one may wait for a reader, or for one's turn to search.
const PATIENCE: Duration = Duration::from_secs(10);

/// Searches that run at once. Each may keep a reader and a processor busy all the time.
const SEARCHES: usize = 2;

/// After that time a search is given up.
const SEARCH_TIME: Duration = Duration::from_secs(5);

/// How many of SQLite's instructions there are between two looks at the clock. Comparing a long text
/// is one of them.
const INSTRUCTIONS: i32 = 100;

/// How many pages of the write-ahead log are moved at most while whoever writes waits, and how long they
/// wait for who reads in it.
const LAST_PAGES: i64 = 1_000;
const EMPTYING_PATIENCE: Duration = Duration::from_millis(100);

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
    searches: Arc<Searches>,
    options: SqliteConnectOptions,
    epoch: Arc<str>,
    mark: Mark,
    file: FileId,
}

/// Who searches, and who waits for that: the searches of one principal follow each other, so that nobody
/// keeps the others from searching.
#[derive(Debug)]
struct Searches {
    turns: Arc<Semaphore>,
    own: Mutex<HashMap<Principal, Weak<Semaphore>>>,
}

impl Default for Searches {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(SEARCHES)), own: Mutex::default() }
    }
}

impl Searches {
    /// A principal's own turn, and the one among all, until they are dropped.
    async fn turn(&self, who: &Principal) -> Result<[OwnedSemaphorePermit; 2]> {
        let own = self.own(who).acquire_owned().await.map_err(Error::internal)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(Error::internal)?;
        Ok([own, turn])
    }

    fn own(&self, who: &Principal) -> Arc<Semaphore> {
        // The section under this lock is short and does not panic.
        let mut all = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, own| own.strong_count() > 0);
        if let Some(own) = all.get(who).and_then(Weak::upgrade) {
            return own;
        }
        let own = Arc::new(Semaphore::new(1));
        all.insert(who.clone(), Arc::downgrade(&own));
        own
    }
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
            .acquire_timeout(PATIENCE)
            // It would ask SQLite's thread, which cannot go away, whether it is there.
            .test_before_acquire(false)
            .connect_with(options.clone().read_only(true))
            .await?;
        let searches = Arc::new(Searches::default());
        Ok(Self { readers, searches, options, epoch: epoch.into(), mark, file })
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
        bytes(self.options.get_filename()) + self.log_bytes()
    }

    fn log_bytes(&self) -> u64 {
        bytes(&self.options.get_filename().with_extension("db-wal"))
    }

    /// Empties the write-ahead log if it has more than so many bytes. SQLite begins it anew by itself
    /// only at a moment when nobody reads, and then leaves the file as large as it was.
    ///
    /// Whoever writes waits for the last of it only, and not for who has been reading for long: then the log
    /// stays as it is.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) async fn empty_log(&self, above: u64) -> sqlx::Result<()> {
        if self.log_bytes() <= above {
            return Ok(());
        }
        let options = self.options.clone().create_if_missing(false);
        let options = options.busy_timeout(EMPTYING_PATIENCE);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        // Nobody waits for this.
        let (_, pages, moved): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut connection).await?;
        if pages - moved <= LAST_PAGES {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
        }
        connection.close().await
    }

    /// Begins to read: everything that the snapshot shows belongs to its one position.
    pub(crate) async fn snapshot(&self) -> sqlx::Result<Snapshot> {
        let mut tx = self.readers.begin().await?;
        let offset = events::head(&mut tx).await?;
        Ok(Snapshot { tx, position: Position { epoch: self.epoch.to_string(), offset } })
    }

    /// Begins a search, when it is that principal's turn: what is read of the snapshot may take
    /// [`SEARCH_TIME`] in all, and is interrupted then.
    ///
    /// Nothing else interrupts it: SQLite goes on when nobody waits for it any more. Whoever searches has
    /// to hold this until it is done.
    ///
    /// # Errors
    /// [`Error::TooMany`] when their own searches, or those of others, take too long; those of SQLite.
    pub(crate) async fn search(&self, who: &Principal) -> Result<Search> {
        let turn = timeout(PATIENCE, self.searches.turn(who)).await.map_err(|_| {
            metrics::limited(Limit::Searches);
            Error::TooMany { limit: Limit::Searches, retry_after: SEARCH_TIME }
        })?;
        let mut snapshot = self.snapshot().await?;
        let running = Arc::new(());
        let (is_running, end) = (Arc::downgrade(&running), Instant::now() + SEARCH_TIME);
        snapshot.connection().lock_handle().await?.set_progress_handler(INSTRUCTIONS, move || {
            // The reader keeps this for those who come later.
            is_running.strong_count() == 0 || Instant::now() < end
        });
        Ok(Search { snapshot, _running: running, _turn: turn? })
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

/// A snapshot that is searched.
pub(crate) struct Search {
    pub(crate) snapshot: Snapshot,
    _running: Arc<()>,
    _turn: [OwnedSemaphorePermit; 2],
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

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
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
    use futures_util::FutureExt;

    use super::*;
    use crate::store::overview;

    #[tokio::test]
    async fn a_log_that_readers_made_grow_is_emptied_once_they_are_done() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("test.db")).await.unwrap();
        let mut writer = database.writing_connection().await.unwrap();
        let reading = database.snapshot().await.unwrap();
        for seq in 1..=3 {
            let write = "INSERT INTO message_search_gone (seq) VALUES (?1)";
            sqlx::query(write).bind(seq).execute(&mut writer).await.unwrap();
        }
        let before = database.log_bytes();
        database.empty_log(0).await.unwrap();
        assert_eq!(database.log_bytes(), before, "somebody still reads what was before");
        drop(reading);
        database.empty_log(before).await.unwrap();
        assert_eq!(database.log_bytes(), before, "it is no larger than it may be");
        database.empty_log(before - 1).await.unwrap();
        assert_eq!(database.log_bytes(), 0);
    }

    #[tokio::test]
    async fn a_search_is_given_up_after_a_while_and_its_reader_serves_others_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("test.db")).await.unwrap();
        let count = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers \
                     LIMIT ?1) SELECT count(*) FROM numbers";
        let count = |upto: i64| sqlx::query_scalar::<_, i64>(count).bind(upto);

        let begun = Instant::now();
        let mut search = database.search(&Principal::local()).await.unwrap();
        let endless = count(-1).fetch_one(search.snapshot.connection()).await.unwrap_err();
        assert!(begun.elapsed() >= SEARCH_TIME);
        assert!(matches!(Error::from(endless), Error::Invalid(fields) if fields[0].field == "q"));
        drop(search);

        // There is one reader as long as nobody else reads.
        let mut snapshot = database.snapshot().await.unwrap();
        assert_eq!(count(10_000).fetch_one(snapshot.connection()).await.unwrap(), 10_000);
    }

    #[tokio::test]
    async fn what_was_said_before_chats_counted_it_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let before = MIGRATIONS.iter().filter(|step| step.version < 10).cloned().collect();
        Migrator::with_migrations(before).run(&mut connection).await.unwrap();
        for write in [
            "INSERT INTO chats (id, title, metadata, created_at, updated_at, version, born) \
             VALUES ('c', 'C', '{}', 0, 0, 9, 9)",
            "INSERT INTO messages (seq, id, chat_id, sender_id, sender_kind, content, created_at) \
             VALUES (2, 'a', 'c', 's', 'agent', 'A', 0), (3, 'b', 'c', 's', 'agent', 'B', 0), \
             (4, 'd', 'c', 's', 'agent', 'D', 0)",
            "INSERT INTO receipts (message_id, principal_id, principal_kind, received_at) \
             VALUES ('a', 's', 'agent', 0)",
            "UPDATE message_search_end SET seq = 3",
        ] {
            sqlx::query(write).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();

        let database = Database::open(&path).await.unwrap();
        let mut snapshot = database.snapshot().await.unwrap();
        let viewer = Principal::local();
        let counts = overview::count(snapshot.connection(), &viewer).await.unwrap();
        assert_eq!((counts.chats, counts.messages), (1, 3));

        // The messages do not go with their chat any more, the receipts do with their message.
        let mut writer = database.writing_connection().await.unwrap();
        for (write, left) in [("DELETE FROM chats", 3), ("DELETE FROM messages", 0)] {
            sqlx::query(write).execute(&mut writer).await.unwrap();
            let rest = "SELECT count(*) FROM messages";
            let rest: i64 = sqlx::query_scalar(rest).fetch_one(&mut writer).await.unwrap();
            assert_eq!(rest, left);
        }
        let receipts = "SELECT count(*) FROM receipts";
        let receipts: i64 = sqlx::query_scalar(receipts).fetch_one(&mut writer).await.unwrap();
        assert_eq!(receipts, 0);
        let whole = "PRAGMA integrity_check";
        let whole: String = sqlx::query_scalar(whole).fetch_one(&mut writer).await.unwrap();
        assert_eq!(whole, "ok");
    }

    /// As `.cargo/config.toml` asks for, which cargo reads only beside the workspace.
    #[test]
    fn the_searches_of_one_principal_leave_turns_to_others() {
        let searches = Searches::default();
        let [ada, bob, eve] = ["ada", "bob", "eve"].map(|id| Principal::agent(id.parse().unwrap()));
        let turn = |who| searches.turn(who).now_or_never().map(Result::unwrap);
        let first = turn(&ada);
        assert!(first.is_some());
        assert!(turn(&ada).is_none());
        let others = turn(&bob);
        assert!(others.is_some());
        assert!(turn(&eve).is_none(), "there are two for all");
        drop(first);
        assert!(turn(&ada).is_some());
    }

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
