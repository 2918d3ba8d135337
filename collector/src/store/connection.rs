//! Connections to the file, and what each is told first.
//!
//! Owns: the settings of a connection and of a new file. Refuses: rows, and when a connection is opened (see `sqlite`).
//! Invariant: a file of a stranger is refused before the first word is written.

use super::schema;
use crate::error::Error;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// The size of a page of a new file, in bytes. A batch of 500 events takes 2.6 kB and a row is not split over pages
/// while it fits into one: SQLite's 4096 would waste 38 % of the file, 8192 wastes 8 %, and more would make every
/// commit write more.
const PAGE_BYTES: i64 = 8192;

/// What `auto_vacuum` says of a file whose free pages can be given back a few at a time.
///
/// It is a setting that SQLite takes before the first table is made, or with a VACUUM, which writes the whole file again and
/// needs as much room. A file of an older program is left as it is while `serve` runs: it does not shrink, and takes new
/// batches into its free pages. `reindex`, which nobody waits for, does the VACUUM.
pub(super) const INCREMENTAL: i64 = 2;

/// How long a connection waits for another one's lock: a checkpoint on a slow disk.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements that a connection keeps compiled: more than there are.
const STATEMENTS_KEPT: usize = 64;

/// The size to which the write-ahead log is cut after a checkpoint, in bytes; a long report lets it grow.
const LOG_BYTES_KEPT: i64 = 64 * 1024 * 1024;

/// Pages that the writer keeps in memory, in KiB: the rollups of this hour.
const WRITER_CACHE_KIB: i64 = 64 * 1024;

/// A connection that writes; the file is made if it is not there, and brought up to date.
pub(super) fn writable(path: &Path) -> Result<Connection, Error> {
    let mut conn = Connection::open(path)?;
    conn.busy_timeout(LOCK_TIMEOUT)?;
    // Before the first word is written: a write-ahead log is a setting of the file.
    schema::refuse_a_strangers_file(&conn)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    conn.pragma_update(None, "page_size", PAGE_BYTES)?;
    ask_incremental(&conn)?;
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Error::store(format!("its disk does not allow a write-ahead log, only {mode:?}")));
    }
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    schema::prepare(&mut conn)?;
    Ok(conn)
}

/// Asks for [`INCREMENTAL`] where the file can take it: before its first table, or in the next VACUUM.
pub(super) fn ask_incremental(conn: &Connection) -> Result<(), Error> {
    // Where it is set already this would write a page.
    if vacuum_mode(conn)? != INCREMENTAL {
        conn.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
    }
    Ok(())
}

/// What `auto_vacuum` says.
pub(super) fn vacuum_mode(conn: &Connection) -> Result<i64, Error> {
    Ok(conn.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?)
}

/// A connection that only reads.
pub(super) fn connect(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(LOCK_TIMEOUT)?;
    Ok(conn)
}

/// A connection that only reads, of a file that this program knows.
pub(super) fn readable(path: &Path) -> Result<Connection, Error> {
    let conn = connect(path)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    schema::check(&conn)?;
    Ok(conn)
}
