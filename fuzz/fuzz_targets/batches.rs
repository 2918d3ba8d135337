//! Valid batches from the choices of a fuzzer.
//!
//! Owns: how bytes become a batch. Refuses: what is done with it.
//! Invariant: what comes out encodes; every kind, outcome and number can come out.

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use nowait_wire::{
    Anchor, Batch, BatchId, Context, Cost, Event, Facts, Flags, Kind, Ledger, NameId, Network, Os, Outcome,
    Tier, Uuid, limits,
};

/// Events of one batch: enough for every kind to meet every other, few enough for a thousand batches a second.
const EVENTS_MAX: usize = 200;

/// A text that may travel: short, without NUL.
fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let text: &str = u.arbitrary()?;
    Ok(text.chars().filter(|letter| *letter != '\0').take(32).collect())
}

/// A number whose magnitude is as likely small as large.
fn number(u: &mut Unstructured<'_>) -> Result<u64> {
    Ok(u.arbitrary::<u64>()? >> u.int_in_range(0..=63)?)
}

fn event(u: &mut Unstructured<'_>, names: usize) -> Result<Event> {
    let mut name = || Ok(NameId(u.choose_index(names)? as u32));
    let (name, screen) = (name()?, name()?);
    Ok(Event {
        kind: *u.choose(Kind::ALL)?,
        outcome: *u.choose(Outcome::ALL)?,
        flags: Flags(u.arbitrary()?),
        name,
        screen,
        started_uptime_ns: number(u)?,
        duration_ns: number(u)?,
        journey: number(u)?,
        a: number(u)?,
        b: number(u)?,
    })
}

/// A valid batch.
pub fn batch(u: &mut Unstructured<'_>) -> Result<Batch> {
    let mut dimensions = Vec::new();
    for _ in 0..u.int_in_range(0..=8)? {
        dimensions.push((text(u)?, text(u)?));
    }
    dimensions.sort();
    dimensions.dedup_by(|right, left| right.0 == left.0);
    let context = Context {
        install: Uuid::from_bytes(u.arbitrary()?),
        app_version: text(u)?,
        app_build: text(u)?,
        os: *u.choose(Os::ALL)?,
        os_version: text(u)?,
        device_model: text(u)?,
        device_tier: *u.choose(Tier::ALL)?,
        network: *u.choose(Network::ALL)?,
        country: text(u)?,
        sdk_version: text(u)?,
        dimensions,
    };
    let mut ledger = Ledger { produced: number(u)?, ring_on_heap: u.arbitrary()?, ..Ledger::default() };
    for dropped in &mut ledger.dropped {
        *dropped = number(u)?;
    }
    ledger.facts = Facts { folded: number(u)?, ..Facts::default() };
    for refused in &mut ledger.facts.refused {
        *refused = number(u)?;
    }
    ledger.starts_failed = number(u)?;
    ledger.cost = Cost { start_ns: number(u)?, worker_cpu_ns: number(u)?, ..Cost::default() };
    for count in &mut ledger.cost.record_ns_buckets {
        *count = number(u)?;
    }
    let mut anchors = Vec::new();
    for _ in 0..u.int_in_range(1..=limits::ANCHORS_MAX)? {
        anchors.push(Anchor { uptime_ns: number(u)?, boot_ns: number(u)?, wall_unix_ms: number(u)? });
    }
    anchors.sort_by_key(|anchor| anchor.uptime_ns);
    let mut names: Vec<String> = NameId::RESERVED.iter().map(|name| (*name).to_string()).collect();
    for _ in 0..u.int_in_range(0..=40)? {
        names.push(text(u)?);
    }
    let mut events = Vec::new();
    while !u.is_empty() && events.len() < EVENTS_MAX {
        events.push(event(u, names.len())?);
    }
    events.sort_by_key(|event| event.started_uptime_ns);
    Ok(Batch {
        id: BatchId { session: Uuid::from_bytes(u.arbitrary()?), first: number(u)? },
        context,
        anchors,
        ledger,
        names,
        events,
    })
}
