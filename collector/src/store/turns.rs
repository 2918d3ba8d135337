//! Whose turn it is to read.
//!
//! Owns: how many questions are answered at once from rollups and from batches, and that no read begins while the writer empties
//! its log. Refuses: what is read.
//! Invariant: **who waits here holds no transaction**, so that the writer, for whom they wait, never waits for them.

use crate::cancel::Cancel;
use crate::error::Error;
use crate::limits::{DECODERS_MAX, TURN_LOOK_EVERY};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What a question is answered from.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReadFrom {
    Rollups,
    Batches,
}

/// Those who read in this process.
#[derive(Debug)]
pub(super) struct Turns {
    now: Mutex<Now>,
    changed: Condvar,
    /// As many may read rollups at once.
    rollups_max: usize,
}

#[derive(Debug, Default)]
struct Now {
    is_log_emptied: bool,
    at_rollups: usize,
    at_batches: usize,
}

impl Now {
    fn at(&mut self, from: ReadFrom) -> &mut usize {
        match from {
            ReadFrom::Rollups => &mut self.at_rollups,
            ReadFrom::Batches => &mut self.at_batches,
        }
    }
}

impl Default for Turns {
    /// One core is left to whoever stores what devices send.
    fn default() -> Turns {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Turns { now: Mutex::default(), changed: Condvar::new(), rollups_max: cores.saturating_sub(1).max(1) }
    }
}

impl Turns {
    /// Waits until it is this question's turn, which lasts until what is returned is dropped.
    ///
    /// # Errors
    /// If nobody waits for the answer any more.
    pub(super) fn take(&self, from: ReadFrom, cancel: &Cancel) -> Result<Turn<'_>, Error> {
        let most = match from {
            ReadFrom::Rollups => self.rollups_max,
            ReadFrom::Batches => DECODERS_MAX,
        };
        let mut now = self.now();
        while *now.at(from) >= most {
            cancel.check()?;
            let waited = self.changed.wait_timeout(now, TURN_LOOK_EVERY);
            now = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *now.at(from) += 1;
        Ok(Turn { turns: self, from })
    }

    /// Waits while the log is being emptied; to be called before each transaction.
    pub(super) fn wait_for_log(&self) {
        let mut now = self.now();
        while now.is_log_emptied {
            now = self.changed.wait(now).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets nobody begin to read until what is returned is dropped: those who read end the sooner.
    pub(super) fn hold(&self) -> Hold<'_> {
        self.now().is_log_emptied = true;
        Hold(self)
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        // Each change of it is one store: it is whole whatever happened to who held it.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to answer a question.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    from: ReadFrom,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.turns.now().at(self.from) -= 1;
        self.turns.changed.notify_all();
    }
}

/// Nobody begins to read as long as this lives.
#[derive(Debug)]
pub(super) struct Hold<'t>(&'t Turns);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.now().is_log_emptied = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_of_each_kind_take_turns_and_do_not_wait_for_the_other_kind() {
        let turns = Turns { rollups_max: 2, ..Turns::default() };
        let wanted = Cancel::default();
        let rollups = [(); 2].map(|()| turns.take(ReadFrom::Rollups, &wanted).unwrap());
        let batches = turns.take(ReadFrom::Batches, &wanted).unwrap();
        for from in [ReadFrom::Rollups, ReadFrom::Batches] {
            let unwanted = Cancel::default();
            std::thread::scope(|scope| {
                let third = scope.spawn(|| turns.take(from, &unwanted).map(drop));
                std::thread::sleep(2 * TURN_LOOK_EVERY);
                assert!(!third.is_finished());
                unwanted.cancel();
                assert!(third.join().unwrap().is_err(), "it waited for a turn that nobody wants");
            });
        }
        drop((rollups, batches));
        for from in [ReadFrom::Rollups, ReadFrom::Batches] {
            assert_eq!(*turns.now().at(from), 0);
        }
    }

    #[test]
    fn a_read_begins_when_the_hold_ends() {
        let turns = Turns::default();
        let hold = turns.hold();
        std::thread::scope(|scope| {
            let read = scope.spawn(|| turns.wait_for_log());
            std::thread::sleep(2 * TURN_LOOK_EVERY);
            assert!(!read.is_finished());
            drop(hold);
        });
        turns.wait_for_log();
    }
}
