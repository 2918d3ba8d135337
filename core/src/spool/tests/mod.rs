mod damage;
mod deaths;
mod room;

use super::*;
use crate::disk::RealDisk;
use crate::disk::faulty::{self, FaultyDisk};
use crate::ring::account::Folded;
use crate::ring::layout;
use crate::sync::AtomicU64;
use std::fs;

/// The account of a session, in words that outlive it.
struct Words(Vec<AtomicU64>);

impl Words {
    fn new() -> Words {
        Words((0..layout::WORDS).map(|_| AtomicU64::new(0)).collect())
    }

    fn account(&self) -> Account<'_> {
        Account::new(&self.0)
    }

    fn dropped(&self, reason: DropReason) -> u64 {
        self.account().ledger(Folded::default()).dropped[reason as usize]
    }
}

fn session(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn spool_on(disk: Arc<dyn Disk>, root: &Path, owner: u128) -> Spool {
    Spool::new(disk, root, session(owner), |_, _, _, _| true)
}

fn spool(root: &Path, owner: u128) -> Spool {
    spool_on(Arc::new(RealDisk), root, owner)
}

/// Ten events of a customer who granted.
fn seal(first: u64) -> Seal {
    Seal {
        session: session(1),
        first,
        next: first + 10,
        generation: 0,
        events: 10,
        value: Value::Waits,
        last: false,
        split: false,
        pending: false,
    }
}

fn frame(first: u64) -> Vec<u8> {
    vec![first as u8 ^ 0x5A; 100]
}

/// A batch of some events, as the collector takes it, and its seal.
fn session_batch() -> (Vec<u8>, Seal) {
    let frame = include_bytes!("../../../../wire/testdata/v2/whole_session.bin").to_vec();
    let batch = nowait_wire::decode(&frame).unwrap();
    let first = batch.id.first;
    let events = batch.events.len() as u32;
    let next = first + u64::from(events);
    (frame, Seal { session: batch.id.session, first, next, events, ..seal(0) })
}

fn events(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| u64::from(entry.seal.events)).sum()
}

/// Names in the spool's folder, sorted.
fn names(root: &Path) -> Vec<String> {
    let mut names = RealDisk.list(&root.join(FOLDER)).unwrap_or_default();
    names.sort();
    names
}

#[test]
fn what_is_sealed_is_read_in_its_order_until_it_is_delivered() {
    let root = faulty::folder();
    let words = Words::new();
    let account = words.account();
    let mut spool = spool(root.path(), 1);
    assert_eq!(spool.entries(account).unwrap(), []);
    assert_eq!(spool.len().unwrap(), 0);
    assert_eq!(names(root.path()), [""; 0], "looking makes nothing");
    let kinds = [
        seal(0),
        Seal { pending: true, generation: 7, value: Value::Frames, ..seal(10) },
        Seal { last: true, value: Value::Account, events: 0, next: 20, ..seal(20) },
        Seal { split: true, value: Value::Exit, generation: u64::MAX, ..seal(30) },
    ];
    for kind in kinds {
        let entry = spool.seal(&frame(kind.first), kind, account).unwrap();
        assert_eq!(entry.seal, kind);
    }
    let bytes: u64 = spool.entries(account).unwrap().iter().map(|entry| entry.bytes).sum();
    assert_eq!((spool.len().unwrap(), bytes), (4, 4 * 164));
    assert_eq!(account.cost().sealed_bytes, 4 * 164);
    // Another process, which knows only what the files say.
    let mut other = super::tests::spool(root.path(), 2);
    let entries = other.entries(account).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seal).collect::<Vec<_>>(), kinds);
    assert_eq!(entries, spool.entries(account).unwrap());
    for entry in &entries {
        assert_eq!(other.read(entry).unwrap(), frame(entry.seal.first));
        other.delivered(entry).unwrap();
        assert_eq!(spool.read(entry).unwrap_err().kind(), io::ErrorKind::NotFound);
        spool.delivered(entry).unwrap();
        spool.drop_entry(entry, DropReason::Rejected, account).unwrap();
    }
    assert_eq!(words.dropped(DropReason::Rejected), 0, "who comes too late counts nothing");
    assert_eq!((spool.len().unwrap(), other.len().unwrap()), (0, 0));
    assert_eq!(spool.entries(account).unwrap(), []);
}

#[test]
fn a_file_is_looked_into_once() {
    let root = faulty::folder();
    let words = Words::new();
    let mut sealing = spool(root.path(), 1);
    for number in 0..200 {
        sealing.seal(&frame(number), seal(10 * number), words.account()).unwrap();
    }
    let disk = Arc::new(FaultyDisk::fails_during(0..0));
    let mut spool = spool_on(disk.clone(), root.path(), 2);
    assert_eq!(spool.entries(words.account()).unwrap().len(), 200);
    let first = disk.operations();
    assert!(first <= 202, "{first}: a listing, the folder of the version before, each file");
    for _ in 0..10 {
        assert_eq!(spool.entries(words.account()).unwrap().len(), 200);
        assert_eq!(spool.make_room(100, &seal(0), words.account()).unwrap(), Room::Enough);
    }
    assert_eq!(disk.operations() - first, 20, "a listing each");
}

#[test]
fn a_folder_that_is_cleared_is_made_again() {
    let root = faulty::folder();
    let words = Words::new();
    let mut spool = spool(&root.path().join("nowait"), 1);
    for first in [0, 10] {
        spool.seal(&frame(first), seal(first), words.account()).unwrap();
        fs::remove_dir_all(root.path().join("nowait")).unwrap();
        assert_eq!(spool.entries(words.account()).unwrap(), []);
        let lock = spool.upload_lock().unwrap();
        assert!(lock.is_some());
        fs::remove_dir_all(root.path().join("nowait")).unwrap();
    }
}

