//! What holds for any facts.

use crate::facts::{BEGIN, MEASURED, in_disorder, in_order};
use nowait_core::Fact;
use nowait_core::trackers::limits::*;
use nowait_core::trackers::{Presence, Trackers};
use nowait_wire::{Event, Flags, Kind, Outcome};
use proptest::prelude::*;

fn run(facts: &[Fact]) -> (Trackers, Vec<Event>) {
    let (mut trackers, mut events) = (Trackers::new(), Vec::new());
    facts.iter().for_each(|fact| trackers.fact(fact, &mut |event| events.push(event)));
    (trackers, events)
}

fn die(mut trackers: Trackers, at: u64) -> (Trackers, Vec<Event>) {
    let mut events = Vec::new();
    trackers.died(at, &mut |event| events.push(event));
    (trackers, events)
}

fn end(facts: &[Fact]) -> u64 {
    facts.last().map_or(0, Fact::at)
}

fn limit(kind: Kind) -> u64 {
    match kind {
        Kind::Launch => LAUNCH_NS_MAX,
        Kind::Screen => SCREEN_NS_MAX,
        Kind::Tap => TAP_NS_MAX,
        Kind::Settled => SETTLED_NS_MAX,
        Kind::Hang => HANG_NS_MAX,
        Kind::Request => REQUEST_NS_MAX,
        Kind::Action => ACTION_NS_MAX,
        Kind::Journey | Kind::Step => JOURNEY_NS_MAX,
        _ => u64::MAX,
    }
}

fn check_bounds(event: &Event) {
    assert!(event.duration_ns <= limit(event.kind), "{event:?}");
    assert_eq!(event.flags.contains(Flags::IN_JOURNEY), event.journey != 0, "{event:?}");
    if matches!(event.kind, Kind::Journey | Kind::Step) {
        assert!(event.a + event.b <= event.duration_ns / US, "{event:?}");
    }
    let by_tracker = matches!(event.kind, Kind::Screen | Kind::Tap | Kind::Settled | Kind::Hang);
    if by_tracker && matches!(event.outcome, Outcome::TimedOut | Outcome::NoResponse) {
        assert_eq!(event.duration_ns, limit(event.kind), "{event:?}");
    }
}

