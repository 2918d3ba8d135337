//! A process dies, or the disk refuses, at each operation: every batch is there, or delivered, or counted, and once.

use super::*;
use crate::ring::account::Folded;

/// What a session did with its batches, by the number of their first event.
#[derive(Debug, Default)]
struct Done {
    sealed: Vec<u64>,
    delivered: Vec<u64>,
}

/// Seals, makes room, delivers, gives up; stops at the first error, as its process does when it dies.
fn work(spool: &mut Spool, account: Account<'_>, done: &mut Done) -> io::Result<()> {
    spool.caps.files = 4;
    for number in 0..6 {
        let seal = Seal { session: session(7), ..seal(100 + 10 * number) };
        while spool.make_room(100, &seal, account)? == Room::Made {}
        spool.seal(&frame(number), seal, account)?;
        done.sealed.push(seal.first);
    }
    let entries = spool.entries(account)?;
    done.delivered.push(entries[0].seal.first);
    spool.delivered(&entries[0])?;
    spool.drop_entry(&entries[1], DropReason::Rejected, account)?;
    spool.entries(account)?;
    Ok(())
}

/// What the next start does about a session that died: its account is finished before its leftovers go.
fn recover(root: &Path, dead: Uuid, words: &Words) -> Vec<Entry> {
    let mut next = spool(root, 99);
    next.finish_give_up(dead, words.account()).unwrap();
    next.remove_leftovers(dead).unwrap();
    let entries = next.entries(words.account()).unwrap();
    assert!(
        names(root).iter().all(|name| matches!(Name::parse(name), Some(Name::Batch(_)))),
        "{:?}",
        names(root)
    );
    entries
}

fn assert_all_accounted_for(at: usize, entries: &[Entry], done: &Done, words: &Words) {
    let there: Vec<u64> = entries.iter().map(|entry| entry.seal.first).collect();
    let dropped: u64 = words.account().ledger(Folded::default()).dropped.iter().sum();
    let is_there = |first: &&u64| there.contains(first);
    // The one in between was on its way to be delivered, or sealed without a word about it.
    let delivered = done.delivered.iter().filter(|first| !is_there(first)).count() as u64;
    let told = done.sealed.len() as u64;
    let untold = there.iter().filter(|first| !done.sealed.contains(first)).count() as u64;
    assert_eq!(
        10 * there.len() as u64 + dropped + 10 * delivered,
        10 * (told + untold),
        "{at}: {there:?} {done:?}"
    );
    assert!(untold <= 1, "{at}");
}

#[test]
fn a_kill_at_any_moment_loses_nothing_and_counts_nothing_twice() {
    for moment in 0.. {
        let root = faulty::folder();
        let words = Words::new();
        let mut done = Done::default();
        let disk = Arc::new(FaultyDisk::kills_at(moment));
        let mut dying = spool_on(disk, root.path(), 7);
        let outcome = faulty::until_killed(|| work(&mut dying, words.account(), &mut done));
        let entries = recover(root.path(), session(7), &words);
        assert_all_accounted_for(moment, &entries, &done, &words);
        // Dying once more, over the recovery, changes nothing.
        assert_eq!(recover(root.path(), session(7), &words), entries);
        if let Some(outcome) = outcome {
            outcome.unwrap();
            break;
        }
    }
}

#[test]
fn a_batch_that_was_set_aside_before_is_not_taken_for_the_one_that_is_given_up_now() {
    let (root, words) = (faulty::folder(), Words::new());
    let entry = spool(root.path(), 7).seal(&frame(0), seal(0), words.account()).unwrap();
    // What could not be removed when it was given up, under the same number.
    let aside = root.path().join(FOLDER).join(file::given_up(entry.name.sequence, session(7)));
    for moment in 0.. {
        fs::write(&aside, "counted before").unwrap();
        let disk = Arc::new(FaultyDisk::kills_at(moment));
        let mut dying = spool_on(disk, root.path(), 7);
        let drop = || dying.drop_entry(&entry, DropReason::Rejected, words.account());
        let outcome = faulty::until_killed(drop);
        let is_there = !recover(root.path(), session(7), &words).is_empty();
        assert_eq!(words.dropped(DropReason::Rejected), if is_there { 0 } else { 10 }, "{moment}");
        if outcome.is_some() || !is_there {
            break;
        }
    }
}

