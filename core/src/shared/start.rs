//! The marker around NoWait's own start: whether the last starts of this version of the app came to their end.
//!
//! One word, so that no kill leaves half of it. A start that runs in another process at the same time is no failed one:
//! who begins holds a lock until the end, and who does not get the lock leaves the marker alone.
//!
//! The starts that died are told once, in the ledger of a session, which lies in another file. So that no kill between the
//! two loses them or tells them twice, the marker says that a session is telling them, and [`Word::Teller`] which: what that
//! session's file holds then decides, whoever looks into it first.

use super::{Shared, Word};
use crate::checked;
use crate::disk::Lock;
use crate::limits::STARTS_FAILED_MAX;
use crate::sync::{Mutant, Ordering, is_broken};
use nowait_wire::Uuid;

/// The file whose lock the process that starts holds.
const LOCK: &str = "starting";

/// What the starts before say about this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartVerdict {
    /// The last one came to its end, or died in another version of the app.
    Normal,
    /// The last one died: the remote configuration was dropped.
    DropRemoteConfig,
    /// The last ones died, also the one without remote configuration: this version of the app goes without NoWait.
    Off,
}

/// A start that has begun. Dropped without [`Shared::end_start`], it counts as failed.
#[derive(Debug)]
#[must_use]
pub(crate) struct Start {
    verdict: StartVerdict,
    version: u32,
    /// `None` if the marker is not this process's.
    lock: Option<Lock>,
}

impl Start {
    pub(crate) fn verdict(&self) -> StartVerdict {
        self.verdict
    }

    /// Whether the marker is this process's until the end of this start.
    pub(crate) fn has_marker(&self) -> bool {
        self.lock.is_some()
    }
}

/// What the word says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Marker {
    /// A hash of the version of the app.
    version: u32,
    /// Starts of this version that died in a row; no more than [`FAILED_MAX`].
    failed: u8,
    /// Starts that died and are in no ledger yet.
    untold: u8,
    /// Those are on their way into the ledger of a session: see [`Word::Teller`].
    telling: bool,
    /// A start began and has not ended.
    open: bool,
}

const MARKER_BITS: u32 = 32 + 3 + 1 + 8 + 1;
const FAILED_MAX: u8 = 7;

/// Bits of a session's id that say which one tells.
const TELLER_BITS: u32 = 43;

impl Marker {
    fn to_word(self) -> u64 {
        let failed = u64::from(self.failed.min(FAILED_MAX));
        let number = u64::from(self.version) << 13 | u64::from(self.telling) << 12 | failed << 9;
        let number = number | u64::from(self.untold) << 1 | u64::from(self.open);
        checked::with_check(number, MARKER_BITS, Word::Start as u64)
    }

    /// A damaged word says that nothing failed.
    fn from_word(word: u64) -> Marker {
        let Some(number) = checked::number(word, MARKER_BITS, Word::Start as u64) else {
            return Marker::default();
        };
        Marker {
            version: (number >> 13) as u32,
            failed: (number >> 9) as u8 & FAILED_MAX,
            telling: number >> 12 & 1 != 0,
            untold: (number >> 1) as u8,
            open: number & 1 != 0,
        }
    }

    /// The marker of a start that begins now.
    fn begun(self, version: u32) -> Marker {
        let of_this = if self.version == version { self.failed } else { 0 };
        let died = self.open && self.version == version;
        let failed = of_this.saturating_add(u8::from(died)).min(FAILED_MAX);
        let untold = self.untold.saturating_add(u8::from(self.open));
        Marker { version, failed, untold, open: failed < STARTS_FAILED_MAX, ..self }
    }
}

impl Shared {
    /// Begins a start of this version of the app, told by any hash of it. Drops the remote configuration if the verdict
    /// says so.
    pub(crate) fn begin_start(&self, version: u64) -> Start {
        let version = (version ^ version >> 32) as u32;
        // A lock that cannot be had, for whatever reason, may be somebody's who starts now.
        let lock = self.disk.try_lock(&self.folder.join(LOCK), true).ok().flatten();
        if lock.is_none() {
            return Start { verdict: StartVerdict::Normal, version, lock };
        }
        let marker = self.change_marker(|marker| marker.begun(version));
        let verdict = match marker.failed {
            0 => StartVerdict::Normal,
            failed if failed < STARTS_FAILED_MAX => StartVerdict::DropRemoteConfig,
            _ => StartVerdict::Off,
        };
        if verdict != StartVerdict::Normal
            && let Some(remote) = self.word(Word::Remote)
        {
            // Release: as every word. Its version stays, so that the collector's next answer does not bring it back.
            remote.store(crate::remote::dropped(self.remote()), Ordering::Release);
        }
        Start { verdict, version, lock: lock.filter(|_| marker.open) }
    }

