//! Where batches rest, and what reports are made of.
//!
//! Owns: the contract of a store: [`Store`], what goes in ([`Intake`]) and what is asked ([`Query`]).
//! Refuses: HTTP, keys and arithmetic (see `serve`, `keys` and the crate `nowait_report`).
//! Invariant: **a batch that was answered for is durable**, once; and every report counts it, from the rollups or, as long as
//! they lack it, from the log itself.

mod account;
mod backup;
mod batches;
mod budget;
mod clean;
mod connection;
mod cursor;
mod deletion;
mod detail;
mod doctor;
mod exits;
mod fold;
mod gaps;
mod indicators;
mod intake;
mod journey;
mod kept;
mod people;
mod period;
mod private;
mod progress;
mod pulse;
mod quarantine;
mod read;
mod reindex;
mod retention;
mod rollups;
mod schema;
mod segments;
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

pub use deletion::{Deleted, Deletion, Whose};
pub use doctor::{Damage, Examined};
pub use gaps::{gaps, targets};
pub use indicators::{indicators, months};
pub use intake::Intake;
pub use kept::Comparisons;
pub(crate) use private::make_folder;
pub use reindex::Rebuilt;
pub use retention::Keep;
pub use split::By;
pub use sqlite::{Policy, SqliteStore};

use crate::ask::{self, Filter, Question};
use crate::cancel::Cancel;
use crate::error::Error;
use crate::time::{hour_ceil, hour_floor};
use jiff::civil::Date;
use nowait_report::limits::ROWS_LISTED_MAX;
use nowait_report::{
    Budgets, Cells, Check, CompareOptions, Comparison, Detail, JourneyMap, Report, Rows, Scope, Service,
    Side, Timeline, Zone,
};
use nowait_wire::{Batch, Kind, Uuid};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
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

