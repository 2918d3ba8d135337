//! Damage on the disk: any byte flipped, any length cut, any page zeroed, of a recorder's file.
//!
//! What the damage touches may be lost, and is counted; everything else is read back. `make corruption` tries every byte;
//! `cargo test` a sample. Damage to what lies beside it: `spool/tests/damage.rs` and `shared/tests.rs`.

use crate::fold::unpack;
use crate::limits::{EVENT_SLOTS, NAMES_MAX, RECOVER_ATTEMPTS_MAX, RING_SLOTS};
use crate::record::Fact;
use crate::recover::{self, Session};
use crate::ring::header::{self, Intent};
use crate::ring::layout::{self, Word};
use crate::ring::slot::{self, SLOT_WORDS};
use crate::testing::{self, MemoryUpload};
use crate::{Build, Config, Consent, ManualClock, NOW, NoWait, Recorded};
use nowait_wire::{DropReason, Event, Kind, Ledger, NameId, Network, Outcome, RefuseReason, Uuid};
use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Events sealed before the death, folded and waiting for their batch, and not folded yet.
const SEALED: u64 = 100;
const WAITING: u64 = 60;
const UNFOLDED: u64 = 60;
const ALL: u64 = SEALED + WAITING + UNFOLDED;
/// Breadcrumbs after each of the three lots of events.
const CRUMBS: u64 = 5;
/// Marks that each lot leaves on the trail: a request is one.
const MARKS: u64 = CRUMBS + 1;
const PAGE: usize = 4_096;

/// A recorder's file, and where in it each event lies.
struct Image {
    name: String,
    bytes: Vec<u8>,
    /// What lies beside it: without the customer's decision nobody may send it.
    shared: Vec<u8>,
    places: HashMap<u64, Range<usize>>,
}

/// Names, one for every ten events.
fn name_of(number: u64) -> String {
    format!("name.{}", number / 10)
}

fn config(folder: &Path) -> Config {
    let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder);
    Config { consent: Consent::Granted, ..config }
}

fn record(nowait: NoWait, numbers: Range<u64>) {
    for number in numbers {
        let name = nowait.name(&name_of(number));
        let at = number * 1_000_000;
        let event = Event { started_uptime_ns: at, a: number, ..Event::new(Kind::Action, name) };
        assert_eq!(nowait.record(&event), Recorded::Kept);
    }
    (0..CRUMBS).for_each(|_| assert!(nowait.breadcrumb(nowait.crumb("crumb")).is_taken()));
    // A request that nobody ends.
    let route = nowait.name("GET /");
    nowait.append(Fact::RequestStarted { at: NOW, id: nowait.next_id(), route });
}

/// A dead session's recorder. `sealing`: it died over sealing half of what was waiting.
fn dead_recorder(sealing: bool) -> Image {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let clock = ManualClock::new(1_000);
    let (nowait, mut worker) = testing::start(config(folder.path()), upload, clock).unwrap();
    record(nowait, 0..SEALED);
    assert!(worker.flush().complete);
    record(nowait, SEALED..SEALED + WAITING);
    worker.turn();
    record(nowait, SEALED + WAITING..ALL);
    if sealing {
        let memory = &nowait.engine.recorder.flight().unwrap().memory;
        let intent = Intent {
            first: SEALED,
            next: SEALED + WAITING / 2,
            network: Network::Wifi,
            anchors: vec![nowait.engine.recorder.clock.anchor()],
            ledger: Ledger::default(),
        };
        assert!(header::write_intent(memory.words, &intent));
    }
    let name = format!("{}.ring", nowait.session());
    let bytes = fs::read(folder.path().join("live").join(&name)).unwrap();
    let shared = fs::read(folder.path().join("shared")).unwrap();
    let words = words_of(&bytes);
    let mut places = HashMap::new();
    for (range, count) in [(layout::EVENTS, EVENT_SLOTS), (layout::FACTS, RING_SLOTS)] {
        for index in 0..count {
            let place = bytes_of(range.clone(), index, count);
            let slot: &[u64; SLOT_WORDS] = words[place.start / 8..place.end / 8].try_into().unwrap();
            if let slot::Recovered::Whole { payload, .. } = slot::recover(slot)
                && let Some(event) = unpack(&payload)
            {
                assert!(places.insert(event.a, place).is_none(), "an event lies in one place");
            }
        }
    }
    assert_eq!(places.len() as u64, WAITING + UNFOLDED, "what is sealed lies nowhere any more");
    Image { name, bytes, shared, places }
}

