//! What is known of a session, of an installation or of a release, removed on request.
//!
//! Owns: which rows these are. Refuses: rollups whose batches are gone (see `reindex`): but for the release they hold
//! counts and sketches, out of which nothing can be taken.
//! Invariant: all of it goes in one transaction, together with the rollups made again without it; and neither the file nor, unless
//! somebody reads it meanwhile, its log holds a byte of it afterwards.

use super::budget::OTHER;
use super::reindex::{self, Rebuilt};
use super::rollups::{self, BY_PERIOD};
use super::{batches, feedback, read};
use crate::error::Error;
use nowait_wire::Uuid;
use rusqlite::{Connection, ToSql, TransactionBehavior};
use std::fmt;
use std::fs::File;

/// Whose data goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of one session: from a start of the app to its end.
    Session(Uuid),
    /// Of one installation: all of its sessions.
    Install(Uuid),
    /// Of one release of the app, on all systems.
    Version(String),
    /// All reviews that were imported.
    Feedback,
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Whose::Session(id) => write!(f, "session {id}"),
            Whose::Install(id) => write!(f, "install {id}"),
            Whose::Version(version) => write!(f, "version {version:?}"),
            Whose::Feedback => f.write_str("imported reviews"),
        }
    }
}

/// What is known of somebody, before it goes.
#[derive(Clone, Debug)]
pub struct Found {
    batches: Vec<i64>,
    sessions: Vec<i64>,
    /// The release, by system.
    releases: Vec<i64>,
    /// How many reviews, where those are meant.
    reviews: usize,
    whose: Whose,
    tenant: i64,
}

/// The same in a folder that is locked until this is dropped.
#[derive(Debug)]
pub struct Deletion {
    conn: Connection,
    found: Found,
    /// Held, not used: the lock ends with it.
    _lock: File,
}

/// What went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// What was made again without it; `None` where no batch was of it.
    pub rebuilt: Option<Rebuilt>,
    /// Damaged batches of the tenant that are set apart: whose they are cannot be read.
    pub set_apart: u64,
    /// Whether the write-ahead log still holds it, as somebody was reading the file.
    pub is_in_log: bool,
}

impl Deletion {
    pub(super) fn find(conn: Connection, lock: File, tenant: &str, whose: Whose) -> Result<Deletion, Error> {
        let found = Found::of(&conn, tenant, whose)?;
        Ok(Deletion { conn, found, _lock: lock })
    }

    /// What goes.
    #[must_use]
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Removes all of it. `progress` is called now and then with the number of batches that were read again, and their number.
    ///
    /// # Errors
    /// [`Error::is_store`]; then nothing was changed.
    pub fn run(mut self, progress: impl FnMut(u64, u64)) -> Result<Deleted, Error> {
        let deleted = self.found.remove(&mut self.conn, progress)?;
        // The log holds what the pages held before.
        let cut: Result<bool, _> =
            self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        Ok(Deleted { is_in_log: cut.unwrap_or(true), ..deleted })
    }
}

impl Found {
    /// What a tenant has of them.
    pub(super) fn of(conn: &Connection, tenant: &str, whose: Whose) -> Result<Found, Error> {
        let none = || {
            Error::no_data(format!("there is nothing of {whose} of tenant {tenant:?}; nothing was changed"))
        };
        let Some(read::Tenant { id: tenant, .. }) = read::tenant(conn, tenant)? else { return Err(none()) };
        let ids = |select: &str, of: &dyn ToSql| ids(conn, select, &[&tenant, of]);
        let by_session = |column: &str, of: &dyn ToSql| -> Result<_, Error> {
            let sessions = format!("SELECT id FROM sessions WHERE tenant = ?1 AND {column} = ?2");
            let batches = format!("SELECT id FROM batches WHERE session IN ({sessions})");
            Ok((ids(&batches, of)?, ids(&sessions, of)?, Vec::new()))
        };
        let mut reviews = 0;
        let (batches, sessions, releases) = match &whose {
            Whose::Feedback => {
                reviews = feedback::known(conn, tenant)?;
                (Vec::new(), Vec::new(), Vec::new())
            }
            Whose::Session(id) => by_session("session", id.as_bytes())?,
            Whose::Install(id) => by_session("install", id.as_bytes())?,
            // Many releases that are counted as one are none.
            Whose::Version(version) if version == OTHER => return Err(none()),
            Whose::Version(version) => {
                (ids(BATCHES_OF, version)?, ids(SESSIONS_OF, version)?, ids(RELEASES_OF, version)?)
            }
        };
        if batches.is_empty() && sessions.is_empty() && releases.is_empty() && reviews == 0 {
            return Err(none());
        }
        Ok(Found { batches, sessions, releases, reviews, whose, tenant })
    }

