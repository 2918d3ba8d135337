//! The hot path: an event, a crumb or a raw signal comes in, and the caller goes on at once.
//!
//! Owns: the flight recorder of this process, as its threads see it, from the first moment on. Refuses: locks,
//! allocation, system calls (but the clock), errors: what cannot be recorded is counted.
//! Invariant: an event for which [`Recorder::record`] returned [`Recorded::Kept`] survives the kill of the process.

mod fact;

pub use fact::Fact;
use fact::Fact as Signal;

use crate::clock::Clock;
use crate::early::Early;
use crate::flight::Flight;
use crate::fork;
use crate::hub::Hub;
use crate::layout::{self, Word};
use crate::ledger::Counter;
use crate::memory::Memory;
use crate::name::Names;
use crate::slot::Packed;
use nowait_wire::{Context, Event, Flags, Kind, Ledger, NameId, Uuid};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

/// What became of an event that was handed to [`NoWait::record`](crate::NoWait::record).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the flight recorder's file: whatever ends the process, it is delivered or stands in the ledger.
    Kept,
    /// It was taken, but a kill of the process would lose it: the flight recorder has no file. That is so in the
    /// first milliseconds after a start, and for the whole session where the disk refuses; the ledger says so. What
    /// finds no room when the file comes is counted there.
    InMemory,
    /// There was no room, and the ledger counts it; or nothing is recorded now.
    Refused,
}

impl Recorded {
    /// Whether it was taken at all.
    #[must_use]
    pub const fn is_taken(self) -> bool {
        !matches!(self, Recorded::Refused)
    }
}

/// What the customer sees of the app, as the header's state word says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum State {
    Starting = 0,
    Foreground = 1,
    Background = 2,
}

impl State {
    /// The state that a header word says; starting if it says nothing known.
    pub(crate) fn from_word(word: u64) -> State {
        match word {
            1 => State::Foreground,
            2 => State::Background,
            _ => State::Starting,
        }
    }
}

/// What the threads of this process record into. Lives as long as the process does.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) clock: Clock,
    pub(crate) names: Names,
    hub: Hub,
    on: AtomicBool,
    /// Empty until the worker has the memory.
    flight: OnceLock<Flight>,
    early: Early,
    started_uptime_ns: u64,
    state: AtomicU64,
    /// One more than the uptime of the latest trip to the background, 0 before the first.
    background_after_ns: AtomicU64,
}

impl Recorder {
    /// A recorder that keeps what comes in memory until [`Recorder::open`]. Touches no file.
    pub(crate) fn new(clock: Clock) -> Recorder {
        fork::watch();
        Recorder {
            started_uptime_ns: clock.uptime_ns(),
            names: Names::new(),
            hub: Hub::new(),
            on: AtomicBool::new(true),
            flight: OnceLock::new(),
            early: Early::new(),
            state: AtomicU64::new(State::Starting as u64),
            background_after_ns: AtomicU64::new(0),
            clock,
        }
    }

    /// Goes on in this memory, which must be fresh. Only the worker calls this, once.
    pub(crate) fn open(&self, memory: Memory, session: Uuid, context: &Context) -> &Flight {
        let words = memory.words;
        // Names first: an id that was handed out must have its text in the memory before an event there has the id.
        self.names.attach(words.get(layout::NAMES).unwrap_or_default());
        let flight = self.flight.get_or_init(|| {
            Flight::new(memory, session, context, self.started_uptime_ns, self.clock.anchor())
        });
        // SeqCst: with this fence and the one in `enter`, either we see the state or it sees the flight recorder.
        fence(Ordering::SeqCst);
        // Relaxed: a word that is read on its own.
        layout::store_first(words, Word::State, self.state.load(Ordering::Relaxed));
        self.take_over_early();
        flight
    }

    /// Whether the flight recorder is there.
    #[cfg(all(shuttle, test))]
    pub(crate) fn is_open(&self) -> bool {
        self.flight.get().is_some()
    }

    /// Takes over what was recorded before the flight recorder was there.
    pub(crate) fn take_over_early(&self) {
        if let Some(flight) = self.flight.get() {
            self.early.move_to(flight);
        }
    }

    /// Forgets all that is not in the flight recorder, and its trail.
    pub(crate) fn wipe(&self) {
        self.early.wipe();
        if let Some(flight) = self.flight.get() {
            flight.trail.wipe();
        }
    }

