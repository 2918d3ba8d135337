//! A recorder file of layout 2, which the version before this one wrote: finished events and a trail, nothing to fold.
//!
//! An app update meets such files: what the old app left is delivered by the new one. The next layout replaces this page.
//!
//! Owns: that layout, as far as reading needs it. Refuses: writing it.
//! Invariant: as for `read`: damage costs what it touches, and no words make it panic.

use super::read::{Session, header_words, slots};
use crate::fold::{Waiting, unpack};
use crate::record::name;
use crate::ring::account::Account;
use crate::ring::header::{Intent, read_bytes};
use crate::ring::layout;
use crate::ring::slot::{self, SLOT_WORDS};
use crate::sync::{AtomicU64, Ordering};
use nowait_wire::{
    Anchor, Context, Cost, DropReason, Event, ExitReason, Flags, Kind, Ledger, NameId, Network, Outcome,
    RECORD_BUCKETS, Uuid,
};
use std::io;
use std::ops::Range;

/// First word of such a file.
pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"NWRING\x02\0");

/// Set in the id of a batch whose first event damage has hidden.
const POSITION_LOST: u64 = 1 << 61;

// Single words.
const FOOTER: usize = 1;
const STATE: usize = 3;
const SEALED_TO: usize = 4;
const ALIVE_UPTIME_NS: usize = 5;
const STARTED_UPTIME_NS: usize = 6;
const HELD_TO: usize = 10;
/// The drops by reason, then the counters below.
const COUNTERS: usize = 16;
const NAMES_REDACTED: usize = COUNTERS + 7;
const START_NS: usize = NAMES_REDACTED + 5;
const RECORD_NS_BUCKETS: usize = START_NS + 5;
/// Two copies of uptime, wall clock and their checksum.
const ANCHORS: Range<usize> = 56..62;
// Ranges.
const CONTEXT: Range<usize> = 64..449;
const NAMES: Range<usize> = 512..16_896;
const CRUMBS: Range<usize> = 16_896..17_920;
const EVENTS: Range<usize> = 17_920..50_688;

