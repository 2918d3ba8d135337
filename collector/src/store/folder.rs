//! What is done with a data folder that nobody serves, or beside who does: one command each.
//!
//! Owns: which lock each of them takes. Refuses: rows (see the modules that each of them calls).
//! Invariant: whatever changes batches or rollups has the folder for itself; what only reads or imports does not.

use super::connection::{INCREMENTAL, readable, vacuum_mode, writable};
use super::doctor::{self, Examined};
use super::sqlite::{SqliteStore, at, existing};
use super::{Deletion, Import, Rebuilt, Whose, backup, private, reindex};
use crate::error::Error;
use nowait_report::Zone;
use rusqlite::TransactionBehavior;
use std::path::{Path, PathBuf};

/// What could be read of a malformed database, beside it.
const SALVAGED: &str = "nowait.db.salvaged";

impl SqliteStore {
    /// Rebuilds the rollups whose batches are all kept, in one transaction, with days cut in `zone` if there is one. Batches that were
    /// stored before texts were scrubbed at ingest are scrubbed; and a file of an older program learns to give space back.
    /// `progress` is called now and then with the number of batches read and their number in all.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], so also while another process writes; the old rollups stay if it fails. [`Error::is_input`] for
    /// another zone where batches were removed by age: days cannot be cut again without them.
    pub fn reindex(
        folder: &Path,
        zone: Option<&Zone>,
        progress: impl FnMut(u64, u64),
    ) -> Result<Rebuilt, Error> {
        let path = existing(folder)?;
        let _lock = private::lock(folder)?;
        let mut conn = writable(&path).map_err(|error| at(&path, &error))?;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rebuilt = reindex::rebuild(&tx, zone, progress)?;
        tx.commit()?;
        if vacuum_mode(&conn)? != INCREMENTAL {
            conn.execute_batch("VACUUM").map_err(|error| {
                let done =
                    "the rollups are made again; the file could not be written again to give space back";
                Error::from(error).within(done)
            })?;
        }
        Ok(rebuilt)
    }

    /// Finds what a tenant has of somebody, for deletion; nothing is changed yet. The folder is locked as long as what is returned
    /// lives.
    ///
    /// # Errors
    /// As [`SqliteStore::reindex`]; [`Error::is_no_data`] if there is nothing of them.
    pub fn deletion(folder: &Path, tenant: &str, whose: Whose) -> Result<Deletion, Error> {
        let path = existing(folder)?;
        let lock = private::lock(folder)?;
        let conn = writable(&path).map_err(|error| at(&path, &error))?;
        Deletion::find(conn, lock, tenant, whose)
    }

    /// Writes all that is in the folder's database at this moment into one new file, for its owner alone, checks that, and says
    /// how many bytes it has. Another process may be writing the folder.
    ///
    /// # Errors
    /// [`Error::is_input`] if there is such a file already, [`Error::is_store`] for everything else; then there is no such file.
    pub fn backup(folder: &Path, to: &Path) -> Result<u64, Error> {
        let path = existing(folder)?;
        backup::write(&path, to)
    }

    /// Looks at every stored frame, cell and account, while another process may be writing them. `progress` is called now and
    /// then with the number of rows read and their number in all.
    ///
    /// # Errors
    /// [`Error::is_store`] if the file cannot be opened or has another schema. Damage is no error.
    pub fn examine(folder: &Path, progress: impl FnMut(u64, u64)) -> Result<Examined, Error> {
        let path = existing(folder)?;
        let conn = readable(&path).map_err(|error| at(&path, &error))?;
        doctor::examine(&conn, progress)
    }

    /// Sets the damaged rows that were found apart and makes the rollups again, in one transaction.
    ///
    /// # Errors
    /// As [`SqliteStore::reindex`]; nothing is changed then.
    pub fn mend(folder: &Path, found: &Examined, progress: impl FnMut(u64, u64)) -> Result<Rebuilt, Error> {
        let path = existing(folder)?;
        let _lock = private::lock(folder)?;
        let mut conn = writable(&path).map_err(|error| at(&path, &error))?;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        doctor::set_apart(&tx, found)?;
        let rebuilt = reindex::rebuild(&tx, None, progress)?;
        tx.commit()?;
        Ok(rebuilt)
    }

    /// Copies every row that can be read out of a malformed file into a new one beside it, makes its rollups again, and says where
    /// it is. The malformed file is left as it is.
    ///
    /// # Errors
    /// As [`SqliteStore::reindex`]; [`Error::is_input`] if there is such a new file already.
    pub fn salvage(folder: &Path, progress: impl FnMut(u64, u64)) -> Result<PathBuf, Error> {
        let path = existing(folder)?;
        let _lock = private::lock(folder)?;
        let to = folder.join(SALVAGED);
        private::make_new_file(&to)?;
        let saved = salvage(&path, &to, progress);
        if saved.is_err() {
            // What is not whole would be taken for what could be saved.
            let _ = std::fs::remove_file(&to);
        }
        saved.map(|()| to)
    }

    /// Opens a folder for one import of reviews, also while another process takes batches in.
    ///
    /// # Errors
    /// [`Error::is_store`] if there is no store in the folder, or an older one that another process writes.
    pub fn import(folder: &Path) -> Result<Import, Error> {
        let path = existing(folder)?;
        Import::open(folder, &path).map_err(|error| at(&path, &error))
    }
}

fn salvage(path: &Path, to: &Path, progress: impl FnMut(u64, u64)) -> Result<(), Error> {
    let old = readable(path).map_err(|error| at(path, &error))?;
    let mut new = writable(to).map_err(|error| at(to, &error))?;
    let tx = new.transaction_with_behavior(TransactionBehavior::Immediate)?;
    doctor::salvage(&old, &tx)?;
    reindex::rebuild(&tx, None, progress)?;
    Ok(tx.commit()?)
}
