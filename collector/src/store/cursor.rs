//! The walk over the cells of one period.
//!
//! Owns: the order of rows, and decoding them one at a time. Refuses: putting several periods together (see `source`).
//! Invariant: it holds one row.

use super::source::Release;
use crate::error::Error;
use nowait_report::Cell;
use rusqlite::Rows as SqlRows;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use std::collections::HashMap;

/// A cell that may be damaged, and its release.
type Found<'r> = (&'r Release, Result<Cell, nowait_report::Error>);

/// The cells of one period, in the order of their series.
pub(super) struct Cursor<'s> {
    rows: SqlRows<'s>,
    /// The series of the row that it stands on; `None` at the end.
    pub(super) series: Option<i64>,
}

impl<'s> Cursor<'s> {
    pub(super) fn new(rows: SqlRows<'s>) -> Result<Cursor<'s>, Error> {
        let mut cursor = Cursor { rows, series: None };
        cursor.advance()?;
        Ok(cursor)
    }

    pub(super) fn advance(&mut self) -> Result<(), Error> {
        self.rows.advance()?;
        self.series = self.rows.get().map(|row| row.get(0)).transpose()?;
        Ok(())
    }

    /// The cell that it stands on, if its release is asked for.
    pub(super) fn cell<'r>(&self, releases: &'r HashMap<i64, Release>) -> Result<Option<Found<'r>>, Error> {
        let Some(row) = self.rows.get() else { return Ok(None) };
        let Some(release) = releases.get(&row.get(1)?) else { return Ok(None) };
        let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        Ok(Some((release, Cell::from_bytes(bytes))))
    }
}