/// What such a session left.
pub(super) fn read(
    session: Uuid,
    words: &[u64],
    spool_sealed_to: u64,
    give_up: &dyn Fn(Account<'_>) -> io::Result<()>,
) -> io::Result<Session> {
    let header = header_words(words);
    give_up(Account::new(&header))?;
    let sealed_to = spool_sealed_to.max(checked(words, SEALED_TO).unwrap_or_default());
    let (whole, corrupt) = events(words, EVENTS);
    let known = checked(words, SEALED_TO).and(checked(words, HELD_TO));
    let first = match known {
        Some(held_to) => held_to.max(sealed_to),
        // Where the last batch began or ended is lost: no batch of the session may hide these events by its id.
        None => whole.iter().map(|(n, _)| *n).find(|n| *n >= sealed_to).unwrap_or(sealed_to) | POSITION_LOST,
    };
    let held_to = known.map_or(sealed_to, |_| first);
    let (mut held, mut rest) = (Vec::new(), Vec::new());
    // What lies before is in the spool; its owner died before it could clear it.
    for (number, event) in whole.into_iter().filter(|(number, _)| *number >= sealed_to) {
        let event = Event { flags: event.flags.with(Flags::RECOVERED), ..event };
        if number < held_to { held.push(event) } else { rest.push(event) }
    }
    if plain(words, FOOTER) != layout::CLEAN_END {
        append_exit(words, &held, &mut rest);
    }
    let found = (held.len() + rest.len()) as u64 + corrupt;
    let ledger = ledger(&header, sealed_to.saturating_add(found), corrupt);
    let anchors: Vec<Anchor> = anchor(words).into_iter().collect();
    let intent = |first, next| Intent {
        first,
        next,
        network: Network::Unknown,
        anchors: anchors.clone(),
        ledger: ledger.clone(),
    };
    let next = first.saturating_add(rest.len() as u64);
    Ok(Session {
        context: context(words, session),
        // The customer had one decision then; what a refusal left behind was wiped with it.
        generation: Some(0),
        process: None,
        network: Network::Unknown,
        held: (!held.is_empty()).then(|| (intent(sealed_to, held_to), held)),
        rest: vec![Waiting { first, next, events: rest, corrupt }],
        texts: name::recover(words.get(NAMES).unwrap_or_default()),
        anchors: anchors.clone(),
        ledger,
    })
}

fn plain(words: &[u64], index: usize) -> u64 {
    words.get(index).copied().unwrap_or_default()
}

fn checked(words: &[u64], index: usize) -> Option<u64> {
    layout::number(plain(words, index))
}

fn context(words: &[u64], session: Uuid) -> Option<Context> {
    let bytes = read_bytes(words.get(CONTEXT)?)?;
    let (whose, context): (Uuid, Context) = postcard::from_bytes(&bytes).ok()?;
    (whose == session).then_some(context)
}

/// Every whole event of a range, by number, and how many slots hold none that is.
fn events(words: &[u64], range: Range<usize>) -> (Vec<(u64, Event)>, u64) {
    let capacity = (range.len() / SLOT_WORDS) as u64;
    let (mut whole, mut corrupt) = (Vec::new(), 0);
    for (index, slot) in (0..).zip(slots(words, range)) {
        match slot::recover(slot) {
            slot::Recovered::Empty => {}
            slot::Recovered::Whole { position, payload } if position % capacity == index => {
                match unpack(&payload) {
                    Some(event) => whole.push((position, event)),
                    None => corrupt += 1,
                }
            }
            slot::Recovered::Whole { .. } | slot::Recovered::Corrupt => corrupt += 1,
        }
    }
    whole.sort_unstable_by_key(|(number, _)| *number);
    (whole, corrupt)
}

/// Adds how the session ended and the trail that led there.
fn append_exit(words: &[u64], held: &[Event], events: &mut Vec<Event>) {
    // Torn crumbs were overwritten at that moment or damaged since: nobody was promised them.
    let (crumbs, _) = self::events(words, CRUMBS);
    let crumbs: Vec<Event> = crumbs
        .into_iter()
        .map(|(_, crumb)| Event { flags: crumb.flags.with(Flags::RECOVERED), ..crumb })
        .collect();
    let started_uptime_ns = plain(words, STARTED_UPTIME_NS);
    let ended = events
        .iter()
        .chain(held)
        .chain(&crumbs)
        .map(Event::ended_uptime_ns)
        .chain([plain(words, ALIVE_UPTIME_NS), started_uptime_ns])
        .max()
        .unwrap_or_default();
    let reason = match plain(words, STATE) {
        1 => ExitReason::Foreground,
        2 => ExitReason::Background,
        _ => ExitReason::Starting,
    };
    events.extend(crumbs.into_iter().filter(|crumb| crumb.kind == Kind::Breadcrumb));
    events.push(Event {
        outcome: Outcome::Failed,
        flags: Flags::RECOVERED,
        started_uptime_ns,
        duration_ns: ended.saturating_sub(started_uptime_ns),
        a: u64::from(reason as u8),
        ..Event::new(Kind::Exit, NameId::NONE)
    });
}

/// The later whole anchor. There was no boot clock: the device is taken never to have slept.
fn anchor(words: &[u64]) -> Option<Anchor> {
    let (copies, _) = words.get(ANCHORS)?.as_chunks::<3>();
    let whole = copies.iter().filter(|[uptime, wall, check]| {
        let crc = crc32c::crc32c_append(crc32c::crc32c(&uptime.to_le_bytes()), &wall.to_le_bytes());
        *check == (1 << 32 | u64::from(crc))
    });
    let [uptime_ns, wall_unix_ms, _] = *whole.max_by_key(|[uptime, ..]| *uptime)?;
    Some(Anchor { uptime_ns, boot_ns: uptime_ns, wall_unix_ms })
}

fn ledger(header: &[AtomicU64], found: u64, corrupt: u64) -> Ledger {
    // Relaxed: nobody else has these words.
    let count = |index: usize| header.get(index).map_or(0, |word| word.load(Ordering::Relaxed));
    let mut dropped = [0; DropReason::ALL.len()];
    for (index, dropped) in dropped.iter_mut().enumerate() {
        *dropped = count(COUNTERS + index);
    }
    let never_in_ring = [DropReason::RingFull, DropReason::Contended, DropReason::Quarantined];
    let refused = never_in_ring.iter().fold(0_u64, |sum, reason| {
        sum.saturating_add(dropped.get(*reason as usize).copied().unwrap_or_default())
    });
    if let Some(dropped) = dropped.get_mut(DropReason::Corrupt as usize) {
        *dropped = dropped.saturating_add(corrupt);
    }
    let mut record_ns_buckets = [0; RECORD_BUCKETS];
    for (index, bucket) in record_ns_buckets.iter_mut().enumerate() {
        *bucket = count(RECORD_NS_BUCKETS + index);
    }
    Ledger {
        produced: found.saturating_add(refused),
        dropped,
        names_redacted: count(NAMES_REDACTED),
        names_overflowed: count(NAMES_REDACTED + 1),
        signals_lost: count(NAMES_REDACTED + 2),
        panics_caught: count(NAMES_REDACTED + 3),
        ring_on_heap: count(NAMES_REDACTED + 4) > 0,
        cost: Cost {
            start_ns: count(START_NS),
            worker_cpu_ns: count(START_NS + 1),
            sealed_bytes: count(START_NS + 2),
            sent_bytes: count(START_NS + 3),
            record_ns_sum: count(START_NS + 4),
            record_ns_buckets,
        },
        ..Ledger::default()
    }
}
