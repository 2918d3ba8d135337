//! Files and folders that only their owner may read.
//!
//! Owns: the rights of what the store makes, and the lock of the one process that writes. Refuses: changing those of what is there: whoever lets another account read has
//! said so.
//! Invariant: nothing of the store is ever there with more rights, not for a moment.

use crate::error::Error;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// Locked by the process that writes.
const LOCK: &str = "writer.lock";

/// Makes a folder and those above it, if they are missing.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a file, if it is missing, and opens it for writing.
pub(super) fn make_file(path: &Path) -> io::Result<File> {
    options().create(true).truncate(false).open(path)
}

/// Makes a file that is not there yet.
///
/// # Errors
/// [`Error::is_input`] if it is, [`Error::is_store`] if it cannot be made.
pub(super) fn make_new_file(path: &Path) -> Result<File, Error> {
    options().create_new(true).open(path).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            return is_there(path);
        }
        Error::store(format!("{} cannot be made: {error}", path.display()))
    })
}

/// What is said of a file that would have to be written over.
pub(super) fn is_there(path: &Path) -> Error {
    let path = path.display();
    Error::input(format!(
        "{path} is there already, and is not written over: name another file, or move it away"
    ))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Locks a folder for the one process that writes it, as long as what is returned lives.
pub(super) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK);
    let file = make_file(&path)
        .map_err(|error| Error::store(format!("{} cannot be written: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::store(format!(
            "another nowait process writes {}: stop it first, or use another folder",
            folder.display()
        ))),
        Err(TryLockError::Error(error)) => {
            Err(Error::store(format!("{} cannot be locked: {error}", path.display())))
        }
    }
}