    /// Ends a start: the worker's first turn is over.
    pub(crate) fn end_start(&self, start: Start) {
        if start.lock.is_some() && !is_broken(Mutant::StartNeverEnds) {
            self.change_marker(|marker| Marker { version: start.version, failed: 0, open: false, ..marker });
        }
    }

    /// Whether starts that died are on their way into the ledger of this session, as far as anybody knows.
    pub(crate) fn is_told_by(&self, session: Uuid) -> bool {
        self.marker().telling && self.load(Word::Teller) == teller(session)
    }

    /// Whether they are on their way into the ledger of any session.
    pub(crate) fn are_starts_being_told(&self) -> bool {
        self.marker().telling
    }

    /// How many starts died that this session is to tell now; 0 unless somebody has ended what was told before. To be asked by
    /// who has the marker, and ended by [`Shared::end_telling`] once the number is in the session's file.
    pub(crate) fn begin_telling(&self, session: Uuid) -> u64 {
        let marker = self.marker();
        let Some(word) = self.word(Word::Teller).filter(|_| marker.untold > 0 && !marker.telling) else {
            return 0;
        };
        // Release: it is there before the marker says so.
        word.store(teller(session), Ordering::Release);
        u64::from(self.change_marker(|marker| Marker { telling: true, ..marker }).untold)
    }

    /// Ends what this session had to tell: so many starts stand in its file, or, where it died over it, none.
    pub(crate) fn end_telling(&self, session: Uuid, told: u64) {
        if !self.is_told_by(session) {
            return;
        }
        let told = u8::try_from(told).unwrap_or(u8::MAX);
        self.change_marker(|marker| {
            // Whoever looked into the file as well was faster.
            let is_ours = marker.telling && self.load(Word::Teller) == teller(session);
            let untold = if is_ours { marker.untold.saturating_sub(told) } else { marker.untold };
            Marker { untold, telling: marker.telling && !is_ours, ..marker }
        });
    }

    /// Ends it for a session whose file is gone: it went with a refusal, which takes back what was told.
    pub(crate) fn forget_telling(&self) {
        self.change_marker(|marker| Marker { telling: false, ..marker });
    }

    fn marker(&self) -> Marker {
        Marker::from_word(self.load(Word::Start))
    }

    /// Changes the marker; what it is now.
    fn change_marker(&self, mut change: impl FnMut(Marker) -> Marker) -> Marker {
        let Some(word) = self.word(Word::Start) else { return Marker::default() };
        loop {
            // Acquire: see `load`.
            let seen = word.load(Ordering::Acquire);
            let marker = change(Marker::from_word(seen));
            // AcqRel: as every word. Relaxed: another process looked into a dead session's file meanwhile.
            if word.compare_exchange(seen, marker.to_word(), Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                self.changed();
                return marker;
            }
        }
    }
}

