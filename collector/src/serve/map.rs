//! What is read of the map of touchpoints over a customer's life.
//!
//! Owns: turning an address into a question. Refuses: figures (see `store`).
//! Invariant: where the budgets place nothing the answer says what to write.

use super::asked::Asked;
use super::gaps::{meant, plain_tables, tables};
use crate::error::Error;
use crate::store;
use axum::response::{IntoResponse, Response};
use nowait_report::life::{EXAMPLE_LIFE, LifeMap};
use nowait_report::section::of_life;

/// The map.
pub(super) fn map(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(of(asked)?).into_response())
}

/// The same as the table that the terminal and the page show.
pub(super) fn sections(asked: &Asked) -> Result<Response, Error> {
    let sections = of_life(&of(asked)?);
    let example = sections.is_empty().then_some(EXAMPLE_LIFE);
    Ok(tables(sections, example))
}

/// The same without a script.
pub(super) fn plain(asked: &Asked) -> Result<Response, Error> {
    Ok(plain_tables("Touchpoint map", &of_life(&of(asked)?), EXAMPLE_LIFE))
}

fn of(asked: &Asked) -> Result<LifeMap, Error> {
    let (tenant, query) = meant(asked)?;
    store::life_map(asked.store(), &tenant, &query, asked.budgets())
}
