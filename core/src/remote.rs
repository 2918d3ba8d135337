//! What the collector may configure from afar: the kill switch, sampling, the flush interval.
//!
//! A configuration arrives with a receipt, is checked whole, and becomes one word, so that it is taken over at once or
//! not at all, by every thread and every process that maps the word.
//!
//! ```text
//! bits  0..32  version          bits 42..59  flush interval in seconds, 0 for the app's own
//! bits 32..42  per mille        bit  59      enabled
//!                               bits 60..64  check
//! ```
//!
//! Owns: the limits of a configuration, its word, and whom sampling takes. Refuses: where the word lies and who acts on it.
//! Invariant: a configuration is taken over whole, and only if its version is higher than the one in force.

use crate::limits::FLUSH_INTERVAL_MAX;
use crate::mix::below;
use nowait_wire::Uuid;
use serde::Deserialize;
use std::time::Duration;

pub(crate) use stand_in::RemoteConfig;

/// Has the shape of `nowait_wire::RemoteConfig`, which takes its place when both are in one tree.
mod stand_in {
    use super::*;

    /// What a receipt may configure.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
    pub(crate) struct RemoteConfig {
        /// Of two configurations, the one with the higher version counts.
        pub(crate) version: u32,
        /// `false` switches recording off.
        #[serde(default = "enabled")]
        pub(crate) enabled: bool,
        /// Of 1,000 sessions, how many are recorded.
        #[serde(default = "everybody")]
        pub(crate) sampled_per_mille: u16,
        /// Seconds between two flushes; 0 for the app's own setting.
        #[serde(default)]
        pub(crate) flush_interval_s: u32,
    }

    fn enabled() -> bool {
        true
    }

    fn everybody() -> u16 {
        PER_MILLE_MAX
    }
}

/// A sample of everybody.
const PER_MILLE_MAX: u16 = 1_000;

/// The longest flush interval, in seconds.
const FLUSH_INTERVAL_S_MAX: u32 = FLUSH_INTERVAL_MAX.as_secs() as u32;

const PER_MILLE_SHIFT: u32 = 32;
const PER_MILLE_MASK: u64 = (1 << 10) - 1;
const FLUSH_INTERVAL_SHIFT: u32 = 42;
const FLUSH_INTERVAL_MASK: u64 = (1 << 17) - 1;
const ENABLED_SHIFT: u32 = 59;
const CHECK_SHIFT: u32 = 60;

const _: () = assert!(PER_MILLE_MAX as u64 <= PER_MILLE_MASK);
const _: () = assert!(FLUSH_INTERVAL_S_MAX as u64 <= FLUSH_INTERVAL_MASK);

/// The configuration in a receipt; `None` if it is none, or not within its limits.
pub(crate) fn read(json: &serde_json::Value) -> Option<RemoteConfig> {
    let config = RemoteConfig::deserialize(json).ok()?;
    pack(&config).map(|_| config)
}

/// The configuration as a word, never 0; `None` if one of its settings is outside its limits, which refuses them all:
/// half of what somebody meant is something that nobody meant.
pub(crate) fn pack(config: &RemoteConfig) -> Option<u64> {
    if config.sampled_per_mille > PER_MILLE_MAX || config.flush_interval_s > FLUSH_INTERVAL_S_MAX {
        return None;
    }
    let data = u64::from(config.version)
        | u64::from(config.sampled_per_mille) << PER_MILLE_SHIFT
        | u64::from(config.flush_interval_s) << FLUSH_INTERVAL_SHIFT
        | u64::from(config.enabled) << ENABLED_SHIFT;
    Some(data | check(data) << CHECK_SHIFT)
}

/// The configuration in a word; `None` if there is none: 0, or damage.
pub(crate) fn unpack(word: u64) -> Option<RemoteConfig> {
    let config = RemoteConfig {
        version: word as u32,
        enabled: word >> ENABLED_SHIFT & 1 == 1,
        sampled_per_mille: (word >> PER_MILLE_SHIFT & PER_MILLE_MASK) as u16,
        flush_interval_s: (word >> FLUSH_INTERVAL_SHIFT & FLUSH_INTERVAL_MASK) as u32,
    };
    (pack(&config) == Some(word)).then_some(config)
}