/// The tick that adds no sleep.
fn tick(at: u64, trackers: &Trackers) -> Fact {
    Fact::Tick { at, boot_ns: at.saturating_add(trackers.slept_ns()), wall_unix_ms: 0 }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn disorder_neither_panics_nor_breaks_a_bound(
        facts in in_disorder(),
        refused in prop::collection::vec(any::<bool>(), 200),
        died in prop_oneof![any::<u64>(), 0..100 * SECOND],
    ) {
        let (mut trackers, mut events) = (Trackers::new(), Vec::new());
        let mut slept = 0;
        for (n, fact) in facts.iter().enumerate() {
            if refused.get(n).copied().unwrap_or(false) && n % 16 == 0 {
                trackers.facts_were_refused();
            }
            trackers.fact(fact, &mut |event| events.push(event));
            prop_assert!(trackers.slept_ns() >= slept);
            slept = trackers.slept_ns();
        }
        trackers.died(died, &mut |event| events.push(event));
        events.iter().for_each(check_bounds);
    }

    #[test]
    fn no_answer_spans_the_background(facts in in_order()) {
        let (mut trackers, mut trips) = (Trackers::new(), Vec::new());
        for fact in &facts {
            let was_away = trackers.presence() == Presence::Background;
            trackers.fact(fact, &mut |_: Event| {});
            if !was_away && trackers.presence() == Presence::Background {
                trips.push(fact.at());
            }
        }
        for event in run(&facts).1 {
            check_bounds(&event);
            // A cold launch goes on if the app is back at once.
            let goes_on = matches!(event.kind, Kind::Journey | Kind::Step | Kind::Launch);
            let is_answer = event.outcome.is_latency() || event.outcome == Outcome::AlreadyAnimating;
            if is_answer && !goes_on && event.kind != Kind::RageTap {
                let ended = event.ended_uptime_ns();
                let spanned = trips.iter().find(|trip| event.started_uptime_ns < **trip && **trip < ended);
                prop_assert_eq!(spanned, None, "{:?}", event);
            }
        }
    }

    #[test]
    fn a_wait_ends_at_most_once(facts in in_order()) {
        let (trackers, mut events) = run(&facts);
        events.extend(die(trackers, end(&facts)).1);
        let count = |kind: Kind, at: u64| {
            let is_it = |event: &&Event| event.kind == kind && event.started_uptime_ns == at;
            events.iter().filter(is_it).filter(|event| event.name != MEASURED).count()
        };
        let total = |kind: Kind| events.iter().filter(|event| event.kind == kind).count();
        let mut created = 0;
        for fact in &facts {
            let at = fact.at();
            match fact {
                Fact::TouchUp { .. } => {
                    prop_assert!(count(Kind::Tap, at) <= 1);
                    prop_assert!(count(Kind::Settled, at) <= 1);
                    prop_assert!(count(Kind::RageTap, at) <= 1);
                }
                Fact::RequestStarted { .. } => prop_assert!(count(Kind::Request, at) <= 1),
                Fact::ActionStarted { .. } => prop_assert!(count(Kind::Action, at) <= 1),
                Fact::JourneyStarted { .. } => prop_assert!(count(Kind::Journey, at) <= 1),
                Fact::StepStarted { .. } => prop_assert!(count(Kind::Step, at) <= 1),
                Fact::MainPing { .. } => prop_assert!(count(Kind::Hang, at) <= 1),
                Fact::ProcessStarted { .. } | Fact::Foreground { .. } => {
                    prop_assert!(count(Kind::Launch, at) <= 1);
                }
                Fact::ScreenCreated { .. } => created += 1,
                _ => {}
            }
        }
        prop_assert!(total(Kind::Screen) <= created);
        prop_assert_eq!(total(Kind::Frames), total(Kind::FrameTimes));
    }

    /// Ticks decide nothing: with many of them, the same events come, only sooner.
    #[test]
    fn ticks_change_nothing_but_the_moment(facts in in_order()) {
        let (mut trackers, mut events) = (Trackers::new(), Vec::new());
        let mut now = BEGIN;
        for fact in &facts {
            let at = if let Fact::Measured(_) = fact { now } else { fact.at() };
            while at - now > 700 * MS {
                now += 700 * MS;
                let tick = tick(now, &trackers);
                trackers.fact(&tick, &mut |event| events.push(event));
            }
            now = at;
            trackers.fact(fact, &mut |event| events.push(event));
        }
        let (mut plain, mut plain_events) = run(&facts);
        let last = tick(now + 1, &plain);
        plain.fact(&last, &mut |event| plain_events.push(event));
        trackers.fact(&last, &mut |event| events.push(event));
        // What is measured comes when it is told, and so before or after what expires meanwhile.
        let by_trackers = |events: Vec<Event>| -> Vec<Event> {
            events.into_iter().filter(|event| event.name != MEASURED).collect()
        };
        prop_assert_eq!(by_trackers(plain_events), by_trackers(events));
    }

    /// What was open while facts were refused has no outcome that the refused facts might belie.
    #[test]
    fn doubt_leaves_no_verdict(facts in in_order(), refused in 0..200usize) {
        let (mut trackers, mut events) = (Trackers::new(), Vec::new());
        let refused = refused.min(facts.len());
        let (before, after) = facts.split_at(refused);
        before.iter().for_each(|fact| trackers.fact(fact, &mut |_: Event| {}));
        trackers.facts_were_refused();
        after.iter().for_each(|fact| trackers.fact(fact, &mut |event| events.push(event)));
        events.extend(die(trackers, end(&facts)).1);
        let told_at = before.iter().rfind(|fact| !matches!(fact, Fact::Measured(_) | Fact::Breadcrumb { .. }));
        let told_at = told_at.map_or(0, Fact::at);
        for event in events.iter().filter(|event| event.started_uptime_ns <= told_at) {
            match event.kind {
                Kind::Launch | Kind::Tap | Kind::Settled | Kind::Hang => {
                    prop_assert_eq!(event.outcome, Outcome::Interrupted, "{:?}", event);
                }
                Kind::Screen => prop_assert!(
                    matches!(event.outcome, Outcome::Done | Outcome::Abandoned | Outcome::Interrupted),
                    "{:?}", event
                ),
                _ => prop_assert!(event.outcome != Outcome::Died, "{:?}", event),
            }
        }
    }

    /// Nothing is open after a death, and every wait that began has ended by then or was counted as lost.
    #[test]
    fn a_death_ends_everything(facts in in_order()) {
        let (trackers, mut events) = run(&facts);
        let (mut trackers, died) = die(trackers, end(&facts));
        events.extend(died);
        prop_assert_eq!(trackers.next_due(), u64::MAX);
        let mut later = Vec::new();
        let hour_later = tick(end(&facts) + 3_600 * SECOND, &trackers);
        trackers.fact(&hour_later, &mut |event| later.push(event));
        prop_assert_eq!(later, Vec::new());
        let begun = |is_begin: fn(&Fact) -> bool| facts.iter().filter(|fact| is_begin(fact)).count() as u64;
        let ended = |kind: Kind| {
            events.iter().filter(|event| event.kind == kind && event.name != MEASURED).count() as u64
        };
        let lost = trackers.lost();
        let actions = begun(|fact| matches!(fact, Fact::ActionStarted { .. }));
        prop_assert!(ended(Kind::Action) <= actions && actions <= ended(Kind::Action) + lost);
        let journeys = begun(|fact| matches!(fact, Fact::JourneyStarted { .. }));
        prop_assert!(ended(Kind::Journey) <= journeys && journeys <= ended(Kind::Journey) + lost);
    }
}

proptest! {
    // Fewer, because each writes and reads the state some hundred times.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    /// A checkpoint may lie between any two facts.
    #[test]
    fn a_restored_state_goes_on_as_if_nothing_had_been(facts in in_disorder(), refused in 0..200usize) {
        let (mut kept, mut restored) = (Trackers::new(), Trackers::new());
        let (mut events, mut events_restored) = (Vec::new(), Vec::new());
        for (n, fact) in facts.iter().enumerate() {
            let bytes = postcard::to_stdvec(&restored).unwrap();
            prop_assert!(bytes.len() <= STATE_BYTES_MAX);
            restored = postcard::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&restored, &kept);
            if n == refused {
                kept.facts_were_refused();
                restored.facts_were_refused();
            }
            kept.fact(fact, &mut |event| events.push(event));
            restored.fact(fact, &mut |event| events_restored.push(event));
        }
        events.extend(die(kept, end(&facts)).1);
        events_restored.extend(die(restored, end(&facts)).1);
        prop_assert_eq!(events, events_restored);
    }

    #[test]
    fn a_damaged_state_is_refused_or_does_not_panic(facts in in_disorder(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = postcard::to_stdvec(&run(&facts).0).unwrap();
        *at.get_mut(&mut bytes) = byte;
        if let Ok(mut trackers) = postcard::from_bytes::<Trackers>(&bytes) {
            facts.iter().for_each(|fact| trackers.fact(fact, &mut |_: Event| {}));
            die(trackers, end(&facts));
        }
    }
}