#[test]
fn an_operation_that_fails_is_tried_again_and_counts_nothing_twice() {
    for operation in 0.. {
        let root = faulty::folder();
        let words = Words::new();
        let account = words.account();
        let disk = Arc::new(FaultyDisk::fails_at(operation));
        let mut spool = spool_on(disk.clone(), root.path(), 7);
        spool.caps.files = 4;
        let mut sealed = 0;
        for number in 0..6 {
            let seal = seal(100 + 10 * number);
            // A worker keeps its events and comes again at its next turn.
            for turn in 0.. {
                assert!(turn < 3, "{operation}");
                let room = loop {
                    match spool.make_room(100, &seal, account) {
                        Ok(Room::Made) => {}
                        room => break room,
                    }
                };
                if room.is_ok_and(|room| room == Room::Enough)
                    && spool.seal(&frame(number), seal, account).is_ok()
                {
                    sealed += 1;
                    break;
                }
            }
        }
        let entries = loop {
            if let Ok(entries) = spool.entries(account) {
                break entries;
            }
        };
        let dropped: u64 = account.ledger(Folded::default()).dropped.iter().sum();
        assert_eq!(events(&entries) + dropped, 10 * sealed, "{operation}");
        assert!(entries.len() <= 4);
        let mut firsts: Vec<u64> = entries.iter().map(|entry| entry.seal.first).collect();
        firsts.dedup();
        assert_eq!(firsts.len(), entries.len(), "{operation}: nothing is there twice");
        if !disk.has_happened() {
            break;
        }
    }
}

#[test]
fn a_rejected_batch_is_there_in_halves() {
    let root = faulty::folder();
    let words = Words::new();
    let account = words.account();
    let (frame, seal) = session_batch();
    let mut spool = spool(root.path(), 1);
    let whole = spool.seal(&frame, seal, account).unwrap();
    spool.split(&whole, &frame, account).unwrap();
    let entries = spool.entries(account).unwrap();
    let before = nowait_wire::decode(&frame).unwrap();
    let halves: Vec<_> =
        entries.iter().map(|entry| nowait_wire::decode(&spool.read(entry).unwrap()).unwrap()).collect();
    assert_eq!([&halves[0].events[..], &halves[1].events[..]].concat(), before.events);
    assert_eq!(halves[0].id, before.id);
    assert_eq!((halves[1].id.first, entries[1].seal.first), (entries[1].seal.first, halves[1].id.first));
    assert_eq!(halves[0].ledger, before.ledger, "told once");
    assert_eq!(halves[1].ledger, nowait_wire::Ledger::default());
    assert_eq!(events(&entries), u64::from(seal.events));
    for entry in &entries {
        let frame = spool.read(entry).unwrap();
        spool.split(entry, &frame, account).unwrap();
    }
    assert_eq!(words.dropped(DropReason::Rejected), u64::from(seal.events), "once is enough");
    assert_eq!(spool.len().unwrap(), 0);
}

#[test]
fn what_cannot_be_halved_is_given_up() {
    let root = faulty::folder();
    let words = Words::new();
    let mut spool = spool(root.path(), 1);
    let entry = spool.seal(&frame(0), seal(0), words.account()).unwrap();
    spool.split(&entry, &frame(0), words.account()).unwrap();
    assert_eq!((spool.len().unwrap(), words.dropped(DropReason::Rejected)), (0, 10));
}

#[test]
fn halves_find_room_or_the_whole_is_given_up() {
    let (frame_whole, seal_whole) = session_batch();
    let all = u64::from(seal_whole.events);
    for (value, rejected, evicted, left) in [(Value::Waits, 0, 20, 2), (Value::Account, all, 0, 2)] {
        let root = faulty::folder();
        let words = Words::new();
        let mut spool = spool(root.path(), 1);
        spool.caps.files = 3;
        for number in 0..2 {
            spool.seal(&frame(number), Seal { value, ..seal(10 * number) }, words.account()).unwrap();
        }
        let whole = spool.seal(&frame_whole, seal_whole, words.account()).unwrap();
        spool.split(&whole, &frame_whole, words.account()).unwrap();
        assert_eq!(words.dropped(DropReason::Rejected), rejected);
        assert_eq!(words.dropped(DropReason::SpoolEvicted), evicted);
        assert_eq!(spool.len().unwrap(), left);
    }
}

