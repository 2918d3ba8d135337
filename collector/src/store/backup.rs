//! One file with all that the database holds.
//!
//! Owns: writing it and checking it. Refuses: keys and other files of the folder.
//! Invariant: a file of the given name is a whole copy that was checked, or is not there; and nothing is written over.

use super::connection::{ask_incremental, connect};
use super::{private, schema};
use crate::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Writes the copy under another name first: `to` is there when it is whole.
pub(super) fn write(path: &Path, to: &Path) -> Result<u64, Error> {
    if to.symlink_metadata().is_ok() {
        return Err(private::is_there(to));
    }
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = copy(path, &part).and_then(|bytes| {
        fs::rename(&part, to).map_err(|error| failed(to, &error))?;
        // Without this a power cut takes the name away again.
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        #[cfg(unix)]
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(folder, &error))?;
        Ok(bytes)
    });
    if written.is_err() {
        // What is not whole is no backup. If it cannot be removed either, the first error is the one to tell.
        let _ = fs::remove_file(&part);
    }
    written
}

fn copy(path: &Path, part: &Path) -> Result<u64, Error> {
    // What a killed backup left.
    let _ = fs::remove_file(part);
    let file = private::make_new_file(part)?;
    let name = part
        .to_str()
        .ok_or_else(|| Error::input(format!("{}: SQLite takes only names that are UTF-8", part.display())))?;
    let conn = connect(path)?;
    schema::refuse_a_strangers_file(&conn)?;
    ask_incremental(&conn)?;
    conn.execute("VACUUM INTO ?1", [name]).map_err(|error| {
        Error::from(error).within(&format!("{} could not be copied to {name}", path.display()))
    })?;
    file.sync_all().map_err(|error| failed(part, &error))?;
    let check: String = connect(part)?.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Err(Error::store(format!(
            "the copy is damaged ({check}), and was removed: run `nowait doctor` on the data folder"
        )));
    }
    Ok(file.metadata().map_err(|error| failed(part, &error))?.len())
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::store(format!("{} could not be written: {error}", path.display()))
}
