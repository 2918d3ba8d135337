//! Where batches rest, and what reports are made of.
//!
//! Owns: the contract of a store: [`Store`], what goes in ([`Intake`]) and what is asked ([`Query`]).
//! Refuses: HTTP, keys and arithmetic (see `serve`, `keys` and the crate `nowait_report`).
//! Invariant: **a batch that was answered for is durable**, once; and every report counts it, from the rollups or, as long as
//! they lack it, from the log itself.

mod account;
mod answers;
mod arrivals;
mod backup;
mod batches;
mod budget;
mod clean;
mod connection;
mod cursor;
mod daily;
mod deletion;
mod detail;
mod doctor;
mod exits;
mod feedback;
mod fold;
mod folder;
mod folding;
mod gaps;
mod import;
mod indicators;
mod intake;
mod journey;
mod journey_events;
mod kept;
mod listening;
mod people;
mod period;
mod private;
mod progress;
mod pulse;
mod quarantine;
mod rated;
mod read;
mod reindex;
mod retention;
mod rollups;
mod schema;
mod segments;
mod sessions;
mod settings;
mod side;
mod slice;
mod source;
mod split;
mod sqlite;
#[cfg(test)]
mod tests;
mod timeline;
mod turns;
mod waits;
mod wal;
mod writer;

pub use answers::{
    check, compare, daily, detail, journey, report, service, session_meant, side, tenant_meant, timeline,
};
pub use deletion::{Deleted, Deletion, Found, Whose};
pub use doctor::{Damage, Examined};
pub use feedback::{Imported, KeptText};
pub use gaps::{gaps, targets};
pub use import::Import;
pub use indicators::{indicators, life_map, months};
pub use intake::Intake;
pub use kept::Comparisons;
pub use listening::{listening, rated};
pub(crate) use private::make_folder;
pub use reindex::Rebuilt;
pub use retention::Keep;
pub use split::By;
pub use sqlite::{Policy, SqliteStore};

use crate::ask::Filter;
use crate::cancel::Cancel;
use crate::error::Error;
use crate::time::{hour_ceil, hour_floor};
use nowait_report::feedback::Feedback;
use nowait_report::rated::Explained;
use nowait_report::{
    Arrivals, Budgets, Cells, Daily, Detail, JourneyMap, Report, Rows, Scope, Side, Timeline, Zone,
};
use nowait_wire::{Batch, Kind, Uuid};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// What a store did with a batch, durably.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is stored now.
    New,
    /// It had been stored before.
    Duplicate,
}

/// A batch on its way to the disk: await it for the word that it is there.
///
/// Dropping it does not stop the batch.
#[derive(Debug)]
#[must_use = "a batch is only durable when this says so"]
pub struct Pending(oneshot::Receiver<Result<Stored, Error>>);

impl Pending {
    pub(crate) fn new() -> (oneshot::Sender<Result<Stored, Error>>, Pending) {
        let (sender, receiver) = oneshot::channel();
        (sender, Pending(receiver))
    }

    /// Waits on this thread, which must not be one of an async runtime's.
    ///
    /// # Errors
    /// [`Error::is_store`] if the batch was not stored.
    pub fn wait(self) -> Result<Stored, Error> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(gone()))
    }
}

impl Future for Pending {
    type Output = Result<Stored, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| answer.unwrap_or_else(|_| Err(gone())))
    }
}

fn gone() -> Error {
    Error::store("the store was closed before the batch was written")
}

/// Which events a report is about. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    from_unix_ms: Option<u64>,
    until_unix_ms: Option<u64>,
    /// Which part of the customers.
    pub filter: Filter,
    /// What a comparison holds equal beside tier, network and system.
    pub strata: Option<Strata>,
    /// Which rows of each section of a report.
    pub rows: Rows,
    /// Says when the answer is not wanted any more.
    pub cancel: Cancel,
}

/// Customers who are alike in this, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strata {
    /// The country.
    Country,
    /// The device model.
    Model,
    /// The app's own dimension of this key.
    Dimension(String),
}

impl Query {
    /// About this part of the customers, at any time.
    #[must_use]
    pub fn of(filter: Filter) -> Query {
        Query { filter, ..Query::default() }
    }

