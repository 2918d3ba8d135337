//! What is read of a bank's gaps and targets.
//!
//! Owns: turning an address into a question. Refuses: figures (see `store`).
//! Invariant: where the budgets say nothing the answer says what to write.

use super::asked::Asked;
use super::reads::shown;
use crate::error::Error;
use crate::page;
use crate::store::{self, Query};
use axum::response::{IntoResponse, Response};
use nowait_report::gaps::EXAMPLE_GAPS;
use nowait_report::section::{SECTIONS_VERSION, of_gaps, of_targets};
use nowait_report::{Budgets, Gaps, Rows, Section, Targets};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// How far the bank is from what its customers expect.
pub(super) fn gaps(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(of(asked)?).into_response())
}

/// The same as the table that the terminal and the page show.
pub(super) fn sections(asked: &Asked) -> Result<Response, Error> {
    let (gaps, budgets) = tried(asked)?;
    let sections = of_gaps(&gaps);
    let example = sections.is_empty().then_some(EXAMPLE_GAPS);
    let toml = (!asked.ask.factors.is_empty()).then(|| budgets.factors_as_toml());
    Ok(axum::Json(Tables { sections_version: SECTIONS_VERSION, sections, example, toml }).into_response())
}

/// What became of the gaps that were chosen.
pub(super) fn targets(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(of_chosen(asked)?).into_response())
}

/// The same as the table that the terminal and the page show.
pub(super) fn targets_sections(asked: &Asked) -> Result<Response, Error> {
    Ok(tables(of_targets(&of_chosen(asked)?), None))
}

/// Both without a script.
pub(super) fn plain(asked: &Asked) -> Result<Response, Error> {
    let gaps = of(asked)?;
    let (tenant, mut query) = meant_beside(asked, "factor")?;
    // Each release is told, whichever the table is about.
    query.filter.version = None;
    let targets = store::targets(asked.store(), &tenant, &query, asked.budgets())?;
    let sections: Vec<Section> = of_gaps(&gaps).into_iter().chain(of_targets(&targets)).collect();
    Ok(plain_tables("Short of expectations", &sections, EXAMPLE_GAPS))
}

/// The JSON of `GET /v1/gaps/sections` and its like.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Tables {
    sections_version: u32,
    sections: Vec<Section>,
    /// What to write into the budgets file, as TOML; only where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<&'static str>,
    /// What to write into it so that it says what was tried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    toml: Option<String>,
}

pub(super) fn tables(sections: Vec<Section>, example: Option<&'static str>) -> Response {
    let toml = None;
    axum::Json(Tables { sections_version: SECTIONS_VERSION, sections, example, toml }).into_response()
}

/// The same without a script.
pub(super) fn plain_tables(title: &str, sections: &[Section], example: &str) -> Response {
    let nonce = Uuid::new_v4().simple().to_string();
    shown(page::tables(title, sections, example, &nonce), &nonce)
}

/// Whose figures are meant, and which.
pub(super) fn meant(asked: &Asked) -> Result<(String, Query), Error> {
    meant_beside(asked, "")
}

fn meant_beside(asked: &Asked, own: &str) -> Result<(String, Query), Error> {
    let (tenant, query) = asked.of_no_comparison_beside(own)?;
    if query.rows != Rows::default() {
        return Err(Error::input("page: this is listed whole; leave it out"));
    }
    Ok((tenant, query))
}

fn of(asked: &Asked) -> Result<Gaps, Error> {
    Ok(tried(asked)?.0)
}

/// The gaps by the bank's numbers and those that the address tries out, and all of these.
fn tried(asked: &Asked) -> Result<(Gaps, Budgets), Error> {
    let (tenant, query) = meant_beside(asked, "factor")?;
    let budgets =
        asked.budgets().trying(&asked.ask.factors).map_err(|error| Error::input(error.to_string()))?;
    Ok((store::gaps(asked.store(), &tenant, &query, &budgets)?, budgets))
}

fn of_chosen(asked: &Asked) -> Result<Targets, Error> {
    let (tenant, query) = meant(asked)?;
    store::targets(asked.store(), &tenant, &query, asked.budgets())
}
