//! The write-ahead log, and how large it becomes.
//!
//! Owns: when the log is emptied although somebody reads. Refuses: SQLite's own checkpoints, which empty it where nobody does.
//! Invariant: while no read lasts longer than [`WAL_WAIT`], the log is never larger than [`WAL_BYTES_MAX`] and a transaction.

use crate::error::Error;
use crate::limits::{WAL_BYTES_MAX, WAL_WAIT};
use rusqlite::Connection;
use std::path::PathBuf;
use std::time::Duration;

/// Watches over the log of the connection that writes.
///
/// SQLite begins the log anew when everything in it is in the database and nobody reads from it. Reports that follow each other
/// without a gap never leave such a moment: the log grows for as long as they come, and each of them reads slower from it. So the
/// writer makes that moment: it holds still until everybody who reads from the log has ended. Who begins meanwhile finds the
/// database whole and needs no log, so that nobody waits for the writer, and the writer for no newcomer.
#[derive(Debug)]
pub(super) struct Wal {
    path: Option<PathBuf>,
    /// The size from which on it is to be emptied.
    due_bytes: u64,
}

impl Wal {
    /// The log of this connection's database.
    pub(super) fn of(conn: &Connection) -> Wal {
        let path =
            conn.path().filter(|path| !path.is_empty()).map(|path| PathBuf::from(format!("{path}-wal")));
        Wal { path, due_bytes: WAL_BYTES_MAX }
    }

    /// Empties the log if it is too large, and says whether it did; to be called between transactions.
    pub(super) fn keep_small(&mut self, conn: &Connection, lock_timeout: Duration) -> Result<bool, Error> {
        let bytes = self.bytes();
        if bytes < self.due_bytes {
            return Ok(false);
        }
        conn.busy_timeout(WAL_WAIT)?;
        let is_busy = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        conn.busy_timeout(lock_timeout)?;
        let is_busy = is_busy?;
        // A read that lasts longer, as a copy of the whole file does, costs one more wait each time the log has grown by as much.
        self.due_bytes = if is_busy { bytes + WAL_BYTES_MAX } else { WAL_BYTES_MAX };
        Ok(!is_busy)
    }

    /// Its file's size. SQLite leaves the file as long as it was when it begins anew, so this is never too small.
    fn bytes(&self) -> u64 {
        let file = self.path.as_ref().and_then(|path| path.metadata().ok());
        file.map_or(0, |file| file.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    const LONG: Duration = Duration::from_secs(10);

    fn open(folder: &tempfile::TempDir) -> Connection {
        let conn = Connection::open(folder.path().join("some.db")).unwrap();
        conn.busy_timeout(LONG).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;").unwrap();
        conn
    }

    /// Writes a quarter of what the log may have.
    fn write(conn: &Connection) {
        conn.execute("INSERT INTO some VALUES (zeroblob(?1))", [WAL_BYTES_MAX / 4]).unwrap();
    }

    /// What a report does: some statements that see one state of the file.
    fn read(conn: &Connection, pause: Duration) {
        conn.execute_batch("BEGIN; SELECT count(*) FROM some;").unwrap();
        std::thread::sleep(pause);
        conn.execute_batch("COMMIT").unwrap();
    }

    #[test]
    fn readers_that_overlap_do_not_let_the_log_grow() {
        let folder = tempfile::tempdir().unwrap();
        let conn = open(&folder);
        conn.execute_batch("CREATE TABLE some (bytes BLOB)").unwrap();
        let (mut wal, is_over) = (Wal::of(&conn), AtomicBool::new(false));
        let mut bytes_max = 0;
        std::thread::scope(|scope| {
            for pause_ms in [7, 11, 13, 17] {
                let (folder, is_over) = (&folder, &is_over);
                scope.spawn(move || {
                    let conn = open(folder);
                    while !is_over.load(Ordering::Relaxed) {
                        read(&conn, Duration::from_millis(pause_ms));
                    }
                });
            }
            for _ in 0..32 {
                write(&conn);
                bytes_max = bytes_max.max(wal.bytes());
                wal.keep_small(&conn, LONG).unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert!(bytes_max > WAL_BYTES_MAX, "the log was to be emptied at all");
        assert!(bytes_max < 2 * WAL_BYTES_MAX, "the log grew to {bytes_max} bytes");
    }

    #[test]
    fn a_reader_that_stays_is_waited_for_once_and_not_at_each_commit() {
        let folder = tempfile::tempdir().unwrap();
        let (conn, reader) = (open(&folder), open(&folder));
        conn.execute_batch("CREATE TABLE some (bytes BLOB)").unwrap();
        let mut wal = Wal::of(&conn);
        reader.execute_batch("BEGIN; SELECT count(*) FROM some;").unwrap();
        (0..5).for_each(|_| write(&conn));
        assert_eq!(wal.keep_small(&conn, LONG), Ok(false), "somebody reads");
        let due_bytes = wal.due_bytes;
        assert!(due_bytes > 2 * WAL_BYTES_MAX);
        write(&conn);
        assert_eq!(wal.keep_small(&conn, LONG), Ok(false));
        assert_eq!(wal.due_bytes, due_bytes, "it was not tried again so soon");
        reader.execute_batch("COMMIT").unwrap();
        (0..4).for_each(|_| write(&conn));
        assert_eq!(wal.keep_small(&conn, LONG), Ok(true));
        assert_eq!((wal.bytes(), wal.due_bytes), (0, WAL_BYTES_MAX));
    }
}