    /// Only from this moment on, widened to the full hour: rollups know no minutes.
    #[must_use]
    pub fn from(mut self, unix_ms: u64) -> Query {
        self.from_unix_ms = Some(hour_floor(unix_ms));
        self
    }

    /// Only before this moment, widened to the full hour.
    #[must_use]
    pub fn until(mut self, unix_ms: u64) -> Query {
        self.until_unix_ms = Some(hour_ceil(unix_ms));
        self
    }

    /// Whether it is about some time, and not about all.
    #[must_use]
    pub fn has_span(&self) -> bool {
        self.from_unix_ms.is_some() || self.until_unix_ms.is_some()
    }

    /// The same question without a span.
    #[must_use]
    pub fn at_any_time(self) -> Query {
        Query { from_unix_ms: None, until_unix_ms: None, ..self }
    }

    /// The same question, which is given up when `cancel` says so.
    #[must_use]
    pub fn unless(mut self, cancel: &Cancel) -> Query {
        self.cancel = cancel.clone();
        self
    }

    /// The same question about one release.
    #[must_use]
    pub fn of_version(&self, app_version: &str) -> Query {
        let filter = Filter { version: Some(app_version.to_owned()), ..self.filter.clone() };
        Query { filter, ..self.clone() }
    }

    /// The first moment asked for, on a full hour; 0 if there is no such limit.
    #[must_use]
    pub fn from_unix_ms(&self) -> u64 {
        self.from_unix_ms.unwrap_or(0)
    }

    /// The first moment no longer asked for, on a full hour; `i64::MAX` if there is no such limit.
    #[must_use]
    pub fn until_unix_ms(&self) -> u64 {
        self.until_unix_ms.unwrap_or(i64::MAX as u64)
    }

    fn first_hour(&self) -> u32 {
        period::hour_of(self.from_unix_ms())
    }

    fn end_hour(&self) -> u32 {
        period::hour_of(self.until_unix_ms())
    }

    /// How a report describes this question, where its figures are of the hours of `plan`.
    fn scope(&self, plan: Option<&period::Plan>) -> Scope {
        let limit = |asked: Option<u64>, found: Option<u32>| match (asked, found) {
            // What is kept as whole days only is told as such.
            (_, Some(hour)) if hour < u32::MAX => period::unix_ms(hour),
            (asked, _) => asked.unwrap_or(0),
        };
        let mut scope = Scope {
            from_unix_ms: limit(self.from_unix_ms, plan.map(|plan| plan.from)),
            until_unix_ms: limit(self.until_unix_ms, plan.map(|plan| plan.until)),
            ..Scope::default()
        };
        for (name, word) in self.filter.words() {
            scope.filters.insert(if name == "version" { "app_version".into() } else { name.into() }, word);
        }
        scope
    }
}

/// Values that batches came with, as many of each as are looked through for the nearest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contexts {
    /// Releases.
    pub app_versions: BTreeSet<String>,
    /// Countries.
    pub countries: BTreeSet<String>,
    /// Device models.
    pub device_models: BTreeSet<String>,
    /// The app's own dimensions, each `key:value`.
    pub dimensions: BTreeSet<String>,
}

