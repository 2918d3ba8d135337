//! When the next exchange may be, as four words that outlive the process.
//!
//! The words lie in a file that all processes of the app share: one of them was told to wait, and all of them do, also
//! after a restart of the app or of the device.
//!
//! Owns: the moment, its words, and what is left of the wait. Refuses: the file, the clocks, and how long to wait, which
//! is the `policy`'s.
//! Invariant: what is left is never more than the wait that was set, whatever becomes of the clocks and the words.

use crate::limits::RETRY_AFTER_MAX;
use crate::mix::mix;
use std::time::Duration;

/// A wait that was set after a failed exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    /// Exchanges that failed in a row, the last one included.
    pub(crate) failures: u32,
    /// The boot clock (which runs while the device sleeps) when the wait was set.
    pub(crate) set_boot_ns: u64,
    /// The wall clock when the wait was set.
    pub(crate) set_wall_unix_ms: u64,
    /// How long to wait from then on; at most a day.
    pub(crate) wait_ms: u64,
}

/// Where the check bits lie in the first word, above the failures.
const CHECK_SHIFT: u32 = 32;

/// Longest wait that is believed.
const WAIT_MS_MAX: u64 = RETRY_AFTER_MAX.as_millis() as u64;

impl Retry {
    /// A wait set now. A fraction of a millisecond is waited as a whole one.
    pub(crate) fn after(wait: Duration, failures: u32, boot_ns: u64, wall_unix_ms: u64) -> Retry {
        let wait_ms = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).min(WAIT_MS_MAX);
        Retry { failures, set_boot_ns: boot_ns, set_wall_unix_ms: wall_unix_ms, wait_ms }
    }

    /// The words to store. They are read one by one, so a reader may meet some old and some new ones: the check bits say
    /// so.
    pub(crate) fn to_words(self) -> [u64; 4] {
        let check = check(self.failures, self.set_boot_ns, self.set_wall_unix_ms, self.wait_ms);
        let head = u64::from(self.failures) | check << CHECK_SHIFT;
        [head, self.set_boot_ns, self.set_wall_unix_ms, self.wait_ms]
    }

    /// The wait in these words; `None` if they hold none: zeros, damage, or a mixture of two.
    pub(crate) fn from_words(words: [u64; 4]) -> Option<Retry> {
        let [head, set_boot_ns, set_wall_unix_ms, wait_ms] = words;
        let retry = Retry { failures: head as u32, set_boot_ns, set_wall_unix_ms, wait_ms };
        (retry.to_words() == words && wait_ms <= WAIT_MS_MAX).then_some(retry)
    }

    /// Whether the device was restarted since the wait was set, as far as its boot clock can tell.
    pub(crate) fn is_of_another_boot(self, boot_ns: u64) -> bool {
        boot_ns < self.set_boot_ns
    }

    /// How much of the wait is left.
    ///
    /// It is measured by the boot clock, which nobody sets. After a restart of the device that clock says only how long
    /// the device has been up since; the wall clock may say more, and if somebody set it back, it says less.
    pub(crate) fn remaining(self, boot_ns: u64, wall_unix_ms: u64) -> Duration {
        let waited_ns = if self.is_of_another_boot(boot_ns) {
            let by_wall_ms = wall_unix_ms.saturating_sub(self.set_wall_unix_ms);
            boot_ns.max(by_wall_ms.saturating_mul(1_000_000))
        } else {
            boot_ns.saturating_sub(self.set_boot_ns)
        };
        let wait = Duration::from_millis(self.wait_ms.min(WAIT_MS_MAX));
        wait.saturating_sub(Duration::from_nanos(waited_ns))
    }

    /// The same wait on today's clocks, for the first process that finds it to be of another boot: its boot clock will
    /// pass the old one some day, and the wait must not seem to begin again then.
    pub(crate) fn continued(self, boot_ns: u64, wall_unix_ms: u64) -> Retry {
        Retry::after(self.remaining(boot_ns, wall_unix_ms), self.failures, boot_ns, wall_unix_ms)
    }
}

