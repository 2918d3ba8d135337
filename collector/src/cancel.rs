//! The word that nobody waits for an answer any more.
//!
//! Owns: [`Cancel`]. Refuses: stopping anything by itself: whoever works looks at it and stops.
//! Invariant: what was cancelled once stays cancelled.

use crate::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether an answer is still wanted; clones share one word. The default is never cancelled.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

/// Two questions are the same whoever waits for their answers.
impl PartialEq for Cancel {
    fn eq(&self, _: &Cancel) -> bool {
        true
    }
}

impl Eq for Cancel {}

// The word guards no other memory: relaxed is enough.
impl Cancel {
    /// Says that the answer is not wanted.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was said. As cheap as a load: ask often.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error if it was said.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() {
            return Err(Error::store("nobody waits for the answer any more"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_hear_the_same_word() {
        let (one, other) = (Cancel::default(), Cancel::default());
        let clone = one.clone();
        one.cancel();
        assert!(clone.is_cancelled() && !other.is_cancelled());
    }
}
