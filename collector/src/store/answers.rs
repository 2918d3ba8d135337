//! What everybody asks of a store: the command line, the page and the JSON.
//!
//! Owns: what is said where there is no answer. Refuses: rows (see [`Store`]) and how an answer is shown.
//! Invariant: the same question has one answer, whoever asks it.

use super::{Query, Store};
use crate::ask::{self, Question};
use crate::error::Error;
use jiff::civil::Date;
use nowait_report::limits::ROWS_LISTED_MAX;
use nowait_report::{
    Budgets, Check, CompareOptions, Comparison, Daily, Detail, JourneyMap, Report, Rows, Service, Side,
    Timeline,
};
use nowait_wire::Uuid;

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

/// The touchpoints of a report, day by day.
///
/// # Errors
/// As [`report`].
pub fn daily(store: &dyn Store, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Daily, Error> {
    let daily = store.daily(tenant, query, budgets)?;
    if daily.days.is_empty() {
        ask::filter_known(store, tenant, &query.filter)?;
    }
    Ok(daily)
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
