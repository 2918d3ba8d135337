//! A recorder read at any moment gives what an unkilled fold would have given.

use super::read::read;
use super::{is_noted, open_ring};
use crate::disk::{RealDisk, faulty};
use crate::fold::{FOLD_VERSION, Fold, State, fold_one};
use crate::limits::RING_SLOTS;
use crate::record::Fact;
use crate::ring::flight::Flight;
use crate::ring::memory::Memory;
use crate::ring::{header, layout};
use crate::sync::Ordering;
use crate::testing::context;
use nowait_wire::{Event, Flags, Kind, NameId, Outcome, Uuid};
use proptest::prelude::*;

const MS: u64 = 1_000_000;
const SESSION: Uuid = Uuid::from_u128(7);

/// A fact of a busy app, without its time.
fn any_fact() -> impl Strategy<Value = Fact> {
    let name = || (6_u32..12).prop_map(NameId);
    let (at, id) = (0, 1_u64..12);
    prop_oneof![
        Just(Fact::Foreground { at, restored: true }),
        Just(Fact::Background { at }),
        name().prop_map(move |target| Fact::TouchUp { at, target }),
        Just(Fact::TouchHandled { at }),
        Just(Fact::Frame { started: at, deadline: at, at }),
        (id.clone(), name()).prop_map(move |(id, screen)| Fact::ScreenCreated { at, id, screen }),
        (id.clone(), name()).prop_map(move |(id, screen)| Fact::ScreenShown { at, id, screen }),
        (id.clone(), name()).prop_map(move |(id, screen)| Fact::ScreenReady { at, id, screen }),
        (id.clone(), name()).prop_map(move |(id, route)| Fact::RequestStarted { at, id, route }),
        id.clone().prop_map(move |id| Fact::RequestEnded { at, id, status: 200, outcome: Outcome::Done }),
        (id.clone(), name()).prop_map(move |(id, action)| Fact::ActionStarted { at, id, action }),
        id.prop_map(move |id| Fact::ActionEnded { at, id, outcome: Outcome::Done }),
        name().prop_map(move |name| Fact::Crashed { at, name }),
        name().prop_map(move |name| Fact::Breadcrumb { at, name, number: 1 }),
        name().prop_map(|name| Fact::Measured(Event::new(Kind::Action, name))),
        Just(Fact::Tick { at, boot_ns: at, wall_unix_ms: 0 }),
    ]
}

/// What happens next: a fact so much later, or a turn of the fold.
fn steps() -> impl Strategy<Value = Vec<(u64, Option<Fact>)>> {
    let step = (0..4_000 * MS, prop_oneof![5 => any_fact().prop_map(Some), 1 => Just(None)]);
    prop::collection::vec(step, 1..120)
}

/// The fact, later by `by`: all times that are in it are made of its own.
fn later(fact: Fact, by: u64) -> Fact {
    let mut words = fact.to_words();
    words[2] += by;
    match fact {
        Fact::Frame { .. } => (words[3], words[4]) = (by, by),
        Fact::Tick { .. } => words[4] = by,
        _ => {}
    }
    Fact::from_words(&words).unwrap()
}

/// What a kill now would leave.
fn image(flight: &Flight) -> Vec<u64> {
    // Relaxed: one thread does everything here.
    flight.memory.words.iter().map(|word| word.load(Ordering::Relaxed)).collect()
}

/// The events of these facts, and of the death after them, folded in one go.
fn unkilled(facts: &[Fact]) -> Vec<Event> {
    let (mut state, mut events) = (State::default(), Vec::new());
    for fact in facts {
        fold_one(&mut state, Some(&fact.to_words()), &mut |_, event| events.push(event));
    }
    state.die(0, 0, &mut |_, event| events.push(event));
    events
}

fn recovered(words: &[u64]) -> Vec<Event> {
    let session = read(SESSION, words, 0, &|_| Ok(())).unwrap().unwrap();
    assert_eq!((session.whole_rest().corrupt, session.held), (0, None));
    recovered_of_damage(words)
}

fn recovered_of_damage(words: &[u64]) -> Vec<Event> {
    let session = read(SESSION, words, 0, &|_| Ok(())).unwrap().unwrap();
    let plain = |event: Event| Event { flags: Flags(event.flags.0 & !Flags::RECOVERED.0), ..event };
    session.whole_rest().events.into_iter().map(plain).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn a_kill_at_any_moment_changes_no_event(steps in steps()) {
        let memory = Memory::heap(layout::WORDS);
        let flight: &'static Flight = Box::leak(Box::new(Flight::new(memory, SESSION, 0, &context(), 0)));
        let mut fold = Fold::new(flight);
        let (mut facts, mut now) = (Vec::new(), 0);
        for (passed, step) in steps {
            now += passed;
            match step {
                Some(fact) => {
                    let fact = later(fact, now);
                    flight.append(&fact.to_words());
                    facts.push(fact);
                }
                None => {
                    fold.turn(fold.end());
                }
            }
            let plain = |event: Event| Event { flags: Flags(event.flags.0 & !Flags::RECOVERED.0), ..event };
            let expected: Vec<Event> = unkilled(&facts).into_iter().map(plain).collect();
            prop_assert_eq!(recovered(&image(flight)), expected);
        }
        prop_assert!(facts.len() < RING_SLOTS);
    }
}

