//! When what was stored is folded into the rollups: soon after it came, at the latest when it is too much.
//!
//! Owns: what is stored and not folded yet, and when that is written. Refuses: rows (see `rollups` and `segments`) and the thread (see
//! `writer`).
//! Invariant: what could not be written stays in the log, and is read again from there.

use super::batches::Entry;
use super::fold::Folded;
use super::period::Calendar;
use super::progress::Progress;
use super::{rollups, segments};
use crate::error::Error;
use crate::limits::{
    FOLD_AGAIN_AFTER_MAX, SEGMENTS_AFTER, UNFOLDED_AFTER, UNFOLDED_EVENTS_MAX, UNFOLDED_PARTS,
};
use nowait_report::Budgets;
use rusqlite::{Connection, TransactionBehavior};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is stored and not yet in the rollups.
pub(super) struct Folding {
    folded: Folded,
    /// What belongs to segments, and since when there is some.
    waits: segments::Waits,
    waits_since: Option<Instant>,
    /// Whether batches were stored that are not in `folded` and `waits`: they are read from the log.
    pub(super) is_behind: bool,
    /// Whether nothing comes any more, so that everything is written.
    pub(super) is_last: bool,
    /// When the next write is due; `None` if there is nothing to write.
    due: Option<Instant>,
    /// How long the last write took.
    took: Duration,
    /// How long to wait after a failure.
    again_after: Duration,
    /// By which waits are too long.
    pub(super) budgets: Arc<Budgets>,
    calendar: Calendar,
}

impl Folding {
    pub(super) fn new(budgets: Arc<Budgets>, calendar: Calendar) -> Folding {
        Folding {
            folded: Folded::of(calendar.clone()),
            waits: segments::Waits::of(calendar.clone()),
            waits_since: None,
            is_behind: false,
            is_last: false,
            due: None,
            took: Duration::ZERO,
            again_after: UNFOLDED_AFTER,
            budgets,
            calendar,
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        let of_waits = self.waits_since.map(|since| since + SEGMENTS_AFTER);
        self.due.into_iter().chain(of_waits).min()
    }

    /// Whether something has to be written before more is added.
    pub(super) fn is_full(&self) -> bool {
        self.folded.is_full(UNFOLDED_EVENTS_MAX) || self.waits.is_full()
    }

    /// Adds what was just committed.
    pub(super) fn add(&mut self, conn: &Connection, entry: &Entry) {
        self.due.get_or_insert_with(|| Instant::now() + UNFOLDED_AFTER.max(self.took * UNFOLDED_PARTS));
        if self.is_behind {
            return;
        }
        if self
            .folded
            .add(entry, &self.budgets, || rollups::session(conn, entry.tenant, entry.session))
            .is_err()
        {
            self.forget();
            return;
        }
        self.waits_since.get_or_insert_with(Instant::now);
        self.waits.add(entry, &self.budgets, None);
    }

    /// Leaves the rest to the log.
    fn forget(&mut self) {
        self.folded = Folded::of(self.calendar.clone());
        self.forget_waits();
        self.is_behind = true;
    }

    fn forget_waits(&mut self) {
        (self.waits, self.waits_since) = (segments::Waits::of(self.calendar.clone()), None);
    }

    /// Reads the log at the next write, as something may be in it that was not added.
    pub(super) fn fall_behind(&mut self) {
        self.forget();
        self.due.get_or_insert_with(|| Instant::now() + UNFOLDED_AFTER);
    }

    pub(super) fn write(&mut self, conn: &mut Connection) -> Result<(), Error> {
        self.due = None;
        let begin = Instant::now();
        let written = if self.is_behind {
            catch_up(conn, &self.budgets, |_, _| {}).map(|()| true)
        } else {
            self.write_folded(conn)
        };
        // Catching up takes as long as there is something to read again, which says nothing of the next write.
        self.took = if self.is_behind { Duration::ZERO } else { begin.elapsed() };
        match written {
            Ok(has_waits) => {
                self.folded = Folded::of(self.calendar.clone());
                if has_waits {
                    self.forget_waits();
                }
                (self.is_behind, self.again_after) = (false, UNFOLDED_AFTER);
                Ok(())
            }
            Err(error) => {
                self.forget();
                self.due = Some(Instant::now() + self.again_after);
                self.again_after = (self.again_after * 2).min(FOLD_AGAIN_AFTER_MAX);
                Err(error)
            }
        }
    }

    /// Writes what is folded, and the waits of segments if their time has come: whether it wrote these.
    fn write_folded(&self, conn: &mut Connection) -> Result<bool, Error> {
        let is_time = self.waits_since.is_some_and(|since| since.elapsed() >= SEGMENTS_AFTER);
        let has_waits = !self.waits.is_empty() && (is_time || self.waits.is_full() || self.is_last);
        if self.folded.is_empty() && !has_waits {
            return Ok(false);
        }
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let floors = rollups::floors(&tx)?;
        if !self.folded.is_empty() {
            rollups::write(&tx, &self.folded, &floors)?;
        }
        if has_waits {
            self.waits.write(&tx, &floors)?;
        }
        tx.commit()?;
        Ok(has_waits)
    }
}

/// Folds all batches that are in no rollup yet. `progress` is called now and then with how many are done, of how many.
pub(super) fn catch_up(
    conn: &mut Connection,
    budgets: &Budgets,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), Error> {
    let from = Progress::FoldedTo.read(conn)?;
    let total: u64 =
        conn.query_row("SELECT count(*) FROM batches WHERE id > ?1", [from], |row| row.get(0))?;
    let mut done = 0;
    while done < total {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let step = rollups::catch_up(&tx, budgets, &rollups::floors(&tx)?)?;
        tx.commit()?;
        if step == 0 {
            break;
        }
        done += step as u64;
        progress(done, total);
    }
    loop {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let step = segments::catch_up(&tx, budgets, &rollups::floors(&tx)?)?;
        tx.commit()?;
        if step == 0 {
            return Ok(());
        }
    }
}
