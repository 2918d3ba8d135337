//! Damage on the disk: any byte flipped, any length cut, any page zeroed, of a recorder and of every spool file.
//!
//! What the damage touches may be lost, and is counted; everything else is read back. `make corruption` tries every
//! byte; `cargo test` every byte of what is small and a sample of the rest.

use crate::batch::Value;
use crate::layout::{self, Word};
use crate::ledger::Account;
use crate::limits::{CRUMB_SLOTS, RECOVER_ATTEMPTS_MAX, RING_SLOTS};
use crate::recover::{self, Remains};
use crate::spool::{Caps, Seal, Spool};
use crate::sync::AtomicU64;
use crate::testing::{self, MemoryUpload};
use crate::{Build, Config, Consent, ManualClock, Recorded, Signal};
use nowait_wire::{DropReason, Event, Kind, NameId, Uuid};
use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Events sealed before the death, and left in the ring by it.
const SEALED: u64 = 100;
const LEFT: u64 = 200;
const CRUMBS: u64 = 10;
const PAGE: usize = 4_096;

/// Names, one for every ten events.
fn name_of(number: u64) -> String {
    format!("name.{}", number / 10)
}

fn config(folder: &Path) -> Config {
    let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder);
    Config { consent: Consent::Granted, ..config }
}

/// A dead session's recorder. `sealing`: it died over sealing half of what was left.
fn dead_recorder(sealing: bool) -> (String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank) = testing::start(config(folder.path()), upload, ManualClock::new(1_000)).unwrap();
    for number in 0..SEALED + LEFT {
        if number == SEALED {
            assert!(crank.flush().complete);
        }
        let name = nowait.name(&name_of(number));
        let at = number * 1_000_000;
        let event = Event { started_uptime_ns: at, a: number, ..Event::new(Kind::Action, name) };
        assert_eq!(nowait.record(&event), Recorded::Kept);
    }
    (0..CRUMBS).for_each(|number| nowait.breadcrumb_at(nowait.name("crumb"), number, number));
    nowait.signal(&Signal::Tick { at: 0, boot_ns: 0, wall_unix_ms: 0 });
    let ring = folder.path().join("live").join(format!("{}.ring", nowait.session()));
    let mut bytes = fs::read(ring).unwrap();
    if sealing {
        let at = Word::HeldTo as usize * 8;
        bytes[at..at + 8].copy_from_slice(&layout::checked(SEALED + LEFT / 2).to_ne_bytes());
    }
    (format!("{}.ring", nowait.session()), bytes)
}

/// Reads the recorder in this folder as a later start would, with nothing in the spool to help.
fn read(folder: &Path) -> Remains {
    let mut dead = recover::find(folder);
    assert_eq!(dead.len(), 1);
    dead.remove(0).read(0, &[]).unwrap()
}

fn bytes_of(words: Range<usize>, index: usize, count: usize) -> Range<usize> {
    let bytes = words.len() * 8 / count;
    let start = words.start * 8 + index * bytes;
    start..start + bytes
}

