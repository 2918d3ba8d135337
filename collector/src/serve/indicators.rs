//! What is read of a bank's indicators.
//!
//! Owns: turning an address into a question. Refuses: figures (see `store`).
//! Invariant: where the budgets say nothing of their own the answer says what to write.

use super::asked::Asked;
use super::gaps::{meant, plain_tables, tables};
use crate::error::Error;
use crate::store;
use axum::response::{IntoResponse, Response};
use nowait_report::Section;
use nowait_report::indicator::{EXAMPLE_INDICATORS, Experiences, Trends};
use nowait_report::section::{of_experiences, of_trends};

/// How customers fare.
pub(super) fn indicators(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(of(asked)?).into_response())
}

/// The same as the tables that the terminal and the page show.
pub(super) fn sections(asked: &Asked) -> Result<Response, Error> {
    let example = (!asked.budgets().has_own_indicators()).then_some(EXAMPLE_INDICATORS);
    Ok(tables(of_experiences(&of(asked)?), example))
}

/// The same from month to month.
pub(super) fn months(asked: &Asked) -> Result<Response, Error> {
    let (tenant, query) = meant(asked)?;
    Ok(axum::Json(in_months(asked, &tenant, &query)?).into_response())
}

/// The same as the table that the terminal and the page show.
pub(super) fn months_sections(asked: &Asked) -> Result<Response, Error> {
    let (tenant, query) = meant(asked)?;
    Ok(tables(of_trends(&in_months(asked, &tenant, &query)?), None))
}

/// Both without a script.
pub(super) fn plain(asked: &Asked) -> Result<Response, Error> {
    let span = of(asked)?;
    let (tenant, query) = meant(asked)?;
    // The months are the last twelve, whichever span is asked for.
    let months = in_months(asked, &tenant, &query.at_any_time())?;
    let sections: Vec<Section> = of_experiences(&span).into_iter().chain(of_trends(&months)).collect();
    Ok(plain_tables("Indicators", &sections, EXAMPLE_INDICATORS))
}

fn of(asked: &Asked) -> Result<Experiences, Error> {
    let (tenant, query) = meant(asked)?;
    store::indicators(asked.store(), &tenant, &query, asked.budgets())
}

fn in_months(asked: &Asked, tenant: &str, query: &store::Query) -> Result<Trends, Error> {
    store::months(asked.store(), tenant, query, asked.budgets(), asked.now_unix_ms())
}
