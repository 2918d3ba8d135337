use super::*;
use crate::disk::RealDisk;
use crate::disk::faulty::{self, FaultyDisk};
use nowait_wire::Uuid;
use proptest::prelude::*;
use std::collections::HashSet;
use std::fs;

const PENDING: Decision = Decision::FIRST;
const GRANTED: Decision = Decision { consent: Consent::Granted, generation: 0 };

fn decision(consent: Consent, generation: u64) -> Decision {
    Decision { consent, generation }
}

/// A process of the app.
fn process(folder: &Path) -> Shared {
    Shared::open(Arc::new(RealDisk), folder).unwrap()
}

/// The words of the file, by what a process stores.
fn file(folder: &Path) -> Vec<u8> {
    fs::read(folder.join(FILE)).unwrap()
}

/// A folder whose customer refused twice and granted again, and the id of the installation since.
fn used_folder(last: Consent) -> (tempfile::TempDir, Uuid) {
    let folder = faulty::folder();
    let shared = process(folder.path());
    for consent in [Consent::Refused, Consent::Granted, Consent::Refused, last] {
        shared.decide(consent);
    }
    (folder, shared.install_id(2))
}

#[test]
fn the_first_start_finds_nothing_decided() {
    let folder = faulty::folder();
    let shared = process(&folder.path().join("a/b"));
    assert_eq!(shared.consent(), PENDING);
    assert!(shared.is_in_file());
    assert_eq!((shared.retry(), shared.remote()), ([0; 4], 0));
    shared.sync().unwrap();
    assert_eq!(fs::read_dir(folder.path().join("a/b")).unwrap().count(), 1, "the file and nothing else");
}

#[test]
fn a_decision_is_every_processes_at_once_and_the_next_starts() {
    let folder = faulty::folder();
    let [one, two] = [0, 0].map(|_| process(folder.path()));
    assert_eq!(one.decide(Consent::Granted), GRANTED);
    assert_eq!(two.consent(), GRANTED);
    assert_eq!(two.decide(Consent::Refused), decision(Consent::Refused, 1));
    assert_eq!(two.decide(Consent::Refused), decision(Consent::Refused, 1), "said twice, refused once");
    assert_eq!(one.consent(), decision(Consent::Refused, 1));
    drop((one, two));
    let next = process(folder.path());
    assert_eq!(next.consent(), decision(Consent::Refused, 1));
    assert_eq!(next.decide(Consent::Granted), decision(Consent::Granted, 1));
    assert_eq!(next.decide(Consent::Pending), decision(Consent::Pending, 1));
    assert_eq!(process(folder.path()).consent(), decision(Consent::Pending, 1));
}

#[test]
fn processes_agree_on_an_id_and_a_grant_after_a_refusal_has_another() {
    let folder = faulty::folder();
    let [one, two] = [0, 0].map(|_| process(folder.path()));
    let id = one.install_id(0);
    assert_eq!(two.install_id(0), id);
    assert_eq!(process(folder.path()).install_id(0), id);
    assert_eq!(id.get_version_num(), 4);
    two.decide(Consent::Refused);
    let words = file(folder.path());
    assert!(words[Word::Install as usize * 8..][..install::WORDS * 8].iter().all(|byte| *byte == 0));
    assert_ne!(one.install_id(0), id, "nothing is kept of a generation that is over");
    assert_ne!(one.install_id(1), one.install_id(1), "nor after a refusal");
    one.decide(Consent::Granted);
    let next = one.install_id(1);
    assert_ne!(next, id);
    assert_ne!(one.install_id(0), id, "asked by a process that has not noticed yet");
    assert_eq!(two.install_id(1), next);
}

#[test]
fn a_kill_inside_a_decision_leaves_either_and_no_id_after_a_refusal() {
    let (folder, id) = used_folder(Consent::Granted);
    let shared = process(folder.path());
    // Noted, and not said yet.
    shared.copy(decision(Consent::Refused, 3));
    let next = process(folder.path());
    assert_eq!((next.consent(), next.install_id(2)), (decision(Consent::Granted, 2), id));
    // Said, and the id not removed yet.
    let word = shared.word(Word::Decision).unwrap();
    // Release: as the process would have.
    word.store(decision(Consent::Refused, 3).to_word(), Ordering::Release);
    let next = process(folder.path());
    assert!(file(folder.path())[Word::Install as usize * 8..][..24].iter().all(|byte| *byte == 0));
    assert_eq!(next.decide(Consent::Granted), decision(Consent::Granted, 3));
}