    /// How many batches and how many sessions there are of it.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.batches.len(), self.sessions.len())
    }

    /// How many reviews, where those are meant.
    #[must_use]
    pub fn reviews(&self) -> usize {
        self.reviews
    }

    /// Removes all of it, and makes the rollups again. The caller empties the log, which holds it still.
    pub(super) fn remove(
        &self,
        conn: &mut Connection,
        progress: impl FnMut(u64, u64),
    ) -> Result<Deleted, Error> {
        let before: i64 = conn.pragma_query_value(None, "secure_delete", |row| row.get(0))?;
        // What is removed is written over with zeros.
        conn.pragma_update(None, "secure_delete", true)?;
        let removed = self.remove_rows(conn, progress);
        conn.pragma_update(None, "secure_delete", before)?;
        removed
    }

    fn remove_rows(&self, conn: &mut Connection, progress: impl FnMut(u64, u64)) -> Result<Deleted, Error> {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match &self.whose {
            Whose::Feedback => feedback::remove(&tx, self.tenant)?,
            Whose::Version(version) => feedback::remove_version(&tx, self.tenant, version)?,
            Whose::Session(_) | Whose::Install(_) => {}
        }
        rollups::remove_batches(&tx, &self.batches)?;
        batches::remove_sessions(&tx, &self.sessions)?;
        for session in &self.sessions {
            tx.execute("DELETE FROM quarantine WHERE place = ?1", [format!("sessions {session}")])?;
        }
        for (table, _) in BY_PERIOD.into_iter().filter(|(_, key)| key.contains("release")) {
            for release in &self.releases {
                // In the segments of the tenant, too.
                tx.execute(&format!("DELETE FROM {table} WHERE release = ?1"), [release])?;
            }
        }
        let has_batches = self.whose != Whose::Feedback;
        let rebuilt = has_batches.then(|| reindex::rebuild(&tx, None, progress)).transpose()?;
        let set_apart = "SELECT count(*) FROM quarantine WHERE tenant = ?1 AND place LIKE 'batches %'";
        let set_apart = tx.query_row(set_apart, [self.tenant], |row| row.get(0))?;
        tx.commit()?;
        Ok(Deleted { rebuilt, set_apart, is_in_log: true })
    }
}

const BATCHES_OF: &str = "SELECT id FROM batches WHERE tenant = ?1 \
    AND context IN (SELECT id FROM contexts WHERE tenant = ?1 AND app_version = ?2)";

/// Those that are counted under the release or have a batch of it, unless they have a batch of another one as well.
const SESSIONS_OF: &str = "SELECT id FROM sessions WHERE tenant = ?1 \
    AND (release IN (SELECT id FROM releases WHERE tenant = ?1 AND app_version = ?2) \
        OR EXISTS (SELECT 1 FROM batches JOIN contexts ON contexts.id = context \
            WHERE session = sessions.id AND app_version = ?2)) \
    AND NOT EXISTS (SELECT 1 FROM batches JOIN contexts ON contexts.id = context \
            WHERE session = sessions.id AND app_version <> ?2)";

const RELEASES_OF: &str = "SELECT id FROM releases WHERE tenant = ?1 AND app_version = ?2";

fn ids(conn: &Connection, select: &str, of: &[&dyn ToSql]) -> Result<Vec<i64>, Error> {
    let mut select = conn.prepare(select)?;
    Ok(select.query_map(of, |row| row.get(0))?.collect::<Result<_, _>>()?)
}
