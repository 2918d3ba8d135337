//! The embedded store: one SQLite file, one writer, any number of readers.
//!
//! Owns: opening the file, its settings, the connections. Refuses: SQL of rows (see `writer`, `read`).
//! Invariant: at most one process writes what devices send into a data folder; anybody may read it meanwhile, and import reviews.

use super::connection::{readable, writable};
use super::folding;
use super::period::Plan;
use super::turns::{ReadFrom, Turn, Turns};
use super::writer::Writer;
use super::{
    By, Contexts, Deleted, Found, Intake, Keep, KeptText, Pending, Query, Store, Whose, batches, feedback,
    private, read, settings, side, slice, timeline,
};
use super::{arrivals, daily, detail, journey, rated};
use crate::cancel::Cancel;
use crate::error::Error;
use crate::limits::{READERS_KEPT_MAX, SLICE_THREADS_MAX};
use nowait_report::feedback::Feedback;
use nowait_report::rated::Explained;
use nowait_report::{
    Arrivals, Budgets, Cells, Daily, Detail, JourneyMap, Report, Scope, Side, Timeline, Zone,
};
use nowait_wire::{Batch, Kind, Uuid};
use rusqlite::Connection;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

/// The database inside the data folder.
const FILE: &str = "nowait.db";

/// After how many instructions of SQLite's machine a read looks whether it is still wanted: a few rows.
const STEPS_BETWEEN_LOOKS: std::ffi::c_int = 100;

/// How a store goes on with what it is given.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long it is kept.
    pub keep: Keep,
    /// Who waited beyond these targets is counted as late from now on; `None` for those that the folder keeps, which are the
    /// built-in ones for a new one. The folder keeps what is said here, and nobody changes it until it is opened again.
    pub budgets: Option<Budgets>,
    /// In which zone days and months are cut; `None` for that of the file, which is UTC for a new one.
    pub zone: Option<Zone>,
}

impl Default for Policy {
    /// Everything is kept, and the budgets and the zone of the folder.
    fn default() -> Policy {
        Policy { keep: Keep::ALL, budgets: None, zone: None }
    }
}

