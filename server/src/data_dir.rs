//! The data folder, and the lock that makes one process its only owner.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
};

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
    /// It can not be made, read or written.
    #[error("the data folder {} can not be used: {source}", .path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl DataDir {
    /// Makes the folder if it is missing, for this user alone, and takes its lock.
    ///
    /// # Errors
    /// When another process owns it, or when it can not be written.
    pub fn lock(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |source| DataDirError::Unusable { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        // Never truncated on opening, and never removed: the owner's process id stands in it,
        // and a second file of the same name would be a second lock.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("colloquy.lock"))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DataDirError::Held { path: path.to_owned(), pid: owner(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        write_owner(&mut file).map_err(unusable)?;
        Ok(Self { path: path.to_owned(), _lock: file })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
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
        assert!(matches!(DataDir::lock(file.path()), Err(DataDirError::Unusable { .. })));
    }
}