/// Keeps batches and answers what reports ask. Calls that read may take as long as a disk takes.
pub trait Store: Send + Sync + 'static {
    /// Hands over a batch. Returns at once; the answer comes when the batch is durable.
    ///
    /// # Errors
    /// [`Error::is_busy`] if too many batches wait already, [`Error::is_store`] if the store is closed.
    fn append(&self, intake: Intake) -> Result<Pending, Error>;

    /// The report of this tenant, as of one moment.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn report(&self, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Report, Error>;

    /// One journey of this tenant, step by step and across channels, from its batches.
    ///
    /// # Errors
    /// [`Error::is_store`]; [`Error::is_no_data`] if there is none of that name, naming the nearest.
    fn journey(
        &self,
        tenant: &str,
        query: &Query,
        journey: &str,
        budgets: &Budgets,
    ) -> Result<JourneyMap, Error>;

    /// One touchpoint of this tenant in detail, split by a field if one is named.
    ///
    /// # Errors
    /// [`Error::is_store`]; [`Error::is_no_data`] if there is no such wait, naming the nearest that there is.
    fn detail(
        &self,
        tenant: &str,
        query: &Query,
        touchpoint: (Kind, &str),
        by: Option<&By>,
        budgets: &Budgets,
    ) -> Result<Detail, Error>;

    /// The touchpoints of a report, day by day over the last days up to where the question ends.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn daily(&self, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Daily, Error>;

    /// What arrives of this tenant's devices, what found no room, and what was set apart; at this moment, in milliseconds since
    /// 1970 UTC. The question says only when it is not wanted any more.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn arrivals(&self, tenant: &str, query: &Query, now_unix_ms: u64) -> Result<Arrivals, Error>;

    /// What a session of this tenant did, as far as its batches are kept.
    ///
    /// # Errors
    /// [`Error::is_store`]; [`Error::is_no_data`] if there is nothing of it.
    fn timeline(&self, tenant: &str, session: Uuid) -> Result<Timeline, Error>;

    /// The batches of a session that can be read, in order; none if there is no such session.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn session(&self, tenant: &str, session: Uuid) -> Result<Vec<Batch>, Error>;

    /// What customers of this tenant said elsewhere, in whole days.
    ///
    /// # Errors
    /// [`Error::is_store`]; [`Error::is_input`] for a filter of what no review says.
    fn feedback(&self, tenant: &str, query: &Query) -> Result<Feedback, Error>;

    /// What customers of this tenant said in the app beside how long they had waited, from its batches.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn rated(&self, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Explained, Error>;

    /// Waits by kind, name, release and system.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn cells(&self, tenant: &str, query: &Query) -> Result<Cells, Error>;

    /// What a comparison reads of a question about one release.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn side(&self, tenant: &str, query: &Query) -> Result<Side, Error>;

    /// In which zone days and months are cut, for as long as it is open.
    #[must_use]
    fn zone(&self) -> &Zone;

    /// By which waits are judged that come now.
    #[must_use]
    fn budgets(&self) -> Arc<Budgets>;

    /// Judges waits by these from now on, also when it is opened again; what came before stays as it was judged.
    ///
    /// # Errors
    /// [`Error::is_input`] if it was opened with budgets of its own, [`Error::is_store`]; nothing was changed then.
    fn set_budgets(&self, budgets: Budgets) -> Result<(), Error>;

    /// What a tenant has of somebody, as of this moment.
    ///
    /// # Errors
    /// [`Error::is_no_data`] if there is nothing of them, [`Error::is_store`].
    fn known_of(&self, tenant: &str, whose: Whose) -> Result<Found, Error>;

    /// Removes what a tenant has of somebody, and makes the rollups again without it. Batches wait for as long as that takes.
    ///
    /// # Errors
    /// [`Error::is_no_data`] if there is nothing of them, [`Error::is_busy`] if something else is being removed,
    /// [`Error::is_store`]; nothing was changed then.
    fn delete(&self, tenant: &str, whose: Whose) -> Result<Deleted, Error>;

    /// The tenants that have ever sent anything, sorted.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn tenants(&self) -> Result<Vec<String>, Error>;

    /// The releases of this tenant that are kept apart, in the order of versions: 8.9 before 8.10.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn app_versions(&self, tenant: &str) -> Result<Vec<String>, Error>;

    /// What the batches of this tenant have in common, by its values.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn contexts(&self, tenant: &str) -> Result<Contexts, Error>;

    /// A number that is another one as soon as anybody has written anything.
    ///
    /// # Errors
    /// [`Error::is_store`].
    fn changes(&self) -> Result<u64, Error>;

    /// Whether [`Store::append`] can succeed at all.
    fn is_open(&self) -> bool;

    /// Whether batches can be stored, by the word of the last commit; if that is old, by a probe, which takes as long as a
    /// disk takes, 2 s at most.
    ///
    /// # Errors
    /// Why not, without a path and without what a batch held.
    fn health(&self) -> Result<(), String>;

    /// Writes what it has accepted, answers for it and accepts nothing more.
    fn close(&self);
}