/// Whether the configuration in `word` takes the place of the one in `than`: any does where there is none.
pub(crate) fn is_newer(word: u64, than: u64) -> bool {
    unpack(word).is_some_and(|new| unpack(than).is_none_or(|old| new.version > old.version))
}

/// What to keep of a configuration under which a start did not succeed: its version, with every setting at its default.
/// The collector goes on sending it, and it must not be taken over again; one with a higher version is.
pub(crate) fn dropped(word: u64) -> u64 {
    let defaults = |version| RemoteConfig {
        version,
        enabled: true,
        sampled_per_mille: PER_MILLE_MAX,
        flush_interval_s: 0,
    };
    unpack(word).and_then(|config| pack(&defaults(config.version))).unwrap_or(0)
}

/// The flush interval in force, if the app's own is `own`.
pub(crate) fn flush_interval(config: Option<RemoteConfig>, own: Duration) -> Duration {
    match config.map_or(0, |config| config.flush_interval_s) {
        0 => own,
        seconds => Duration::from_secs(u64::from(seconds)),
    }
}

/// Whether a session is in a sample of so many in 1,000. It is decided by the session's id alone, so that every thread,
/// every process and every start says the same of it; a larger sample holds all of a smaller one.
pub(crate) fn is_sampled(session: Uuid, per_mille: u16) -> bool {
    let (high, low) = session.as_u64_pair();
    below(u64::from(PER_MILLE_MAX), high ^ low.rotate_left(32)) < u64::from(per_mille)
}

