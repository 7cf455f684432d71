//! Backups: one file that holds everything, made while a server runs, brought back while none does.
//!
//! Whoever may read the data folder may make one; nothing here is reached over a network. What
//! stands at a name is always a whole database: it is written under another name beside it, brought
//! to the disk, and renamed.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{self, Path, PathBuf},
};

use colloquy_protocol::{position::Offset, time::Timestamp};
use tempfile::{NamedTempFile, TempDir, TempPath};

pub use crate::store::CopyError;
use crate::{
    data_dir::{DataDir, give},
    store,
};

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The end of the log that is in it.
    pub offset: Offset,
    /// How large it is.
    pub bytes: u64,
}

/// A backup that was brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The end of the log that is in it.
    pub offset: Offset,
    /// Where the database is that was there before, if there was one.
    pub replaced: Option<PathBuf>,
}

/// Why a backup was not made, or not brought back. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to be copied.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// There is no folder for it.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// A backup would overwrite something.
    #[error("{} is there already, and a backup overwrites nothing", .0.display())]
    Exists(PathBuf),
    /// The database is not one that could be copied, or there is no room for the copy.
    #[error("{} cannot be copied to {}: {cause}", .from.display(), .to.display())]
    Copy {
        /// The database.
        from: PathBuf,
        /// Where it was to be copied to.
        to: PathBuf,
        /// Why not.
        cause: CopyError,
    },
    /// The system does not let it be written.
    #[error("{} cannot be written: {cause}", .path.display())]
    Unwritable {
        /// What was to be written.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// Copies the database in a data folder into a new file, whether or not a server runs there.
///
/// # Errors
/// When there is such a file already, or it cannot be made.
pub async fn back_up(data_dir: &Path, file: &Path) -> Result<Backup, BackupError> {
    let file = absolute(file)?;
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file));
    }
    let Partial { offset, copy, _folder } =
        copy_beside(&absolute(&data_dir.join(store::FILE))?, &file).await?;
    let unwritable = |cause| BackupError::Unwritable { path: file.clone(), cause };
    let bytes = sync(&copy).map_err(unwritable)?;
    copy.persist_noclobber(&file).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(file.clone()),
        _ => unwritable(error.error),
    })?;
    sync(folder_of(&file)).map_err(unwritable)?;
    Ok(Backup { offset, bytes })
}

/// Puts a backup in the place of a data folder's database, which is kept beside it. It is another
/// history from then on: clients load afresh.
///
/// # Errors
/// When it is no whole database of a known schema, or the folder cannot be written.
pub async fn restore(data_dir: &DataDir, file: &Path) -> Result<Restored, BackupError> {
    let (file, database) = (absolute(file)?, absolute(&data_dir.path().join(store::FILE))?);
    let failed = |cause| BackupError::Copy { from: file.clone(), to: database.clone(), cause };
    require_there(&file)?;
    // The copy is checked, too; but copying mends what can be told from the rows.
    store::check(&file).await.map_err(failed)?;
    let Partial { offset, copy, _folder } = copy_beside(&file, &database).await?;
    let lost = match database.exists() {
        true => fold(&database).await,
        false => 0,
    };
    store::begin_history(&copy, lost).await.map_err(failed)?;
    let unwritable = |cause| BackupError::Unwritable { path: database.clone(), cause };
    give(&copy, if database.exists() { &database } else { data_dir.path() });
    sync(&copy).map_err(unwritable)?;
    let replaced = set_aside(&database).map_err(unwritable)?;
    copy.persist(&database).map_err(|error| unwritable(error.error))?;
    sync(folder_of(&database)).map_err(unwritable)?;
    Ok(Restored { offset, replaced })
}

/// A copy of a database that has not got its name yet.
struct Partial {
    /// The end of the log that is in it.
    offset: Offset,
    copy: TempPath,
    /// Removed with everything in it, SQLite's journal too, when it is dropped.
    _folder: TempDir,
}

/// Copies a database into a folder beside where it is to be.
async fn copy_beside(from: &Path, to: &Path) -> Result<Partial, BackupError> {
    require_there(from)?;
    if !folder_of(to).is_dir() {
        return Err(BackupError::NoFolder(folder_of(to).to_owned()));
    }
    let mut prefix = OsString::from(".");
    prefix.push(to.file_name().unwrap_or_default());
    let unwritable = |cause| BackupError::Unwritable { path: to.to_owned(), cause };
    let folder = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".partial")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(folder_of(to))
        .map_err(unwritable)?;
    let copy = NamedTempFile::new_in(&folder).map_err(unwritable)?.into_temp_path();
    match store::copy(from, &copy).await {
        Ok(offset) => Ok(Partial { offset, copy, _folder: folder }),
        Err(cause) => Err(BackupError::Copy { from: from.to_owned(), to: to.to_owned(), cause }),
    }
}

/// Brings a database that is to be replaced into one file; the end of its log, as far as it can be
/// read.
async fn fold(database: &Path) -> Offset {
    match store::fold(database).await {
        Ok(head) => head,
        Err(error) => {
            tracing::warn!(%error, "What is replaced is kept as it is: it cannot be read.");
            0
        }
    }
}

/// Gives a database another name beside its own, under which it is whole. Its own name then stands
/// for its file alone, which may be replaced: a write-ahead log that stayed would be taken for the
/// next one's. So it goes, too, where the database itself was taken away.
fn set_aside(database: &Path) -> io::Result<Option<PathBuf>> {
    let is_there = database.exists();
    let now = Timestamp::now().to_string().replace(':', "-");
    let aside = database.with_file_name(format!("colloquy.replaced-{now}.db"));
    if is_there {
        // A second name, so that there is a database at every moment.
        fs::hard_link(database, &aside)?;
    }
    for journal in ["-wal", "-shm"] {
        let [from, to] = [database, &aside].map(|path| with_suffix(path, journal));
        if from.exists() {
            fs::rename(from, to)?;
        }
    }
    sync(folder_of(database))?;
    Ok(is_there.then_some(aside))
}

fn require_there(file: &Path) -> Result<(), BackupError> {
    match file.is_file() {
        true => Ok(()),
        false => Err(BackupError::Missing(file.to_owned())),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, BackupError> {
    path::absolute(path).map_err(|cause| BackupError::Unwritable { path: path.to_owned(), cause })
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Brings a file or a folder to the disk; how large it is.
fn sync(path: &Path) -> io::Result<u64> {
    let file = File::open(path)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