/// A data folder with a SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    writer: Option<Writer>,
    turns: Arc<Turns>,
    /// Idle connections for reading.
    readers: Mutex<Vec<Connection>>,
    /// In which days are cut, as it was when the file was opened.
    zone: Zone,
    /// By which waits are judged; changed by nobody if they were given when it was opened.
    budgets: RwLock<Arc<Budgets>>,
    are_budgets_given: bool,
    /// Held while an admin changes something: one after another, and nobody who asks waits for it.
    changing: Mutex<()>,
    /// Never replaced and never written with: to it, and to no other, a change of the file has one number.
    watch: Mutex<Option<Connection>>,
    /// Held, not used: the lock ends with it.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens a data folder for writing and reading, and creates what is not there yet. What an older program or a kill left
    /// without rollups is folded first. Nothing is removed by age.
    ///
    /// # Errors
    /// [`Error::is_store`] if the folder cannot be written, another process writes it, or the file is no store;
    /// [`Error::is_newer_schema`] if a newer program wrote it.
    pub fn open(folder: &Path) -> Result<SqliteStore, Error> {
        SqliteStore::open_with(folder, Policy::default(), |_, _| {})
    }

    /// The same; what is older than the policy says is removed beside the writing. `progress` is called now and then with the
    /// number of batches folded and their number in all.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(
        folder: &Path,
        policy: Policy,
        progress: impl FnMut(u64, u64),
    ) -> Result<SqliteStore, Error> {
        private::make_folder(folder).map_err(|error| {
            Error::store(format!("the folder {} cannot be made: {error}", folder.display()))
        })?;
        let lock = private::lock(folder)?;
        let path = folder.join(FILE);
        // SQLite gives its other files the rights of this one.
        private::make_file(&path)
            .map_err(|error| Error::store(format!("{} cannot be made: {error}", path.display())))?;
        let mut conn = writable(&path).map_err(|error| at(&path, &error))?;
        let budgets = match &policy.budgets {
            Some(given) => {
                settings::keep_budgets(&conn, given).map_err(|error| at(&path, &error))?;
                given.clone()
            }
            None => settings::budgets(&conn).map_err(|error| at(&path, &error))?,
        };
        let budgets = Arc::new(budgets);
        if let Some(zone) = &policy.zone {
            settings::keep_zone(&conn, zone)?;
        }
        folding::catch_up(&mut conn, &budgets, progress).map_err(|error| at(&path, &error))?;
        let zone = settings::zone(&conn).map_err(|error| at(&path, &error))?;
        let turns = Arc::new(Turns::default());
        let are_budgets_given = policy.budgets.is_some();
        let writer = Writer::start(conn, policy.keep, Arc::clone(&budgets), Arc::clone(&turns))?;
        Ok(SqliteStore {
            path,
            writer: Some(writer),
            turns,
            zone,
            budgets: RwLock::new(budgets),
            are_budgets_given,
            changing: Mutex::default(),
            readers: Mutex::default(),
            watch: Mutex::default(),
            _lock: Some(lock),
        })
    }

    /// Opens a data folder for reading only, while another process may be writing it.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], and [`Error::is_store`] if there is no store in the folder.
    pub fn open_read_only(folder: &Path) -> Result<SqliteStore, Error> {
        let path = existing(folder)?;
        let mut store = SqliteStore {
            path,
            writer: None,
            turns: Arc::default(),
            zone: Zone::UTC,
            budgets: RwLock::default(),
            are_budgets_given: false,
            changing: Mutex::default(),
            readers: Mutex::default(),
            watch: Mutex::default(),
            _lock: None,
        };
        let told = |conn: &Connection| Ok((settings::zone(conn)?, settings::budgets(conn)?));
        let (zone, budgets) = store.read(&Cancel::default(), told)?;
        store.zone = zone;
        store.budgets = RwLock::new(Arc::new(budgets));
        Ok(store)
    }

    /// The latest texts of reviews that were kept, at most `most`.
    ///
    /// # Errors
    /// As [`Store::feedback`].
    pub fn feedback_texts(&self, tenant: &str, query: &Query, most: usize) -> Result<Vec<KeptText>, Error> {
        let found =
            self.of_tenant(tenant, query, |conn, tenant| feedback::texts(conn, tenant, query, most))?;
        Ok(found.map(|(_, texts)| texts).unwrap_or_default())
    }

    /// Asks something on a connection of its own, in one transaction: all answers are as of one moment. It stops within
    /// some hundred microseconds after it was cancelled.
    pub(super) fn read<T>(
        &self,
        cancel: &Cancel,
        ask: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        cancel.check()?;
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut conn = match idle {
            Some(conn) => conn,
            None => readable(&self.path).map_err(|error| at(&self.path, &error))?,
        };
        let cancel = cancel.clone();
        self.turns.wait_for_log();
        conn.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || cancel.is_cancelled()))?;
        let tx = conn.transaction()?;
        let answer = ask(&tx)?;
        tx.finish()?;
        conn.progress_handler(0, None::<fn() -> bool>)?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_KEPT_MAX {
            readers.push(conn);
        }
        Ok(answer)
    }

    /// Asks something of a tenant, with where its data begin and end as of the same moment: what is folded between two reads would be in
    /// neither.
    pub(super) fn of_tenant<T>(
        &self,
        tenant: &str,
        query: &Query,
        ask: impl FnOnce(&Connection, read::Tenant) -> Result<T, Error>,
    ) -> Result<Option<(read::Tenant, T)>, Error> {
        let _turn = self.turns.take(ReadFrom::Rollups, &query.cancel)?;
        self.read(&query.cancel, |conn| match read::tenant(conn, tenant)? {
            Some(found) => Ok(Some((found, ask(conn, found)?))),
            None => Ok(None),
        })
    }

    /// Decodes what the rollups cannot answer, on as many cores as there are.
    pub(super) fn slice(
        &self,
        tenant: read::Tenant,
        query: &Query,
        budgets: &Budgets,
    ) -> Result<(slice::Sum, Plan), Error> {
        let _turn = self.turn_to_decode(&query.cancel)?;
        let chosen = self.read(&query.cancel, |conn| slice::choose(conn, tenant, query))?;
        let mut all = slice::Sum::default();
        let of_part = |conn: &Connection, ids: &[i64]| slice::sum(conn, query, &chosen.plan, budgets, ids);
        self.in_parts(&chosen.ids, &query.cancel, of_part)?.into_iter().for_each(|sum| all.merge(sum));
        Ok((all, chosen.plan))
    }

    /// Waits for a turn to decode batches.
    pub(super) fn turn_to_decode(&self, cancel: &Cancel) -> Result<Turn<'_>, Error> {
        self.turns.take(ReadFrom::Batches, cancel)
    }

    /// Reads what these ids are of on as many cores as there are, a part of them on each.
    pub(super) fn in_parts<T: Send>(
        &self,
        ids: &[i64],
        cancel: &Cancel,
        of_part: impl Fn(&Connection, &[i64]) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(SLICE_THREADS_MAX);
        let part = ids.len().div_ceil(threads).max(1);
        let read = |ids: &[i64]| self.read(cancel, |conn| of_part(conn, ids));
        std::thread::scope(|scope| {
            let parts: Vec<_> = ids.chunks(part).map(|ids| scope.spawn(move || read(ids))).collect();
            let early = || Err(Error::store("a thread that read batches ended early"));
            parts.into_iter().map(|part| part.join().unwrap_or_else(|_| early())).collect()
        })
    }

    /// The right to change something for an admin, if nothing else is being changed.
    fn change(&self) -> Result<MutexGuard<'_, ()>, Error> {
        match self.changing.try_lock() {
            Ok(alone) => Ok(alone),
            Err(TryLockError::Poisoned(alone)) => Ok(alone.into_inner()),
            Err(TryLockError::WouldBlock) => {
                Err(Error::later("an admin is changing something else: ask again when that has ended"))
            }
        }
    }

    fn writer(&self) -> Result<&Writer, Error> {
        self.writer.as_ref().ok_or_else(|| Error::store("the store was opened for reading only"))
    }
}

