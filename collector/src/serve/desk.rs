//! Where reports wait for their turn.
//!
//! Owns: how many are computed, how many wait, and that both follow the work. Refuses: the work.
//! Invariant: a [`Place`] moves into the work it was given for and ends with it, so that there is never more work than
//! places, however many clients come, hang up and come again.

use super::shares::{Share, Shares, part};
use crate::limits::READS_AT_ONCE_MAX;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places for reports.
#[derive(Debug)]
pub(super) struct Desk {
    waiting: Arc<Shares>,
    working: Arc<Semaphore>,
    /// Of each reader, as many as may stand in the one line for `working`: the others are never behind all of them.
    own: HashMap<String, Arc<Semaphore>>,
}

/// The right to compute a report; held by whoever computes it.
#[derive(Debug)]
pub(super) struct Place {
    _working: OwnedSemaphorePermit,
    _own: Option<OwnedSemaphorePermit>,
    waiting: Share,
}

impl Place {
    /// The work is done; what is left is to send its answer.
    pub(super) fn done(self) -> Share {
        self.waiting
    }
}

impl Desk {
    /// So many may wait, work or be answered, of these readers; a reader that is none of them stands in the one line only.
    pub(super) fn new(waiting_max: usize, readers: &BTreeSet<&str>) -> Desk {
        let each = part(READS_AT_ONCE_MAX, readers.len());
        let own = readers.iter().map(|reader| ((*reader).to_owned(), Arc::new(Semaphore::new(each))));
        Desk {
            waiting: Shares::new(waiting_max, readers.len()),
            working: Arc::new(Semaphore::new(READS_AT_ONCE_MAX)),
            own: own.collect(),
        }
    }

    /// Waits for this reader's turn; `None` if too many wait already.
    pub(super) async fn enter(&self, reader: &str) -> Option<Place> {
        let waiting = self.waiting.take(reader)?;
        let own = match self.own.get(reader) {
            Some(own) => Some(Arc::clone(own).acquire_owned().await.ok()?),
            None => None,
        };
        let working = Arc::clone(&self.working).acquire_owned().await.ok()?;
        Some(Place { _working: working, _own: own, waiting })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::READS_WAITING_MAX;
    use std::time::Duration;
    use tokio::time::timeout;

    async fn soon(desk: &Desk, reader: &str) -> Option<Option<Place>> {
        timeout(Duration::from_secs(1), desk.enter(reader)).await.ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_floods_is_never_before_all_the_others() {
        let desk = Arc::new(Desk::new(READS_WAITING_MAX, &BTreeSet::from(["flood", "bank"])));
        let mut working = Vec::new();
        while let Some(place) = soon(&desk, "flood").await {
            working.push(place.unwrap());
        }
        assert_eq!(working.len(), READS_AT_ONCE_MAX / 2);
        let line: Vec<_> = (0..READS_WAITING_MAX)
            .map(|_| Arc::clone(&desk))
            .map(|desk| tokio::spawn(async move { desk.enter("flood").await.is_some() }))
            .collect();
        tokio::task::yield_now().await;
        assert!(soon(&desk, "bank").await.unwrap().is_some());
        assert!(soon(&desk, "flood").await.unwrap().is_none(), "told to come back, at once");
        drop(working);
        let mut let_in = 0;
        for entered in line {
            let_in += usize::from(entered.await.unwrap());
        }
        assert_eq!(let_in, READS_WAITING_MAX / 2 - READS_AT_ONCE_MAX / 2);
    }
}