#[test]
fn the_copy_of_a_decision_is_as_new_as_the_latest_and_mended_by_the_worker() {
    let (folder, _) = used_folder(Consent::Refused);
    let [one, two] = [0, 0].map(|_| process(folder.path()));
    // A process that is late with its copy.
    one.copy(decision(Consent::Pending, 1));
    for index in [Word::Decision, Word::DecisionCopy, Word::Decision] {
        // Relaxed: damage knows no order.
        one.word(index).unwrap().store(5, Ordering::Relaxed);
        assert_eq!(two.consent(), decision(Consent::Refused, 2));
        two.settle().unwrap();
    }
}

#[test]
fn processes_that_start_at_once_agree() {
    for round in 0..50 {
        let folder = faulty::folder();
        let ids: HashSet<Uuid> = std::thread::scope(|scope| {
            let starters: Vec<_> =
                (0..4).map(|_| scope.spawn(|| process(folder.path()).install_id(0))).collect();
            starters.into_iter().map(|starter| starter.join().unwrap()).collect()
        });
        assert_eq!(ids.len(), 1, "{round}");
        assert_eq!(process(folder.path()).consent(), PENDING);
    }
}

#[test]
fn many_threads_deciding_lose_no_refusal() {
    let folder = faulty::folder();
    let generations: HashSet<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let shared = process(folder.path());
                    let mut began = Vec::new();
                    let mut last = 0;
                    for _ in 0..500 {
                        for consent in [Consent::Refused, Consent::Granted] {
                            let now = shared.decide(consent);
                            assert!(now.generation >= last && now.consent == consent);
                            last = now.generation;
                        }
                        let id = shared.install_id(last);
                        began.push((last, id));
                    }
                    began
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).map(|(began, _)| began).collect()
    });
    let shared = process(folder.path());
    assert!(shared.consent().generation <= 2_000);
    assert_eq!(shared.consent().generation, *generations.iter().max().unwrap());
    assert_eq!(shared.decide(Consent::Refused).consent, Consent::Refused);
    assert!(file(folder.path())[Word::Install as usize * 8..][..24].iter().all(|byte| *byte == 0));
}

/// Uses everything once, as a process would; it must not panic.
fn use_all(shared: &Shared) {
    let now = shared.consent();
    shared.install_id(now.generation);
    shared.set_retry(shared.retry());
    shared.set_remote(shared.remote() | 1, |old| old < 100);
    let start = shared.begin_start(7);
    shared.end_start(start);
    let session = Uuid::new_v4();
    let told = shared.begin_telling(session);
    shared.end_telling(session, told);
    shared.settle().unwrap();
}

#[test]
fn a_damaged_byte_costs_no_refusal_and_gives_no_grant() {
    for last in [Consent::Granted, Consent::Refused, Consent::Pending] {
        let (folder, id) = used_folder(last);
        let path = folder.path().join(FILE);
        let image = file(folder.path());
        // Those behind the words in use are all alike.
        for offset in (0..112).chain([119, 4_095]) {
            for flip in [0xFF, 1 << (offset % 8)] {
                let mut damaged = image.clone();
                damaged[offset] ^= flip;
                let is_changed = damaged != image;
                fs::write(&path, &damaged).unwrap();
                let shared = process(folder.path());
                let now = shared.consent();
                assert_eq!(now.generation, 2, "{offset}");
                let is_hit = is_changed && offset / 8 == Word::Decision as usize;
                let is_granted = last == Consent::Granted;
                let expected = if is_hit && is_granted { Consent::Pending } else { last };
                assert_eq!(now.consent, expected, "{offset}");
                if !is_changed && last != Consent::Refused {
                    assert_eq!(shared.install_id(2), id);
                }
                use_all(&shared);
                assert_eq!(
                    shared.decide(Consent::Refused).generation,
                    2 + u64::from(last != Consent::Refused)
                );
                // The same in a process that has the file mapped while it happens.
                let granted = shared.decide(Consent::Granted);
                let word = &shared.memory.words[offset / 8];
                // Relaxed: damage knows no order.
                word.fetch_xor(u64::from(flip) << (8 * (offset % 8)), Ordering::Relaxed);
                assert_eq!(shared.consent().generation, granted.generation);
                use_all(&shared);
            }
        }
    }
}

