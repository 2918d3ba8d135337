//! The crank: seals what the ring holds, sends what the spool holds, a step at a time.
//!
//! Owns: the order of things after recording, and the one thread that turns it. Refuses: signals and rules.
//! Invariant: the ring is released only after its events are sealed or delivered.

use crate::batch::{self, Facts, Value};
use crate::config::Consent;
use crate::flight::Flight;
use crate::header;
use crate::identity;
use crate::layout::{self, Word};
use crate::ledger::Counter;
use crate::limits::{
    BATCH_EVENTS_MAX, HELD_SPOOL_BYTES, RING_SLOTS, TICK, UPLOAD_PAUSE, UPLOAD_TIMEOUT, UPLOADS_PER_TURN_MAX,
};
use crate::memory::Memory;
use crate::nowait::Shared;
use crate::record::State;
use crate::ring::{Drain, Drained};
use crate::spool::{Entry, Seal};
use crate::storage::{self, Living, Storage};
use crate::sync::{Mutant, is_broken};
use crate::tracker::Signal;
use crate::upload::policy::{self, Exchange, Next};
use crate::upload::{Cancel, Parcel, Upload};
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender};
use nowait_wire::{BatchId, Context, Cost, DropReason, Ledger, Uuid};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// What a thread may ask of the worker.
#[derive(Debug)]
pub(crate) enum Command {
    /// Seal and send everything now; answer when done or when nothing more can be done.
    Flush { timeout: Duration, done: Sender<Flushed> },
    /// The same, then end the session.
    Shutdown { timeout: Duration, done: Sender<Flushed> },
    /// Seal and send what there is; nobody waits for it.
    Send,
    /// The customer decided.
    Consent(Consent),
}

/// What a flush achieved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Whether nothing is left on the device.
    pub complete: bool,
    /// Batches that wait in the spool.
    pub batches_left: usize,
}

/// Set in the id of a batch without events, which is no position of the ring: an event that is recorded while its
/// session is shut down must not be delivered under an id that the collector has. Not the top bit: ids are kept as
/// signed numbers where databases have no others.
const LEDGER_ONLY: u64 = 1 << 62;

/// Everything after the ring.
pub(crate) struct Engine {
    shared: &'static Shared,
    flight: &'static Flight,
    drain: Drain<'static, 'static>,
    storage: Storage,
    upload: Box<dyn Upload>,
    consent: Consent,
    /// What is true of every event of the session, but for the network.
    context: Context,
    failures: u32,
    /// Before this uptime nothing is sent.
    not_before_ns: u64,
    sealed_at_ns: u64,
    turns: u64,
    recovered: bool,
    /// Before this uptime what dead processes left is not tried again.
    recover_at_ns: u64,
    /// Whether there may be batches that could not be sent yet.
    backlog: bool,
    /// A batch that could not be written to the disk and so goes straight to the network.
    in_memory: Option<(Vec<u8>, Seal)>,
    /// The account that was sealed last. Without the cost: nothing is sent for its sake alone.
    last_ledger: Ledger,
}

impl Engine {
    /// Opens the flight recorder's memory, takes over what was recorded so far, and gets ready to turn. Takes what a
    /// disk takes: never on an app's thread.
    pub(crate) fn open(shared: &'static Shared, upload: Box<dyn Upload>) -> Engine {
        let folder = &shared.config.folder;
        // If this fails, so does everything below, and each says so in its own way.
        let _ = fs::create_dir_all(folder);
        let consent = identity::consent(folder, shared.config.consent);
        let (memory, install) = if consent == Consent::Refused {
            shared.recorder.set_on(false);
            shared.recorder.wipe();
            (Memory::heap(layout::WORDS), Uuid::nil())
        } else {
            (storage::open_ring(folder, shared.session), identity::install_id(folder))
        };
        let context = shared.config.context(install);
        let flight = shared.recorder.open(memory, shared.session, &context);
        Engine {
            drain: Drain::new(&flight.ring),
            storage: Storage::new(folder, shared.session),
            upload,
            consent,
            context,
            failures: 0,
            not_before_ns: 0,
            sealed_at_ns: shared.recorder.clock.uptime_ns(),
            turns: 0,
            recovered: false,
            recover_at_ns: 0,
            backlog: true,
            in_memory: None,
            last_ledger: Ledger::default(),
            flight,
            shared,
        }
    }

    /// What is true of every event sealed now.
    fn context(&self) -> Context {
        Context { network: self.shared.network(), ..self.context.clone() }
    }

