//! Arbitrary facts for the properties: in order as the engine tells them, or in any disorder.

use nowait_core::Fact;
use nowait_core::trackers::limits::{MS, SECOND};
use nowait_wire::{Event, Kind, NameId, Outcome};
use proptest::prelude::*;
use std::collections::HashMap;

/// When every sequence begins, with the tick of an engine that starts.
pub(crate) const BEGIN: u64 = 100 * SECOND;

/// What the app measures itself has a name of its own here.
pub(crate) const MEASURED: NameId = NameId(99);

/// Something that happens, without its time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening {
    Fact(Fact),
    /// Time passed, this much of it in sleep.
    Slept(u64),
}

/// A happening with small sets of names and ids, so that they meet. A frame has how long it took and when it was due,
/// a measured event how long it took.
fn happening() -> impl Strategy<Value = Happening> {
    let name = || (6u32..10).prop_map(NameId);
    let id = || 1u64..6;
    let at = 0;
    let outcome = || prop::sample::select(Outcome::ALL);
    let frame = (0..900 * MS, 0..40 * MS);
    let fact = prop_oneof![
        1 => any::<bool>().prop_map(move |visible| Fact::ProcessStarted { at, visible }),
        1 => Just(Fact::MainIdle { at }),
        2 => any::<bool>().prop_map(move |restored| Fact::Foreground { at, restored }),
        2 => Just(Fact::Background { at }),
        4 => name().prop_map(move |target| Fact::TouchUp { at, target }),
        4 => Just(Fact::TouchHandled { at }),
        8 => frame.prop_map(move |(started, deadline)| Fact::Frame { started, deadline, at }),
        1 => Just(Fact::Navigation { at }),
        3 => (id(), name()).prop_map(move |(id, screen)| Fact::ScreenCreated { at, id, screen }),
        3 => (id(), name()).prop_map(move |(id, screen)| Fact::ScreenShown { at, id, screen }),
        3 => (id(), name()).prop_map(move |(id, screen)| Fact::ScreenReady { at, id, screen }),
        2 => id().prop_map(move |id| Fact::ScreenLeft { at, id }),
        3 => (id(), name()).prop_map(move |(id, route)| Fact::RequestStarted { at, id, route }),
        3 => (id(), any::<u16>(), outcome()).prop_map(move |(id, status, outcome)| {
            Fact::RequestEnded { at, id, status, outcome }
        }),
        3 => (id(), name()).prop_map(move |(id, action)| Fact::ActionStarted { at, id, action }),
        3 => (id(), outcome()).prop_map(move |(id, outcome)| Fact::ActionEnded { at, id, outcome }),
        4 => Just(Fact::MainPing { at }),
        2 => Just(Fact::MainPong { at }),
        2 => (id(), name()).prop_map(move |(id, journey)| Fact::JourneyStarted { at, id, journey }),
        2 => (id(), name()).prop_map(move |(id, step)| Fact::StepStarted { at, id, step }),
        2 => (id(), outcome()).prop_map(move |(id, outcome)| Fact::JourneyEnded { at, id, outcome }),
        1 => (id(), name(), 0..7_u8).prop_map(move |(id, name, rating)| Fact::Rated { at, id, name, rating }),
        1 => id().prop_map(move |id| Fact::HandedOver { at, id, continuation: id }),
        1 => name().prop_map(move |name| Fact::Crashed { at, name }),
        1 => name().prop_map(move |name| Fact::Breadcrumb { at, name, number: 1 }),
        1 => (0..5 * SECOND).prop_map(|duration_ns| {
            Fact::Measured(Event { duration_ns, ..Event::new(Kind::Action, MEASURED) })
        }),
    ];
    let slept = prop_oneof![6 => Just(0), 2 => 0..5 * SECOND, 1 => 0..3_600 * SECOND];
    prop_oneof![20 => fact.prop_map(Happening::Fact), 1 => slept.prop_map(Happening::Slept)]
}

