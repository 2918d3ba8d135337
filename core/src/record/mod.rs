//! The hot path: a fact comes in, and the caller goes on at once.
//!
//! Owns: what the threads of this process record into, from the first moment on; whether anything is recorded. Refuses:
//! locks, allocation, system calls (but the clock), errors: what cannot be recorded is counted. A call that finds
//! the ring half full wakes the worker if it sleeps, which is a system call: a ring that no sleep could fill would be many times as
//! large.
//! Invariant: a fact for which [`Recorder::append`] returned [`Recorded::Kept`] survives the kill of the process.

mod decided;
mod early;
mod fact;
pub(crate) mod name;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;

pub use fact::Fact;

use crate::clock::Clock;
use crate::consent::{Consent, Decision};
use crate::fork;
use crate::limits::SESSIONS_MAX;
use crate::ring::account::Counter;
use crate::ring::flight::{Appended, Flight, Recorded};
use crate::ring::slot::Payload;
use crate::shared::Shared;
use crate::sync::{AtomicU64, Mutant, Ordering, is_broken, step};
use decided::{Under, WithoutFile};
use early::{Early, Fate};
use name::Names;
use nowait_wire::{Anchor, Event, Ledger, NameId};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

/// Bits of an instance's number below those that say which ring gave it: a million a second for nine years.
const NUMBER_BITS: u32 = 48;

/// What the threads of this process record into. Lives as long as the process does.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) clock: Clock,
    pub(crate) names: Names,
    on: AtomicBool,
    /// The flight recorder of each session of this process. A session ends before the process does only where the
    /// customer refuses.
    flights: [OnceLock<Flight>; SESSIONS_MAX],
    /// How many of them there are: the last is the one in use.
    opened: AtomicU64,
    early: Early,
    /// What was decided before the shared file was there.
    without_file: WithoutFile,
    /// Empty until the worker has it.
    shared: OnceLock<Arc<Shared>>,
    worker: OnceLock<Thread>,
    /// The decision for which a thread has woken the worker.
    woken_for: AtomicU64,
    pub(crate) started_uptime_ns: u64,
}

impl Recorder {
    /// A recorder that keeps what comes in memory until a flight recorder is opened. Touches no file.
    pub(crate) fn new(clock: Clock) -> Recorder {
        fork::watch();
        Recorder {
            started_uptime_ns: clock.uptime_ns(),
            names: Names::new(),
            on: AtomicBool::new(true),
            flights: [const { OnceLock::new() }; SESSIONS_MAX],
            opened: AtomicU64::new(0),
            early: Early::new(),
            without_file: WithoutFile::new(),
            shared: OnceLock::new(),
            worker: OnceLock::new(),
            woken_for: AtomicU64::new(0),
            clock,
        }
    }

    /// Says which thread folds.
    pub(crate) fn set_worker(&self, worker: Thread) {
        // A recorder has one worker: a second start finds this one and fails before it comes here.
        let _ = self.worker.set(worker);
    }

    /// Wakes the worker, if it sleeps.
    #[cold]
    pub(crate) fn wake(&self) {
        step("wake");
        if let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }

    /// The flight recorder in use.
    #[inline]
    pub(crate) fn flight(&self) -> Option<&Flight> {
        // Relaxed: the lock below acquires; a thread that sees the count late records into the session that just ended.
        let opened = self.opened.load(Ordering::Relaxed);
        self.flights.get((opened as usize).wrapping_sub(1))?.get()
    }

    /// Whether another session can begin in this process.
    pub(crate) fn has_room_for_a_session(&self) -> bool {
        // Relaxed: only the worker adds one, and asks.
        self.opened.load(Ordering::Relaxed) < SESSIONS_MAX as u64
    }

