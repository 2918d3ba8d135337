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

/// What a row holds that is about to be added to: nothing if there is no such row, or if it is damaged, which sets it apart.
pub(super) fn read<T: Default, E: ToString>(
    conn: &Connection,
    tenant: i64,
    place: impl FnOnce() -> String,
    stored: Option<Vec<u8>>,
    decode: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<T, Error> {
    let Some(stored) = stored else { return Ok(T::default()) };
    match decode(&stored) {
        Ok(read) => Ok(read),
        Err(error) => put(conn, tenant, &place(), &error.to_string(), &stored).map(|()| T::default()),
    }
}