fn words_of(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word)).collect()
}

/// Reads a recorder as a later start would, with nothing in the spool to help.
fn read(bytes: &[u8]) -> Option<Session> {
    recover::read(Uuid::from_u128(7), &words_of(bytes), 0, &|_| Ok(())).unwrap()
}

fn bytes_of(words: Range<usize>, index: usize, count: usize) -> Range<usize> {
    let bytes = words.len() * 8 / count;
    let start = words.start * 8 + index * bytes;
    start..start + bytes
}

fn touch(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// What is left of a damaged recorder: everything that the damage does not touch is there, under its name, once, and under
/// an id that no batch has.
fn assert_rest_is_read(image: &Image, left: Option<Session>, damage: &Range<usize>) {
    let Some(left) = left else {
        return assert!(damage.start < 8, "only the layout's version costs the rest: {damage:?}");
    };
    let rest = left.whole_rest();
    let held = left.held.iter().flat_map(|(_, events)| events);
    let mut found: HashMap<u64, &Event> = HashMap::new();
    let (mut crumbs, mut died, mut exits) = (0, 0, 0);
    for event in held.chain(&rest.events) {
        match event.kind {
            Kind::Action => assert!(found.insert(event.a, event).is_none(), "twice: {damage:?}"),
            Kind::Breadcrumb => crumbs += 1,
            Kind::Request => {
                assert!(
                    matches!(event.outcome, Outcome::Died | Outcome::Interrupted),
                    "{event:?}, {damage:?}"
                );
                died += 1;
            }
            Kind::Exit => exits += 1,
            kind => panic!("nobody recorded this: {kind:?}, {damage:?}"),
        }
    }
    for number in SEALED..ALL {
        let Some(event) = found.remove(&number) else {
            assert!(touch(&image.places[&number], damage), "event {number} is lost: {damage:?}");
            continue;
        };
        assert_eq!(event.started_uptime_ns, number * 1_000_000, "{damage:?}");
        let text = &left.texts[event.name.0 as usize];
        let record = bytes_of(layout::NAMES, event.name.0 as usize - NameId::RESERVED.len(), NAMES_MAX);
        assert!(*text == name_of(number) || text == "other" && touch(&record, damage), "{text}: {damage:?}");
    }
    assert!(found.is_empty(), "nobody recorded these: {found:?}, {damage:?}");
    assert_eq!(exits, 1, "{damage:?}");
    // What is open and the trail lie in the checkpoint, and what came after it in slots of the ring.
    let checkpoints = layout::CHECKPOINTS[0].start * 8..layout::CHECKPOINTS[1].end * 8;
    let facts = layout::FACTS.start * 8..layout::FACTS.end * 8;
    if !touch(&checkpoints, damage) && !touch(&facts, damage) {
        assert_eq!((died, crumbs), (3, 3 * MARKS), "{damage:?}");
    } else if !touch(&facts, damage) {
        assert!(died >= 1 && crumbs >= MARKS, "{died} waits, {crumbs} crumbs, {damage:?}");
    } else if damage.len() == 1 {
        assert!(died >= 2 && crumbs >= 3 * MARKS - 1, "{died} waits, {crumbs} crumbs, {damage:?}");
    }
    let sealed_to = Word::SealedTo as usize * 8..(Word::SealedTo as usize + 1) * 8;
    if [&sealed_to, &image.places[&SEALED], &checkpoints].into_iter().all(|place| touch(place, damage)) {
        // Nothing is left that could say it.
        return;
    }
    let firsts = left.held.iter().map(|(intent, _)| intent.first).chain([rest.first]);
    let firsts: Vec<u64> = firsts.collect();
    assert!(
        firsts.iter().all(|first| *first >= SEALED),
        "the id of a batch that was sealed: {firsts:?}, {damage:?}"
    );
    assert!(firsts.is_sorted_by(|one, other| one < other), "{firsts:?}, {damage:?}");
}

fn every_byte() -> bool {
    std::env::var_os("NOWAIT_EVERY_BYTE").is_some()
}

/// Whether this offset is tried: the header's words, the head of everything, a record of each kind, a sample of the rest.
fn is_tried(image: &Image, offset: usize) -> bool {
    let whole = [
        0..24 * 8,
        layout::CONTEXT.start * 8..layout::CONTEXT.start * 8 + 16,
        layout::INTENT.start * 8..layout::INTENT.start * 8 + 16,
        layout::CHECKPOINTS[0].start * 8..layout::CHECKPOINTS[0].start * 8 + 24,
        layout::CHECKPOINTS[1].start * 8..layout::CHECKPOINTS[1].start * 8 + 24,
        image.places[&SEALED].clone(),
        image.places[&(ALL - 1)].clone(),
    ];
    every_byte() || offset.is_multiple_of(2_039) || whole.iter().any(|range| range.contains(&offset))
}

#[test]
fn a_flipped_byte_of_a_recorder_costs_what_it_touches() {
    for sealing in [false, true] {
        let image = dead_recorder(sealing);
        let mut bytes = image.bytes.clone();
        for offset in (0..bytes.len()).filter(|offset| is_tried(&image, *offset)) {
            for flip in [0xFF, 1 << (offset % 8)] {
                bytes[offset] = image.bytes[offset] ^ flip;
                assert_rest_is_read(&image, read(&bytes), &(offset..offset + 1));
            }
            bytes[offset] = image.bytes[offset];
        }
    }
}

#[test]
fn a_recorder_cut_short_gives_what_is_left() {
    let image = dead_recorder(true);
    for length in (8..image.bytes.len()).rev().filter(|length| is_tried(&image, *length)) {
        assert_rest_is_read(&image, read(&image.bytes[..length]), &(length..image.bytes.len()));
    }
}

#[test]
fn a_zeroed_page_of_a_recorder_costs_what_was_on_it() {
    for sealing in [false, true] {
        let image = dead_recorder(sealing);
        for start in (0..image.bytes.len()).step_by(PAGE) {
            let end = (start + PAGE).min(image.bytes.len());
            let mut damaged = image.bytes.clone();
            damaged[start..end].fill(0);
            assert_rest_is_read(&image, read(&damaged), &(start..end));
        }
    }
}

#[test]
fn where_both_copies_of_the_checkpoint_are_gone_events_and_facts_are_there() {
    let image = dead_recorder(false);
    let mut damaged = image.bytes.clone();
    let checkpoints = layout::CHECKPOINTS[0].start * 8..layout::CHECKPOINTS[1].end * 8;
    damaged[checkpoints.clone()].fill(0xA5);
    let left = read(&damaged).unwrap();
    assert_eq!((left.whole_rest().first, left.whole_rest().corrupt), (SEALED, 0));
    assert_rest_is_read(&image, Some(left), &checkpoints);
}

#[test]
fn a_checkpoint_torn_anywhere_is_the_one_before_it() {
    let image = dead_recorder(false);
    let whole = read(&image.bytes).unwrap();
    let words = words_of(&image.bytes);
    // The copy that is written next is the older one: torn, it must change nothing.
    let heads = layout::CHECKPOINTS.map(|copy| words[copy.start]);
    let lengths = heads.map(|head| (head >> 32) as usize);
    let older = (0..2).find(|copy| {
        let mut damaged = words.clone();
        damaged[layout::CHECKPOINTS[*copy].start] = 0;
        let bytes: Vec<u8> = damaged.iter().flat_map(|word| word.to_ne_bytes()).collect();
        read(&bytes).unwrap().whole_rest().events == whole.whole_rest().events
    });
    let older = older.expect("one of the copies is the older one");
    for torn in 0..lengths[older].div_ceil(8) {
        let mut damaged = words.clone();
        let copy = &layout::CHECKPOINTS[older];
        damaged[copy.start] = 0;
        damaged[copy.start + 1..copy.start + 1 + torn].fill(0x5A5A_5A5A_5A5A_5A5A);
        let bytes: Vec<u8> = damaged.iter().flat_map(|word| word.to_ne_bytes()).collect();
        assert_eq!(
            read(&bytes).unwrap().whole_rest().events,
            whole.whole_rest().events,
            "torn after {torn} words"
        );
    }
}

/// A folder in which this recorder is all that an earlier process left.
fn folder_with(image: &Image, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("live")).unwrap();
    fs::write(folder.path().join("live").join(&image.name), bytes).unwrap();
    fs::write(folder.path().join("shared"), &image.shared).unwrap();
    folder
}

