//! What is read of what customers say.
//!
//! Owns: turning an address into a question. Refuses: figures (see `store`).
//! Invariant: where nothing was imported the answer says what a file is.

use super::asked::Asked;
use super::gaps::{meant, plain_tables, tables};
use crate::error::Error;
use crate::store;
use axum::response::{IntoResponse, Response};
use nowait_report::feedback::{EXAMPLE_FEEDBACK, Listening};
use nowait_report::rated::Explained;
use nowait_report::section::{of_explained, of_listening};

/// What they say elsewhere.
pub(super) fn listening(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(of(asked)?).into_response())
}

/// The same as the tables that the terminal and the page show.
pub(super) fn sections(asked: &Asked) -> Result<Response, Error> {
    let sections = of_listening(&of(asked)?);
    let example = sections.is_empty().then_some(EXAMPLE_FEEDBACK);
    Ok(tables(sections, example))
}

/// What they said in the app, beside how long they had waited.
pub(super) fn ratings(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(of_the_app(asked)?).into_response())
}

/// The same as the tables that the terminal and the page show.
pub(super) fn ratings_sections(asked: &Asked) -> Result<Response, Error> {
    Ok(tables(of_explained(&of_the_app(asked)?), None))
}

/// Both without a script.
pub(super) fn plain(asked: &Asked) -> Result<Response, Error> {
    let sections: Vec<_> =
        of_listening(&of(asked)?).into_iter().chain(of_explained(&of_the_app(asked)?)).collect();
    Ok(plain_tables("Listening", &sections, EXAMPLE_FEEDBACK))
}

fn of(asked: &Asked) -> Result<Listening, Error> {
    let (tenant, query) = meant(asked)?;
    store::listening(asked.store(), &tenant, &query, asked.budgets())
}

fn of_the_app(asked: &Asked) -> Result<Explained, Error> {
    let (tenant, query) = meant(asked)?;
    store::rated(asked.store(), &tenant, &query, asked.budgets())
}