#[test]
fn one_process_sends_at_a_time() {
    let root = faulty::folder();
    let [one, two] = [1, 2].map(|owner| spool(root.path(), owner));
    let lock = one.upload_lock().unwrap();
    assert!(lock.is_some() && two.upload_lock().unwrap().is_none() && one.upload_lock().unwrap().is_none());
    drop(lock);
    assert!(two.upload_lock().unwrap().is_some());
}

#[test]
fn processes_that_seal_at_once_take_no_name_twice() {
    let root = faulty::folder();
    std::thread::scope(|scope| {
        for owner in 1..5 {
            let root = root.path();
            scope.spawn(move || {
                let words = Words::new();
                let mut spool = spool(root, owner);
                for number in 0..50 {
                    let seal = Seal { session: session(owner), ..seal(10 * number) };
                    assert_eq!(spool.make_room(100, &seal, words.account()).unwrap(), Room::Enough);
                    spool.seal(&frame(number), seal, words.account()).unwrap();
                }
            });
        }
    });
    let words = Words::new();
    let mut spool = spool(root.path(), 9);
    let entries = spool.entries(words.account()).unwrap();
    assert_eq!(entries.len(), 200);
    assert!(entries.iter().all(|entry| spool.read(entry).unwrap() == frame(entry.seal.first / 10)));
}

#[test]
fn a_refused_generation_goes_uncounted_and_what_comes_meanwhile_stays() {
    let root = faulty::folder();
    let words = Words::new();
    let account = words.account();
    let [mut one, mut two] = [1, 2].map(|owner| spool(root.path(), owner));
    for (first, generation) in [(0, 0), (10, 1), (20, 2), (30, 1 << 39)] {
        one.seal(&frame(first), Seal { generation, ..seal(first) }, account).unwrap();
    }
    one.wipe_older(|| {
        // Refused and granted once more, a moment after the folder was listed and the generation read.
        two.seal(&frame(40), Seal { generation: 3, ..seal(40) }, account).unwrap();
        2
    })
    .unwrap();
    let left: Vec<u64> = one.entries(account).unwrap().iter().map(|entry| entry.seal.first).collect();
    assert_eq!(left, [20, 40], "the last of the others belonged to a file that is lost");
    assert_eq!(account.ledger(Folded::default()).dropped, [0; DropReason::ALL.len()]);
}

#[test]
fn a_wipe_leaves_nothing_but_strangers() {
    let root = faulty::folder();
    let words = Words::new();
    let mut one = spool(root.path(), 1);
    one.seal(&frame(0), seal(0), words.account()).unwrap();
    let lock = one.upload_lock().unwrap();
    let strangers = ["note.txt", "ffffffffffffffff-5-00000000000000000000000000000009.batch"];
    for name in strangers {
        fs::write(root.path().join(FOLDER).join(name), "no").unwrap();
    }
    let own = FileName { sequence: 7, events: 3, owner: session(4), of: None };
    for folder in ["spool", "pending"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
        for name in [own.to_string(), own.unfinished(), file::given_up(8, session(4))] {
            fs::write(root.path().join(folder).join(name), "no").unwrap();
        }
    }
    let mut two = spool(root.path(), 2);
    two.wipe().unwrap();
    assert_eq!(names(root.path()), [strangers[1], strangers[0], UPLOAD_LOCK]);
    assert_eq!(fs::read_dir(root.path().join("pending")).unwrap().count(), 0);
    assert_eq!(two.entries(words.account()).unwrap(), []);
    assert_eq!(words.account().ledger(Folded::default()).dropped, [0; DropReason::ALL.len()]);
    drop(lock);
}

#[test]
fn what_a_session_without_a_recorder_left_is_removed() {
    let root = faulty::folder();
    fs::create_dir_all(root.path().join(FOLDER)).unwrap();
    let left = |owner: u128| {
        let name = FileName { sequence: 7, events: 3, owner: session(owner), of: None };
        [name.unfinished(), file::given_up(8, session(owner))]
    };
    for name in [1, 2, 3].map(left).as_flattened() {
        fs::write(root.path().join(FOLDER).join(name), "half").unwrap();
    }
    let spool = spool(root.path(), 1);
    spool.remove_stale(|owner| owner == session(2)).unwrap();
    assert_eq!(names(root.path()).len(), 4, "its own, and those that a recovery asks for");
    spool.remove_leftovers(session(2)).unwrap();
    let mut expected = left(1).to_vec();
    expected.sort();
    assert_eq!(names(root.path()), expected);
}

#[test]
fn strangers_are_left_alone_and_hide_nothing() {
    let root = faulty::folder();
    let folder = root.path().join(FOLDER);
    let words = Words::new();
    fs::create_dir_all(folder.join("0000000000000003-5-00000000000000000000000000000009.batch")).unwrap();
    fs::write(folder.join("ffffffffffffffff-5-00000000000000000000000000000009.batch"), "no").unwrap();
    fs::write(folder.join("note.txt"), "no").unwrap();
    let mut spool = spool(root.path(), 1);
    spool.seal(&frame(0), seal(0), words.account()).unwrap();
    assert_eq!(spool.entries(words.account()).unwrap().len(), 1);
    assert_eq!(names(root.path()).len(), 4);
}
