//! What is read of what arrives.
//!
//! Owns: who sees what of it. Refuses: counting (see `store` and `counters`).
//! Invariant: what was not taken is a number of all tenants together, which only an admin sees.

use super::asked::Asked;
use super::gaps::{meant, tables};
use crate::error::Error;
use crate::keys::Role;
use axum::response::{IntoResponse, Response};
use nowait_report::Arrivals;
use nowait_report::section::{of_arrivals, of_refused};

/// What arrives, what found no room, and what was set apart.
pub(super) fn arrivals(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(of(asked)?).into_response())
}

/// The same as tables; for an admin with what was not taken.
pub(super) fn sections(asked: &Asked) -> Result<Response, Error> {
    let mut sections = of_arrivals(&of(asked)?);
    if asked.reader.role() == Role::Admin {
        sections.push(of_refused(&asked.shared.counters.not_taken()));
    }
    Ok(tables(sections, None))
}

/// What arrives, of all devices.
pub(super) fn of(asked: &Asked) -> Result<Arrivals, Error> {
    let (tenant, query) = meant(asked)?;
    if !query.filter.is_empty() || query.has_span() {
        return Err(Error::input("this is of all devices, as of now: leave filters and spans out"));
    }
    asked.store().arrivals(&tenant, &query, asked.now_unix_ms())
}