impl Store for SqliteStore {
    fn append(&self, intake: Intake) -> Result<Pending, Error> {
        self.writer()?.append(intake)
    }

    fn report(&self, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Report, Error> {
        let report =
            match self.of_tenant(tenant, query, |conn, found| read::report(conn, found, query, budgets))? {
                None => read::nothing(query, budgets),
                Some((_, Some(report))) => report,
                Some((found, None)) => {
                    let (sum, plan) = self.slice(found, query, budgets)?;
                    sum.report(query, &plan, budgets)
                }
            };
        Ok(Report { scope: Scope { zone: self.zone.clone(), ..report.scope }, ..report })
    }

    fn detail(
        &self,
        tenant: &str,
        query: &Query,
        touchpoint: (Kind, &str),
        by: Option<&By>,
        budgets: &Budgets,
    ) -> Result<Detail, Error> {
        detail::read(self, tenant, query, touchpoint, by, budgets)
    }

    fn daily(&self, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Daily, Error> {
        daily::read(self, tenant, query, budgets)
    }

    fn arrivals(&self, tenant: &str, query: &Query, now_unix_ms: u64) -> Result<Arrivals, Error> {
        arrivals::read(self, tenant, query, now_unix_ms)
    }

    fn session(&self, tenant: &str, session: Uuid) -> Result<Vec<Batch>, Error> {
        self.read(&Cancel::default(), |conn| {
            let tenant = read::tenant(conn, tenant)?;
            let entries = tenant.map(|tenant| batches::of_session(conn, tenant.id, session)).transpose()?;
            Ok(entries.unwrap_or_default().into_iter().map(|entry| entry.batch).collect())
        })
    }

    fn journey(
        &self,
        tenant: &str,
        query: &Query,
        journey: &str,
        budgets: &Budgets,
    ) -> Result<JourneyMap, Error> {
        journey::read(self, tenant, query, journey, budgets)
    }

    fn timeline(&self, tenant: &str, session: Uuid) -> Result<Timeline, Error> {
        self.read(&Cancel::default(), |conn| timeline::read(conn, tenant, session, &self.zone))
    }

    fn feedback(&self, tenant: &str, query: &Query) -> Result<Feedback, Error> {
        let found = self.of_tenant(tenant, query, |conn, tenant| feedback::read(conn, tenant, query))?;
        Ok(found.map(|(_, feedback)| feedback).unwrap_or_default())
    }

    fn rated(&self, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Explained, Error> {
        rated::read(self, tenant, query, budgets)
    }

    fn cells(&self, tenant: &str, query: &Query) -> Result<Cells, Error> {
        match self.of_tenant(tenant, query, |conn, found| read::cells(conn, found, query))? {
            None => Ok(Cells::new()),
            Some((_, Some(cells))) => Ok(cells),
            Some((found, None)) => Ok(self.slice(found, query, &Budgets::default())?.0.cells()),
        }
    }

    fn side(&self, tenant: &str, query: &Query) -> Result<Side, Error> {
        side::read(self, tenant, query)
    }

    fn zone(&self) -> &Zone {
        &self.zone
    }

    fn budgets(&self) -> Arc<Budgets> {
        Arc::clone(&self.budgets.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_budgets(&self, budgets: Budgets) -> Result<(), Error> {
        if self.are_budgets_given {
            return Err(Error::input(
                "budgets: this collector was started with --budgets: change that file and start it again, or start it \
                 without, and it keeps what it was told last",
            ));
        }
        let _alone = self.change()?;
        let budgets = Arc::new(budgets);
        self.writer()?.judge_by(Arc::clone(&budgets))?;
        *self.budgets.write().unwrap_or_else(PoisonError::into_inner) = budgets;
        Ok(())
    }

    fn known_of(&self, tenant: &str, whose: Whose) -> Result<Found, Error> {
        self.read(&Cancel::default(), |conn| Found::of(conn, tenant, whose))
    }

    fn delete(&self, tenant: &str, whose: Whose) -> Result<Deleted, Error> {
        let _alone = self.change()?;
        self.writer()?.delete(tenant, whose)
    }

    fn tenants(&self) -> Result<Vec<String>, Error> {
        self.read(&Cancel::default(), read::tenants)
    }

    fn app_versions(&self, tenant: &str) -> Result<Vec<String>, Error> {
        self.read(&Cancel::default(), |conn| read::app_versions(conn, tenant))
    }

    fn contexts(&self, tenant: &str) -> Result<Contexts, Error> {
        self.read(&Cancel::default(), |conn| read::contexts(conn, tenant))
    }

    fn changes(&self) -> Result<u64, Error> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let conn = match watch.take() {
            Some(conn) => watch.insert(conn),
            None => watch.insert(readable(&self.path).map_err(|error| at(&self.path, &error))?),
        };
        let changes: i64 = conn.pragma_query_value(None, "data_version", |row| row.get(0))?;
        Ok(changes.cast_unsigned())
    }

    fn is_open(&self) -> bool {
        self.writer.as_ref().is_some_and(Writer::is_open)
    }

    fn health(&self) -> Result<(), String> {
        self.writer
            .as_ref()
            .map_or_else(|| Err("the store was opened for reading only".into()), Writer::health)
    }

    fn close(&self) {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Some(writer) = &self.writer {
            writer.close();
        }
    }
}

/// The database that is in the folder.
pub(super) fn existing(folder: &Path) -> Result<PathBuf, Error> {
    let path = folder.join(FILE);
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::store(format!(
        "there is no store at {}: name the folder that `nowait serve --data` was given",
        path.display()
    )))
}

/// The same error, saying which file it is about.
pub(super) fn at(path: &Path, error: &Error) -> Error {
    error.within(&path.display().to_string())
}
