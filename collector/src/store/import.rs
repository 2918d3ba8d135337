//! Counting a file of reviews.
//!
//! Whoever imports need not stop the collector: the tables of reviews are nobody else's, and one transaction takes its turn with those of
//! the writer. Only a file of an older program is brought up to date first, which needs the folder for itself.
//!
//! Owns: the connection of an import. Refuses: rows (see `feedback`) and reading files (see `listen`).
//! Invariant: all of a file is counted in one transaction, or none of it.

use super::feedback::{self, Imported};
use super::read;
use super::{connection, private, schema, settings};
use crate::error::Error;
use crate::listen::Noted;
use nowait_report::{Budgets, Zone};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs::File;
use std::path::Path;

/// A data folder that is open for an import.
#[derive(Debug)]
pub struct Import {
    conn: Connection,
    /// Held, not used: the lock ends with it. Nobody else writes if there is one.
    _lock: Option<File>,
}

impl Import {
    pub(super) fn open(folder: &Path, path: &Path) -> Result<Import, Error> {
        if let Ok(lock) = private::lock(folder) {
            return Ok(Import { conn: connection::writable(path)?, _lock: Some(lock) });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(connection::LOCK_TIMEOUT)?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        schema::check(&conn)?;
        Ok(Import { conn, _lock: None })
    }

    /// In which zone its days are cut.
    ///
    /// # Errors
    /// [`Error::is_store`].
    pub fn zone(&self) -> Result<Zone, Error> {
        settings::zone(&self.conn)
    }

    /// What the bank says, as the latest collector on this folder was told.
    ///
    /// # Errors
    /// [`Error::is_store`].
    pub fn budgets(&self) -> Result<Budgets, Error> {
        settings::budgets(&self.conn)
    }

    /// Counts them for this tenant.
    ///
    /// # Errors
    /// [`Error::is_no_data`] if there is no such tenant, [`Error::is_input`] if there is no room for them, [`Error::is_store`]; then
    /// nothing was changed.
    pub fn write(&mut self, tenant: &str, noted: &[Noted]) -> Result<Imported, Error> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some(read::Tenant { id, .. }) = read::tenant(&tx, tenant)? else {
            return Err(Error::no_data(format!("there is no tenant {tenant:?}: nothing was counted")));
        };
        let imported = feedback::write(&tx, id, noted)?;
        tx.commit()?;
        Ok(imported)
    }
}