/// The same at `now`.
fn at(happening: Happening, now: u64, slept: &mut u64) -> Fact {
    let fact = match happening {
        Happening::Fact(fact) => fact,
        Happening::Slept(ns) => {
            *slept += ns;
            return Fact::Tick { at: now, boot_ns: now.saturating_add(*slept), wall_unix_ms: 0 };
        }
    };
    match fact {
        Fact::Frame { started, deadline, .. } => Fact::Frame {
            started: now.saturating_sub(started),
            deadline: now.saturating_sub(deadline),
            at: now,
        },
        Fact::Measured(event) => {
            Fact::Measured(Event { started_uptime_ns: now.saturating_sub(event.duration_ns), ..event })
        }
        fact => {
            let mut words = fact.to_words();
            words[2] = now;
            Fact::from_words(&words).unwrap()
        }
    }
}

/// Gives each instance an id of its own, as a face does.
#[derive(Default)]
struct Instances {
    last: u64,
    open: HashMap<u64, u64>,
    created: HashMap<u64, u64>,
}

impl Instances {
    fn fresh(&mut self) -> u64 {
        self.last += 1;
        1_000 + self.last
    }

    fn instance(&mut self, fact: Fact) -> Fact {
        let mut fact = fact;
        match &mut fact {
            Fact::RequestStarted { id, .. }
            | Fact::ActionStarted { id, .. }
            | Fact::JourneyStarted { id, .. } => {
                let fresh = self.fresh();
                self.open.insert(*id, fresh);
                *id = fresh;
            }
            Fact::RequestEnded { id, .. }
            | Fact::ActionEnded { id, .. }
            | Fact::StepStarted { id, .. }
            | Fact::Rated { id, .. }
            | Fact::HandedOver { id, .. }
            | Fact::JourneyEnded { id, .. } => *id = self.open.get(id).copied().unwrap_or(*id),
            // Of a screen, much may be told before its creation.
            Fact::ScreenCreated { id, .. } => {
                let fresh = self.fresh();
                *id =
                    *self.created.entry(*id + 100 * u64::from(self.last.is_multiple_of(3))).or_insert(fresh);
            }
            Fact::ScreenShown { id, .. } | Fact::ScreenReady { id, .. } => {
                let fresh = self.fresh();
                *id = *self.created.entry(*id).or_insert(fresh);
            }
            Fact::ScreenLeft { id, .. } => *id = self.created.remove(id).unwrap_or(*id),
            _ => {}
        }
        fact
    }
}

/// Steps of every size that a rule may care about.
fn step() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => 1..50 * MS,
        4 => 1..600 * MS,
        2 => 1..4 * SECOND,
        1 => 1..70 * SECOND,
    ]
}

fn first_tick() -> Fact {
    Fact::Tick { at: BEGIN, boot_ns: BEGIN, wall_unix_ms: 0 }
}

/// Facts in the order of their times, all at different times, each instance with an id of its own.
pub(crate) fn in_order() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec((step(), happening()), 1..200).prop_map(|steps| {
        let (mut now, mut slept, mut instances) = (BEGIN, 0, Instances::default());
        let mut facts = vec![first_tick()];
        for (step, happening) in steps {
            now += step;
            facts.push(instances.instance(at(happening, now, &mut slept)));
        }
        facts
    })
}

/// Facts in any order, some twice, some at the ends of the clock, ids used again.
pub(crate) fn in_disorder() -> impl Strategy<Value = Vec<Fact>> {
    let wild = prop_oneof![1 => Just(0), 1 => Just(u64::MAX), 1 => any::<u64>(), 9 => 0..100 * SECOND];
    let late = prop_oneof![6 => Just(0), 3 => 0..30 * MS, 1 => 0..5 * SECOND];
    let place = prop_oneof![30 => late.prop_map(Err), 1 => wild.prop_map(Ok)];
    prop::collection::vec((step(), place, happening(), 0..8u8), 1..200).prop_map(|steps| {
        let (mut now, mut slept) = (BEGIN, 0);
        let mut facts = Vec::new();
        for (step, place, happening, dice) in steps {
            now += step;
            let fact = at(happening, place.unwrap_or_else(|late| now.saturating_sub(late)), &mut slept);
            facts.push(fact);
            if dice == 0 {
                facts.push(fact);
            }
        }
        facts
    })
}
