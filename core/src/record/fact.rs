//! Fact: what the app tells at one moment, and its seven words in a slot.
//!
//! Owns: the list of facts, what each field means, and the numbers of the kinds in a recorder file. Refuses: rules
//! (the trackers have them), clocks (the time is a field) and the checksum (the slot has it).
//! Invariant: the number of a kind never changes and is never used twice; words that say no fact read as `None`.

use nowait_wire::{Event, Flags, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

/// Payload words of a slot.
const WORDS: usize = 7;

/// What the app tells at one moment. Every `at` is in nanoseconds of the uptime clock, which stands still in sleep.
///
/// An `id` is the face's own number of one instance (of a screen, request, action or journey): never 0, and not used
/// twice in a process for anything. Kotlin and Swift tell the same facts in the same meaning;
/// `core/testdata/*.script` replays them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each variant explains its own fields")]
pub enum Fact {
    /// When the operating system started this process, and whether it did so for a person who opened the app.
    /// Told once, before any other fact. `visible` is false for a background start or a prewarmed process.
    ProcessStarted { at: u64, visible: bool },
    /// The main thread has nothing to do for the first time: what a person's start brings at once has been done.
    MainIdle { at: u64 },
    /// The app came to the foreground. `restored` is true when a living screen only came back (hot launch),
    /// false when the process lived on but the screen has to be made anew (warm launch).
    Foreground { at: u64, restored: bool },
    /// The app left the foreground.
    Background { at: u64 },
    /// The customer lifted the finger from `target`; a view without a name of its own is [`NameId::NONE`].
    TouchUp { at: u64, target: NameId },
    /// The app's handler for the latest touch returned.
    TouchHandled { at: u64 },
    /// A frame reached the display at `at`; its work began at `started` and was due by `deadline`.
    Frame { started: u64, deadline: u64, at: u64 },
    /// The app began to navigate somewhere (used where no tap caused it).
    Navigation { at: u64 },
    /// The screen `id` of the class `screen` began to exist.
    ScreenCreated { at: u64, id: u64, screen: NameId },
    /// The first frame of this screen was presented, or it came to the front again.
    ScreenShown { at: u64, id: u64, screen: NameId },
    /// The app says that this screen shows what the customer came for.
    ScreenReady { at: u64, id: u64, screen: NameId },
    /// This screen is gone.
    ScreenLeft { at: u64, id: u64 },
    /// A request left.
    RequestStarted { at: u64, id: u64, route: NameId },
    /// A request ended with this HTTP status (0 if there was no answer).
    RequestEnded { at: u64, id: u64, status: u16, outcome: Outcome },
    /// A measured action began.
    ActionStarted { at: u64, id: u64, action: NameId },
    /// A measured action ended.
    ActionEnded { at: u64, id: u64, outcome: Outcome },
    /// The watchdog asked the main thread for a sign of life (repeated while none comes).
    MainPing { at: u64 },
    /// The main thread gave its sign of life.
    MainPong { at: u64 },
    /// A journey began.
    JourneyStarted { at: u64, id: u64, journey: NameId },
    /// The journey `id` reached this step; the step before it, if any, is done.
    StepStarted { at: u64, id: u64, step: NameId },
    /// A journey ended.
    JourneyEnded { at: u64, id: u64, outcome: Outcome },
    /// The app leaves a mark for the trail, with a number of its choice.
    Breadcrumb { at: u64, name: NameId, number: u64 },
    /// The app measured this itself, from begin to end.
    Measured(Event),
    /// Time passed: one moment on all three clocks. `boot_ns` runs in sleep, `wall_unix_ms` is the time of day in
    /// milliseconds since 1970 UTC. Appended by the engine: before each `Foreground` and `Background`, and at every
    /// turn of the worker.
    Tick { at: u64, boot_ns: u64, wall_unix_ms: u64 },
    /// The customer rated the journey or touchpoint `name`, from 1 (worst) to 5 (best); `id` is the journey, under way or
    /// ended, or 0 for the one under way, if any. Another rating is none.
    Rated { at: u64, id: u64, name: NameId, rating: u8 },
    /// The journey `id` goes on elsewhere, where it is known by this [`Continuation`](nowait_wire::Continuation).
    HandedOver { at: u64, id: u64, continuation: u64 },
    /// An exception that nobody caught, of the class `name`, is on its way to the system, which will end the process; told
    /// before it is handed on.
    Crashed { at: u64, name: NameId },
}

/// The kinds in a recorder file. A measured event stands there under the number of its own kind, which is below all
/// of these: its eleven fields fill the words to the last bit.
mod number {
    pub(super) const PROCESS_STARTED: u8 = 128;
    pub(super) const MAIN_IDLE: u8 = 129;
    pub(super) const FOREGROUND: u8 = 130;
    pub(super) const BACKGROUND: u8 = 131;
    pub(super) const TOUCH_UP: u8 = 132;
    pub(super) const TOUCH_HANDLED: u8 = 133;
    pub(super) const FRAME: u8 = 134;
    pub(super) const NAVIGATION: u8 = 135;
    pub(super) const SCREEN_CREATED: u8 = 136;
    pub(super) const SCREEN_SHOWN: u8 = 137;
    pub(super) const SCREEN_READY: u8 = 138;
    pub(super) const SCREEN_LEFT: u8 = 139;
    pub(super) const REQUEST_STARTED: u8 = 140;
    pub(super) const REQUEST_ENDED: u8 = 141;
    pub(super) const ACTION_STARTED: u8 = 142;
    pub(super) const ACTION_ENDED: u8 = 143;
    pub(super) const MAIN_PING: u8 = 144;
    pub(super) const MAIN_PONG: u8 = 145;
    pub(super) const JOURNEY_STARTED: u8 = 146;
    pub(super) const STEP_STARTED: u8 = 147;
    pub(super) const JOURNEY_ENDED: u8 = 148;
    pub(super) const BREADCRUMB: u8 = 149;
    pub(super) const TICK: u8 = 150;
    pub(super) const RATED: u8 = 151;
    pub(super) const HANDED_OVER: u8 = 152;
    pub(super) const CRASHED: u8 = 153;
}

/// The words of a fact: kind and time, and what else it has.
#[inline]
const fn words(kind: u8, at: u64) -> [u64; WORDS] {
    [kind as u64, 0, at, 0, 0, 0, 0]
}

/// The same with a flag.
#[inline]
const fn flagged(kind: u8, at: u64, flag: bool) -> [u64; WORDS] {
    [kind as u64 | (flag as u64) << 16, 0, at, 0, 0, 0, 0]
}

/// The same of an instance, with a name.
#[inline]
const fn named(kind: u8, at: u64, id: u64, name: NameId) -> [u64; WORDS] {
    [kind as u64 | (name.0 as u64) << 32, 0, at, id, 0, 0, 0]
}

/// The same of the end of an instance.
#[inline]
const fn ended(kind: u8, at: u64, id: u64, outcome: Outcome, status: u16) -> [u64; WORDS] {
    [kind as u64 | (outcome as u64) << 8, 0, at, id, status as u64, 0, 0]
}

// Always inlined: where a fact is told, its kind is known, and what is left is the words of that kind. As calls, they took a copy
// of the fact, written in narrow pieces and read in wide ones, which stalls the processor: a fifth of the cost of recording.
impl Fact {
    /// When it happened, or what was measured, which has a begin and a duration instead.
    #[inline(always)]
    const fn moment(&mut self) -> Result<&mut u64, &Event> {
        match self {
            Fact::ProcessStarted { at, .. }
            | Fact::MainIdle { at }
            | Fact::Foreground { at, .. }
            | Fact::Background { at }
            | Fact::TouchUp { at, .. }
            | Fact::TouchHandled { at }
            | Fact::Frame { at, .. }
            | Fact::Navigation { at }
            | Fact::ScreenCreated { at, .. }
            | Fact::ScreenShown { at, .. }
            | Fact::ScreenReady { at, .. }
            | Fact::ScreenLeft { at, .. }
            | Fact::RequestStarted { at, .. }
            | Fact::RequestEnded { at, .. }
            | Fact::ActionStarted { at, .. }
            | Fact::ActionEnded { at, .. }
            | Fact::MainPing { at }
            | Fact::MainPong { at }
            | Fact::JourneyStarted { at, .. }
            | Fact::StepStarted { at, .. }
            | Fact::JourneyEnded { at, .. }
            | Fact::Rated { at, .. }
            | Fact::HandedOver { at, .. }
            | Fact::Crashed { at, .. }
            | Fact::Breadcrumb { at, .. }
            | Fact::Tick { at, .. } => Ok(at),
            Fact::Measured(event) => Err(event),
        }
    }

    /// When it happened, in nanoseconds of the uptime clock. What was measured happened when it ended.
    #[inline]
    #[must_use]
    pub const fn at(&self) -> u64 {
        let mut fact = *self;
        match fact.moment() {
            Ok(at) => *at,
            Err(event) => event.ended_uptime_ns(),
        }
    }

    /// The same fact, with its times no later than `now_ns`: the clock that a face reads may be another one. What was
    /// measured is left as it is, and so is when a frame was due.
    #[inline(always)]
    #[must_use]
    pub fn not_after(mut self, now_ns: u64) -> Fact {
        if let Ok(at) = self.moment() {
            *at = now_ns.min(*at);
        }
        if let Fact::Frame { started, .. } = &mut self {
            *started = now_ns.min(*started);
        }
        self
    }

    /// The seven payload words of a slot. Of the second, only the low 32 bits are used.
    ///
    /// The first is: kind (8 bits), outcome (8), flags (16), name (32), from the lowest. The third is the time; the
    /// fourth the id of the instance, except for a measured event (its duration) and a frame (its start).
    #[inline(always)]
    #[must_use]
    pub const fn to_words(&self) -> [u64; WORDS] {
        match *self {
            Fact::ProcessStarted { at, visible } => flagged(number::PROCESS_STARTED, at, visible),
            Fact::MainIdle { at } => words(number::MAIN_IDLE, at),
            Fact::Foreground { at, restored } => flagged(number::FOREGROUND, at, restored),
            Fact::Background { at } => words(number::BACKGROUND, at),
            Fact::TouchUp { at, target } => named(number::TOUCH_UP, at, 0, target),
            Fact::TouchHandled { at } => words(number::TOUCH_HANDLED, at),
            Fact::Frame { started, deadline, at } => [number::FRAME as u64, 0, at, started, deadline, 0, 0],
            Fact::Navigation { at } => words(number::NAVIGATION, at),
            Fact::ScreenCreated { at, id, screen } => named(number::SCREEN_CREATED, at, id, screen),
            Fact::ScreenShown { at, id, screen } => named(number::SCREEN_SHOWN, at, id, screen),
            Fact::ScreenReady { at, id, screen } => named(number::SCREEN_READY, at, id, screen),
            Fact::ScreenLeft { at, id } => named(number::SCREEN_LEFT, at, id, NameId::NONE),
            Fact::RequestStarted { at, id, route } => named(number::REQUEST_STARTED, at, id, route),
            Fact::RequestEnded { at, id, status, outcome } => {
                ended(number::REQUEST_ENDED, at, id, outcome, status)
            }
            Fact::ActionStarted { at, id, action } => named(number::ACTION_STARTED, at, id, action),
            Fact::ActionEnded { at, id, outcome } => ended(number::ACTION_ENDED, at, id, outcome, 0),
            Fact::MainPing { at } => words(number::MAIN_PING, at),
            Fact::MainPong { at } => words(number::MAIN_PONG, at),
            Fact::JourneyStarted { at, id, journey } => named(number::JOURNEY_STARTED, at, id, journey),
            Fact::StepStarted { at, id, step } => named(number::STEP_STARTED, at, id, step),
            Fact::JourneyEnded { at, id, outcome } => ended(number::JOURNEY_ENDED, at, id, outcome, 0),
            Fact::Rated { at, id, name, rating } => {
                [number::RATED as u64 | (name.0 as u64) << 32, 0, at, id, rating as u64, 0, 0]
            }
            Fact::HandedOver { at, id, continuation } => {
                [number::HANDED_OVER as u64, 0, at, id, continuation, 0, 0]
            }
            Fact::Crashed { at, name } => named(number::CRASHED, at, 0, name),
            Fact::Breadcrumb { at, name, number } => {
                [number::BREADCRUMB as u64 | (name.0 as u64) << 32, 0, at, 0, number, 0, 0]
            }
            Fact::Measured(ref event) => measured_words(event),
            Fact::Tick { at, boot_ns, wall_unix_ms } => {
                [number::TICK as u64, 0, at, 0, boot_ns, wall_unix_ms, 0]
            }
        }
    }

    /// The fact that these words say, or `None` if a number in them is unknown. Bits that the kind does not use are
    /// not looked at.
    #[must_use]
    pub fn from_words(words: &[u64; WORDS]) -> Option<Fact> {
        let [head, _, at, id, a, b, _] = *words;
        let (kind, name) = (head as u8, NameId((head >> 32) as u32));
        let flag = head & 1 << 16 != 0;
        // The number of an outcome says nothing where the kind has none; it is not looked at there either.
        let outcome = Outcome::from_u8((head >> 8) as u8);
        Some(match kind {
            number::PROCESS_STARTED => Fact::ProcessStarted { at, visible: flag },
            number::MAIN_IDLE => Fact::MainIdle { at },
            number::FOREGROUND => Fact::Foreground { at, restored: flag },
            number::BACKGROUND => Fact::Background { at },
            number::TOUCH_UP => Fact::TouchUp { at, target: name },
            number::TOUCH_HANDLED => Fact::TouchHandled { at },
            number::FRAME => Fact::Frame { started: id, deadline: a, at },
            number::NAVIGATION => Fact::Navigation { at },
            number::SCREEN_CREATED => Fact::ScreenCreated { at, id, screen: name },
            number::SCREEN_SHOWN => Fact::ScreenShown { at, id, screen: name },
            number::SCREEN_READY => Fact::ScreenReady { at, id, screen: name },
            number::SCREEN_LEFT => Fact::ScreenLeft { at, id },
            number::REQUEST_STARTED => Fact::RequestStarted { at, id, route: name },
            number::REQUEST_ENDED => Fact::RequestEnded { at, id, status: a as u16, outcome: outcome? },
            number::ACTION_STARTED => Fact::ActionStarted { at, id, action: name },
            number::ACTION_ENDED => Fact::ActionEnded { at, id, outcome: outcome? },
            number::MAIN_PING => Fact::MainPing { at },
            number::MAIN_PONG => Fact::MainPong { at },
            number::JOURNEY_STARTED => Fact::JourneyStarted { at, id, journey: name },
            number::STEP_STARTED => Fact::StepStarted { at, id, step: name },
            number::JOURNEY_ENDED => Fact::JourneyEnded { at, id, outcome: outcome? },
            number::RATED => Fact::Rated { at, id, name, rating: a as u8 },
            number::HANDED_OVER => Fact::HandedOver { at, id, continuation: a },
            number::CRASHED => Fact::Crashed { at, name },
            number::BREADCRUMB => Fact::Breadcrumb { at, name, number: a },
            number::TICK => Fact::Tick { at, boot_ns: a, wall_unix_ms: b },
            _ => Fact::Measured(measured(words)?),
        })
    }
}

#[inline(always)]
const fn measured_words(event: &Event) -> [u64; WORDS] {
    let head = event.kind as u64
        | (event.outcome as u64) << 8
        | (event.flags.0 as u64) << 16
        | (event.name.0 as u64) << 32;
    [head, event.screen.0 as u64, event.started_uptime_ns, event.duration_ns, event.journey, event.a, event.b]
}

fn measured(words: &[u64; WORDS]) -> Option<Event> {
    let [head, screen, started_uptime_ns, duration_ns, journey, a, b] = *words;
    Some(Event {
        kind: Kind::from_u8(head as u8)?,
        outcome: Outcome::from_u8((head >> 8) as u8)?,
        flags: Flags((head >> 16) as u16),
        name: NameId((head >> 32) as u32),
        screen: NameId(screen as u32),
        started_uptime_ns,
        duration_ns,
        journey,
        a,
        b,
    })
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_event() -> impl Strategy<Value = Event> {
        let (kind, outcome) = (prop::sample::select(Kind::ALL), prop::sample::select(Outcome::ALL));
        let numbers = any::<(u16, u32, u32, u64, u64, u64, u64, u64)>();
        (kind, outcome, numbers).prop_map(|(kind, outcome, numbers)| {
            let (flags, name, screen, started_uptime_ns, duration_ns, journey, a, b) = numbers;
            Event {
                outcome,
                flags: Flags(flags),
                screen: NameId(screen),
                started_uptime_ns,
                duration_ns,
                journey,
                a,
                b,
                ..Event::new(kind, NameId(name))
            }
        })
    }

    fn any_fact() -> impl Strategy<Value = Fact> {
        let outcome = prop::sample::select(Outcome::ALL);
        (any::<(u64, u64, u64, u32, u16, bool)>(), outcome, any_event(), 0..27usize).prop_map(
            |((at, id, number, name, status, flag), outcome, event, which)| {
                let name = NameId(name);
                [
                    Fact::ProcessStarted { at, visible: flag },
                    Fact::MainIdle { at },
                    Fact::Foreground { at, restored: flag },
                    Fact::Background { at },
                    Fact::TouchUp { at, target: name },
                    Fact::TouchHandled { at },
                    Fact::Frame { started: id, deadline: number, at },
                    Fact::Navigation { at },
                    Fact::ScreenCreated { at, id, screen: name },
                    Fact::ScreenShown { at, id, screen: name },
                    Fact::ScreenReady { at, id, screen: name },
                    Fact::ScreenLeft { at, id },
                    Fact::RequestStarted { at, id, route: name },
                    Fact::RequestEnded { at, id, status, outcome },
                    Fact::ActionStarted { at, id, action: name },
                    Fact::ActionEnded { at, id, outcome },
                    Fact::MainPing { at },
                    Fact::MainPong { at },
                    Fact::JourneyStarted { at, id, journey: name },
                    Fact::StepStarted { at, id, step: name },
                    Fact::JourneyEnded { at, id, outcome },
                    Fact::Rated { at, id, name, rating: status as u8 },
                    Fact::HandedOver { at, id, continuation: number },
                    Fact::Crashed { at, name },
                    Fact::Breadcrumb { at, name, number },
                    Fact::Measured(event),
                    Fact::Tick { at, boot_ns: id, wall_unix_ms: number },
                ][which]
            },
        )
    }

    /// The first number that no kind has.
    const UNUSED: u8 = number::CRASHED + 1;

    proptest! {
        #[test]
        fn a_fact_comes_back_from_its_words(fact in any_fact()) {
            let words = fact.to_words();
            prop_assert_eq!(words[1] >> 32, 0);
            prop_assert_eq!(Fact::from_words(&words), Some(fact));
        }

        /// The high half of the second word belongs to the slot.
        #[test]
        fn the_checksum_of_the_slot_is_no_part_of_it(fact in any_fact(), checksum in any::<u32>()) {
            let mut words = fact.to_words();
            words[1] |= u64::from(checksum) << 32;
            prop_assert_eq!(Fact::from_words(&words), Some(fact));
        }

        #[test]
        fn garbage_is_a_fact_or_none(words in any::<[u64; WORDS]>()) {
            let kind = words[0] as u8;
            let fact = Fact::from_words(&words);
            let known = Kind::from_u8(kind).is_some() || (number::PROCESS_STARTED..UNUSED).contains(&kind);
            prop_assert!(known || fact.is_none());
            if let Some(fact) = fact {
                prop_assert_eq!(Fact::from_words(&fact.to_words()), Some(fact));
            }
        }

        #[test]
        fn an_unknown_outcome_is_no_fact(fact in any_fact(), outcome in Outcome::ALL.len() as u8..=u8::MAX) {
            let mut words = fact.to_words();
            let has_outcome = matches!(fact, Fact::RequestEnded { .. } | Fact::ActionEnded { .. })
                || matches!(fact, Fact::JourneyEnded { .. } | Fact::Measured(_));
            words[0] = words[0] & !0xFF00 | u64::from(outcome) << 8;
            prop_assert_eq!(Fact::from_words(&words).is_none(), has_outcome);
        }
    }

    /// A recorder file of one version is read by the next: these never change.
    #[test]
    fn the_numbers_stay_as_they_are() {
        let at = 0x0102;
        let ended = Fact::RequestEnded { at, id: 7, status: 503, outcome: Outcome::Failed };
        assert_eq!(ended.to_words(), [0x018D, 0, at, 7, 503, 0, 0]);
        let shown = Fact::ScreenShown { at, id: 9, screen: NameId(6) };
        assert_eq!(shown.to_words(), [0x0000_0006_0000_0089, 0, at, 9, 0, 0, 0]);
        let measured = Event { a: 3, screen: NameId(8), ..Event::new(Kind::Action, NameId(6)) };
        assert_eq!(Fact::Measured(measured).to_words(), [0x0000_0006_0000_0009, 8, 0, 0, 0, 3, 0]);
        let tick = Fact::Tick { at, boot_ns: 5, wall_unix_ms: 6 };
        assert_eq!(tick.to_words(), [0x96, 0, at, 0, 5, 6, 0]);
        let rated = Fact::Rated { at, id: 7, name: NameId(6), rating: 4 };
        assert_eq!(rated.to_words(), [0x0000_0006_0000_0097, 0, at, 7, 4, 0, 0]);
        let handed_over = Fact::HandedOver { at, id: 7, continuation: 5 };
        assert_eq!(handed_over.to_words(), [0x98, 0, at, 7, 5, 0, 0]);
        let crashed = Fact::Crashed { at, name: NameId(6) };
        assert_eq!(crashed.to_words(), [0x0000_0006_0000_0099, 0, at, 0, 0, 0, 0]);
        assert!(Kind::ALL.iter().all(|kind| (*kind as u8) < number::PROCESS_STARTED));
        assert_eq!(Fact::from_words(&[u64::from(UNUSED), 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(Fact::from_words(&[0; WORDS]), None);
    }
}
