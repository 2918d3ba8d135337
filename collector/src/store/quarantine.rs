//! Rows that cannot be read: kept apart with what is known of them, so that one never ends the work on all others.
//!
//! Owns: the table `quarantine`. Refuses: deciding what is damaged (who reads a row does).
//! Invariant: what is put here is named by table and key, and its bytes are kept.

use crate::error::Error;
use crate::time::now_unix_ms;
use rusqlite::{Connection, params};

/// Sets a row apart. It stays where it is; whoever found it decides what takes its place.
pub(super) fn put(
    conn: &Connection,
    tenant: i64,
    place: &str,
    why: &str,
    content: &[u8],
) -> Result<(), Error> {
    tracing::warn!(place, why, "a damaged row of the store was set apart");
    conn.prepare_cached(
        "INSERT INTO quarantine (found_unix_ms, tenant, place, why, content) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![super::writer::number(now_unix_ms()), tenant, place, why, content])?;
    Ok(())
}