    /// Goes on in this flight recorder, which must be fresh. Only the worker calls this; `None` if there were too many.
    pub(crate) fn open(&self, flight: Flight) -> Option<&Flight> {
        // Relaxed: only this thread stores it.
        let opened = self.opened.load(Ordering::Relaxed);
        // Names first: an id that was handed out must have its text in the memory before a fact there has the id.
        self.names.attach(flight.memory.words.get(crate::ring::layout::NAMES).unwrap_or_default());
        // In the order in which it was told: what waited, then that it is now.
        self.move_early_to(&flight);
        // A fresh recorder has room for more than was waiting.
        let _ = flight.append_uncounted(&tick(self.clock.anchor()));
        let flight = self.flights.get(opened as usize)?.get_or_init(|| flight);
        // Release: whoever sees the count finds the flight recorder.
        self.opened.store(opened + 1, Ordering::Release);
        self.take_over_early();
        Some(flight)
    }

    /// Moves what came before the flight recorder was there, or was seen, into it.
    pub(crate) fn take_over_early(&self) {
        if let Some(flight) = self.flight()
            && !is_broken(Mutant::EarlyLookedAtOnce)
        {
            self.move_early_to(flight);
        }
    }

    fn move_early_to(&self, flight: &Flight) {
        self.early.move_to(flight, |told| match self.without_file.generation_of(told) {
            Some(generation) if generation == flight.generation => Fate::Moves,
            _ if is_broken(Mutant::EarlyOfAnyDecision) => Fate::Moves,
            // Told after a decision that the worker has not followed yet.
            Some(generation) if generation == self.generation() => Fate::Stays,
            _ => Fate::Wiped,
        });
    }

    /// The generation now. Asked after a fact was seen that was told under it, it is that fact's, or a later one.
    fn generation(&self) -> u64 {
        self.shared.get().map_or(0, |shared| shared.consent().generation)
    }

    /// The moment before which facts that wait in memory can be forgotten.
    pub(crate) fn early_end(&self) -> u64 {
        self.early.end()
    }

    /// Forgets what waits in memory since before that moment. Only the worker calls this.
    pub(crate) fn forget_early(&self, end: u64) {
        self.early.forget(end, |_| Fate::Wiped);
    }

    /// Forgets what waits in memory since before that moment, when the customer had refused like this. What was told after a
    /// grant that has followed meanwhile stays. Only the worker calls this.
    pub(crate) fn forget_refused(&self, end: u64, refused: Decision) {
        self.early.forget(end, |told| {
            let is_of_then = self.without_file.generation_of(told) == Some(refused.generation);
            if is_of_then { Fate::Stays } else { Fate::Wiped }
        });
    }

