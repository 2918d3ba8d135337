//! How much room the state of the trackers takes in a checkpoint.

use nowait_core::Fact;
use nowait_core::trackers::Trackers;
use nowait_core::trackers::limits::*;
use nowait_wire::{Event, NameId, Outcome};

fn bytes(trackers: &Trackers) -> usize {
    postcard::to_stdvec(trackers).unwrap().len()
}

/// Numbers that take the most bytes: times, ids and names at the ends of their ranges.
struct Largest {
    trackers: Trackers,
    now: u64,
    id: u64,
}

impl Largest {
    fn tell(&mut self, fact: impl FnOnce(u64, u64, NameId) -> Fact) -> u64 {
        self.now += 1;
        self.id -= 1;
        let name = NameId(u32::try_from(self.id & 0xFFFF_FFFF).unwrap());
        self.trackers.fact(&fact(self.now, self.id, name), &mut |_: Event| {});
        self.id
    }
}

#[test]
fn the_fullest_state_is_bounded() {
    let mut largest = Largest { trackers: Trackers::new(), now: u64::MAX / 2, id: u64::MAX };
    largest.tell(|at, _, _| Fact::Tick { at, boot_ns: at, wall_unix_ms: 0 });
    largest.tell(|at, _, _| Fact::ProcessStarted { at, visible: true });
    for _ in 0..JOURNEYS_MAX {
        let journey = largest.tell(|at, id, journey| Fact::JourneyStarted { at, id, journey });
        largest.tell(|at, _, step| Fact::StepStarted { at, id: journey, step });
    }
    for _ in 0..OPEN_SCREENS_MAX + LEFT_SCREENS_REMEMBERED {
        let id = largest.tell(|at, id, screen| Fact::ScreenShown { at, id, screen });
        largest.tell(|at, _, _| Fact::ScreenLeft { at, id });
    }
    for _ in 0..OPEN_SCREENS_MAX {
        largest.tell(|at, id, screen| Fact::ScreenShown { at, id, screen });
    }
    largest.tell(|at, _, _| Fact::MainPing { at });
    for _ in 0..TAPS_MAX {
        largest.tell(|at, _, target| Fact::TouchUp { at, target });
    }
    largest.tell(|at, _, _| Fact::TouchHandled { at });
    largest.tell(|at, _, _| Fact::Navigation { at });
    for _ in 0..SCREENS_MAX {
        let pending = largest.tell(|at, id, screen| Fact::ScreenCreated { at, id, screen });
        largest.tell(|at, _, screen| Fact::ScreenReady { at, id: pending, screen });
    }
    for _ in 0..EARLY_SCREENS_MAX {
        let early = largest.tell(|at, id, screen| Fact::ScreenReady { at, id, screen });
        largest.tell(|at, _, screen| Fact::ScreenShown { at, id: early, screen });
    }
    for _ in 0..REQUESTS_MAX {
        largest.tell(|at, id, route| Fact::RequestStarted { at, id, route });
    }
    for _ in 0..ACTIONS_MAX {
        largest.tell(|at, id, action| Fact::ActionStarted { at, id, action });
    }
    assert_eq!(largest.trackers.lost(), 0, "no table is asked for more than it holds");
    largest.tell(|at, id, action| Fact::ActionStarted { at, id, action });
    largest.trackers.facts_were_refused();
    for _ in 0..REPEATS_REMEMBERED {
        let id = largest.id;
        largest.tell(|at, _, _| Fact::RequestEnded { at, id, status: u16::MAX, outcome: Outcome::Done });
    }
    // Begun before the touches, so that they answer none.
    let before = largest.now - 10_000;
    for _ in 0..RECENT_FRAMES {
        largest.tell(|at, _, _| Fact::Frame { started: before, deadline: u64::MAX, at });
    }
    let full = bytes(&largest.trackers);
    // What no test can fill: the counts of 2^32 frames, the windows of a launch, and hours of waiting.
    let rest = 256;
    println!("the fullest state: {full} bytes");
    assert!(full + rest <= STATE_BYTES_MAX, "{full} bytes");
    assert!(full > STATE_BYTES_MAX / 2, "{full} bytes: no longer full");
}

#[test]
fn an_idle_app_takes_some_hundred() {
    assert!(bytes(&Trackers::new()) <= 96, "{} bytes", bytes(&Trackers::new()));
    let mut trackers = Trackers::new();
    let mut sink = |_: Event| {};
    // An app that has run for days, and was used.
    let begin = 300_000 * SECOND;
    for n in 0..1_000u64 {
        let at = begin + n * 16 * MS;
        let name = NameId(6 + (n % 40) as u32);
        trackers.fact(&Fact::Frame { started: at, deadline: at + 16 * MS, at: at + 8 * MS }, &mut sink);
        match n % 10 {
            0 => trackers.fact(&Fact::ScreenShown { at, id: n, screen: name }, &mut sink),
            5 => trackers.fact(&Fact::TouchUp { at, target: name }, &mut sink),
            6 => trackers.fact(&Fact::TouchHandled { at }, &mut sink),
            9 => trackers.fact(&Fact::ScreenLeft { at, id: n - 9 }, &mut sink),
            _ => {}
        }
    }
    let at = begin + 100 * SECOND;
    trackers.fact(&Fact::Tick { at, boot_ns: at, wall_unix_ms: 0 }, &mut sink);
    println!("an idle state: {} bytes", bytes(&trackers));
    assert!(bytes(&trackers) <= 768, "{} bytes", bytes(&trackers));
}
