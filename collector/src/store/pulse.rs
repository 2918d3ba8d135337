//! What the last commit said, so that readiness is no guess.
//!
//! Owns: the word of the last commit, how old it is, and the write that asks for a new one. Refuses: batches (see `writer`).
//! Invariant: after a commit failed the word stays bad until one succeeds that wrote as much as a batch does.

use crate::error::Error;
use crate::limits::{COMMIT_TIMEOUT, PROBE_AFTER, PROBE_BYTES};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The writer's word about itself.
#[derive(Debug)]
pub(super) struct Pulse(Mutex<Last>);

#[derive(Debug)]
struct Last {
    /// When the commit began that has not ended yet.
    began: Option<Instant>,
    ended: Instant,
    failed: Option<String>,
}

impl Pulse {
    /// Of a writer whose database was just opened for writing.
    pub(super) fn new() -> Pulse {
        Pulse(Mutex::new(Last { began: None, ended: Instant::now(), failed: None }))
    }

    pub(super) fn begin(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).began = Some(Instant::now());
    }

    pub(super) fn end(&self, outcome: &Result<(), Error>) {
        let failed = outcome.as_ref().err().map(ToString::to_string);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Last { began: None, ended: Instant::now(), failed };
    }

    /// Whether the word is too old to be repeated, and nobody is about to say another one.
    pub(super) fn is_stale(&self) -> bool {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.began.is_none() && last.ended.elapsed() >= PROBE_AFTER
    }

    /// The last word.
    pub(super) fn word(&self) -> Result<(), String> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let takes = last.began.map_or(Duration::ZERO, |began| began.elapsed());
        match &last.failed {
            Some(why) => Err(why.clone()),
            None if takes >= COMMIT_TIMEOUT => {
                Err(format!("a commit has not returned for {} s", takes.as_secs()))
            }
            None => Ok(()),
        }
    }

    /// Writes something and takes it back: after a good commit a page, after a bad one as much as a large batch, as a page
    /// often finds room on a full disk.
    pub(super) fn probe(&self, conn: &mut Connection) {
        let failed_before = self.word().is_err();
        self.begin();
        self.end(&if failed_before { write_much(conn) } else { write_little(conn) });
    }
}

fn write_little(conn: &mut Connection) -> Result<(), Error> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    tx.pragma_update(None, "user_version", version)?;
    Ok(tx.commit()?)
}

fn write_much(conn: &mut Connection) -> Result<(), Error> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch("DROP TABLE IF EXISTS probe; CREATE TABLE probe (bytes BLOB NOT NULL);")?;
    tx.execute("INSERT INTO probe VALUES (randomblob(?1))", [PROBE_BYTES as i64])?;
    tx.commit()?;
    Ok(conn.execute_batch("DROP TABLE IF EXISTS probe")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_word_stays_until_a_commit_succeeds() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = Connection::open(folder.path().join("some.db")).unwrap();
        conn.busy_timeout(Duration::ZERO).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA user_version = 3;").unwrap();
        let pulse = Pulse::new();
        assert!(pulse.word().is_ok() && !pulse.is_stale());
        let other = Connection::open(folder.path().join("some.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        pulse.probe(&mut conn);
        assert!(pulse.word().unwrap_err().contains("locked"));
        pulse.probe(&mut conn);
        assert!(pulse.word().is_err());
        other.execute_batch("ROLLBACK").unwrap();
        pulse.probe(&mut conn);
        assert_eq!(pulse.word(), Ok(()));
        pulse.probe(&mut conn);
        let left: (i64, i64) = conn
            .query_row(
                "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(left, (3, 0), "nothing is left of it");
    }
}
