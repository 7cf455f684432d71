//! The data folder, and the lock that makes one process its only owner.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, lchown},
    path::{self, Path, PathBuf},
    process,
};

use rustix::{fs::OFlags, process::geteuid};

use crate::store;

/// A data folder that this process owns until the value is dropped or the process ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// The system releases the lock with the file.
    _lock: File,
}

/// Why a data folder is not ours.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process owns it.
    #[error("the data folder {} is in use by another colloquy{}", .path.display(), named(.pid))]
    Held {
        /// The folder.
        path: PathBuf,
        /// The process that owns it, when it has already said so.
        pid: Option<u32>,
    },
    /// No hub was begun in it.
    #[error(
        "there is no hub in {}: --data-dir (COLLOQUY_DATA_DIR) says in which folder it is; where \
         there is none, `colloquy serve` begins one, and so does `colloquy user add` with --role \
         admin",
        .0.display()
    )]
    NoHub(PathBuf),
    /// It is something else.
    #[error(
        "{} is not a folder: --data-dir (COLLOQUY_DATA_DIR) names the folder of the hub's data",
        .0.display()
    )]
    NotAFolder(PathBuf),
    /// It cannot be made, read or written.
    #[error("the data folder {} cannot be used: {}", .path.display(), told(.path, .cause))]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file in it cannot be read or written.
    #[error("the file {} cannot be opened: {}", .path.display(), told(.path, .cause))]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// Goes on only if a hub was begun in that folder; an empty database is none. Nothing is made.
///
/// # Errors
/// When none was.
pub fn require_database(folder: &Path) -> Result<(), DataDirError> {
    let folder = path::absolute(folder).unwrap_or(folder.to_owned());
    let path = folder.join(store::FILE);
    match path.metadata() {
        Ok(database) if database.len() > 0 => Ok(()),
        Ok(_) => Err(DataDirError::NoHub(folder)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Err(DataDirError::NoHub(folder)),
            io::ErrorKind::NotADirectory => Err(DataDirError::NotAFolder(folder)),
            _ => Err(DataDirError::File { path, cause: error }),
        },
    }
}

impl DataDir {
    /// Makes the folder if it is missing, for this user alone, and takes its lock.
    ///
    /// # Errors
    /// When another process owns it, or when it cannot be written.
    pub fn lock(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |cause: io::Error| match cause.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                DataDirError::NotAFolder(path.to_owned())
            }
            _ => DataDirError::Unusable { path: path.to_owned(), cause },
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let lock = path.join("colloquy.lock");
        let is_new = !lock.exists();
        // Never truncated on opening, and never removed: the owner's process id stands in it,
        // and a second file of the same name would be a second lock.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            // Root must not be led out of somebody's folder.
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&lock)
            .map_err(|cause| match is_new {
                true => unusable(cause),
                false => DataDirError::File { path: lock.clone(), cause },
            })?;
        if is_new {
            give(&lock, path);
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DataDirError::Held { path: path.to_owned(), pid: owner(&mut file) });
            }
            Err(TryLockError::Error(cause)) => return Err(unusable(cause)),
        }
        write_owner(&mut file).map_err(unusable)?;
        Ok(Self { path: path.to_owned(), _lock: file })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Prepares for opening the database. SQLite would not say why it cannot be, and
    /// would say nothing of beginning another one where one was lost. One that root begins becomes whose
    /// the folder is: the hub may be another user's.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn prepare_database(&self) -> Result<(), DataDirError> {
        let database = self.path.join(store::FILE);
        let opened = OpenOptions::new().read(true).write(true).open(&database);
        let is_there = match opened.and_then(|file| file.metadata()) {
            Ok(file) => file.len() > 0,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(cause) => return Err(DataDirError::File { path: database, cause }),
        };
        if !is_there && store::Mark::beside(&database).exists() {
            tracing::warn!(
                database = %database.display(),
                "There was a database here, which is missing or empty now: a new one is begun."
            );
        }
        if geteuid().is_root() && !database.exists() {
            // An empty file is a new database to SQLite, whose other files have the same owner.
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&database)
                .map_err(|cause| DataDirError::File { path: database.clone(), cause })?;
            give(&database, &self.path);
        }
        Ok(())
    }
}

/// Gives what root makes in somebody's folder the owner of another file there, or of the folder.
pub(crate) fn give(file: &Path, owner_of: &Path) {
    if !geteuid().is_root() {
        return;
    }
    let given =
        owner_of.metadata().and_then(|owner| lchown(file, Some(owner.uid()), Some(owner.gid())));
    if let Err(error) = given {
        tracing::warn!(file = %file.display(), %error, "It stays root's.");
    }
}

fn write_owner(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", process::id())
}

fn owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// What the system says, and what to do then.
fn told(path: &Path, cause: &io::Error) -> String {
    match cause.kind() {
        // Who may not look into the folder does not know whether it is there.
        io::ErrorKind::PermissionDenied if !matches!(path.try_exists(), Ok(false)) => {
            format!("{cause}: run colloquy as the user whose it is")
        }
        _ => cause.to_string(),
    }
}

fn named(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn has_one_owner_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("some/data");
        let first = DataDir::lock(&path).unwrap();
        match DataDir::lock(&path) {
            Err(DataDirError::Held { pid, .. }) => assert_eq!(pid, Some(process::id())),
            other => panic!("locked twice: {other:?}"),
        }
        drop(first);
        DataDir::lock(&path).unwrap();
    }

    #[test]
    fn is_made_for_this_user_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let _owned = DataDir::lock(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_file_is_no_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(DataDir::lock(file.path()), Err(DataDirError::NotAFolder(_))));
    }
}
