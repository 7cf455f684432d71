//! What tells one history from another: the epoch (docs/protocol.md, "Words").
//!
//! Beside the database lies a file whose inode and time of change the database remembers. Both are
//! renewed together, when the database is opened and every minute. A database that was restored
//! remembers an older mark; a mark that was restored with it has changed by that alone. Either way
//! they no longer agree, and what follows is another history.
//!
//! The mark has two names, in turn: the one that the database remembers stays untouched until the
//! next one is committed, so that neither a full disk nor being killed in between begins another
//! history.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sqlx::SqliteConnection;
use uuid::Uuid;

/// The file beside the database, by both its names. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    files: Arc<[PathBuf; 2]>,
    /// Whether the second is the one that the database remembers.
    is_second: Arc<AtomicBool>,
}

impl Mark {
    /// The mark of the database at that path.
    pub(crate) fn beside(database: &Path) -> Self {
        let files = ["mark", "mark2"].map(|extension| database.with_extension(extension));
        Self { files: files.into(), is_second: Arc::new(AtomicBool::new(true)) }
    }

    /// Whether there is one: a database was here.
    pub(crate) fn exists(&self) -> bool {
        self.files.iter().any(|file| file.exists())
    }

    /// The epoch of the history that goes on here: the known one, or a new one when the database
    /// and the mark do not agree.
    pub(super) async fn settle(&self, connection: &mut SqliteConnection) -> sqlx::Result<String> {
        let known: Option<(String, String)> = sqlx::query_as("SELECT epoch, mark FROM history")
            .fetch_optional(&mut *connection)
            .await?;
        let epoch = match known {
            Some((epoch, mark))
                if let Some(at) = self.files.iter().position(|file| is_at(file, &mark)) =>
            {
                self.is_second.store(at == 1, Ordering::Relaxed);
                epoch
            }
            known => {
                if known.is_some() {
                    tracing::warn!(
                        mark = %self.files[0].display(),
                        "The database and its mark do not agree: one of them was copied or restored, or the \
                         mark's owner or permissions were changed. Another history begins, and clients load \
                         afresh."
                    );
                }
                Uuid::now_v7().simple().to_string()
            }
        };
        self.renew(connection, &epoch).await?.forget();
        Ok(epoch)
    }

    /// Makes a new mark, and has the database remember it. The one before, which is to be forgotten
    /// once that is committed.
    pub(crate) async fn renew(
        &self,
        connection: &mut SqliteConnection,
        epoch: &str,
    ) -> sqlx::Result<Renewed> {
        let is_second = !self.is_second.load(Ordering::Relaxed);
        let new = &self.files[usize::from(is_second)];
        // Made anew, whosever is there and wherever it leads.
        remove(new)?;
        File::create_new(new)?.write_all(epoch.as_bytes())?;
        sqlx::query(
            "INSERT INTO history (only, epoch, mark) VALUES (1, ?1, ?2) \
             ON CONFLICT (only) DO UPDATE SET epoch = ?1, mark = ?2",
        )
        .bind(epoch)
        .bind(read(new)?)
        .execute(connection)
        .await?;
        Ok(Renewed { mark: self.clone(), is_second })
    }
}

/// A mark that the database remembers in place of another.
#[must_use = "copies that know the mark before are taken for this history"]
pub(crate) struct Renewed {
    mark: Mark,
    is_second: bool,
}

impl Renewed {
    /// Removes the mark before: a copy of the database that remembers it is another history.
    pub(crate) fn forget(self) {
        let Self { mark, is_second } = self;
        mark.is_second.store(is_second, Ordering::Relaxed);
        let old = &mark.files[usize::from(!is_second)];
        if let Err(error) = remove(old) {
            tracing::error!(%error, file = %old.display(), "An old mark could not be removed.");
        }
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Whether that mark is in that file.
fn is_at(file: &Path, mark: &str) -> bool {
    read(file).is_ok_and(|here| here == mark)
}

/// What no copy of the file has in common with it.
fn read(file: &Path) -> io::Result<String> {
    let file = fs::metadata(file)?;
    Ok(format!("{} {} {}", file.ino(), file.ctime(), file.ctime_nsec()))
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::*;
    use crate::store::database::MIGRATIONS;

    /// As when the disk is full: what is written last is not committed.
    #[tokio::test]
    async fn a_mark_that_is_not_remembered_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mark = Mark::beside(&folder.path().join("some.db"));
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut connection).await.unwrap();
        let epoch = mark.settle(&mut connection).await.unwrap();
        for _ in 0..3 {
            let mut tx = connection.begin().await.unwrap();
            let _not_committed = mark.renew(&mut tx, &epoch).await.unwrap();
            tx.rollback().await.unwrap();
            assert_eq!(mark.settle(&mut connection).await.unwrap(), epoch);
        }
        // Cut off after the commit, before the mark until then was removed.
        let _cut_off = mark.renew(&mut connection, &epoch).await.unwrap();
        assert_eq!(mark.settle(&mut connection).await.unwrap(), epoch);
        // Twice before one commit.
        let mut tx = connection.begin().await.unwrap();
        let renewed = [mark.renew(&mut tx, &epoch).await, mark.renew(&mut tx, &epoch).await];
        tx.commit().await.unwrap();
        renewed.into_iter().for_each(|renewed| renewed.unwrap().forget());
        assert_eq!(mark.settle(&mut connection).await.unwrap(), epoch);
        let marks = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(marks, 1, "what a copy may remember is gone");
    }
}