/// What a process that died over a split left: the collector may refuse the whole again, or take it after all, or
/// somebody needs its room.
#[test]
fn a_kill_over_a_split_neither_loses_nor_doubles_an_event() {
    let (frame, seal) = session_batch();
    let all = u64::from(seal.events);
    for then in 0..4 {
        for moment in 0.. {
            let root = faulty::folder();
            let words = Words::new();
            let account = words.account();
            let whole = spool(root.path(), 1).seal(&frame, seal, account).unwrap();
            let disk = Arc::new(FaultyDisk::kills_at(moment));
            let mut dying = spool_on(disk, root.path(), 7);
            let outcome = faulty::until_killed(|| dying.split(&whole, &frame, account));
            let entries = recover(root.path(), session(7), &words);
            assert_eq!(events(&entries), all, "{moment}: whole or in halves, never both");
            let mut next = spool(root.path(), 2);
            let entries = next.entries(account).unwrap();
            let mut delivered = 0;
            match then {
                0 => {
                    for entry in &entries {
                        let frame = next.read(entry).unwrap();
                        next.split(entry, &frame, account).unwrap();
                    }
                }
                1 => {
                    for entry in &entries {
                        delivered += u64::from(entry.seal.events);
                        next.delivered(entry).unwrap();
                    }
                    assert_eq!(next.len().unwrap(), 0, "{moment}");
                }
                2 => {
                    for entry in &entries {
                        next.drop_entry(entry, DropReason::Rejected, account).unwrap();
                    }
                    assert_eq!(next.len().unwrap(), 0, "{moment}");
                }
                _ => {
                    next.caps.files = 1;
                    let _ = next.make_room(10, &super::seal(0), account).unwrap();
                }
            }
            let left = events(&next.entries(account).unwrap());
            let dropped: u64 = account.ledger(Folded::default()).dropped.iter().sum();
            assert_eq!(left + dropped + delivered, all, "{moment} {then}");
            if let Some(outcome) = outcome {
                outcome.unwrap();
                break;
            }
        }
    }
}

#[test]
fn a_batch_that_another_process_gives_up_while_it_is_split_is_counted_once() {
    let (frame, seal) = session_batch();
    for operation in 0.. {
        let root = faulty::folder();
        let words = Words::new();
        let whole = spool(root.path(), 1).seal(&frame, seal, words.account()).unwrap();
        let evicted = Arc::new(Words::new());
        let (path, counts) = (root.path().to_owned(), evicted.clone());
        // Somebody else needs all the room there is.
        let disk = Arc::new(FaultyDisk::meddled_with_at(operation, move || {
            let mut other = spool(&path, 2);
            other.caps.files = 1;
            other.make_room(10, &Seal { value: Value::Account, ..super::seal(0) }, counts.account()).unwrap();
        }));
        let mut splitting = spool_on(disk.clone(), root.path(), 3);
        splitting.split(&whole, &frame, words.account()).unwrap();
        let left = spool(root.path(), 4).entries(words.account()).unwrap();
        let dropped = evicted.dropped(DropReason::SpoolEvicted);
        assert_eq!(events(&left) + dropped, u64::from(seal.events), "{operation}");
        assert_eq!(words.account().ledger(Folded::default()).dropped, [0; DropReason::ALL.len()]);
        if !disk.has_happened() {
            break;
        }
    }
}

#[test]
fn halves_of_a_batch_that_is_there_whole_are_no_room() {
    let (root, words) = (faulty::folder(), Words::new());
    let mut spool = spool(root.path(), 1);
    spool.caps.files = 2;
    let whole = Seal { value: Value::Exit, ..seal(0) };
    let half = Seal { value: Value::Frames, split: true, events: 5, ..whole };
    for seal in [whole, half] {
        spool.seal(&frame(0), seal, words.account()).unwrap();
    }
    let new = Seal { value: Value::Account, ..seal(10) };
    assert_eq!(spool.make_room(10, &new, words.account()).unwrap(), Room::Refused);
    assert_eq!(spool.len().unwrap(), 2);
}
