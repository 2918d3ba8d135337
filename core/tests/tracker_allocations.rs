//! The trackers allocate nothing per fact: a global allocator of this test binary counts.
//!
//! # Why unsafe
//! A global allocator cannot be written without it. This one only counts and hands on to the system's.
#![allow(unsafe_code)]

use nowait_core::Fact;
use nowait_core::trackers::Trackers;
use nowait_core::trackers::limits::{MS, SECOND, STATE_BYTES_MAX};
use nowait_wire::{Event, Kind, NameId, Outcome};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed on unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// One of everything, with tables that fill up, limits that expire and trips to the background.
fn facts(round: u64) -> [Fact; 29] {
    let (start, name) = (round * 900 * MS, NameId(6 + (round % 7) as u32));
    let at = |ms: u64| start + ms * MS;
    let id = |n: u64| round * 100 + n;
    [
        Fact::ProcessStarted { at: at(0), visible: true },
        Fact::MainIdle { at: at(0) },
        Fact::Foreground { at: at(1), restored: round.is_multiple_of(2) },
        Fact::TouchUp { at: at(10), target: name },
        Fact::TouchUp { at: at(20), target: name },
        Fact::TouchUp { at: at(30), target: name },
        Fact::TouchHandled { at: at(35) },
        Fact::Navigation { at: at(40) },
        Fact::JourneyStarted { at: at(41), id: id(1), journey: name },
        Fact::StepStarted { at: at(42), id: id(1), step: name },
        Fact::RequestStarted { at: at(43), id: id(2), route: name },
        Fact::RequestStarted { at: at(44), id: id(3), route: name },
        Fact::ActionStarted { at: at(45), id: id(4), action: name },
        Fact::MainPing { at: at(50) },
        Fact::ScreenCreated { at: at(60), id: id(5), screen: name },
        Fact::ScreenShown { at: at(70), id: id(5), screen: name },
        Fact::Frame {
            started: at(60),
            deadline: at(70),
            at: at(if round.is_multiple_of(3) { 80 } else { 5 }),
        },
        Fact::MainPong { at: at(400) },
        Fact::ScreenReady { at: at(410), id: id(5 + round % 2), screen: name },
        Fact::RequestEnded { at: at(420), id: id(2), status: 200, outcome: Outcome::Done },
        Fact::ActionEnded { at: at(430), id: id(4 + round % 2), outcome: Outcome::Done },
        Fact::HandedOver { at: at(431), id: id(1), continuation: round },
        Fact::Rated { at: at(432), id: id(1), name, rating: (round % 6) as u8 },
        Fact::JourneyEnded { at: at(440), id: id(round & 1), outcome: Outcome::Done },
        Fact::Crashed { at: at(445), name },
        Fact::Breadcrumb { at: at(450), name, number: round },
        Fact::Measured(Event { started_uptime_ns: at(0), duration_ns: MS, ..Event::new(Kind::Action, name) }),
        Fact::Tick { at: at(700), boot_ns: at(700) + round * SECOND, wall_unix_ms: 0 },
        if round.is_multiple_of(5) {
            Fact::Background { at: at(800) }
        } else {
            Fact::ScreenLeft { at: at(800), id: id(5) }
        },
    ]
}

/// Nor does a checkpoint: the state is written into memory that is there, and read from it.
#[test]
fn no_fact_allocates() {
    let (mut trackers, mut events) = (Trackers::new(), 0u64);
    let mut checkpoint = [0; STATE_BYTES_MAX];
    let before = ALLOCATIONS.with(Cell::get);
    for round in 0..2_000 {
        for fact in &facts(round) {
            trackers.fact(fact, &mut |_: Event| events += 1);
        }
        if round.is_multiple_of(11) {
            trackers.facts_were_refused();
            let state = postcard::to_slice(&trackers, &mut checkpoint).unwrap();
            trackers = postcard::from_bytes(state).unwrap();
        }
    }
    trackers.died(0, &mut |_: Event| events += 1);
    assert_eq!(ALLOCATIONS.with(Cell::get), before);
    assert!(events > 5_000, "only {events} events: the facts no longer exercise the trackers");
    assert!(trackers.lost() > 0, "no table was ever full");
}