fn touch(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Everything that the damage does not touch is there, under its name, once, and under an id that no batch has.
fn assert_rest_is_read(remains: &Remains, damage: &Range<usize>) {
    let events = remains.held.iter().chain([&remains.rest]).flat_map(|drained| &drained.events);
    let mut found: HashMap<u64, &Event> = HashMap::new();
    let mut crumbs = 0;
    for event in events {
        match event.kind {
            Kind::Action => assert!(found.insert(event.a, event).is_none(), "twice: {damage:?}"),
            Kind::Breadcrumb => crumbs += 1,
            Kind::Exit => {}
            kind => panic!("nobody recorded this: {kind:?}, {damage:?}"),
        }
    }
    for number in SEALED..SEALED + LEFT {
        let slot = bytes_of(layout::EVENTS, number as usize, RING_SLOTS);
        let Some(event) = found.remove(&number) else {
            assert!(touch(&slot, damage), "event {number} is lost: {damage:?}");
            continue;
        };
        assert_eq!(event.started_uptime_ns, number * 1_000_000, "{damage:?}");
        let text = &remains.texts[event.name.0 as usize];
        let record =
            bytes_of(layout::NAMES, event.name.0 as usize - NameId::RESERVED.len(), crate::limits::NAMES_MAX);
        assert!(*text == name_of(number) || text == "other" && touch(&record, damage), "{text}: {damage:?}");
    }
    assert!(found.is_empty(), "nobody recorded these: {found:?}, {damage:?}");
    let whole =
        (0..CRUMBS as usize).filter(|crumb| !touch(&bytes_of(layout::CRUMBS, *crumb, CRUMB_SLOTS), damage));
    assert!(crumbs >= whole.count(), "{damage:?}");
    for drained in remains.held.iter().chain([&remains.rest]) {
        assert!(drained.first >= SEALED, "the id of a batch that was sealed: {}, {damage:?}", drained.first);
    }
    assert!(remains.held.as_ref().is_none_or(|held| held.first != remains.rest.first));
}

fn every_byte() -> bool {
    std::env::var_os("NOWAIT_EVERY_BYTE").is_some()
}

/// Whether this offset is tried: all of the header, a record of each kind, and a sample of the rest.
fn is_tried(offset: usize) -> bool {
    let whole = [
        0..layout::NAMES.start * 8 / 4,
        bytes_of(layout::NAMES, 12, crate::limits::NAMES_MAX),
        bytes_of(layout::CRUMBS, 3, CRUMB_SLOTS),
        bytes_of(layout::EVENTS, SEALED as usize, RING_SLOTS),
        bytes_of(layout::EVENTS, SEALED as usize + 150, RING_SLOTS),
        bytes_of(layout::EVENTS, 7, RING_SLOTS),
    ];
    every_byte() || offset.is_multiple_of(509) || whole.iter().any(|range| range.contains(&offset))
}

#[test]
fn a_flipped_byte_of_a_recorder_costs_what_it_touches() {
    for sealing in [false, true] {
        let (name, image) = dead_recorder(sealing);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, &image).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        use std::os::unix::fs::FileExt;
        for offset in (0..image.len()).filter(|offset| is_tried(*offset)) {
            for flip in [0xFF, 1 << (offset % 8)] {
                file.write_all_at(&[image[offset] ^ flip], offset as u64).unwrap();
                assert_rest_is_read(&read(folder.path()), &(offset..offset + 1));
            }
            file.write_all_at(&image[offset..=offset], offset as u64).unwrap();
        }
    }
}

#[test]
fn a_recorder_cut_short_gives_what_is_left() {
    let (name, image) = dead_recorder(true);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, &image).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    for length in (0..image.len()).rev().filter(|length| is_tried(*length)) {
        file.set_len(length as u64).unwrap();
        assert_rest_is_read(&read(folder.path()), &(length..image.len()));
    }
}

#[test]
fn a_zeroed_page_of_a_recorder_costs_what_was_on_it() {
    for sealing in [false, true] {
        let (name, image) = dead_recorder(sealing);
        let folder = tempfile::tempdir().unwrap();
        for start in (0..image.len()).step_by(PAGE) {
            let end = (start + PAGE).min(image.len());
            let mut damaged = image.clone();
            damaged[start..end].fill(0);
            fs::write(folder.path().join(&name), damaged).unwrap();
            assert_rest_is_read(&read(folder.path()), &(start..end));
        }
    }
}

/// A folder in which this recorder is all that an earlier process left.
fn folder_with(name: &str, image: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("live")).unwrap();
    let path = folder.path().join("live").join(name);
    fs::write(&path, image).unwrap();
    (folder, path)
}

#[test]
fn the_third_failed_attempt_quarantines_and_a_damaged_counter_does_not() {
    let (name, image) = dead_recorder(false);
    for (attempts, quarantined) in
        [(0, false), (RECOVER_ATTEMPTS_MAX - 1, false), (RECOVER_ATTEMPTS_MAX, true)]
    {
        let (folder, _) = folder_with(&name, &image);
        for _ in 0..attempts {
            // A start that dies over reading: the attempt is noted, and nothing else happens.
            assert!(recover::find(&folder.path().join("live"))[0].begin_attempt().unwrap());
        }
        assert_delivered(folder.path(), quarantined);
    }
    let (folder, path) = folder_with(&name, &image);
    let mut damaged = image;
    damaged[Word::Attempts as usize * 8] = 200;
    fs::write(path, damaged).unwrap();
    assert_delivered(folder.path(), false);
}