/// The word of a session that tells.
fn teller(session: Uuid) -> u64 {
    checked::with_check(session.as_u64_pair().1, TELLER_BITS, Word::Teller as u64)
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::disk::RealDisk;
    use crate::disk::faulty::{self, FaultyDisk};
    use crate::remote::{self, RemoteConfig};
    use std::path::Path;
    use std::sync::Arc;

    /// A process of the app.
    fn process(folder: &Path) -> Shared {
        Shared::open(Arc::new(RealDisk), folder).unwrap()
    }

    /// A start that dies before its end.
    fn dying_start(folder: &Path, version: u64) -> StartVerdict {
        process(folder).begin_start(version).verdict()
    }

    /// How many starts died that a session tells now.
    fn tell(shared: &Shared) -> u64 {
        let session = Uuid::new_v4();
        let told = shared.begin_telling(session);
        shared.end_telling(session, told);
        told
    }

    #[test]
    fn a_start_that_died_costs_the_remote_configuration_and_a_second_one_this_version() {
        let folder = faulty::folder();
        let shared = process(folder.path());
        let remote = RemoteConfig { version: 7, enabled: true, sampled_per_mille: 10, flush_interval_s: 0 };
        let word = remote::pack(&remote).unwrap();
        shared.set_remote(word, |_| true);
        assert_eq!(dying_start(folder.path(), 1), StartVerdict::Normal);
        assert_eq!(shared.remote(), word);
        assert_eq!(dying_start(folder.path(), 1), StartVerdict::DropRemoteConfig);
        assert_eq!(shared.remote(), remote::dropped(word));
        for _ in 0..300 {
            assert_eq!(dying_start(folder.path(), 1), StartVerdict::Off);
            let start = shared.begin_start(1);
            assert_eq!(start.verdict(), StartVerdict::Off);
            shared.end_start(start);
        }
        let start = shared.begin_start(2);
        assert_eq!(start.verdict(), StartVerdict::Normal);
        shared.end_start(start);
        assert_eq!(tell(&shared), 2, "those that died; nobody died while it was off");
        assert_eq!(tell(&shared), 0);
        assert_eq!(tell(&process(folder.path())), 0);
        assert_eq!(dying_start(folder.path(), 2), StartVerdict::Normal);
        assert_eq!(dying_start(folder.path(), 3), StartVerdict::Normal, "another version is counted anew");
        assert_eq!(tell(&shared), 1, "but the one that died did die");
    }

    #[test]
    fn a_start_that_ends_forgives_the_one_before() {
        let folder = faulty::folder();
        for _ in 0..3 {
            assert_eq!(dying_start(folder.path(), 1), StartVerdict::Normal);
            let shared = process(folder.path());
            let start = shared.begin_start(1);
            assert_eq!(start.verdict(), StartVerdict::DropRemoteConfig);
            shared.end_start(start);
            assert_eq!(tell(&shared), 1);
        }
    }

    #[test]
    fn a_start_in_a_process_that_lives_is_no_failed_one() {
        let folder = faulty::folder();
        let [one, two] = [0, 0].map(|_| process(folder.path()));
        let first = one.begin_start(1);
        for _ in 0..3 {
            let second = two.begin_start(1);
            assert_eq!(second.verdict(), StartVerdict::Normal);
            two.end_start(second);
        }
        one.end_start(first);
        let third = two.begin_start(1);
        assert_eq!(third.verdict(), StartVerdict::Normal);
        two.end_start(third);
        assert_eq!(tell(&two), 0);
    }

    #[test]
    fn where_the_lock_cannot_be_had_the_marker_is_left_alone() {
        for operation in 3..6 {
            let folder = faulty::folder();
            assert_eq!(dying_start(folder.path(), 1), StartVerdict::Normal);
            let shared = Shared::open(Arc::new(FaultyDisk::fails_at(operation)), folder.path()).unwrap();
            assert!(shared.is_in_file());
            let start = shared.begin_start(1);
            let expected = if operation == 3 { StartVerdict::Normal } else { StartVerdict::DropRemoteConfig };
            assert_eq!(start.verdict(), expected, "{operation}");
            shared.end_start(start);
        }
    }

    #[test]
    fn what_a_dead_session_has_told_is_not_told_again_and_what_it_has_not_is() {
        for (told, left) in [(Some(0), 3), (Some(2), 1), (None, 3)] {
            let folder = faulty::folder();
            (1..4).for_each(|version| _ = dying_start(folder.path(), version));
            let shared = process(folder.path());
            let dead = Uuid::new_v4();
            assert_eq!(shared.begin_telling(dead), 2, "the third one may be under way");
            assert!(shared.is_told_by(dead) && shared.are_starts_being_told());
            let _ = dying_start(folder.path(), 4);
            assert_eq!(tell(&shared), 0, "one session at a time");
            shared.end_telling(Uuid::new_v4(), 2);
            assert!(shared.is_told_by(dead), "that was another's");
            match told {
                // Whoever looks into the dead session's file as well comes to the same, and changes nothing.
                Some(told) => [0, 1].into_iter().for_each(|_| shared.end_telling(dead, told)),
                None => shared.forget_telling(),
            }
            assert!(!shared.is_told_by(dead));
            assert_eq!((tell(&shared), tell(&shared)), (left, 0), "{told:?}");
        }
    }
}