    /// Whether anything is recorded: not after a shutdown, in a forked child, or where NoWait is switched off.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        // Relaxed: a thread that sees the switch a little late records a fact that nobody folds.
        self.on.load(Ordering::Relaxed) && !fork::is_child()
    }

    /// Switches recording on or off. The customer's decision is another matter: see [`Recorder::decide`].
    pub(crate) fn set_on(&self, on: bool) {
        // Relaxed: see `is_on`.
        self.on.store(on, Ordering::Relaxed);
    }

    /// Appends a fact, whose times are no later than now. A refusal is counted.
    #[inline]
    pub(crate) fn append(&self, payload: &Payload) -> Recorded {
        if !self.is_on() {
            return Recorded::Refused;
        }
        let Some(flight) = self.flight() else { return self.append_early(payload) };
        if !self.is_open(flight) {
            return self.append_early(payload);
        }
        let appended =
            if flight.is_sampled() { self.append_sampled(flight, payload) } else { flight.append(payload) };
        match appended {
            Appended::Kept(recorded) => recorded,
            Appended::HalfFull(recorded) => {
                self.wake();
                recorded
            }
            Appended::Refused => Recorded::Refused,
        }
    }

    /// Whether the customer's decision lets this session go on.
    #[inline]
    fn is_open(&self, flight: &Flight) -> bool {
        is_broken(Mutant::OpenForEver)
            || self.shared.get().is_some_and(|shared| flight.is_open_under(shared.consent_word()))
    }

    /// A fact that comes before there is a flight recorder for it: at the start, or when the customer agreed after a refusal.
    #[cold]
    fn append_early(&self, payload: &Payload) -> Recorded {
        let recorded = self.told_under().map_or(Recorded::Refused, |under| self.early.append(payload, under));
        // Now that the fact is there, so that the turn that follows takes it along.
        self.wake_for_decision();
        recorded
    }

    /// The decision under which a fact is told now; `None` after a refusal.
    fn told_under(&self) -> Option<Under> {
        let Some(shared) = self.shared.get() else { return self.without_file.told_under() };
        let now = shared.consent();
        (now.consent != Consent::Refused).then_some(Under::generation(now.generation))
    }

    /// Tells a fact early that says under which generation it is told.
    #[cfg(all(test, shuttle))]
    pub(crate) fn tell_generation(&self, fact: impl FnOnce(u64) -> Payload) -> Recorded {
        let told = self.told_under();
        told.map_or(Recorded::Refused, |under| self.early.append(&fact(under.to_word()), under))
    }

    /// Wakes the worker, once, for a decision that another process took: to wipe, or to begin a session, also the first one.
    fn wake_for_decision(&self) {
        let Some(word) = self.shared.get().map(|shared| shared.consent_word()) else { return };
        // Relaxed: who is second need not wake it again.
        if self.woken_for.swap(word, Ordering::Relaxed) != word {
            self.wake();
        }
    }

    /// One of many calls, with its time in the account: it holds one reading of the clock.
    #[cold]
    fn append_sampled(&self, flight: &Flight, payload: &Payload) -> Appended {
        let began_ns = self.clock.uptime_ns();
        let appended = flight.append(payload);
        flight.calls.took(self.clock.uptime_ns().saturating_sub(began_ns));
        appended
    }

    /// A number that no other instance of this process has. Each ring gives its own, so that threads that begin something
    /// fight over one cache line and not over two.
    #[inline]
    pub(crate) fn next_id(&self) -> u64 {
        // Relaxed: see `flight`. Who sees it late has a number of the session before, which is as good.
        let opened = self.opened.load(Ordering::Relaxed) as usize;
        let session = opened.wrapping_sub(1);
        match self.flights.get(session).and_then(OnceLock::get) {
            Some(flight) => (session as u64) << NUMBER_BITS | flight.ring.next_number(),
            None => (SESSIONS_MAX as u64) << NUMBER_BITS | self.early.next_number(),
        }
    }

    /// Tells that something begins now: its number.
    #[inline(always)]
    pub(crate) fn begin(&self, fact: impl FnOnce(u64, u64) -> Fact) -> u64 {
        // First: while the clock is read, another thread would take the line away on which number and position lie.
        let at = self.clock.uptime_ns();
        let id = self.next_id();
        self.append(&fact(at, id).to_words());
        id
    }

    /// Appends what the app tells, with the one reading of the clock that keeps its times from lying ahead.
    #[inline(always)]
    pub(crate) fn tell(&self, fact: Fact) -> Recorded {
        match fact {
            Fact::Foreground { .. } | Fact::Background { .. } => self.tell_with_anchor(fact),
            Fact::TouchUp { at, target } => {
                let fact = Fact::TouchUp { at, target: self.names.as_target(target) };
                self.append(&fact.not_after(self.clock.uptime_ns()).to_words())
            }
            fact => self.append(&fact.not_after(self.clock.uptime_ns()).to_words()),
        }
    }

    /// A trip to the background, or the end of one: the device may have slept, so all clocks are told first, as they were at
    /// that moment: a fact that a face kept for a while must not lie before its own anchor.
    #[cold]
    fn tell_with_anchor(&self, fact: Fact) -> Recorded {
        let now = self.clock.anchor();
        let fact = fact.not_after(now.uptime_ns);
        let ago_ns = now.uptime_ns.saturating_sub(fact.at());
        self.tick(Anchor {
            uptime_ns: fact.at(),
            boot_ns: now.boot_ns.saturating_sub(ago_ns),
            wall_unix_ms: now.wall_unix_ms.saturating_sub(ago_ns / 1_000_000),
        });
        let recorded = self.append(&fact.to_words());
        if matches!(fact, Fact::Background { .. }) {
            // The system may stop us any moment now.
            self.wake();
        }
        recorded
    }

    /// Records an event that something else measured.
    #[inline(always)]
    pub(crate) fn record(&self, event: &Event) -> Recorded {
        self.append(&Fact::Measured(*event).to_words())
    }

    /// Lets time pass, up to now.
    pub(crate) fn tick_now(&self) {
        self.tick(self.clock.anchor());
    }

    /// Lets time pass, up to this moment. That it finds no room is no loss: later facts carry the time.
    fn tick(&self, moment: Anchor) {
        if let Some(flight) = self.flight()
            && self.is_open(flight)
            && !fork::is_child()
            && matches!(flight.append_uncounted(&tick(moment)), Ok(Appended::HalfFull(_)))
        {
            self.wake();
        }
    }

    /// What the processes of the app share, once it is there.
    pub(crate) fn shared(&self) -> Option<&Shared> {
        self.shared.get().map(Arc::as_ref)
    }

    /// Takes the customer's decision: what became of it. In a file, it survives a kill when this returns, and every process
    /// of the app sees it.
    pub(crate) fn decide(&self, consent: Consent) -> Recorded {
        if fork::is_child() {
            return Recorded::Refused;
        }
        let mut decided = self.without_file.decided();
        let Some(shared) = self.shared.get() else {
            self.without_file.decide(&mut decided, consent);
            return Recorded::InMemory;
        };
        shared.decide(consent);
        let recorded = if shared.is_in_file() { Recorded::Kept } else { Recorded::InMemory };
        drop(decided);
        self.wake();
        recorded
    }

    /// The decision in force, as far as it is known: before the file is there, what was said without it.
    pub(crate) fn consent(&self) -> Consent {
        match self.shared.get() {
            Some(shared) => shared.consent().consent,
            // The lock may have been held at the fork.
            None if fork::is_child() => Consent::default(),
            None => self.without_file.decided().last.unwrap_or_default(),
        }
    }

    /// Takes the decision that the app starts with, unless the customer has said something by now.
    pub(crate) fn configure(&self, consent: Consent) {
        let mut decided = self.without_file.decided();
        if decided.last.is_none() && consent != Consent::Pending {
            self.without_file.decide(&mut decided, consent);
        }
    }

    /// Goes on with the decision in this file, after what was decided before it was there. Only the worker calls this, once.
    pub(crate) fn share(&self, shared: Arc<Shared>) {
        let decided = self.without_file.decided();
        self.without_file.settle(&decided, shared.consent(), |consent| shared.decide(consent));
        let _ = self.shared.set(shared);
    }

    /// The id of a name; what is wrong with it is counted.
    pub(crate) fn name(&self, text: &str) -> NameId {
        self.counted(self.names.intern(text))
    }

    /// The id of what a tap may say of a target with this name, as above.
    pub(crate) fn target(&self, text: &str) -> NameId {
        self.counted(self.names.intern_target(text))
    }

    fn counted(&self, (id, counter): (NameId, Option<Counter>)) -> NameId {
        if let Some(counter) = counter {
            self.count(counter, 1);
        }
        id
    }

    /// Counts something that is no fact.
    pub(crate) fn count(&self, counter: Counter, n: u64) {
        match self.flight() {
            Some(flight) => flight.account.count(counter, n),
            None => self.early.account().count(counter, n),
        }
    }

    /// The account, as of the latest fold.
    pub(crate) fn ledger(&self) -> Ledger {
        match self.flight() {
            Some(flight) => flight.ledger(flight.folded()),
            None => self.early.ledger(),
        }
    }
}

/// The words of a tick.
fn tick(moment: Anchor) -> Payload {
    let Anchor { uptime_ns, boot_ns, wall_unix_ms } = moment;
    Fact::Tick { at: uptime_ns, boot_ns, wall_unix_ms }.to_words()
}