#[test]
fn the_third_failed_attempt_quarantines_and_a_damaged_counter_does_not() {
    let image = dead_recorder(false);
    let word = Word::Attempts as usize * 8;
    for (attempts, is_quarantined) in
        [(0, false), (RECOVER_ATTEMPTS_MAX - 1, false), (RECOVER_ATTEMPTS_MAX, true)]
    {
        let mut tried = image.bytes.clone();
        tried[word..word + 8].copy_from_slice(&layout::checked(attempts).to_ne_bytes());
        assert_delivered(folder_with(&image, &tried).path(), is_quarantined);
    }
    let mut damaged = image.bytes.clone();
    damaged[word] = 200;
    assert_delivered(folder_with(&image, &damaged).path(), false);
}

/// Starts here: what was left is delivered, or set aside and counted.
fn assert_delivered(folder: &Path, is_quarantined: bool) {
    let upload = MemoryUpload::new();
    let (_, mut worker) = testing::start(config(folder), upload.clone(), ManualClock::new(1_000)).unwrap();
    worker.shutdown();
    let delivered = upload.events().iter().filter(|(_, event)| event.kind == Kind::Action).count() as u64;
    let ledgers: Vec<Ledger> = upload.batches().into_iter().map(|batch| batch.ledger).collect();
    let events = ledgers.iter().map(|ledger| ledger.dropped[DropReason::Quarantined as usize]).max();
    let facts = ledgers.iter().map(|ledger| ledger.facts.refused[RefuseReason::Quarantined as usize]).max();
    let aside = fs::read_dir(folder.join("quarantine")).map_or(0, Iterator::count);
    let (events, facts) = (events.unwrap_or_default(), facts.unwrap_or_default());
    // Beside the events, breadcrumbs and the begin of a request lie in the ring.
    let expected =
        if is_quarantined { (0, WAITING, UNFOLDED + CRUMBS + 1, 1) } else { (WAITING + UNFOLDED, 0, 0, 0) };
    assert_eq!((delivered, events, facts, aside), expected);
    assert_eq!(fs::read_dir(folder.join("live")).unwrap().count(), 0, "nothing is tried for ever");
}

#[test]
fn strangers_in_the_folders_are_left_alone_and_hide_nothing() {
    let image = dead_recorder(false);
    let folder = folder_with(&image, &image.bytes);
    let spool = folder.path().join("spool");
    fs::create_dir_all(spool.join("0000000000000000-5-00000000000000000000000000000009.batch")).unwrap();
    fs::write(spool.join("ffffffffffffffff-5-00000000000000000000000000000009.batch"), "no").unwrap();
    fs::write(spool.join("note.txt"), "no").unwrap();
    fs::write(folder.path().join("live").join("not a session.ring"), "no").unwrap();
    let half_made = folder.path().join("live").join("00000000-0000-0000-0000-000000000009.new");
    fs::write(&half_made, "half made").unwrap();
    let upload = MemoryUpload::new();
    let (_, mut worker) =
        testing::start(config(folder.path()), upload.clone(), ManualClock::new(1_000)).unwrap();
    worker.flush();
    let delivered = upload.events().iter().filter(|(_, event)| event.kind == Kind::Action).count() as u64;
    assert_eq!(delivered, WAITING + UNFOLDED);
    assert!(!half_made.exists());
}