    fn now_ns(&self) -> u64 {
        self.shared.recorder.clock.uptime_ns()
    }

    /// One turn. Returns how long the worker may sleep before the next one.
    pub(crate) fn step(&mut self) -> Duration {
        let now = self.now_ns();
        self.tick(now);
        if self.consent == Consent::Refused {
            self.discard();
            return self.shared.config.flush_interval;
        }
        self.recover();
        let since = Duration::from_nanos(now.saturating_sub(self.sealed_at_ns));
        let due = since >= self.shared.config.flush_interval;
        if due || self.flight.ring.len() >= (RING_SLOTS / 2) as u64 {
            self.seal_ring(false);
            self.backlog = true;
        }
        self.send(UPLOAD_TIMEOUT);
        let rest = match self.shared.recorder.state() {
            // In the background nothing has a limit that a customer would notice: let the device sleep.
            State::Background => self.shared.config.flush_interval,
            _ => TICK.min(self.shared.config.flush_interval),
        };
        if self.backlog {
            let until_sent = Duration::from_nanos(self.not_before_ns.saturating_sub(self.now_ns()));
            rest.min(until_sent.max(UPLOAD_PAUSE))
        } else {
            rest
        }
    }

    /// Lets limits expire and leaves signs of life for a recovery.
    fn tick(&mut self, now: u64) {
        let (recorder, flight) = (&self.shared.recorder, self.flight);
        if !is_broken(Mutant::EarlyLookedAtOnce) {
            recorder.take_over_early();
        }
        recorder.signal(&Signal::Tick { at: now });
        flight.account.raise(Counter::SignalsLost, recorder.signals_lost());
        flight.account.raise(Counter::WorkerCpuNs, recorder.clock.thread_cpu_ns());
        flight.settle_lost_file();
        layout::store(flight.memory.words, Word::AliveUptimeNs, now);
        self.turns += 1;
        header::write_anchor(flight.memory.words, self.turns, recorder.clock.anchor());
    }

    /// Seals what dead processes left, once per session; tries again while the disk refuses.
    fn recover(&mut self) {
        if !self.recovered && self.now_ns() >= self.recover_at_ns {
            // First, so that a panic in it cannot be repeated at every turn.
            self.recover_at_ns =
                self.now_ns().saturating_add(self.shared.config.flush_interval.as_nanos() as u64);
            identity::keep_install_id(&self.shared.config.folder, self.context.install);
            let living = Living {
                account: self.flight.account,
                context: self.context(),
                anchor: self.shared.recorder.clock.anchor(),
            };
            self.recovered = self.storage.recover(self.consent, &living).is_ok();
        }
    }

    /// Seals everything the ring holds now, a batch at a time; when `closing`, also what comes meanwhile and what
    /// changed in the ledger alone.
    fn seal_ring(&mut self, closing: bool) {
        // Threads that record faster than we seal must not keep us here, filling the spool and sending nothing.
        let until = self.flight.ring.reserved();
        self.sealed_at_ns = self.now_ns();
        self.retry_in_memory();
        while self.in_memory.is_none() {
            let mut drained = self.drain.read(BATCH_EVENTS_MAX);
            if drained.first != drained.next {
                let next = drained.next;
                self.seal(drained);
                if next >= until && !closing && !is_broken(Mutant::SealedEndlessly) {
                    return;
                }
                continue;
            }
            if closing && self.flight.account.ledger(drained.next) != self.last_ledger {
                drained.first |= LEDGER_ONLY;
                self.seal(drained);
            }
            return;
        }
    }

    fn seal(&mut self, drained: Drained) {
        let (recorder, account) = (&self.shared.recorder, self.flight.account);
        let seal = Seal {
            session: self.shared.session,
            first: drained.first,
            next: drained.next,
            events: drained.events.len() as u32,
            value: Value::of(&drained.events),
            // A thread may be recording while its session is shut down: only a recovery sees the last event.
            last: false,
            split: false,
        };
        // What was no event when it was read is gone: say so before the batch says how much there was.
        account.dropped(DropReason::Corrupt, drained.corrupt);
        let facts = Facts {
            session: self.shared.session,
            context: self.context(),
            anchor: recorder.clock.anchor(),
            ledger: account.ledger_with_cost(drained.next),
        };
        let batch = batch::make(drained, facts, &|id| recorder.names.text(id));
        layout::store(self.flight.memory.words, Word::HeldTo, layout::checked(seal.next));
        match nowait_wire::encode(&batch) {
            Ok(frame) => {
                self.last_ledger = Ledger { cost: Cost::default(), ..batch.ledger };
                match self.storage.seal(self.consent, &frame, seal, account) {
                    Ok(()) => self.release(seal.next),
                    Err(_) => self.in_memory = Some((frame, seal)),
                }
            }
            // Cannot happen with our own caps; if it does, the events must not block the ring for ever.
            Err(_) => {
                account.dropped(DropReason::Corrupt, u64::from(seal.events));
                self.release(seal.next);
            }
        }
    }