/// Starts here: what was left is delivered, or set aside and counted.
fn assert_delivered(folder: &Path, quarantined: bool) {
    let upload = MemoryUpload::new();
    let (_, mut crank) = testing::start(config(folder), upload.clone(), ManualClock::new(1_000)).unwrap();
    crank.shutdown();
    let delivered = upload.events().iter().filter(|(_, event)| event.kind == Kind::Action).count() as u64;
    let counted: u64 = upload
        .batches()
        .iter()
        .map(|batch| batch.ledger.dropped[DropReason::Quarantined as usize])
        .max()
        .unwrap_or_default();
    let aside = fs::read_dir(folder.join("quarantine")).map_or(0, Iterator::count);
    let expected = if quarantined { (0, LEFT, 1) } else { (LEFT, 0, 0) };
    assert_eq!((delivered, counted, aside), expected);
    assert_eq!(fs::read_dir(folder.join("live")).unwrap().count(), 0, "nothing is tried for ever");
}

fn seal(first: u64, value: Value, last: bool, split: bool) -> Seal {
    Seal { session: Uuid::from_u128(9), first, next: first + 5, events: 5, value, last, split }
}

#[test]
fn damage_to_a_spool_file_costs_that_batch_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let caps = Caps { bytes: u64::MAX, files: usize::MAX };
    let words: Vec<AtomicU64> = (0..layout::WORDS).map(|_| AtomicU64::new(0)).collect();
    let account = Account::new(&words);
    let mut spool = Spool::open(folder.path(), caps, Uuid::from_u128(1)).unwrap();
    let kinds = [
        seal(0, Value::Waits, false, false),
        seal(5, Value::Frames, false, true),
        seal(10, Value::Exit, true, false),
    ];
    let frame = |kind: Seal| vec![kind.first as u8 ^ 0x5A; 700];
    for kind in kinds {
        spool.seal(&frame(kind), kind, account).unwrap();
    }
    let paths: Vec<PathBuf> = spool.entries(account).unwrap().into_iter().map(|entry| entry.path).collect();
    let mut lost = 0;
    for (damaged, path) in paths.iter().enumerate() {
        let image = fs::read(path).unwrap();
        let flipped = (0..image.len()).map(|offset| {
            let mut bytes = image.clone();
            bytes[offset] ^= if offset % 2 == 0 { 0xFF } else { 1 << (offset % 8) };
            bytes
        });
        let cut = (0..image.len()).map(|length| image[..length].to_vec());
        let zeroed = [vec![0; image.len()], [&image[..400], &vec![0; image.len() - 400]].concat()];
        for bytes in flipped.chain(cut).chain(zeroed) {
            fs::write(path, &bytes).unwrap();
            let entries = spool.entries(account).unwrap();
            for entry in &entries {
                let kind = kinds
                    .iter()
                    .position(|kind| *kind == entry.seal)
                    .expect("a footer is believed only whole");
                match spool.read(entry) {
                    Ok(frame_read) => assert!(kind != damaged && frame_read == frame(kinds[kind])),
                    Err(error) => {
                        assert_eq!((kind, error.kind()), (damaged, std::io::ErrorKind::InvalidData));
                        spool.drop_entry(entry, DropReason::SpoolCorrupt, account).unwrap();
                    }
                }
            }
            assert!(entries.len() >= kinds.len() - 1, "the others are there");
            lost += u64::from(kinds[damaged].events);
            assert_eq!(account.ledger(0).dropped[DropReason::SpoolCorrupt as usize], lost);
            assert!(!path.exists(), "nothing is tried for ever");
        }
        fs::write(path, &image).unwrap();
    }
    assert_eq!(spool.entries(account).unwrap().len(), kinds.len());
}

#[test]
fn strangers_in_the_folders_are_left_alone_and_hide_nothing() {
    let (name, image) = dead_recorder(false);
    let (folder, _) = folder_with(&name, &image);
    let spool = folder.path().join("spool");
    fs::create_dir_all(spool.join("0000000000000000-5-00000000000000000000000000000009.batch")).unwrap();
    fs::write(spool.join("ffffffffffffffff-5-00000000000000000000000000000009.batch"), "no").unwrap();
    fs::write(spool.join("note.txt"), "no").unwrap();
    fs::write(folder.path().join("live").join("not a session.ring"), "no").unwrap();
    fs::write(folder.path().join("live").join("00000000-0000-0000-0000-000000000009.new"), "half made")
        .unwrap();
    let upload = MemoryUpload::new();
    let (_, mut crank) =
        testing::start(config(folder.path()), upload.clone(), ManualClock::new(1_000)).unwrap();
    crank.flush();
    let delivered = upload.events().iter().filter(|(_, event)| event.kind == Kind::Action).count() as u64;
    assert_eq!(delivered, LEFT);
    assert!(!folder.path().join("live").join("00000000-0000-0000-0000-000000000009.new").exists());
}
