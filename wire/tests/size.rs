//! What a session costs on the wire may not grow unseen.

use nowait_wire::{Batch, Event, ExitReason, Flags, Kind, NameId, encode, testing::session};

/// Sessions of each length, of which the mean is held to its limit.
const SEEDS: u64 = 20;

/// By events of a session, the most bytes an event. Measured: 8.21 and 3.74 (see `docs/wire.md`); deflate may change a
/// little between releases of its crate.
const BYTES_PER_EVENT_MAX: [(usize, f64); 2] = [(50, 8.4), (500, 3.8)];

/// Breadcrumbs of a session that died.
const CRUMBS: usize = 12;

/// A session of this many events whose process died: its last ones are the exit and the trail, a crumb for each of the
/// last taps, as the next start finds them.
fn dead_session(seed: u64, events: usize) -> Batch {
    let mut batch = session(seed, events - 1 - CRUMBS);
    let (first, last) = (batch.events[0].started_uptime_ns, batch.events[batch.events.len() - 1]);
    let taps = batch.events.iter().filter(|event| event.kind == Kind::Tap).rev().take(CRUMBS);
    let mut crumbs: Vec<Event> = taps
        .map(|tap| Event {
            started_uptime_ns: tap.started_uptime_ns,
            flags: Flags::RECOVERED,
            ..Event::new(Kind::Breadcrumb, tap.name)
        })
        .collect();
    while crumbs.len() < CRUMBS {
        crumbs.push(Event { started_uptime_ns: last.started_uptime_ns, ..crumbs[0] });
    }
    batch.events.extend(crumbs);
    batch.events.push(Event {
        started_uptime_ns: first,
        duration_ns: last.ended_uptime_ns() - first,
        flags: Flags::RECOVERED,
        a: ExitReason::Foreground as u64,
        ..Event::new(Kind::Exit, NameId::NONE)
    });
    batch.events.sort_by_key(|event| event.started_uptime_ns);
    batch
}

fn bytes_per_event(events: usize, make: impl Fn(u64, usize) -> Batch) -> f64 {
    let bytes: usize = (0..SEEDS).map(|seed| encode(&make(seed, events)).unwrap().len()).sum();
    bytes as f64 / (SEEDS as usize * events) as f64
}

#[test]
fn sessions_stay_small() {
    for (events, most) in BYTES_PER_EVENT_MAX {
        let (lived, died) = (bytes_per_event(events, session), bytes_per_event(events, dead_session));
        println!(
            "{events} events: {lived:.2} bytes an event; {died:.2} if it died and left {CRUMBS} breadcrumbs"
        );
        assert!(lived <= most && died <= most, "{events} events: {lived:.2} and {died:.2} bytes an event");
    }
}
