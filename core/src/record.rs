//! The hot path: an event, a crumb or a raw signal comes in, and the caller goes on at once.
//!
//! Owns: the flight recorder of this process, as its threads see it. Refuses: locks, allocation, system calls
//! (but the clock), errors: what cannot be recorded is counted.
//! Invariant: an event for which [`Recorder::record`] returned `true` survives the kill of the process.

use crate::breadcrumb::Trail;
use crate::clock::Clock;
use crate::fork;
use crate::header;
use crate::hub::Hub;
use crate::layout::{self, Word};
use crate::ledger::{Account, Counter};
use crate::memory::Memory;
use crate::name::Names;
use crate::ring::Ring;
use crate::slot::Packed;
use crate::tracker::Signal;
use nowait_wire::{Context, Event, Flags, Kind, Ledger, NameId, Uuid};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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

/// The flight recorder of this process. Lives as long as the process does.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) memory: Memory,
    pub(crate) clock: Clock,
    pub(crate) ring: Ring<'static>,
    pub(crate) trail: Trail<'static>,
    pub(crate) names: Names<'static>,
    pub(crate) account: Account<'static>,
    hub: Hub,
    on: AtomicBool,
    /// One more than the uptime of the latest trip to the background, 0 before the first.
    background_after_ns: AtomicU64,
}

impl Recorder {
    /// A recorder over fresh memory, with the session's identity written and the magic word last.
    pub(crate) fn new(memory: Memory, clock: Clock, session: Uuid, context: &Context) -> Recorder {
        let words = memory.words;
        let account = Account::new(words);
        if memory.is_lost_by_a_kill() {
            account.count(Counter::RingOnHeap, 1);
        }
        layout::store(words, Word::SealedTo, layout::checked(0));
        layout::store(words, Word::HeldTo, layout::checked(0));
        header::write_context(words, session, context);
        header::write_anchor(words, 0, clock.anchor());
        layout::store(words, Word::StartedUptimeNs, clock.uptime_ns());
        layout::store(words, Word::Magic, layout::MAGIC);
        fork::watch();
        Recorder {
            ring: Ring::new(layout::slots(words, layout::EVENTS)),
            trail: Trail::new(layout::slots(words, layout::CRUMBS)),
            names: Names::new(words.get(layout::NAMES).unwrap_or_default(), account),
            account,
            hub: Hub::new(),
            on: AtomicBool::new(true),
            background_after_ns: AtomicU64::new(0),
            memory,
            clock,
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

    /// Records a finished event: whether it is in the ring now. A refusal is counted.
    #[inline]
    pub(crate) fn record(&self, event: &Event) -> bool {
        if !self.is_on() {
            return false;
        }
        match self.ring.push(&Packed::new(event)) {
            Ok(_) => true,
            Err(reason) => {
                self.account.dropped(reason, 1);
                false
            }
        }
    }

    /// Leaves a mark on the trail.
    #[inline]
    pub(crate) fn breadcrumb(&self, name: NameId, at: u64, number: u64) {
        if self.is_on() {
            let crumb = Event { started_uptime_ns: at, a: number, ..Event::new(Kind::Breadcrumb, name) };
            self.trail.drop_crumb(&Packed::new(&crumb));
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
            Signal::ScreenShown { at, screen } => self.breadcrumb(screen, at, 0),
            Signal::RequestStarted { at, route, .. } => self.breadcrumb(route, at, 0),
            _ => {}
        }
        self.hub.signal(signal, &mut |event: Event| {
            self.record(&event);
        });
    }

    fn enter(&self, state: State, at: u64) {
        layout::store(self.memory.words, Word::State, state as u64);
        let foreground = u64::from(state == State::Foreground);
        let event =
            Event { started_uptime_ns: at, a: foreground, ..Event::new(Kind::Lifecycle, NameId::NONE) };
        self.trail.drop_crumb(&Packed::new(&event));
        self.record(&event);
    }

    /// What the customer sees of the app now.
    pub(crate) fn state(&self) -> State {
        State::from_word(layout::load(self.memory.words, Word::State))
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

    /// Notes in the account if a kill would lose what is recorded: for good, because it may have lost something.
    pub(crate) fn settle_lost_file(&self) {
        if self.memory.is_lost_by_a_kill() {
            self.account.raise(Counter::RingOnHeap, 1);
        }
    }

    /// Brings what the hub had to give up into the account.
    pub(crate) fn settle_lost_signals(&self) {
        self.account.raise(Counter::SignalsLost, self.hub.lost());
    }

    /// The account, with everything accepted so far as produced.
    pub(crate) fn ledger(&self) -> Ledger {
        self.account.ledger(self.ring.reserved())
    }
}