    fn release(&mut self, next: u64) {
        layout::store(self.flight.memory.words, Word::SealedTo, layout::checked(next));
        self.drain.release(next);
    }

    /// Tries again to write the batch that the disk refused.
    fn retry_in_memory(&mut self) {
        let Some((frame, seal)) = self.in_memory.take() else { return };
        match self.storage.seal(self.consent, &frame, seal, self.flight.account) {
            Ok(()) => self.release(seal.next),
            Err(_) => self.in_memory = Some((frame, seal)),
        }
    }

    /// Sends what waits, as far as consent, network and the server allow, a few batches a turn.
    fn send(&mut self, timeout: Duration) {
        if !self.backlog || self.now_ns() < self.not_before_ns {
            return;
        }
        self.backlog = false;
        if self.consent != Consent::Granted {
            return;
        }
        self.send_in_memory(timeout);
        // Also where the disk does not even list what it has.
        self.backlog = self.in_memory.is_some();
        let Ok(entries) = self.storage.entries(self.flight.account) else { return };
        let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
        if self.shared.is_constrained() && bytes < HELD_SPOOL_BYTES {
            return;
        }
        self.backlog |= entries.len() > UPLOADS_PER_TURN_MAX;
        for entry in entries.iter().take(UPLOADS_PER_TURN_MAX) {
            if !self.send_entry(entry, timeout) {
                self.backlog = true;
                return;
            }
        }
    }