/// CRC-4 (x^4 + x + 1) of the lower 60 bits, with a first state that keeps 0 from being a word. It notices every flipped
/// bit and every run of damage up to four bits; there is no room for more, and what passes is within the limits above.
fn check(data: u64) -> u64 {
    (0..CHECK_SHIFT).rev().fold(0xF, |state, bit| {
        let feedback = (state >> 3 ^ data >> bit) & 1;
        (state << 1 & 0xF) ^ (feedback * 0b11)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OFF: RemoteConfig =
        RemoteConfig { version: 9, enabled: false, sampled_per_mille: 250, flush_interval_s: 60 };

    #[test]
    fn what_is_left_out_is_the_default() {
        let read = |text: &str| read(&serde_json::from_str(text).unwrap());
        let defaults =
            RemoteConfig { version: 4, enabled: true, sampled_per_mille: 1_000, flush_interval_s: 0 };
        assert_eq!(read(r#"{"version":4}"#), Some(defaults));
        assert_eq!(read(r#"{"version":4,"added in 2031":true}"#), Some(defaults));
        let all = r#"{"version":9,"enabled":false,"sampled_per_mille":250,"flush_interval_s":60}"#;
        assert_eq!(read(all), Some(OFF));
        for bad in ["{}", r#"{"version":4294967296}"#, r#"{"version":1,"sampled_per_mille":1001}"#] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn settings_outside_their_limits_refuse_the_whole() {
        for (sampled_per_mille, flush_interval_s, is_taken) in [
            (0, 0, true),
            (1_000, 1, true),
            (1_000, 86_400, true),
            (1_001, 60, false),
            (u16::MAX, 60, false),
            (500, 86_401, false),
            (500, u32::MAX, false),
        ] {
            let config = RemoteConfig { sampled_per_mille, flush_interval_s, ..OFF };
            assert_eq!(pack(&config).is_some(), is_taken, "{config:?}");
        }
    }

    #[test]
    fn zeros_ones_and_every_flipped_bit_are_no_configuration() {
        assert_eq!((unpack(0), unpack(u64::MAX)), (None, None));
        let smallest = RemoteConfig { version: 0, enabled: false, sampled_per_mille: 0, flush_interval_s: 0 };
        for config in [OFF, smallest, RemoteConfig { version: u32::MAX, ..OFF }] {
            let word = pack(&config).unwrap();
            for bit in 0..64 {
                assert_eq!(unpack(word ^ 1 << bit), None, "{config:?} {bit}");
            }
        }
    }

    #[test]
    fn only_a_higher_version_takes_over() {
        let word = |version| pack(&RemoteConfig { version, ..OFF }).unwrap();
        assert!(is_newer(word(0), 0), "the first one");
        assert!(is_newer(word(2), word(1)) && is_newer(word(u32::MAX), word(1)));
        assert!(!is_newer(word(1), word(1)) && !is_newer(word(1), word(2)));
        assert!(!is_newer(0, word(1)) && !is_newer(0, 0), "none is never newer");
        assert!(is_newer(word(1), word(9) ^ 1), "damage holds nothing up");
    }

    #[test]
    fn a_dropped_configuration_is_not_taken_over_again() {
        let word = pack(&OFF).unwrap();
        let kept = dropped(word);
        let config = unpack(kept).unwrap();
        assert!(config.enabled && config.sampled_per_mille == 1_000 && config.flush_interval_s == 0);
        assert!(!is_newer(word, kept));
        assert!(is_newer(pack(&RemoteConfig { version: 10, ..OFF }).unwrap(), kept));
        assert_eq!(dropped(0), 0);
    }

    #[test]
    fn the_apps_own_flush_interval_holds_until_another_is_set() {
        let own = Duration::from_secs(300);
        assert_eq!(flush_interval(None, own), own);
        assert_eq!(flush_interval(Some(RemoteConfig { flush_interval_s: 0, ..OFF }), own), own);
        assert_eq!(flush_interval(Some(OFF), own), Duration::from_secs(60));
    }

    #[test]
    fn a_sample_is_the_same_for_ever() {
        // Whoever changes these, changes who is sampled, in the middle of somebody's comparison.
        let sampled: Vec<u128> = (1..=40).filter(|&n| is_sampled(Uuid::from_u128(n), 250)).collect();
        assert_eq!(sampled, [15, 16, 21, 25, 36, 40]);
    }

    #[test]
    fn a_sample_is_as_large_as_it_says_whatever_ids_are_like() {
        let sequential = |n: u128| Uuid::from_u128(n);
        let high = |n: u128| Uuid::from_u128(n << 64);
        let random = |_| Uuid::new_v4();
        let all: [&dyn Fn(u128) -> Uuid; 3] = [&sequential, &high, &random];
        for make in all {
            for per_mille in [0, 1, 10, 100, 500, 990, 1_000] {
                let sampled = (0..100_000).filter(|&n| is_sampled(make(n), per_mille)).count() as f64;
                let expected = f64::from(per_mille) * 100.0;
                // Six standard deviations: chance alone fails this once in half a billion runs.
                let spread = 6.0 * (expected * (1.0 - expected / 100_000.0)).sqrt();
                assert!((sampled - expected).abs() <= spread, "{per_mille}: {sampled}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_word_carries_everything(version: u32, enabled: bool, sampled_per_mille in 0..=1_000_u16, flush_interval_s in 0..=86_400_u32) {
            let config = RemoteConfig { version, enabled, sampled_per_mille, flush_interval_s };
            let word = pack(&config).unwrap();
            prop_assert!(word != 0);
            prop_assert_eq!(unpack(word), Some(config));
        }

        #[test]
        fn what_passes_for_a_word_is_within_the_limits(word: u64) {
            if let Some(config) = unpack(word) {
                prop_assert!(config.sampled_per_mille <= 1_000 && config.flush_interval_s <= 86_400);
            }
        }

        #[test]
        fn a_larger_sample_holds_all_of_a_smaller_one(session: u128, one in 0..=1_000_u16, other in 0..=1_000_u16) {
            let session = Uuid::from_u128(session);
            let (small, large) = (one.min(other), one.max(other));
            prop_assert!(!is_sampled(session, small) || is_sampled(session, large));
        }

        #[test]
        fn the_version_never_falls(words in proptest::collection::vec((any::<u32>(), any::<bool>()), 1..40)) {
            let mut word = 0;
            for (version, enabled) in words {
                let new = pack(&RemoteConfig { version, enabled, ..OFF }).unwrap();
                let before = unpack(word).map(|config| config.version);
                if is_newer(new, word) {
                    word = new;
                }
                prop_assert!(unpack(word).map(|config| config.version) >= before);
            }
        }
    }
}
