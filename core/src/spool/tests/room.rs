//! What goes when there is no room, and whether every account knows of it.

use super::*;
use crate::ring::account::Folded;

fn values(entries: &[Entry]) -> Vec<Value> {
    entries.iter().map(|entry| entry.seal.value).collect()
}

/// A full spool of four files: what a fifth costs.
fn full(root: &Path, account: Account<'_>, values: [Value; 4]) -> Spool {
    let mut spool = spool(root, 1);
    spool.caps.files = 4;
    for (number, value) in (0..).zip(values) {
        spool.seal(&frame(number), Seal { value, ..seal(10 * number) }, account).unwrap();
    }
    spool
}

/// What a recovery would make again is told twice if it is given up now: delivered then and counted here, or counted twice.
#[test]
fn a_batch_that_its_session_does_not_know_as_sealed_is_not_given_up() {
    let (root, words) = (faulty::folder(), Words::new());
    let account = words.account();
    let mut spool = full(root.path(), account, [Value::Frames, Value::Waits, Value::Exit, Value::Account]);
    spool.is_noted = |_, _, _, next| next == seal(10).next;
    assert_eq!(spool.make_room(100, &seal(40), account).unwrap(), Room::Made);
    spool.seal(&frame(4), seal(40), account).unwrap();
    let left: Vec<u64> = spool.entries(account).unwrap().iter().map(|entry| entry.seal.first).collect();
    assert_eq!(left, [0, 20, 30, 40], "the one that it knows");
    assert_eq!(spool.make_room(100, &seal(50), account).unwrap(), Room::Refused);
    let entry = spool.entries(account).unwrap()[0];
    for refused in [
        spool.drop_entry(&entry, DropReason::Rejected, account),
        spool.split(&entry, &session_batch().0, account),
    ] {
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
    assert_eq!((spool.len().unwrap(), words.dropped(DropReason::Rejected)), (4, 0));
    // A wipe counts nothing, and nothing that was refused is made again.
    let later = Seal { generation: 1, ..seal(50) };
    assert_eq!(spool.make_room(100, &later, account).unwrap(), Room::Enough);
}

#[test]
fn the_least_valuable_and_of_those_the_oldest_goes_first() {
    use Value::{Account as Accounts, Exit, Frames, Waits};
    // What is there, what comes, what is left in the order of age; `None`: what comes is worth least.
    let cases = [
        ([Waits, Frames, Exit, Waits], Waits, Some(vec![Waits, Exit, Waits, Waits])),
        ([Waits, Waits, Exit, Accounts], Waits, Some(vec![Waits, Exit, Accounts, Waits])),
        ([Exit, Exit, Waits, Accounts], Accounts, Some(vec![Exit, Exit, Accounts, Accounts])),
        ([Exit, Exit, Accounts, Accounts], Exit, Some(vec![Exit, Accounts, Accounts, Exit])),
        ([Exit, Waits, Accounts, Waits], Frames, None),
        ([Accounts, Accounts, Accounts, Accounts], Exit, None),
        ([Accounts, Accounts, Accounts, Accounts], Accounts, Some(vec![Accounts; 4])),
    ];
    for (there, comes, left) in cases {
        let root = faulty::folder();
        let words = Words::new();
        let mut spool = full(root.path(), words.account(), there);
        let new = Seal { value: comes, ..seal(40) };
        let room = spool.make_room(100, &new, words.account()).unwrap();
        let is_made = left.is_some();
        assert_eq!(room, if is_made { Room::Made } else { Room::Refused }, "{there:?} {comes:?}");
        assert_eq!(words.dropped(DropReason::SpoolEvicted), 10 * u64::from(is_made));
        if is_made {
            assert_eq!(spool.make_room(100, &new, words.account()).unwrap(), Room::Enough);
            spool.seal(&frame(4), new, words.account()).unwrap();
        }
        let entries = spool.entries(words.account()).unwrap();
        assert_eq!(values(&entries), left.unwrap_or(there.to_vec()), "{there:?} {comes:?}");
        let is_sealed = entries.iter().any(|entry| entry.seal.first == 40);
        assert_eq!(is_sealed, is_made);
    }
}

#[test]
fn bytes_are_a_cap_too() {
    let root = faulty::folder();
    let words = Words::new();
    let mut spool = spool(root.path(), 1);
    spool.caps.bytes = 1_000;
    let large = |bytes: usize| spool_frame(bytes - file::FOOTER_BYTES);
    for first in [0, 10, 20] {
        spool.seal(&large(300), seal(first), words.account()).unwrap();
    }
    let room = |spool: &mut Spool, bytes: usize| {
        spool.make_room(bytes - file::FOOTER_BYTES, &seal(30), words.account()).unwrap()
    };
    assert_eq!(room(&mut spool, 100), Room::Enough);
    assert_eq!(room(&mut spool, 1_001), Room::Refused);
    assert_eq!(spool.len().unwrap(), 3, "nothing goes for what cannot stay");
    assert_eq!(room(&mut spool, 400), Room::Made);
    assert_eq!(spool.len().unwrap(), 2);
    assert_eq!(room(&mut spool, 1_000), Room::Made);
    assert_eq!(spool.len().unwrap(), 0);
}

fn spool_frame(bytes: usize) -> Vec<u8> {
    vec![7; bytes]
}

#[test]
fn customers_who_have_not_decided_have_little_room_and_take_none_from_others() {
    let root = faulty::folder();
    let words = Words::new();
    let account = words.account();
    let mut spool = spool(root.path(), 1);
    // Frames of a session that was granted: worth least, and no room for this.
    spool.seal(&frame(0), Seal { value: Value::Frames, ..seal(0) }, account).unwrap();
    for number in 1..=PENDING_FILES_MAX as u64 {
        spool.seal(&frame(number), Seal { pending: true, ..seal(10 * number) }, account).unwrap();
    }
    let next = Seal { pending: true, ..seal(1_000) };
    let granted = Seal { pending: false, ..next };
    assert_eq!(spool.make_room(100, &granted, account).unwrap(), Room::Enough);
    assert_eq!(spool.make_room(100, &next, account).unwrap(), Room::Made);
    let firsts: Vec<u64> = spool.entries(account).unwrap().iter().map(|entry| entry.seal.first).collect();
    assert_eq!((firsts[0], firsts[1], firsts.len()), (0, 20, PENDING_FILES_MAX), "the oldest of its kind");
    let bytes = PENDING_BYTES_MAX as usize;
    assert_eq!(spool.make_room(bytes, &next, account).unwrap(), Room::Refused);
    assert_eq!(spool.make_room(bytes, &granted, account).unwrap(), Room::Enough);
}

#[test]
fn a_session_that_was_refused_makes_room_uncounted() {
    let root = faulty::folder();
    let words = Words::new();
    let mut spool = full(root.path(), words.account(), [Value::Account; 4]);
    let new = Seal { generation: 1, value: Value::Frames, ..seal(40) };
    assert_eq!(spool.make_room(100, &new, words.account()).unwrap(), Room::Enough);
    assert_eq!(spool.len().unwrap(), 3);
    assert_eq!(words.dropped(DropReason::SpoolEvicted), 0);
}

/// A session that seals batches of ten events and then its account, as a worker does it. What the last account says,
/// and what is there to be delivered.
fn run_session(spool: &mut Spool, words: &Words, batches: u64, template: Seal) -> (u64, u64) {
    let account = words.account();
    let mut told = 0;
    for number in 0..=batches {
        let is_account = number == batches;
        let seal = Seal {
            first: 10 * number,
            next: 10 * number + if is_account { 0 } else { 10 },
            events: if is_account { 0 } else { 10 },
            value: if is_account { Value::Account } else { Value::Waits },
            ..template
        };
        let produced = seal.next;
        loop {
            // The account as it is encoded into the batch.
            let ledger = account.ledger(Folded { events: produced, ..Folded::default() });
            match spool.make_room(100, &seal, account).unwrap() {
                Room::Enough => {
                    told = ledger.dropped.iter().sum();
                    assert_eq!(ledger.produced, produced);
                    spool.seal(&frame(number), seal, account).unwrap();
                    break;
                }
                Room::Made => {}
                Room::Refused => {
                    account.dropped(DropReason::SpoolEvicted, u64::from(seal.events));
                    break;
                }
            }
        }
    }
    (told, events(&spool.entries(account).unwrap()))
}

#[test]
fn forty_batches_of_a_customer_who_decides_late_are_all_accounted_for() {
    let root = faulty::folder();
    let words = Words::new();
    let mut sealing = spool(root.path(), 1);
    let (told, left) = run_session(&mut sealing, &words, 40, Seal { pending: true, ..seal(0) });
    assert_eq!(left, 10 * (PENDING_FILES_MAX as u64 - 1), "all but the account");
    assert_eq!((told, told + left), (90, 400));
    // Granted, and delivered by the next session.
    let mut next = spool(root.path(), 2);
    let entries = next.entries(words.account()).unwrap();
    assert_eq!(entries.last().unwrap().seal.events, 0);
    for entry in &entries {
        next.read(entry).unwrap();
        next.delivered(entry).unwrap();
    }
    assert_eq!(next.len().unwrap(), 0);
}

#[test]
fn six_hundred_batches_offline_are_all_accounted_for() {
    let root = faulty::folder();
    let words = Words::new();
    let mut spool = spool(root.path(), 1);
    let (told, left) = run_session(&mut spool, &words, 600, seal(0));
    assert_eq!(told + left, 6_000);
    assert_eq!(spool.len().unwrap(), SPOOL_FILES_MAX);
}

#[test]
fn processes_that_make_room_at_once_count_each_batch_once() {
    let root = faulty::folder();
    let accounts: Vec<Words> = (0..4).map(|_| Words::new()).collect();
    std::thread::scope(|scope| {
        for (owner, words) in (1..).zip(&accounts) {
            let root = root.path();
            scope.spawn(move || {
                let mut spool = spool(root, owner);
                spool.caps.files = 20;
                run_session(&mut spool, words, 60, Seal { session: session(owner), ..seal(0) });
            });
        }
    });
    let mut spool = spool(root.path(), 9);
    let dropped: u64 = accounts.iter().map(|words| words.dropped(DropReason::SpoolEvicted)).sum();
    let words = Words::new();
    let entries = spool.entries(words.account()).unwrap();
    assert_eq!(dropped + events(&entries), 4 * 600);
    assert_eq!(entries.iter().filter(|entry| entry.seal.events == 0).count(), 4, "every account is there");
    assert!(names(root.path()).iter().all(|name| matches!(Name::parse(name), Some(Name::Batch(_)))));
}