#[test]
fn a_file_that_is_lost_begins_a_generation_of_its_own() {
    let page = SHARED_WORDS * 8;
    for left in
        [None, Some(vec![]), Some(vec![0; page]), Some(vec![0xFF; page]), Some(b"NWSHARE\x01".to_vec())]
    {
        let (folder, id) = used_folder(Consent::Granted);
        fs::create_dir(folder.path().join("spool")).unwrap();
        fs::remove_file(folder.path().join(FILE)).unwrap();
        if let Some(left) = &left {
            fs::write(folder.path().join(FILE), left).unwrap();
        }
        let shared = process(folder.path());
        let now = shared.consent();
        assert_eq!(now.consent, Consent::Pending, "{left:?}");
        assert!(now.generation > 2, "{left:?}");
        assert_eq!(process(folder.path()).consent(), now, "and it stays so");
        assert_ne!(shared.install_id(now.generation), id);
        use_all(&shared);
    }
}

#[test]
fn another_version_of_the_file_keeps_the_decision_alone() {
    let (folder, id) = used_folder(Consent::Granted);
    let mut image = file(folder.path());
    image[7] = 9;
    fs::write(folder.path().join(FILE), &image).unwrap();
    let [one, two] = [0, 0].map(|_| process(folder.path()));
    assert_eq!(one.consent(), decision(Consent::Granted, 2));
    assert_ne!(one.install_id(2), id);
    assert_eq!(one.install_id(2), two.install_id(2));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn garbage_is_never_a_grant(
        words in proptest::collection::vec(any::<u64>(), 0..SHARED_WORDS + 8),
        magic in any::<bool>(),
    ) {
        let folder = faulty::folder();
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        if magic {
            bytes.splice(..bytes.len().min(8), MAGIC.to_ne_bytes());
        }
        fs::write(folder.path().join(FILE), &bytes).unwrap();
        let shared = process(folder.path());
        prop_assert_eq!(shared.consent().consent, Consent::Pending);
        use_all(&shared);
        let before = shared.consent();
        prop_assert_eq!(shared.decide(Consent::Refused), before.then(Consent::Refused));
    }

    #[test]
    fn any_word_may_break_at_any_time(
        steps in proptest::collection::vec((0..8_u8, 0..16_usize, any::<u64>()), 1..60),
    ) {
        let folder = faulty::folder();
        let processes = [0, 0].map(|_| process(folder.path()));
        let mut granted = false;
        let mut last = 0;
        for (step, index, value) in steps {
            let shared = &processes[index % 2];
            match step {
                0 => granted |= shared.decide(Consent::Granted).consent == Consent::Granted,
                1 => {
                    shared.decide(Consent::Refused);
                    granted = false;
                }
                2 => {
                    shared.decide(Consent::Pending);
                    granted = false;
                }
                3 => { shared.install_id(shared.consent().generation); }
                4 => use_all(shared),
                // Damage to one word at a time: a turn of the worker comes before the next.
                _ => {
                    shared.settle().unwrap();
                    // Relaxed: damage knows no order.
                    shared.memory.words[index].store(value, Ordering::Relaxed);
                }
            }
            let now = shared.consent();
            prop_assert!(now.consent != Consent::Granted || granted);
            prop_assert!(now.generation >= last);
            last = now.generation;
        }
    }
}

#[test]
fn a_removed_file_is_noticed_and_written_again() {
    let (folder, _) = used_folder(Consent::Granted);
    let shared = process(folder.path());
    for gone in [folder.path().join(FILE), folder.path().to_owned()] {
        if gone.is_dir() { fs::remove_dir_all(&gone) } else { fs::remove_file(&gone) }.unwrap();
        assert!(shared.settle().is_ok() && !shared.is_in_file());
        assert_eq!(process(folder.path()).consent(), decision(Consent::Granted, 2));
    }
    // From now on the two are apart, and the workers carry it.
    let other = process(folder.path());
    other.decide(Consent::Refused);
    assert_eq!(shared.consent(), decision(Consent::Granted, 2));
    shared.settle().unwrap();
    assert_eq!(shared.consent(), decision(Consent::Refused, 3));
    shared.decide(Consent::Granted);
    shared.settle().unwrap();
    assert_eq!(other.consent(), decision(Consent::Granted, 3));
}

#[test]
fn where_there_is_no_folder_it_holds_for_this_process() {
    let folder = faulty::folder();
    let blocked = folder.path().join("file");
    fs::write(&blocked, "in the way").unwrap();
    let shared = process(&blocked);
    assert!(!shared.is_in_file());
    assert_eq!(shared.consent().consent, Consent::Pending);
    let granted = shared.decide(Consent::Granted);
    assert_eq!((granted.consent, shared.consent()), (Consent::Granted, granted));
    assert_eq!(shared.install_id(granted.generation), shared.install_id(granted.generation));
    assert!(shared.sync().is_err());
    let start = shared.begin_start(1);
    assert_eq!(start.verdict(), StartVerdict::Normal);
    shared.end_start(start);
}