/// An app update whose rules differ: what was folded is delivered, what was open has died, and the rest is folded anew.
#[test]
fn the_state_of_other_rules_is_not_believed_and_loses_nothing() {
    let flight: &'static Flight =
        Box::leak(Box::new(Flight::new(Memory::heap(layout::WORDS), SESSION, 0, &context(), 0)));
    let mut fold = Fold::new(flight);
    let name = NameId(6);
    let append = |facts: &[Fact]| facts.iter().for_each(|fact| _ = flight.append(&fact.to_words()));
    append(&[
        Fact::Foreground { at: 1, restored: true },
        Fact::Measured(Event::new(Kind::Action, name)),
        Fact::ActionStarted { at: 2 * MS, id: 1, action: name },
        Fact::Tick { at: 10 * MS, boot_ns: 10 * MS, wall_unix_ms: 0 },
    ]);
    fold.turn(fold.end());
    append(&[Fact::RequestStarted { at: 20 * MS, id: 2, route: name }]);
    let mut words = image(flight);
    for copy in &layout::CHECKPOINTS {
        // The first of its bytes is the version of the rules.
        let copy = &mut words[copy.clone()];
        let Some(mut bytes) = header::read_bytes(copy) else { continue };
        assert_eq!(bytes[0], FOLD_VERSION as u8);
        bytes[0] += 1;
        copy[0] = (bytes.len() as u64) << 32 | u64::from(crc32c::crc32c(&bytes));
        copy[1] = copy[1] & !0xFF | u64::from(bytes[0]);
    }
    let events = recovered(&words);
    let found: Vec<_> =
        events.iter().map(|event| (event.kind, event.outcome, event.duration_ns / MS)).collect();
    assert_eq!(
        found,
        [
            (Kind::Lifecycle, Outcome::Done, 0),
            (Kind::Action, Outcome::Done, 0),
            (Kind::Action, Outcome::Died, 8),
            (Kind::Request, Outcome::Died, 0),
            (Kind::Breadcrumb, Outcome::Done, 0),
            (Kind::Exit, Outcome::Failed, 20),
        ]
    );
}

/// A recovery that is killed between two batches may be followed by one under other rules: what it made itself is one batch.
#[test]
fn what_a_recovery_makes_is_one_batch_whatever_lies_in_the_file() {
    for folded in [0, 100, 511, 512, 513, 900] {
        let memory = Memory::heap(layout::WORDS);
        let flight: &'static Flight = Box::leak(Box::new(Flight::new(memory, SESSION, 0, &context(), 0)));
        let record = |count| {
            for number in 0..count {
                let event = Event { a: number, ..Event::new(Kind::Action, NameId(7)) };
                flight.append(&Fact::Measured(event).to_words());
            }
        };
        record(folded);
        let mut fold = Fold::new(flight);
        fold.turn(fold.end());
        record(700);
        let ranges = |sealed_to| {
            let session = read(SESSION, &image(flight), sealed_to, &|_| Ok(())).unwrap().unwrap();
            let batches = session.rest.iter();
            batches
                .map(|batch| (batch.first, batch.next, batch.events.len(), batch.corrupt))
                .collect::<Vec<_>>()
        };
        let all = folded + 701;
        let cut = if folded > 512 { 512 } else { 0 };
        let last = (cut, all, (all - cut) as usize, 0);
        let first = (cut > 0).then_some((0, 512, 512, 0));
        assert_eq!(ranges(0), first.into_iter().chain([last]).collect::<Vec<_>>(), "{folded}");
        assert_eq!(ranges(cut), [last], "{folded}");
        // Whatever the file says is in it, there are no more batches than it has room for.
        layout::store(flight.memory.words, layout::Word::EventsMade, layout::checked(1 << 40));
        layout::store(flight.memory.words, layout::Word::SealedTo, layout::checked(1));
        assert!(ranges(0).len() <= 4, "{folded}");
    }
}

