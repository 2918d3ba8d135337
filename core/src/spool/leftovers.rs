//! What refusals, dead processes and the version before leave in the folder.

use super::file::{self, FileName, Name};
use super::{Spool, gone, list};
use crate::ring::account::Account;
use crate::sync::{Mutant, is_broken};
use nowait_wire::Uuid;
use std::io;

/// Where the version before kept the batches of customers who had not decided, in NoWait's folder.
const PENDING: &str = "pending";

impl Spool {
    /// Removes every batch, of every process and also half-made ones. A wipe is no drop: nothing is counted.
    ///
    /// # Errors
    /// The first that the file system says; everything else is removed all the same.
    pub(crate) fn wipe(&mut self) -> io::Result<()> {
        if is_broken(Mutant::WipeLeftOut) {
            return Ok(());
        }
        self.known.clear();
        all([self.folder.clone(), self.root.join(PENDING)].into_iter().map(|folder| {
            let names = list(&*self.disk, &folder)?;
            all(names.into_iter().map(|(text, _)| gone(self.disk.remove(&folder.join(text)))))
        }))
    }

    /// Removes the batches that are not of the present generation: the customer refused them, or the file that counted
    /// the refusals was lost. `generation` is asked once, after the folder was listed: what another process seals under a
    /// decision that comes later is never taken for old. A wipe is no drop: nothing is counted.
    ///
    /// # Errors
    /// The first that the file system says; everything else is removed all the same.
    pub(crate) fn wipe_older(&mut self, generation: impl FnOnce() -> u64) -> io::Result<()> {
        let batches = self.list_batches()?;
        let present = generation();
        // One that is damaged says nothing: it is found, and counted, by whoever has an account.
        let is_older =
            |name: &FileName| self.read_entry(*name).is_ok_and(|entry| entry.seal.generation != present);
        let older: Vec<FileName> = batches.into_iter().filter(is_older).collect();
        all(older.into_iter().map(|name| self.remove_uncounted(name)))
    }

    /// Removes the damaged batches of a dead session of which its recorder does not know: the recovery makes them again, so
    /// that nothing is lost and nothing is counted. To be called after [`Spool::entries`].
    ///
    /// # Errors
    /// The first that the file system says; everything else is removed all the same.
    pub(crate) fn remove_unnoted(&mut self, dead: Uuid) -> io::Result<()> {
        let batches = self.list_batches()?;
        let is_made_again = |name: &FileName| {
            let of_dead = name.of.filter(|(session, _)| *session == dead);
            !self.known.contains_key(name) && of_dead.is_some_and(|(dead, next)| !self.is_noted(dead, next))
        };
        let made_again: Vec<FileName> = batches.into_iter().filter(is_made_again).collect();
        all(made_again.into_iter().map(|name| self.remove_uncounted(name)))
    }

    /// Finishes, in its account, the give-up that a dead session had begun: it counts if its rename happened. The file
    /// set aside stays until [`Spool::remove_leftovers`], so that dying here repeats the same.
    ///
    /// # Errors
    /// Whatever the file system says when the folder cannot be listed; then the give-up is not finished.
    pub(crate) fn finish_give_up(&self, dead: Uuid, account: Account<'_>) -> io::Result<()> {
        let Some(sequence) = account.give_up_file() else { return Ok(()) };
        let aside = file::given_up(sequence, dead);
        if list(&*self.disk, &self.folder)?.iter().any(|(text, _)| *text == aside) {
            account.give_up_finish();
        } else {
            account.give_up_cancel();
        }
        Ok(())
    }

    /// Removes what a dead session left half-done, once its account is sealed.
    ///
    /// # Errors
    /// The first that the file system says; everything else is removed all the same.
    pub(crate) fn remove_leftovers(&self, dead: Uuid) -> io::Result<()> {
        self.remove_leftovers_of(|owner| owner == dead)
    }

    /// Removes what sessions left half-done that have no recorder file in which a recovery would find them. Does no harm
    /// to one that lives without a file: it seals again what it could not finish.
    ///
    /// # Errors
    /// The first that the file system says; everything else is removed all the same.
    pub(crate) fn remove_stale(&self, has_recorder: impl Fn(Uuid) -> bool) -> io::Result<()> {
        self.remove_leftovers_of(|owner| owner != self.owner && !has_recorder(owner))
    }

    fn remove_leftovers_of(&self, is_left: impl Fn(Uuid) -> bool) -> io::Result<()> {
        let names = list(&*self.disk, &self.folder)?;
        let left = names.into_iter().filter(|(_, name)| match name {
            Name::Unfinished(owner) | Name::GivenUp(owner) => is_left(*owner),
            Name::Batch(_) => false,
        });
        all(left.map(|(text, _)| gone(self.disk.remove(&self.folder.join(text)))))
    }

    /// Moves what the version before kept in a folder of its own; whether there was anything.
    pub(super) fn take_over_pending(&mut self) -> io::Result<bool> {
        let from = self.root.join(PENDING);
        if !self.disk.is_folder(&from) {
            return Ok(false);
        }
        let mut names = list(&*self.disk, &from)?;
        // In the order in which they were sealed.
        names.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        self.disk.create_folder(&self.folder)?;
        for (text, name) in names {
            let path = from.join(&text);
            match name {
                Name::Batch(name) => {
                    let sequence = self.next_sequence.unwrap_or_default();
                    let to = self.path(FileName { sequence, owner: self.owner, ..name });
                    // Gone: another process that has just started moved it.
                    gone(self.disk.rename(&path, &to))?;
                    self.next_sequence = Some(sequence + 1);
                }
                // Its owner's account asks for it under this name.
                Name::GivenUp(_) => gone(self.disk.rename(&path, &self.folder.join(&text)))?,
                Name::Unfinished(_) => gone(self.disk.remove(&path))?,
            }
        }
        // With a stranger in it the folder stays, and is listed again at every start.
        let _ = self.disk.remove_folder(&from);
        let _ = self.disk.sync_folder(&self.folder);
        Ok(true)
    }
}

/// Does everything, and says what went wrong first.
fn all(outcomes: impl Iterator<Item = io::Result<()>>) -> io::Result<()> {
    let mut first = Ok(());
    for outcome in outcomes {
        first = first.and(outcome);
    }
    first
}