/// The report that everybody sees: the command line, the page and the JSON.
///
/// # Errors
/// [`Error::is_store`]; [`Error::is_no_data`] if what was asked for never sent anything, naming the nearest.
pub fn report(store: &dyn Store, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Report, Error> {
    let report = store.report(tenant, query, budgets)?;
    let is_empty = report.touchpoints.is_empty() && report.exits.count == 0 && report.ledger.sessions == 0;
    if is_empty {
        ask::filter_known(store, tenant, &query.filter)?;
    }
    Ok(report)
}

/// The touchpoint that a question is about, in detail.
///
/// # Errors
/// As [`Store::detail`]; [`Error::is_input`] if it names none.
pub fn detail(
    store: &dyn Store,
    tenant: &str,
    question: &Question,
    query: &Query,
    budgets: &Budgets,
) -> Result<Detail, Error> {
    let (kind, name) = question.touchpoint.as_ref().ok_or_else(|| {
        Error::input("touchpoint: name the one that is meant, for example /v1/touchpoint?touchpoint=action:Pay.Confirm")
    })?;
    store.detail(tenant, query, (*kind, name), question.by.as_ref(), budgets)
}

/// A month of service, and the one before it: the month that the question names, else the last whole one, else, as long as there is
/// none, this one.
///
/// # Errors
/// As [`report`]; [`Error::is_input`] for a span that is no month.
pub fn service(
    store: &dyn Store,
    tenant: &str,
    question: &Question,
    query: &Query,
    budgets: &Budgets,
    now_unix_ms: u64,
) -> Result<Service, Error> {
    if question.from_unix_ms.is_some() || question.until_unix_ms.is_some() {
        return Err(Error::input(
            "since, until and hours: a service report is of a month; write month=2026-03",
        ));
    }
    let of_month = |first: Date| {
        let begin = |date: Result<Date, jiff::Error>| date.ok().and_then(|date| store.zone().begin_of(date));
        let next = first.checked_add(jiff::Span::new().months(1));
        let from = begin(Ok(first)).ok_or_else(|| Error::input("month: there is no such month here"))?;
        let query = query.clone().from(from).until(begin(next).unwrap_or(u64::MAX));
        let query = Query { rows: Rows::page(1, ROWS_LISTED_MAX), ..query };
        store.report(tenant, &query, budgets)
    };
    let before = |first: Date| first.checked_sub(jiff::Span::new().months(1)).unwrap_or(first);
    let this = store.zone().date(now_unix_ms).map_or(Date::MIN, Date::first_of_month);
    let mut month = question.month.unwrap_or_else(|| before(this));
    let mut report = of_month(month)?;
    if question.month.is_none() && report.ledger.sessions == 0 && report.touchpoints.is_empty() {
        month = this;
        report = of_month(month)?;
    }
    let named = month.strftime("%Y-%m").to_string();
    Ok(Service::new(named, report, of_month(before(month))?))
}

/// The journey that a question is about, step by step.
///
/// # Errors
/// As [`Store::journey`]; [`Error::is_input`] if it names none.
pub fn journey(
    store: &dyn Store,
    tenant: &str,
    question: &Question,
    query: &Query,
    budgets: &Budgets,
) -> Result<JourneyMap, Error> {
    let journey = question.journey.as_ref().ok_or_else(|| {
        Error::input("journey: name the one that is meant, for example /v1/journey?journey=Transfer")
    })?;
    store.journey(tenant, query, journey, budgets)
}

/// The session that a question is about.
///
/// # Errors
/// As [`Store::timeline`]; [`Error::is_input`] if it names none.
pub fn timeline(store: &dyn Store, tenant: &str, question: &Question) -> Result<Timeline, Error> {
    store.timeline(tenant, session_meant(question)?)
}

/// The session that is meant.
///
/// # Errors
/// [`Error::is_input`] if none was named.
pub fn session_meant(question: &Question) -> Result<Uuid, Error> {
    question.session.ok_or_else(|| Error::input("session: name the one that is meant by its id"))
}

/// What is compared of a release within the rest of the query.
///
/// # Errors
/// [`Error::is_store`]; [`Error::is_no_data`] if the release never sent a wait, naming the nearest that did.
pub fn side(store: &dyn Store, tenant: &str, query: &Query, version: &str) -> Result<Side, Error> {
    let side = store.side(tenant, &query.of_version(version))?;
    if side.is_empty() {
        return Err(ask::nothing_of(store, tenant, version));
    }
    Ok(side)
}

/// BASE against HEAD within the rest of the query.
///
/// # Errors
/// [`Error::is_store`]; [`Error::is_no_data`] if one of the releases never sent a wait, naming the nearest that did.
pub fn compare(
    store: &dyn Store,
    tenant: &str,
    query: &Query,
    (base, head): (&str, &str),
    budgets: &Budgets,
    options: CompareOptions,
) -> Result<Comparison, Error> {
    let [of_base, of_head] = [side(store, tenant, query, base)?, side(store, tenant, query, head)?];
    Ok(Comparison::new((base, &of_base), (head, &of_head), budgets, options))
}

/// A release against the limits of these budgets, on the day of this moment.
///
/// # Errors
/// [`Error::is_store`]; [`Error::is_input`] if there is no limit; [`Error::is_no_data`] if the release never sent a wait.
pub fn check(
    store: &dyn Store,
    tenant: &str,
    query: &Query,
    version: &str,
    budgets: &Budgets,
    unix_ms: u64,
) -> Result<Check, Error> {
    if !budgets.has_limits() {
        return Err(Error::input("the budgets limit nothing: write a [[limit]] (`nowait help check`)"));
    }
    let side = side(store, tenant, query, version)?;
    Ok(Check::new((version, &side), budgets, &store.zone().day(unix_ms)))
}

/// The tenant that is meant: the one that was named, or the only one there is.
///
/// # Errors
/// [`Error::is_no_data`] if the one that was named never sent anything, naming the nearest; [`Error::is_input`] if nobody was
/// named and there are several, naming some.
pub fn tenant_meant(store: &dyn Store, named: Option<&str>) -> Result<String, Error> {
    ask::tenant_meant(store, named)
}