    /// Whether anything is recorded: not after a shutdown, a refusal, or in a forked child.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        // Relaxed: a thread that sees the switch a little late records an event that is wiped with the rest.
        self.on.load(Ordering::Relaxed) && !fork::is_child()
    }

    /// Switches recording on or off for good or until the next decision of the customer.
    pub(crate) fn set_on(&self, on: bool) {
        // Relaxed: see `is_on`.
        self.on.store(on, Ordering::Relaxed);
    }

    /// Records a finished event. A refusal is counted.
    #[inline]
    pub(crate) fn record(&self, event: &Event) -> Recorded {
        if !self.is_on() {
            return Recorded::Refused;
        }
        // The seldom ways get a copy: an event whose address is given away must lie in memory on every way, and the
        // stores of it would be in front of the ring's compare-and-swap.
        match self.flight.get() {
            Some(flight) if flight.is_sampled() => self.record_sampled(flight, &{ *event }),
            Some(flight) => flight.record(event),
            None => self.early.record(&{ *event }),
        }
    }

    /// One of many calls, with its time in the account: it holds one reading of the clock.
    #[cold]
    fn record_sampled(&self, flight: &Flight, event: &Event) -> Recorded {
        let began_ns = self.clock.uptime_ns();
        let recorded = flight.record(event);
        flight.account.took(self.clock.uptime_ns().saturating_sub(began_ns));
        recorded
    }

    /// Leaves a mark on the trail.
    #[inline]
    pub(crate) fn breadcrumb(&self, name: NameId, at: u64, number: u64) {
        if self.is_on() {
            self.drop_crumb(&Event {
                started_uptime_ns: at,
                a: number,
                ..Event::new(Kind::Breadcrumb, name)
            });
        }
    }

    #[inline]
    fn drop_crumb(&self, crumb: &Event) {
        match self.flight.get() {
            Some(flight) => flight.trail.drop_crumb(&Packed::new(crumb)),
            None => self.early.drop_crumb(&{ *crumb }),
        }
    }

    /// The id of a name; what is wrong with it is counted.
    pub(crate) fn name(&self, text: &str) -> NameId {
        let (id, counter) = self.names.intern(text);
        if let Some(counter) = counter {
            self.count(counter, 1);
        }
        id
    }

    /// Counts something that is no event.
    pub(crate) fn count(&self, counter: Counter, n: u64) {
        match self.flight.get() {
            Some(flight) => flight.account.count(counter, n),
            None => self.early.account().count(counter, n),
        }
    }

    /// Takes a raw signal: the trackers turn it into events, and the trail remembers what led somewhere.
    #[inline]
    pub(crate) fn signal(&self, signal: &Signal) {
        if !self.is_on() {
            return;
        }
        match *signal {
            Signal::Foreground { at, .. } => self.enter(State::Foreground, at),
            Signal::Background { at } => {
                // Release: pairs with the acquire in `was_in_background_since`. Signals may come out of order.
                self.background_after_ns.fetch_max(at.saturating_add(1), Ordering::Release);
                self.enter(State::Background, at);
            }
            Signal::TouchUp { at, target } => self.breadcrumb(target, at, 0),
            Signal::ScreenShown { at, screen, .. } => self.breadcrumb(screen, at, 0),
            Signal::RequestStarted { at, route, .. } => self.breadcrumb(route, at, 0),
            _ => {}
        }
        self.hub.signal(signal, &mut |event: Event| {
            self.record(&event);
        });
    }

    fn enter(&self, state: State, at: u64) {
        // Relaxed: a word that is read on its own.
        self.state.store(state as u64, Ordering::Relaxed);
        // SeqCst: see `open`.
        fence(Ordering::SeqCst);
        if let Some(flight) = self.flight.get() {
            layout::store(flight.memory.words, Word::State, state as u64);
        }
        let foreground = u64::from(state == State::Foreground);
        let event =
            Event { started_uptime_ns: at, a: foreground, ..Event::new(Kind::Lifecycle, NameId::NONE) };
        self.drop_crumb(&event);
        self.record(&event);
    }

    /// What the customer sees of the app now.
    pub(crate) fn state(&self) -> State {
        // Relaxed: the worker asks how long it may sleep.
        State::from_word(self.state.load(Ordering::Relaxed))
    }

    /// Whether the app went to the background at this uptime or later. The start of a span is all it takes to
    /// ask, so that a bridge has nothing else to carry, and may begin a span before NoWait is started.
    #[inline]
    pub(crate) fn was_in_background_since(&self, uptime_ns: u64) -> bool {
        // Acquire: a span that ends after a background signal must see it.
        self.background_after_ns.load(Ordering::Acquire) > uptime_ns
    }

    /// An event that no tracker makes, placed on the current screen and journey.
    #[inline]
    pub(crate) fn placed(&self, kind: Kind, name: NameId) -> Event {
        let (screen, journey) = self.hub.place();
        Event {
            screen,
            journey,
            flags: if journey == 0 { Flags::NONE } else { Flags::IN_JOURNEY },
            ..Event::new(kind, name)
        }
    }

    /// Signals and waits that the hub had to give up so far.
    pub(crate) fn signals_lost(&self) -> u64 {
        self.hub.lost()
    }

    /// The account, with everything accepted so far as produced.
    pub(crate) fn ledger(&self) -> Ledger {
        match self.flight.get() {
            Some(flight) => flight.account.ledger_with_cost(flight.ring.reserved()),
            None => self.early.ledger(),
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::config::{Build, Config, Consent};
    use crate::limits::{CRUMB_SLOTS, EARLY_EVENTS_MAX};
    use crate::nowait::{self, NoWait};
    use crate::testing::MemoryUpload;
    use crate::worker::Engine;
    use crate::{ManualClock, identity};
    use nowait_wire::DropReason;
    use std::path::Path;
    use std::time::Duration;

    fn prepare(folder: &Path) -> NoWait {
        let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder);
        nowait::prepare(config, Clock::Manual(ManualClock::new(1_000))).unwrap().0
    }

    fn record(nowait: NoWait, number: u64) -> Recorded {
        let name = nowait.name(&format!("early.{}", number / 50));
        nowait.record(&Event { a: number, ..Event::new(Kind::Action, name) })
    }

    #[test]
    fn what_comes_before_the_file_is_taken_over_with_its_names_and_counts() {
        let folder = tempfile::tempdir().unwrap();
        let nowait = prepare(folder.path());
        let recorder = &nowait.shared.recorder;
        let taken = EARLY_EVENTS_MAX as u64;
        (0..taken).for_each(|number| assert_eq!(record(nowait, number), Recorded::InMemory));
        assert_eq!(record(nowait, taken), Recorded::Refused);
        nowait.signal(&Signal::Foreground { at: 1, restored: false });
        (0..300).for_each(|number| nowait.breadcrumb_at(nowait.name("crumb"), number, number));
        assert_eq!(nowait.name("4111 1111 1111 1111"), NameId::REDACTED);
        nowait.count_panic();
        let ledger = nowait.ledger();
        assert!(ledger.ring_on_heap && ledger.produced == ledger.dropped_total(), "{ledger:?}");
        assert!(!folder.path().join("live").exists(), "nobody has touched the disk");

        let upload = MemoryUpload::new();
        identity::remember_consent(folder.path(), Consent::Granted).unwrap();
        let mut engine = Engine::open(nowait.shared, Box::new(upload.clone()));
        assert_eq!(record(nowait, taken + 1), Recorded::Kept);
        let flight = recorder.flight.get().unwrap();
        assert_eq!(layout::load(flight.memory.words, Word::State), State::Foreground as u64);
        let crumbs = layout::slots(flight.memory.words, layout::CRUMBS);
        assert!(crumbs.iter().all(|slot| slot[0].load(crate::sync::Ordering::Relaxed) != 0));
        assert_eq!(crumbs.len(), CRUMB_SLOTS);

        // Who looked for the flight recorder before it was there, and comes to record only now.
        assert_eq!(
            recorder.early.record(&Event { a: 9_999, ..Event::new(Kind::Action, NameId::COLD) }),
            Recorded::InMemory
        );
        assert!(engine.shutdown(Duration::from_secs(1)).complete);
        let events = upload.events();
        let mut numbers: Vec<u64> = events
            .iter()
            .filter(|(_, event)| event.kind == Kind::Action)
            .map(|(name, event)| {
                assert!(event.a == 9_999 || *name == format!("early.{}", event.a / 50), "{name}");
                event.a
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..taken).chain([taken + 1, 9_999]).collect::<Vec<_>>());
        let ledger = upload.batches().last().unwrap().ledger.clone();
        // The signal found no room either: one event of the two.
        assert_eq!(ledger.dropped[DropReason::RingFull as usize], 2);
        assert_eq!(ledger.produced, events.len() as u64 + 2);
        assert_eq!((ledger.panics_caught, ledger.names_redacted, ledger.ring_on_heap), (1, 1, false));
    }

    #[test]
    fn what_comes_before_a_refusal_is_read_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        identity::remember_consent(folder.path(), Consent::Refused).unwrap();
        let nowait = prepare(folder.path());
        assert_eq!(record(nowait, 0), Recorded::InMemory, "nobody has read the disk");
        let upload = MemoryUpload::new();
        let mut engine = Engine::open(nowait.shared, Box::new(upload.clone()));
        assert_eq!(record(nowait, 1), Recorded::Refused);
        engine.shutdown(Duration::from_secs(1));
        assert_eq!(upload.attempts(), 0);
        assert!(!folder.path().join("live").exists());
    }
}
