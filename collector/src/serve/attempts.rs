//! How often somebody may try to sign in with a wrong token.
//!
//! Owns: counting what failed, by peer and in all, and forgiving it with time. Refuses: what a right token is (see `keys`).
//! Invariant: whoever has failed too often is not compared with any token until some of it is forgiven, however many ask at
//! once; and the memory for it is bounded.

use crate::limits::{
    LOGIN_FAILURES_MAX, LOGIN_FORGIVEN_AFTER, LOGIN_PEER_FAILURES_MAX, LOGIN_PEER_FORGIVEN_AFTER,
    LOGIN_PEERS_MAX,
};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What failed of late.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    failures: Mutex<Failures>,
}

/// When all is forgiven: of everybody, and of each peer that has failed.
#[derive(Debug, Default)]
struct Failures {
    all: Option<Instant>,
    peers: HashMap<IpAddr, Instant>,
}

/// How many failures are taken before somebody has to wait, and after what time one is forgiven.
#[derive(Clone, Copy)]
struct Patience {
    failures_max: u32,
    each: Duration,
}

const OF_ALL: Patience = Patience { failures_max: LOGIN_FAILURES_MAX, each: LOGIN_FORGIVEN_AFTER };
const OF_PEER: Patience = Patience { failures_max: LOGIN_PEER_FAILURES_MAX, each: LOGIN_PEER_FORGIVEN_AFTER };

impl Patience {
    /// How long to wait before the next attempt, if at all.
    fn wait(self, forgiven: Option<Instant>, now: Instant) -> Option<Duration> {
        let owed = forgiven?.saturating_duration_since(now);
        owed.checked_sub(self.each * (self.failures_max - 1)).filter(|wait| !wait.is_zero())
    }

    /// When all is forgiven after one failure more.
    fn after_failure(self, forgiven: Option<Instant>, now: Instant) -> Instant {
        forgiven.map_or(now, |forgiven| forgiven.max(now)) + self.each
    }
}

impl Attempts {
    /// Lets a peer try, unless it has to wait. Without a peer (this machine, and so a proxy, which speaks for everybody) only what
    /// all have failed together counts.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn attempt<T>(
        &self,
        peer: Option<IpAddr>,
        attempt: impl FnOnce() -> Option<T>,
    ) -> Result<Option<T>, Duration> {
        let now = Instant::now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let own = peer.and_then(|peer| failures.peers.get(&peer).copied());
        let waits = [OF_ALL.wait(failures.all, now), OF_PEER.wait(own, now)];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(wait);
        }
        let done = attempt();
        if done.is_none() {
            failures.all = Some(OF_ALL.after_failure(failures.all, now));
            if let Some(peer) = peer {
                failures.make_room(now);
                failures.peers.insert(peer, OF_PEER.after_failure(own, now));
            }
        }
        Ok(done)
    }
}

impl Failures {
    /// Forgets who is forgiven, or is so next.
    fn make_room(&mut self, now: Instant) {
        if self.peers.len() < LOGIN_PEERS_MAX {
            return;
        }
        self.peers.retain(|_, forgiven| *forgiven > now);
        if self.peers.len() >= LOGIN_PEERS_MAX {
            let next = self.peers.iter().min_by_key(|(_, forgiven)| **forgiven).map(|(peer, _)| *peer);
            next.and_then(|peer| self.peers.remove(&peer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn peer(n: u32) -> Option<IpAddr> {
        Some(IpAddr::from((0x0a00_0000 + n).to_be_bytes()))
    }

    fn fail(attempts: &Attempts, peer: Option<IpAddr>) -> Result<Option<()>, Duration> {
        attempts.attempt(peer, || None)
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_failed_too_often_waits_and_others_do_not() {
        let attempts = Attempts::default();
        for _ in 0..LOGIN_PEER_FAILURES_MAX {
            assert_eq!(fail(&attempts, peer(1)), Ok(None));
        }
        let right = attempts.attempt(peer(1), || -> Option<()> { panic!("no token is looked at") });
        assert_eq!(right, Err(LOGIN_PEER_FORGIVEN_AFTER));
        assert_eq!(attempts.attempt(peer(2), || Some(7)), Ok(Some(7)));
        assert_eq!(attempts.attempt(None, || Some(7)), Ok(Some(7)));
        advance(LOGIN_PEER_FORGIVEN_AFTER).await;
        assert_eq!(fail(&attempts, peer(1)), Ok(None), "one is forgiven");
        assert!(fail(&attempts, peer(1)).is_err(), "and no more");
        advance(LOGIN_PEER_FORGIVEN_AFTER).await;
        for _ in 0..2 * LOGIN_PEER_FAILURES_MAX {
            assert_eq!(attempts.attempt(peer(1), || Some(7)), Ok(Some(7)), "a right token costs nothing");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_peers_together_have_to_wait_too() {
        let attempts = Attempts::default();
        for n in 0..LOGIN_FAILURES_MAX {
            assert_eq!(fail(&attempts, peer(n)), Ok(None));
        }
        for late in [None, peer(LOGIN_FAILURES_MAX)] {
            assert_eq!(fail(&attempts, late), Err(LOGIN_FORGIVEN_AFTER));
        }
        advance(LOGIN_FORGIVEN_AFTER).await;
        assert_eq!(fail(&attempts, None), Ok(None));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_the_worst_is_remembered() {
        let attempts = Attempts::default();
        for _ in 0..LOGIN_PEER_FAILURES_MAX {
            fail(&attempts, peer(0)).unwrap();
        }
        for n in 1..2 * LOGIN_PEERS_MAX as u32 {
            // What all have failed is another limit.
            attempts.failures.lock().unwrap().all = None;
            fail(&attempts, peer(n)).unwrap();
            assert!(attempts.failures.lock().unwrap().peers.len() <= LOGIN_PEERS_MAX);
        }
        attempts.failures.lock().unwrap().all = None;
        assert!(fail(&attempts, peer(0)).is_err());
    }
}
