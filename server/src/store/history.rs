//! What tells one history from another: the epoch (design, "Recovery").
//!
//! Beside the database lies a file whose inode and time of change the database remembers. Both are
//! renewed together, when the database is opened and every minute. A database that was restored
//! remembers an older mark; a mark that was restored with it has changed by that alone. Either way
//! they no longer agree, and what follows is another history. (Being cut off between the two costs
//! a new epoch too: clients load afresh, and nothing is taken for what it is not.)

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use sqlx::SqliteConnection;
use uuid::Uuid;

/// The file beside the database.
#[derive(Debug, Clone)]
pub(crate) struct Mark(PathBuf);

impl Mark {
    /// The mark of the database at that path.
    pub(super) fn beside(database: &Path) -> Self {
        Self(database.with_extension("mark"))
    }

    /// The epoch of the history that goes on here: the known one, or a new one when the database
    /// and the mark do not agree.
    pub(super) async fn settle(&self, connection: &mut SqliteConnection) -> sqlx::Result<String> {
        let known: Option<(String, String)> = sqlx::query_as("SELECT epoch, mark FROM history")
            .fetch_optional(&mut *connection)
            .await?;
        let epoch = match known {
            Some((epoch, mark)) if self.read().is_ok_and(|here| here == mark) => epoch,
            known => {
                if known.is_some() {
                    tracing::warn!(
                        mark = %self.0.display(),
                        "The database and its mark do not agree: one of them was copied or restored, or the \
                         mark's owner or permissions were changed. Another history begins, and clients load \
                         afresh."
                    );
                }
                Uuid::now_v7().simple().to_string()
            }
        };
        self.renew(connection, &epoch).await?;
        Ok(epoch)
    }

    /// Makes a new mark, and has the database remember it.
    pub(crate) async fn renew(
        &self,
        connection: &mut SqliteConnection,
        epoch: &str,
    ) -> sqlx::Result<()> {
        fs::write(&self.0, epoch)?;
        sqlx::query(
            "INSERT INTO history (only, epoch, mark) VALUES (1, ?1, ?2) \
             ON CONFLICT (only) DO UPDATE SET epoch = ?1, mark = ?2",
        )
        .bind(epoch)
        .bind(self.read()?)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// What no copy has in common with it.
    fn read(&self) -> io::Result<String> {
        let file = fs::metadata(&self.0)?;
        Ok(format!("{} {} {}", file.ino(), file.ctime(), file.ctime_nsec()))
    }
}
