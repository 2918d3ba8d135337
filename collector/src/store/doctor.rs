//! Every row that has to be decoded, decoded; and what is damaged, set apart.
//!
//! Owns: which rows these are, and what can be saved of a file that SQLite itself calls malformed. Refuses: what takes the place of
//! a damaged row (see `reindex`).
//! Invariant: no damage ends the examination early, and nothing is set apart whose bytes are not kept.

use super::account::Account;
use super::{quarantine, rollups};
use crate::error::Error;
use crate::limits::{DAMAGED_MAX, DAMAGED_SHOWN_MAX};
use nowait_report::{Accounts, Cell, People};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

/// A table of rows that have to be decoded.
#[derive(Debug)]
struct Table {
    name: &'static str,
    /// Its primary key.
    key: &'static [&'static str],
    /// What is decoded.
    content: &'static str,
    decode: fn(&[u8]) -> Result<(), String>,
}

/// All of them. What is put in quarantine is named by these names and keys.
const TABLES: [Table; 5] = [
    Table {
        name: "batches",
        key: &["id"],
        content: "frame",
        decode: |bytes| said(nowait_wire::decode(bytes)),
    },
    Table {
        name: "sessions",
        key: &["id"],
        content: "account",
        decode: |bytes| said(Account::from_bytes(bytes)),
    },
    Table {
        name: "cells",
        key: &["tenant", "period", "start", "series", "release"],
        content: "cell",
        decode: |bytes| said(Cell::from_bytes(bytes)),
    },
    Table {
        name: "people",
        key: &["tenant", "period", "start", "release", "series"],
        content: "people",
        decode: |bytes| said(People::from_bytes(bytes)),
    },
    Table {
        name: "accounts",
        key: &["tenant", "period", "start", "release"],
        content: "accounts",
        decode: |bytes| said(Accounts::from_bytes(bytes)),
    },
];

fn said<T, E: ToString>(decoded: Result<T, E>) -> Result<(), String> {
    decoded.map(drop).map_err(|error| error.to_string())
}

/// How many rows are read between two signs of life.
const ROWS_BETWEEN_SIGNS: u64 = 256;

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Table and key, as in the table `quarantine`.
    pub place: String,
    /// What is wrong with it.
    pub why: String,
    table: usize,
    key: Vec<i64>,
    tenant: i64,
}

/// What an examination found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Rows that were decoded.
    pub rows: u64,
    /// Those that could not be, `DAMAGED_MAX` at most.
    pub damaged: Vec<Damage>,
    /// How many more there are.
    pub more: u64,
    /// What SQLite says of the file itself, 50 lines at most; empty if nothing.
    pub malformed: Vec<String>,
    /// What was set apart before: place and reason, 50 at most, the latest first.
    pub set_apart: Vec<(String, String)>,
    /// How many that are in all.
    pub set_apart_count: u64,
}

impl Examined {
    /// Whether nothing is damaged. What was set apart before hurts nobody.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.malformed.is_empty()
    }
}

/// Looks at everything.
pub(super) fn examine(conn: &Connection, mut progress: impl FnMut(u64, u64)) -> Result<Examined, Error> {
    let mut found = Examined::default();
    if let Err(error) = quick_check(conn, &mut found.malformed) {
        found.malformed.push(error.to_string());
    }
    // A table that cannot be counted is found to be damaged below.
    let count = |table: &Table| count(conn, table.name).unwrap_or(0);
    let total = TABLES.iter().map(count).sum();
    for (at, table) in TABLES.iter().enumerate() {
        if let Err(error) = read(conn, at, table, &mut found, |done| progress(done, total)) {
            found.malformed.push(format!("{} cannot be read to its end: {error}", table.name));
        }
    }
    if let Err(error) = read_quarantine(conn, &mut found) {
        found.malformed.push(format!("quarantine cannot be read: {error}"));
    }
    progress(found.rows, total);
    found.malformed.truncate(DAMAGED_SHOWN_MAX);
    Ok(found)
}

fn quick_check(conn: &Connection, malformed: &mut Vec<String>) -> Result<(), Error> {
    let mut check = conn.prepare(&format!("PRAGMA quick_check({DAMAGED_SHOWN_MAX})"))?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            malformed.push(line);
        }
    }
    Ok(())
}

