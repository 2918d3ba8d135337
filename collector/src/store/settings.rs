//! What the store was told, kept in the file for whoever opens it later.
//!
//! Owns: the table `settings`. Refuses: using what stands there.
//! Invariant: rollups that are made again are judged by the budgets of the latest collector that wrote here.

use crate::error::Error;
use nowait_report::Budgets;
use rusqlite::{Connection, OptionalExtension, params};

const BUDGETS: &str = "budgets";

/// Remembers the budgets by which waits are too long from now on.
pub(super) fn keep_budgets(conn: &Connection, budgets: &Budgets) -> Result<(), Error> {
    conn.execute(
        "INSERT OR REPLACE INTO settings (name, text) VALUES (?1, ?2)",
        params![BUDGETS, budgets.source()],
    )?;
    Ok(())
}

/// The budgets that were remembered last; the defaults if there are none.
pub(super) fn budgets(conn: &Connection) -> Result<Budgets, Error> {
    let select = "SELECT text FROM settings WHERE name = ?1";
    let source: Option<String> = conn.query_row(select, [BUDGETS], |row| row.get(0)).optional()?;
    Ok(Budgets::parse(&source.unwrap_or_default())?)
}
