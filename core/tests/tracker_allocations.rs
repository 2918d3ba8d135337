//! The trackers allocate nothing per signal: a global allocator of this test binary counts.
//!
//! # Why unsafe
//! A global allocator cannot be written without it. This one only counts and hands on to the system's.
#![allow(unsafe_code)]

use nowait_core::tracker::{Signal, Trackers, limits::MS};
use nowait_wire::{Event, NameId, Outcome};
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
fn signals(round: u64) -> [Signal; 22] {
    let (start, name) = (round * 900 * MS, NameId(6 + (round % 7) as u32));
    let at = |ms: u64| start + ms * MS;
    [
        Signal::ProcessStarted { at: at(0), visible: true },
        Signal::Foreground { at: at(1), restored: round.is_multiple_of(2) },
        Signal::TouchUp { at: at(10), target: name },
        Signal::TouchUp { at: at(20), target: name },
        Signal::TouchUp { at: at(30), target: name },
        Signal::TouchHandled { at: at(35) },
        Signal::Navigation { at: at(40) },
        Signal::JourneyStarted { at: at(41), id: round + 1, journey: name },
        Signal::StepStarted { at: at(42), id: round + 1, step: name },
        Signal::RequestStarted { at: at(43), id: round, route: name },
        Signal::RequestStarted { at: at(44), id: round + 1_000_000, route: name },
        Signal::ActionStarted { at: at(45) },
        Signal::MainPing { at: at(50) },
        Signal::ScreenCreated { at: at(60), screen: name },
        Signal::ScreenShown { at: at(70), screen: name },
        Signal::Frame {
            started: at(60),
            deadline: at(70),
            at: at(if round.is_multiple_of(3) { 80 } else { 5 }),
        },
        Signal::MainPong { at: at(400) },
        Signal::ScreenReady { at: at(410), screen: NameId(name.0 + (round % 2) as u32) },
        Signal::RequestEnded { at: at(420), id: round, status: 200, outcome: Outcome::Done },
        Signal::ActionEnded { at: at(430) },
        Signal::JourneyEnded { at: at(440), id: round & !1, outcome: Outcome::Done },
        if round.is_multiple_of(5) {
            Signal::Background { at: at(800) }
        } else {
            Signal::Tick { at: at(800) }
        },
    ]
}

#[test]
fn no_signal_allocates() {
    let (mut trackers, mut events) = (Trackers::new(), 0u64);
    let before = ALLOCATIONS.with(Cell::get);
    for round in 0..2_000 {
        for signal in &signals(round) {
            trackers.signal(signal, &mut |_: Event| events += 1);
        }
    }
    assert_eq!(ALLOCATIONS.with(Cell::get), before);
    assert!(events > 5_000, "only {events} events: the signals no longer exercise the trackers");
    assert!(trackers.lost() > 0, "no table was ever full");
}