fn count(conn: &Connection, table: &str) -> Result<u64, Error> {
    Ok(conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
}

fn read(
    conn: &Connection,
    at: usize,
    table: &Table,
    found: &mut Examined,
    mut progress: impl FnMut(u64),
) -> Result<(), Error> {
    let Table { name, key, content, decode } = table;
    let select = format!("SELECT {content}, tenant, {} FROM {name}", key.join(", "));
    let mut select = conn.prepare(&select)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        found.rows += 1;
        if found.rows.is_multiple_of(ROWS_BETWEEN_SIGNS) {
            progress(found.rows);
        }
        let Err(why) = decoded(row, *decode) else { continue };
        if found.damaged.len() >= DAMAGED_MAX {
            found.more += 1;
            continue;
        }
        let keys: Vec<i64> = (2..2 + key.len()).map(|column| row.get(column)).collect::<Result<_, _>>()?;
        let words: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let place = format!("{name} {}", words.join("/"));
        found.damaged.push(Damage { place, why, table: at, key: keys, tenant: row.get(1)? });
    }
    Ok(())
}

/// Decodes the first column of a row; a session whose batches are not folded has no account yet.
fn decoded(row: &Row, decode: fn(&[u8]) -> Result<(), String>) -> Result<(), String> {
    let content = row.get_ref(0).map_err(|error| error.to_string())?;
    content.as_blob_or_null().map_err(|error| error.to_string())?.map_or(Ok(()), decode)
}

fn read_quarantine(conn: &Connection, found: &mut Examined) -> Result<(), Error> {
    found.set_apart_count = count(conn, "quarantine")?;
    let select = "SELECT place, why FROM quarantine ORDER BY id DESC LIMIT ?1";
    let mut select = conn.prepare(select)?;
    let rows = select.query_map([DAMAGED_SHOWN_MAX as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.set_apart = rows.collect::<Result<_, _>>()?;
    Ok(())
}

/// Puts what was found into quarantine, and takes it out of its place.
pub(super) fn set_apart(conn: &Connection, found: &Examined) -> Result<(), Error> {
    for Damage { place, why, table, key, tenant } in &found.damaged {
        let Some(Table { name, key: columns, content, decode }) = TABLES.get(*table) else { continue };
        let at = columns.iter().map(|column| format!("{column} = ?")).collect::<Vec<_>>().join(" AND ");
        let row = || params_from_iter(key);
        let mut select = conn.prepare_cached(&format!("SELECT {content} FROM {name} WHERE {at}"))?;
        let mut rows = select.query(row())?;
        let Some(found) = rows.next()? else { continue };
        // Somebody may have written since it was found.
        if decoded(found, *decode).is_ok() {
            continue;
        }
        let bytes = found.get_ref(0)?.as_bytes_or_null().map_err(rusqlite::Error::from)?;
        quarantine::put(conn, *tenant, place, why, bytes.unwrap_or_default())?;
        drop(rows);
        match (*name, key.as_slice()) {
            ("batches", ids) => rollups::remove_batches(conn, ids)?,
            ("sessions", _) => {
                let forget = "UPDATE sessions SET hour = NULL, release = NULL, account = NULL WHERE id = ?";
                conn.prepare_cached(forget)?.execute(row())?;
            }
            _ => {
                conn.prepare_cached(&format!("DELETE FROM {name} WHERE {at}"))?.execute(row())?;
            }
        }
    }
    Ok(())
}

/// Copies every row that can be read into a new store, from both ends of each table towards the damage.
pub(super) fn salvage(old: &Connection, new: &Connection) -> Result<(), Error> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut tables = new.prepare(tables)?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in tables {
        let mut keys = new.prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")?;
        let keys: Vec<String> = keys.query_map([&table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for order in ["ASC", "DESC"] {
            let by: Vec<String> = keys.iter().map(|key| format!("{key} {order}")).collect();
            let select = format!("SELECT * FROM {table} NOT INDEXED ORDER BY {}", by.join(", "));
            let Err(error) = copy(old, new, &table, &select) else { break };
            tracing::warn!(%table, order, %error, "a table could not be read to its end");
        }
    }
    Ok(())
}

/// Copies rows until one is there already or cannot be read.
fn copy(old: &Connection, new: &Connection, table: &str, select: &str) -> Result<(), Error> {
    let mut select = old.prepare(select)?;
    let columns = select.column_count();
    let places = vec!["?"; columns].join(", ");
    let mut insert = new.prepare(&format!("INSERT OR IGNORE INTO {table} VALUES ({places})"))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<Value> = (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
        insert.execute(params_from_iter(values))?;
    }
    Ok(())
}