/// The largest rest that a recovery may find: the event area and the ring full of events that nothing compresses.
#[test]
fn the_largest_rest_fits_a_batch() {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let event = |a, b, ns| Event { a, b, duration_ns: ns, ..Event::new(Kind::Action, NameId(7)) };
    let count = crate::limits::EVENT_SLOTS + RING_SLOTS + 192;
    let events: Vec<Event> = (0..count).map(|_| event(next(), next(), next() >> 20)).collect();
    let intent = header::Intent {
        first: 0,
        next: count as u64,
        network: nowait_wire::Network::Unknown,
        anchors: vec![nowait_wire::Anchor { uptime_ns: 0, boot_ns: 0, wall_unix_ms: 1_700_000_000_000 }],
        ledger: nowait_wire::Ledger::default(),
    };
    let batch = crate::batch::make(SESSION, context(), intent, events, &|_| Some("a".to_owned()));
    let frame = nowait_wire::encode(&batch).unwrap();
    assert!(frame.len() <= nowait_wire::limits::ENCODED_BYTES_MAX);
}

/// A commit word of 0 is what a released slot has, and one whose thread was killed; the payload tells which it is.
#[test]
fn a_damaged_commit_word_costs_nothing() {
    let memory = Memory::heap(layout::WORDS);
    let flight: &'static Flight = Box::leak(Box::new(Flight::new(memory, SESSION, 0, &context(), 0)));
    let append = |numbers: std::ops::Range<u64>| {
        for a in numbers {
            flight.append(&Fact::Measured(Event { a, ..Event::new(Kind::Action, NameId(7)) }).to_words());
        }
    };
    append(0..3);
    let mut fold = Fold::new(flight);
    fold.turn(fold.end());
    append(3..8);
    let words = image(flight);
    let expected = recovered(&words);
    for position in 0..8 {
        for bit in [0, 1, 2, 40] {
            let mut words = words.clone();
            let commit = &mut words[layout::FACTS.start + position * 8];
            // Those that are folded have none.
            *commit ^= if position < 3 { 0 } else { 1 << bit };
            assert_eq!(recovered(&words), expected, "bit {bit} of the fact at {position}");
            words[layout::FACTS.start + position * 8] = 0;
            assert_eq!(recovered(&words), expected, "no commit word at {position}");
        }
    }
}

/// A power cut leaves any pages as they were before, or as they were made: no event is told twice, and none is made up.
#[test]
fn what_a_power_cut_leaves_tells_nothing_twice() {
    let flight: &'static Flight =
        Box::leak(Box::new(Flight::new(Memory::heap(layout::WORDS), SESSION, 0, &context(), 0)));
    let mut fold = Fold::new(flight);
    let append = |numbers: std::ops::Range<u64>| {
        for a in numbers {
            flight.append(&Fact::Measured(Event { a, ..Event::new(Kind::Action, NameId(7)) }).to_words());
        }
    };
    let fresh = image(flight);
    append(0..10);
    fold.turn(fold.end());
    let folded = image(flight);
    append(10..13);
    // What is folded leaves the ring; these three were killed over it.
    assert!(faulty::until_step("checkpoint written", || fold.turn(fold.end())).is_none());
    append(13..20);
    let now = image(flight);
    let never = vec![0; layout::WORDS];
    let [one, two] = layout::CHECKPOINTS;
    let parts = [0..layout::NAMES.start, one, two, layout::EVENTS, layout::FACTS];
    let moments = [&never, &fresh, &folded, &now];
    for left in 0..4_usize.pow(parts.len() as u32) {
        let mut words = now.clone();
        for (index, part) in parts.iter().enumerate() {
            let moment = moments[left / 4_usize.pow(index as u32) % 4];
            words[part.clone()].copy_from_slice(&moment[part.clone()]);
        }
        let events = recovered_of_damage(&words);
        let mut numbers: Vec<u64> =
            events.iter().filter(|event| event.kind == Kind::Action).map(|event| event.a).collect();
        let told = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), told, "{left:o}: {numbers:?}");
        assert!(numbers.iter().all(|number| *number < 20), "{left}");
    }
}

/// The recorder of a session says which of its batches a recovery would not make again.
#[test]
fn a_batch_is_noted_once_its_recorder_knows_or_is_gone() {
    let folder = faulty::folder();
    let flight =
        Flight::new(open_ring(&RealDisk, folder.path(), SESSION).unwrap(), SESSION, 0, &context(), 0);
    assert!(!is_noted(&RealDisk, folder.path(), SESSION, 5));
    layout::store(flight.memory.words, layout::Word::SealedTo, layout::checked(5));
    assert!(is_noted(&RealDisk, folder.path(), SESSION, 5));
    assert!(!is_noted(&RealDisk, folder.path(), SESSION, 6));
    assert!(is_noted(&RealDisk, folder.path(), Uuid::from_u128(8), 5));
}

#[test]
fn no_words_make_a_recovery_panic() {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for length in [0, 1, 100, 1_024, 20_000, layout::WORDS, layout::WORDS + 7] {
        for magic in [layout::MAGIC, super::previous::MAGIC, 0, 1] {
            let mut words: Vec<u64> = (0..length)
                .map(|_| {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    random
                })
                .collect();
            if let Some(first) = words.first_mut() {
                *first = magic;
            }
            let _ = read(SESSION, &words, 0, &|_| Ok(()));
        }
    }
}
