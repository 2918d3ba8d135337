//! The write-ahead log, and how large it becomes.
//!
//! Owns: when the log is emptied although somebody reads. Refuses: SQLite's own checkpoints, which empty it where nobody does.
//! Invariant: while no read lasts longer than [`WAL_WAIT`], the log is never larger than [`WAL_BYTES_MAX`] and a transaction. No
//! read is held back for longer than that either.

use super::turns::Turns;
use crate::error::Error;
use crate::limits::{WAL_AGAIN_AFTER, WAL_BYTES_MAX, WAL_WAIT};
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is looked whether a reader has ended: some of the time that a report takes.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Watches over the log of the connection that writes.
///
/// SQLite begins the log anew when everything in it is in the database and nobody reads from it. Reports that follow each other
/// without a gap never leave such a moment: the log grows for as long as they come, and each of them reads slower from it. So the
/// writer makes that moment, and holds still meanwhile. In this process nobody begins to read then (see [`Turns`]). In others they
/// do, so it takes two steps. It copies into the database what no reader is in the way of, until that is everything: who begins to
/// read meanwhile sees the end of the log, and is not in the way. From then on who begins finds the database whole and needs no log,
/// and when the others have ended it is empty. No other process waits for the writer, and the writer for two of its reports, one
/// after the other, however many follow. SQLite's own checkpoint that waits does not do: it waits
/// for a place in its table of readers to be free, which the next reader takes over from the one before.
#[derive(Debug)]
pub(super) struct Wal {
    path: Option<PathBuf>,
    turns: Arc<Turns>,
    /// When it may be tried again: a read that lasts longer, as a copy of the whole file does, is not waited for at each commit.
    again: Instant,
}

impl Wal {
    /// The log of this connection's database, and those who read it in this process.
    pub(super) fn of(conn: &Connection, turns: Arc<Turns>) -> Wal {
        let path =
            conn.path().filter(|path| !path.is_empty()).map(|path| PathBuf::from(format!("{path}-wal")));
        Wal { path, turns, again: Instant::now() }
    }

    /// Empties the log if it is too large, and says whether it did; to be called between transactions.
    pub(super) fn keep_small(&mut self, conn: &Connection, lock_timeout: Duration) -> Result<bool, Error> {
        if self.bytes() < WAL_BYTES_MAX || Instant::now() < self.again {
            return Ok(false);
        }
        self.empty(conn, lock_timeout)
    }

    /// Empties the log, and says whether it is: a read may last too long.
    pub(super) fn empty(&mut self, conn: &Connection, lock_timeout: Duration) -> Result<bool, Error> {
        let turns = Arc::clone(&self.turns);
        let _hold = turns.hold();
        let until = Instant::now() + WAL_WAIT;
        let mut is_empty = copy(conn, until)?;
        if is_empty {
            conn.busy_timeout(until.saturating_duration_since(Instant::now()))?;
            let is_busy = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
            conn.busy_timeout(lock_timeout)?;
            is_empty = !is_busy?;
        }
        if !is_empty {
            self.again = Instant::now() + WAL_AGAIN_AFTER;
        }
        Ok(is_empty)
    }

    /// Its file's size. SQLite leaves the file as long as it was when it begins anew, so this is never too small.
    fn bytes(&self) -> u64 {
        let file = self.path.as_ref().and_then(|path| path.metadata().ok());
        file.map_or(0, |file| file.len())
    }
}

/// Copies the log into the database until that is everything, and says whether it came so far in time.
fn copy(conn: &Connection, until: Instant) -> Result<bool, Error> {
    loop {
        let passive = "PRAGMA wal_checkpoint(PASSIVE)";
        let (pages, copied): (i64, i64) =
            conn.query_row(passive, [], |row| Ok((row.get(1)?, row.get(2)?)))?;
        if pages == copied || Instant::now() >= until {
            return Ok(pages == copied);
        }
        std::thread::sleep(LOOK_EVERY);
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
        let (mut wal, is_over) = (Wal::of(&conn, Arc::default()), AtomicBool::new(false));
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
        let mut wal = Wal::of(&conn, Arc::default());
        reader.execute_batch("BEGIN; SELECT count(*) FROM some;").unwrap();
        (0..5).for_each(|_| write(&conn));
        assert!(!wal.keep_small(&conn, LONG).unwrap(), "somebody reads");
        let begin = Instant::now();
        assert!(!wal.keep_small(&conn, LONG).unwrap());
        assert!(begin.elapsed() < WAL_WAIT, "it was tried again at once");
        reader.execute_batch("COMMIT").unwrap();
        wal.again = Instant::now();
        assert!(wal.keep_small(&conn, LONG).unwrap());
        assert_eq!(wal.bytes(), 0);
    }
}