/// Whichever operation of a start fails, what was decided before stands at the next, and what is said is not lost.
#[test]
fn one_failing_operation_loses_no_decision() {
    for said in [None, Some(Consent::Refused), Some(Consent::Granted)] {
        for before in [Consent::Granted, Consent::Refused] {
            for operation in 0.. {
                let (folder, _) = used_folder(before);
                fs::create_dir(folder.path().join("spool")).unwrap();
                let disk = Arc::new(FaultyDisk::fails_at(operation));
                // One that fails is tried again.
                let opened = Shared::open(disk.clone(), folder.path());
                let shared = opened.unwrap_or_else(|_| Shared::open(disk.clone(), folder.path()).unwrap());
                let mut expected = decision(before, 2);
                if let Some(said) = said {
                    shared.decide(said);
                    expected = expected.then(said);
                }
                // Twice: the next turn does what the one before could not.
                let _ = shared.sync();
                let is_over = !disk.has_happened();
                let _ = shared.sync();
                assert_eq!(process(folder.path()).consent(), expected, "{operation} {said:?}");
                if is_over {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_keeps_what_it_has() {
    let (folder, id) = used_folder(Consent::Granted);
    let before = file(folder.path());
    assert!(Shared::open(Arc::new(FaultyDisk::fails_during(0..3)), folder.path()).is_err());
    assert_eq!(file(folder.path()), before);
    let next = process(folder.path());
    assert_eq!(next.consent(), decision(Consent::Granted, 2));
    assert_eq!(next.install_id(2), id);
}

#[test]
fn retry_words_are_kept_and_the_remote_configuration_only_moves_on() {
    let folder = faulty::folder();
    let [one, two] = [0, 0].map(|_| process(folder.path()));
    one.set_retry([1, 2, 3, 4]);
    assert_eq!(two.retry(), [1, 2, 3, 4]);
    assert!(one.set_remote(5, |old| old < 5));
    assert!(!two.set_remote(4, |old| old < 4));
    assert_eq!(two.remote(), 5);
    assert!(two.set_remote(6, |old| old < 6));
    drop((one, two));
    let next = process(folder.path());
    assert_eq!((next.retry(), next.remote()), ([1, 2, 3, 4], 6));
}

#[test]
fn a_customer_is_asked_once_in_a_time_by_whoever_is_first() {
    const DAY: u64 = 86_400;
    let folder = faulty::folder();
    let [one, two] = [0, 0].map(|_| process(folder.path()));
    let now = 1_800_000_000;
    assert!(one.take_asking(now, 90 * DAY));
    assert!(!two.take_asking(now + 89 * DAY, 90 * DAY));
    drop((one, two));
    let next = process(folder.path());
    assert!(!next.take_asking(now + 90 * DAY - 1, 90 * DAY));
    assert!(next.take_asking(now + 90 * DAY, 90 * DAY));
    // A clock that sets itself goes back by seconds; one that was wrong by years does not silence a bank for years.
    assert!(!next.take_asking(now + 90 * DAY - 60, 90 * DAY));
    assert!(!next.take_asking(now, 90 * DAY), "from now on it counts");
    assert!(!next.take_asking(now + 89 * DAY, 90 * DAY));
    assert!(next.take_asking(now + 90 * DAY, 90 * DAY));
    assert!(
        next.take_asking(u64::MAX, 0) && next.take_asking(u64::MAX, 0),
        "whoever wants to ask each time may"
    );
}

#[test]
fn a_damaged_word_is_none_that_was_asked() {
    let folder = faulty::folder();
    assert!(process(folder.path()).take_asking(5, 100));
    let path = folder.path().join(FILE);
    let mut bytes = file(folder.path());
    bytes[Word::Asked as usize * 8] ^= 1;
    fs::write(path, bytes).unwrap();
    assert!(process(folder.path()).take_asking(5, 100));
}

#[test]
fn where_it_cannot_be_remembered_nobody_is_asked() {
    let folder = faulty::folder();
    let shared = Shared::open(Arc::new(FaultyDisk::without_mappings()), folder.path()).unwrap();
    assert!(!shared.take_asking(5, 0));
}