/// 32 bits over everything. Begins with a number that keeps four zeros, a new file, from being a wait.
fn check(failures: u32, set_boot_ns: u64, set_wall_unix_ms: u64, wait_ms: u64) -> u64 {
    let words = [u64::from(failures), set_boot_ns, set_wall_unix_ms, wait_ms];
    words.into_iter().fold(u64::from_le_bytes(*b"NW-RETRY"), |sum, word| mix(sum ^ word)) >> CHECK_SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR_NS: u64 = 3_600_000_000_000;
    const HOUR_MS: u64 = 3_600_000;

    fn set(wait: Duration, boot_ns: u64, wall_unix_ms: u64) -> Retry {
        Retry::after(wait, 3, boot_ns, wall_unix_ms)
    }

    #[test]
    fn a_wait_runs_on_the_boot_clock_whatever_the_wall_clock_does() {
        let retry = set(Duration::from_secs(60), HOUR_NS, 1_800_000_000_000);
        for wall in [0, 1_700_000_000_000, 1_800_000_000_000, 1_900_000_000_000, u64::MAX] {
            assert_eq!(retry.remaining(HOUR_NS, wall), Duration::from_secs(60));
            assert_eq!(retry.remaining(HOUR_NS + 59_000_000_000, wall), Duration::from_secs(1));
            assert_eq!(retry.remaining(HOUR_NS + 60_000_000_000, wall), Duration::ZERO);
            assert_eq!(retry.remaining(u64::MAX, wall), Duration::ZERO);
        }
    }

    #[test]
    fn after_a_restart_of_the_device_the_wall_clock_counts_and_at_least_the_time_since() {
        let (boot, wall) = (500 * HOUR_NS, 1_800_000_000_000);
        let retry = set(Duration::from_secs(24 * 3_600), boot, wall);
        let minute = 60_000_000_000;
        assert_eq!(retry.remaining(minute, wall + 6 * HOUR_MS), Duration::from_secs(18 * 3_600));
        assert_eq!(retry.remaining(minute, wall + 48 * HOUR_MS), Duration::ZERO);
        assert_eq!(
            retry.remaining(minute, 0),
            Duration::from_secs(24 * 3_600 - 60),
            "the wall clock was set back"
        );
        assert_eq!(retry.remaining(25 * HOUR_NS, 0), Duration::ZERO, "it cannot hold the wait up for good");
    }

    #[test]
    fn a_wait_that_was_continued_after_a_restart_does_not_begin_again_later() {
        let retry = set(Duration::from_secs(24 * 3_600), 60_000_000_000, 1_800_000_000_000);
        let (boot, wall) = (30_000_000_000, 1_800_000_000_000 + 12 * HOUR_MS);
        assert!(retry.is_of_another_boot(boot));
        let continued = retry.continued(boot, wall);
        assert_eq!(
            (continued.remaining(boot, wall), continued.failures),
            (Duration::from_secs(12 * 3_600), 3)
        );
        let later = continued.remaining(boot + HOUR_NS, 0);
        assert_eq!(later, Duration::from_secs(11 * 3_600));
    }

    #[test]
    fn a_new_file_holds_no_wait() {
        assert_eq!(Retry::from_words([0; 4]), None);
        assert_eq!(Retry::from_words([u64::MAX; 4]), None);
        let zero = Retry::after(Duration::ZERO, 0, 0, 0);
        assert_eq!(Retry::from_words(zero.to_words()), Some(zero), "unlike a wait of nothing");
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let words = set(Duration::from_secs(300), 7 * HOUR_NS, 1_800_000_000_000).to_words();
        for bit in 0..256 {
            let mut damaged = words;
            damaged[bit / 64] ^= 1 << (bit % 64);
            assert_eq!(Retry::from_words(damaged), None, "{bit}");
        }
    }

    #[test]
    fn waits_are_rounded_up_and_clamped_to_a_day() {
        let wait = |wait| set(wait, 0, 0).wait_ms;
        assert_eq!(wait(Duration::from_nanos(1)), 1);
        assert_eq!(wait(Duration::from_millis(7)), 7);
        assert_eq!(wait(Duration::MAX), WAIT_MS_MAX);
        let longer = Retry { wait_ms: WAIT_MS_MAX + 1, ..set(Duration::ZERO, 0, 0) };
        assert_eq!(Retry::from_words(longer.to_words()), None);
        assert_eq!(longer.remaining(0, 0), RETRY_AFTER_MAX);
    }

    proptest! {
        #[test]
        fn words_carry_everything(failures: u32, boot: u64, wall: u64, wait_ms in 0..=WAIT_MS_MAX) {
            let retry = Retry { failures, set_boot_ns: boot, set_wall_unix_ms: wall, wait_ms };
            prop_assert_eq!(Retry::from_words(retry.to_words()), Some(retry));
        }

        #[test]
        fn garbage_is_no_wait(words: [u64; 4]) {
            prop_assert_eq!(Retry::from_words(words), None);
        }

        #[test]
        fn a_mixture_of_two_waits_is_no_wait(one: [u64; 3], other: [u64; 3], taken in 1_usize..15) {
            let of = |[failures, boot, wall]: [u64; 3]| {
                Retry::after(Duration::from_secs(failures % 86_400), failures as u32, boot, wall).to_words()
            };
            let (one, other) = (of(one), of(other));
            let mut mixed = one;
            for (n, word) in mixed.iter_mut().enumerate() {
                if taken >> n & 1 == 1 {
                    *word = other[n];
                }
            }
            prop_assert!(mixed == one || mixed == other || Retry::from_words(mixed).is_none());
        }

        #[test]
        fn what_is_left_is_never_more_than_the_wait(failures: u32, set_boot: u64, set_wall: u64, wait_ms: u64, boot: u64, wall: u64) {
            let retry = Retry { failures, set_boot_ns: set_boot, set_wall_unix_ms: set_wall, wait_ms };
            let wait = Duration::from_millis(wait_ms);
            prop_assert!(retry.remaining(boot, wall) <= wait.min(RETRY_AFTER_MAX));
            let continued = retry.continued(boot, wall);
            prop_assert!(continued.remaining(boot, wall) < retry.remaining(boot, wall) + Duration::from_millis(1));
        }

        #[test]
        fn what_is_left_only_shrinks_while_the_device_is_up(set_boot: u64, wait_ms in 0..=WAIT_MS_MAX, later: u32, walls: [u64; 3]) {
            let retry = Retry { failures: 1, set_boot_ns: set_boot, set_wall_unix_ms: walls[0], wait_ms };
            let now = set_boot.saturating_add(u64::from(later));
            let before = retry.remaining(set_boot, walls[1]);
            let after = retry.remaining(now, walls[2]);
            prop_assert!(after <= before);
            prop_assert_eq!(before, after + Duration::from_nanos(now - set_boot).min(before));
        }
    }
}
