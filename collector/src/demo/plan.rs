//! The day before it begins: who uses which release when, and what happens to whom.
//!
//! Owns: every decision that the seed makes for the fleet. Refuses: processes and clocks.
//! Invariant: the same seed, number of customers and length give the same plan.

use super::bank::SLOW_VERSION;
use super::random::Random;

/// The release that the other one is compared with.
pub(super) const BASE_VERSION: &str = "8.1.0";

/// One installation of the app.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Install {
    pub(super) number: usize,
    pub(super) version: &'static str,
    /// When the customer first opens the app, in seconds of the day.
    pub(super) begins: f64,
    /// The runs in their order; more are planned than a day has room for.
    pub(super) sessions: Vec<Session>,
    /// When the customer has no network, in seconds of the day.
    pub(super) offline: Option<(f64, f64)>,
}

/// One run of the app.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Session {
    pub(super) seed: u64,
    /// How long the customer stays, in seconds, if nothing happens.
    pub(super) seconds: f64,
    /// Time until the customer opens the app again.
    pub(super) pause: f64,
    /// After how many seconds the process is killed in the middle of a journey.
    pub(super) killed_after: Option<f64>,
    /// No file can be written during this run.
    pub(super) full_disk: bool,
    /// The customer is asked for consent during this run.
    pub(super) asks_consent: bool,
}

impl Session {
    /// The same session in a day that has only `left` seconds left; a kill that would come at its end does not come.
    pub(super) fn within(&self, left: f64) -> Session {
        let seconds = self.seconds.min(left);
        let killed_after = self.killed_after.filter(|after| *after <= KILLED_SHARE.1 * seconds);
        Session { seconds, killed_after, ..self.clone() }
    }
}

/// A killed session is killed between these shares of its time, in the middle of a journey.
const KILLED_SHARE: (f64, f64) = (0.3, 0.9);
/// A session lasts between these shares of the day …
const SESSION_SHARE: (f64, f64) = (0.15, 0.28);
/// … and is at least this long, in seconds: one journey.
pub(super) const SESSION_SECONDS_MIN: f64 = 2.0;
/// Sessions planned for one customer: the shortest ones fill a day.
const SESSIONS: usize = 8;

/// Plans a day of `seconds`. Every third customer's first session is killed; every third one has no network for a part
/// of the day, and every second of these is killed too; number 1 has a full disk, and number 4 is asked for consent
/// late.
pub(super) fn plan(seed: u64, customers: usize, seconds: f64) -> Vec<Install> {
    (0..customers).map(|number| install(seed, number, seconds)).collect()
}

fn install(seed: u64, number: usize, seconds: f64) -> Install {
    let mut random = Random::new(seed, 1_000 + number as u64);
    // Two by two: with odd and even, all customers of one release would have the same things happen to them.
    let version = if (number / 2).is_multiple_of(2) { BASE_VERSION } else { SLOW_VERSION };
    let is_offline = number % 3 == 2;
    let is_killed = number.is_multiple_of(3) || number % 6 == 5;
    let offline = is_offline.then(|| {
        let from = random.between(0.05, 0.3) * seconds;
        (from, from + random.between(0.3, 0.5) * seconds)
    });
    let sessions = (0..SESSIONS)
        .map(|at| {
            let length =
                (random.between(SESSION_SHARE.0, SESSION_SHARE.1) * seconds).max(SESSION_SECONDS_MIN);
            let killed = is_killed && (at == 0 || random.chance(0.3));
            Session {
                seed: random.next(),
                seconds: length,
                pause: random.between(0.01, 0.03) * seconds,
                killed_after: killed.then(|| random.between(KILLED_SHARE.0, KILLED_SHARE.1) * length),
                full_disk: number == 1 && at == 0,
                asks_consent: number == 4 && at == 0,
            }
        })
        .collect();
    Install { number, version, begins: random.between(0.0, 0.08) * seconds, sessions, offline }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_customers_are_enough_for_everything_but_late_consent() {
        let day = plan(1, 4, 60.0);
        let sessions = || day.iter().flat_map(|install| &install.sessions);
        assert!(day.iter().any(|install| install.version == BASE_VERSION));
        assert!(day.iter().any(|install| install.version == SLOW_VERSION));
        assert!(day.iter().any(|install| install.offline.is_some()));
        assert!(sessions().any(|session| session.killed_after.is_some()));
        assert_eq!(sessions().filter(|session| session.full_disk).count(), 1);
        assert_eq!(day, plan(1, 4, 60.0));
        assert_ne!(day, plan(2, 4, 60.0));
    }

    #[test]
    fn a_full_disk_is_never_killed() {
        // Its flight recorder is on the heap and dies with the process, which is what the ledger says of it.
        let day = plan(3, 24, 60.0);
        let sessions = day.iter().flat_map(|install| &install.sessions);
        assert!(sessions.filter(|session| session.full_disk).all(|session| session.killed_after.is_none()));
    }
}