    /// Sends one sealed batch; whether to go on with the next.
    fn send_entry(&mut self, entry: &Entry, timeout: Duration) -> bool {
        let account = self.flight.account;
        let frame = match self.storage.read(entry) {
            Ok(frame) => frame,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return self.storage.drop_entry(entry, DropReason::SpoolCorrupt, account).is_ok();
            }
            Err(_) => return false,
        };
        match self.exchange(entry.seal, &frame, timeout) {
            Next::Delivered => self.storage.delivered(entry).is_ok(),
            Next::Split | Next::DeadLetter => self.storage.rejected(entry, &frame, account).is_ok(),
            Next::Wait(_) | Next::Stop(_) => false,
        }
    }

    /// Sends the batch that has no place on the disk.
    fn send_in_memory(&mut self, timeout: Duration) {
        let Some((frame, seal)) = self.in_memory.take() else { return };
        match self.exchange(seal, &frame, timeout) {
            Next::Delivered => self.release(seal.next),
            Next::Split | Next::DeadLetter => {
                self.flight.account.dropped(DropReason::Rejected, u64::from(seal.events));
                self.release(seal.next);
            }
            Next::Wait(_) | Next::Stop(_) => self.in_memory = Some((frame, seal)),
        }
    }

    /// One exchange with the collector; a failure moves the time of the next.
    fn exchange(&mut self, seal: Seal, frame: &[u8], timeout: Duration) -> Next {
        let clock = &self.shared.recorder.clock;
        let parcel = Parcel {
            url: &self.shared.url,
            app_key: &self.shared.config.app_key,
            sent_unix_ms: clock.wall_unix_ms(),
            body: frame,
            timeout,
            cancel: Cancel::never(),
        };
        self.flight.account.count(Counter::SentBytes, frame.len() as u64);
        let answer = self.upload.send(parcel);
        let decision = policy::decide(&Exchange {
            batch: BatchId { session: seal.session, first: seal.first },
            divisible: seal.events >= 2 && !seal.split,
            answer: answer.as_ref(),
            failures: self.failures,
            wall_unix_ms: clock.wall_unix_ms(),
            jitter: self.shared.session.as_u64_pair().0 ^ self.now_ns(),
        });
        if let Next::Wait(wait) | Next::Stop(wait) = decision.next {
            self.failures = self.failures.saturating_add(1);
            self.not_before_ns = self.now_ns().saturating_add(wait.as_nanos() as u64);
        } else {
            self.failures = 0;
        }
        decision.next
    }

    /// Seals and sends until nothing is left, the server says later, or time is up.
    pub(crate) fn flush(&mut self, timeout: Duration, closing: bool) -> Flushed {
        let until = self.now_ns().saturating_add(timeout.as_nanos() as u64);
        self.tick(self.now_ns());
        if self.consent == Consent::Refused {
            self.discard();
            return Flushed { complete: true, batches_left: 0 };
        }
        self.recover();
        self.seal_ring(closing);
        loop {
            let left = Duration::from_nanos(until.saturating_sub(self.now_ns()));
            let before = self.storage.backlog();
            let was_in_memory = self.in_memory.is_some();
            if !left.is_zero() {
                self.backlog = true;
                self.send(left.min(UPLOAD_TIMEOUT));
            }
            // Where the disk refuses, the ring's next events could not be sealed before this batch was gone.
            let is_sent = was_in_memory && self.in_memory.is_none();
            if is_sent {
                self.seal_ring(closing);
            }
            let batches_left = self.storage.backlog();
            let complete = batches_left == 0 && self.in_memory.is_none() && self.consent == Consent::Granted;
            if complete || left.is_zero() || (batches_left >= before && !is_sent) {
                return Flushed { complete, batches_left };
            }
        }
    }

    /// Ends the session: the footer last, then the file, if everything in it is sealed.
    pub(crate) fn shutdown(&mut self, timeout: Duration) -> Flushed {
        self.shared.recorder.set_on(false);
        let flushed = self.flush(timeout, true);
        let Flight { memory, ring, account, .. } = self.flight;
        let ledger = account.ledger(ring.released());
        layout::store(memory.words, Word::Footer, layout::CLEAN_END);
        if ring.len() == 0 && (ledger == self.last_ledger || self.consent == Consent::Refused) {
            self.storage.remove_ring();
        }
        flushed
    }

    /// Takes the customer's decision.
    pub(crate) fn consent(&mut self, consent: Consent) {
        self.consent = consent;
        self.shared.recorder.set_on(consent != Consent::Refused);
        // A full disk: the decision holds for this process, and the app will be asked again.
        let _ = identity::remember_consent(&self.shared.config.folder, consent);
        match consent {
            Consent::Refused => self.discard(),
            Consent::Granted => {
                self.seal_ring(false);
                // What cannot be moved now is moved at the next start with consent.
                let _ = self.storage.grant(self.flight.account);
            }
            Consent::Pending => {}
        }
    }

    /// Wipes whatever is on the device.
    fn discard(&mut self) {
        self.in_memory = None;
        self.shared.recorder.wipe();
        let next = self.drain.read(usize::MAX).next;
        self.release(next);
        self.storage.wipe();
    }
}

/// Opens the engine and turns the crank until a shutdown.
pub(crate) fn run(shared: &'static Shared, upload: Box<dyn Upload>, commands: &Receiver<Command>) {
    let Ok(mut engine) = catch_unwind(AssertUnwindSafe(|| Engine::open(shared, upload))) else {
        // Our bug: there will be no flight recorder, so nothing more is taken.
        shared.recorder.set_on(false);
        return;
    };
    let mut wait = Duration::ZERO;
    loop {
        let command = match commands.recv_timeout(wait) {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // A panic here is our bug, never the host's problem: count it and go on with the next turn.
        match catch_unwind(AssertUnwindSafe(|| obey(&mut engine, command))) {
            Ok(Some(next)) => wait = next,
            Ok(None) => return,
            Err(_) => {
                engine.flight.account.count(Counter::PanicsCaught, 1);
                wait = TICK;
            }
        }
    }
}

/// Does one thing; how long to sleep after it, or `None` when it was the last.
pub(crate) fn obey(engine: &mut Engine, command: Option<Command>) -> Option<Duration> {
    match command {
        None => return Some(engine.step()),
        Some(Command::Consent(consent)) => engine.consent(consent),
        Some(Command::Send) => {
            engine.flush(UPLOAD_TIMEOUT, false);
        }
        Some(Command::Flush { timeout, done }) => {
            // The caller may have given up waiting; that is its right.
            let _ = done.send(engine.flush(timeout, false));
        }
        Some(Command::Shutdown { timeout, done }) => {
            let _ = done.send(engine.shutdown(timeout));
            return None;
        }
    }
    Some(TICK)
}
