//! The living session: its flight recorder, its fold, and the batches that come of it.
//!
//! Owns: what is sealed when, and under which account. Refuses: the network.
//! Invariant: events leave the recorder only after the batch that holds them is sealed, delivered or counted as dropped.

use super::Worker;
use crate::batch;
use crate::consent::{Consent, Decision};
use crate::fold::{Ended, Fold, trackers::Presence};
use crate::limits::BATCH_EVENTS_MAX;
use crate::recover;
use crate::remote;
use crate::ring::account::{Account, Counter};
use crate::ring::flight::Flight;
use crate::ring::header::{self, Intent};
use crate::ring::layout::{self, FACTS, Word};
use crate::ring::memory::Memory;
use crate::spool::{Room, Seal, Value};
use crate::sync::{Mutant, is_broken, step, uuid};
use nowait_wire::{Context, Cost, DropReason, Event, Facts, Ledger, Uuid};
use std::time::Duration;

/// Set in the id of a batch without events, which is the number of none: an event that is made later must not be
/// delivered under an id that the collector has. Not the top bit: ids are kept as signed numbers where databases have
/// no others.
pub(super) const ACCOUNT_ONLY: u64 = 1 << 62;

/// Where such an id counts the accounts that came before: what is lost after the first one is said by another, which the
/// collector must not take for the first. Above every number of an event (see `layout::checked`).
const ACCOUNTS_SHIFT: u32 = 48;

/// Accounts that an id can count.
const ACCOUNTS_MAX: u64 = (1 << 12) - 1;

/// A session of this process.
pub(super) struct Session {
    flight: &'static Flight,
    fold: Fold,
    /// What is true of every event of the session, but for the network.
    context: Context,
    /// Whether this session is one of those that are recorded.
    pub(super) is_sampled: bool,
    sealed_at_ns: u64,
    /// A batch that could not be written to the disk and so goes straight to the network.
    pub(super) unsaved: Option<(Vec<u8>, Seal)>,
    /// What was worth saying of the account that was sealed last.
    last_ledger: Ledger,
    /// Whether the account that was sealed last is delivered, or goes last of all. Nobody else says so: a batch that is gone
    /// may have been given up by another process, in that one's account.
    is_account_safe: bool,
    /// Batches without events so far.
    accounts: u64,
}

impl Session {
    pub(super) fn id(&self) -> Uuid {
        self.flight.session
    }

    pub(super) fn generation(&self) -> u64 {
        self.flight.generation
    }

    pub(super) fn account(&self) -> Account<'static> {
        self.flight.account
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn sealed_at_ns(&self) -> u64 {
        self.sealed_at_ns
    }

    pub(super) fn is_in_background(&self) -> bool {
        self.fold.presence() == Presence::Background
    }

    /// Whether nothing of it is on this device but in the spool, as of the latest fold.
    pub(super) fn is_empty(&self) -> bool {
        self.unsaved.is_none() && self.fold.waiting() == 0 && !self.is_held()
    }

    /// Whether facts wait behind one that a thread has not finished writing.
    pub(super) fn is_held(&self) -> bool {
        self.fold.is_held()
    }

    /// A batch is delivered.
    pub(super) fn has_delivered(&mut self, seal: &Seal) {
        self.is_account_safe |= seal.session == self.id() && seal.next == self.fold.events();
    }

    /// The batch that is in memory alone is gone: delivered, or counted.
    pub(super) fn forget_unsaved(&mut self) {
        if let Some((_, seal)) = self.unsaved.take() {
            self.leave(&seal);
        }
    }

    /// Lets go of the events of a batch.
    fn leave(&mut self, seal: &Seal) {
        // A batch without events has no place in the numbers.
        if seal.first & ACCOUNT_ONLY == 0 {
            self.fold.seal_to(seal.next);
        }
    }

    /// Whether a kill would lose its account.
    pub(super) fn is_on_heap(&self) -> bool {
        self.flight.memory.is_lost_by_a_kill()
    }

    /// Leaves signs of life, and lets time pass.
    fn tick(&self, worker: &Worker) {
        let recorder = &worker.engine.recorder;
        recorder.take_over_early();
        recorder.tick_now();
        step("tick appended");
        let words = self.flight.memory.words;
        self.flight.account.raise(Counter::WorkerCpuNs, recorder.clock.thread_cpu_ns());
        self.flight.settle_lost_file();
        layout::store(words, Word::AliveUptimeMs, layout::checked_ms(recorder.clock.uptime_ns()));
        layout::store(words, Word::Network, u64::from(worker.engine.conditions().network as u8));
    }

    /// Says in the file that the session ended as the app wished. What comes of the process then is no death: a shutdown
    /// must not wait for the network before it says so.
    fn close(&self) {
        layout::store(self.flight.memory.words, Word::Footer, layout::CLEAN_END);
        step("footer written");
    }

    /// Ends it: nothing is recorded any more. Whether everything in the file is sealed, so that it can go.
    pub(super) fn end(&mut self) -> bool {
        self.fold.turn(self.fold.end());
        let folded = self.fold.counted(self.fold.events());
        self.flight.publish(folded);
        let ledger = self.flight.account.ledger(folded);
        self.is_empty() && self.fold.is_done() && worth_saying(ledger) == self.last_ledger
    }
}

/// A ledger without what is no reason to send it: the cost, and how many facts made nothing.
fn worth_saying(ledger: Ledger) -> Ledger {
    let facts = Facts { folded: 0, ..ledger.facts };
    Ledger { facts, cost: Cost::default(), ..ledger }
}

impl Worker {
    /// Begins a session under this decision of the customer.
    pub(super) fn begin_session(&mut self, decision: Decision) {
        let (recorder, Some(started)) = (&self.engine.recorder, self.engine.started()) else { return };
        if !recorder.has_room_for_a_session() {
            self.is_off = true;
            recorder.set_on(false);
            return;
        }
        let is_first = recorder.flight().is_none();
        let id = if is_first { started.session } else { uuid() };
        let remote = self.remote();
        let is_sampled =
            remote.as_ref().is_none_or(|remote| remote::is_sampled(id, remote.sampled_per_mille));
        if !is_sampled || remote.is_some_and(|remote| !remote.enabled) {
            recorder.set_on(false);
            recorder.forget_early(recorder.early_end());
        }
        let context = started.config.context(self.shared.install_id(decision.generation));
        let memory = recover::open_ring(&*self.disk, &started.config.folder, id)
            .unwrap_or_else(|_| Memory::heap(layout::WORDS));
        let began_ns = if is_first { recorder.started_uptime_ns } else { recorder.clock.uptime_ns() };
        let flight = Flight::new(memory, id, decision.generation, &context, began_ns);
        step("recorder ready");
        let Some(flight) = recorder.open(flight) else { return };
        step("session begun");
        self.session = Some(Session {
            flight,
            fold: Fold::new(flight),
            context,
            is_sampled,
            sealed_at_ns: recorder.clock.uptime_ns(),
            unsaved: None,
            last_ledger: Ledger::default(),
            is_account_safe: true,
            accounts: 0,
        });
    }

    /// Folds everything that was appended so far, and seals what is worth it.
    pub(super) fn fold_and_seal(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        session.tick(self);
        let was_in_background = session.is_in_background();
        let end = session.fold.end();
        while session.fold.turn(end) == Ended::NoRoom && self.seal(&mut session) {}
        if session.is_in_background() && !was_in_background {
            // The session is as good as complete, and the system may stop us any moment now.
            self.is_urgent = true;
            self.is_run_over = false;
        }
        let now = self.now_ns();
        let since = Duration::from_nanos(now.saturating_sub(session.sealed_at_ns));
        if self.is_urgent || since >= self.flush_interval() {
            session.sealed_at_ns = now;
            while session.fold.waiting() > 0 && self.seal(&mut session) {}
        }
        while session.fold.waiting() >= BATCH_EVENTS_MAX as u64 && self.seal(&mut session) {}
        if self.is_closing {
            session.close();
            if session.is_empty() {
                self.seal_account(&mut session);
            }
        }
        session.flight.publish(session.fold.counted(session.fold.events()));
        self.session = Some(session);
    }

    /// Seals the oldest batch of what waits; whether there is more room now.
    fn seal(&mut self, session: &mut Session) -> bool {
        if session.unsaved.is_some() {
            return self.save_again(session);
        }
        let waiting = session.fold.read(BATCH_EVENTS_MAX as u64);
        // What was no event when it was read is gone: say so before the batch says how much there was.
        session.flight.account.dropped(DropReason::Corrupt, waiting.corrupt);
        self.seal_events(session, waiting.first, waiting.next, &waiting.events)
    }

    /// Seals the account alone, if it says anything new, or could be lost with the events that it was sealed with.
    fn seal_account(&mut self, session: &mut Session) {
        let next = session.fold.events();
        let account = session.flight.account;
        let ledger = account.ledger(session.fold.counted(next));
        let is_new = worth_saying(ledger) != session.last_ledger;
        if (is_new || !session.is_account_safe) && session.accounts <= ACCOUNTS_MAX {
            let first = ACCOUNT_ONLY | session.accounts << ACCOUNTS_SHIFT | next;
            session.accounts += u64::from(!is_broken(Mutant::AccountsOfOneId));
            self.seal_events(session, first, next, &[]);
        }
    }

    fn seal_events(&mut self, session: &mut Session, first: u64, next: u64, events: &[Event]) -> bool {
        let account = session.flight.account;
        let seal = Seal {
            session: session.id(),
            first,
            next,
            events: events.len() as u32,
            // The last batch of a session that ends has its last account.
            value: Value::of(events, self.is_closing && next == session.fold.events()),
            // A thread may be appending while its session ends: only a recovery sees the last event.
            last: false,
            split: false,
            generation: session.generation(),
            pending: self.shared.consent().consent == Consent::Pending,
        };
        let Some((intent, frame, room)) = self.encode_with_room(session, &seal, events) else {
            // Which cannot happen with our own caps: it is no batch.
            account.dropped(DropReason::Corrupt, u64::from(seal.events));
            session.leave(&seal);
            return true;
        };
        session.last_ledger = worth_saying(intent.ledger.clone());
        session.is_account_safe = seal.value == Value::Account && room != Room::Refused;
        if first & ACCOUNT_ONLY == 0 && !is_broken(Mutant::IntentLeftOut) {
            // Before the batch exists anywhere, so that a recovery makes the very same one.
            header::write_intent(session.flight.memory.words, &intent);
            step("intent written");
            // Also after a power cut: it may be sent the moment that it exists, by another process as well.
            self.sync_recorder(session);
            step("intent synced");
        }
        if is_broken(Mutant::LetGoBeforeSealed) {
            session.leave(&seal);
        }
        match self.spool.seal(&frame, seal, account) {
            Ok(entry) => {
                step("batch sealed");
                session.leave(&seal);
                step("sealed-to noted");
                self.sync_recorder(session);
                if room == Room::Refused {
                    // Everything in the spool is worth more. It goes the way of every batch, so that a kill does not count
                    // it twice; one that cannot go now goes when room is made for the next.
                    let _ = self.spool.drop_entry(&entry, DropReason::SpoolEvicted, account);
                }
                true
            }
            Err(_) => {
                session.unsaved = Some((frame, seal));
                false
            }
        }
    }

    /// Encodes a batch for which the spool has made room, so that its account knows of what had to go; [`Room::Refused`] if
    /// the batch itself must go, and `None` if it is none.
    fn encode_with_room(
        &mut self,
        session: &mut Session,
        seal: &Seal,
        events: &[Event],
    ) -> Option<(Intent, Vec<u8>, Room)> {
        let account = session.flight.account;
        let ledger = || session.flight.ledger(session.fold.counted(seal.next));
        let before = is_broken(Mutant::AccountBeforeRoom).then(ledger);
        loop {
            let intent = Intent {
                first: seal.first,
                next: seal.next,
                network: self.engine.conditions().network,
                anchors: session.fold.anchors().to_vec(),
                ledger: before.clone().unwrap_or_else(ledger),
            };
            let names = &self.engine.recorder.names;
            let context = session.context.clone();
            let batch =
                batch::make(seal.session, context, intent.clone(), events.to_vec(), &|id| names.text(id));
            let frame = nowait_wire::encode(&batch).ok()?;
            // Where the disk refuses to make room it refuses the batch as well, which goes straight to the network.
            match self.spool.make_room(frame.len(), seal, account).unwrap_or(Room::Enough) {
                Room::Made => {}
                room => return Some((intent, frame, room)),
            }
        }
    }

    /// Makes the recorder survive a power cut as well. Before a batch exists: a recovery that does not know where it was cut
    /// cuts elsewhere, and no id tells the collector that it has these events. After it: what is known to be sealed may have
    /// to make room for another, and is counted then. All but the ring: what is sealed was folded, and the checkpoint says
    /// so, and the app's threads store into the ring all the time.
    fn sync_recorder(&self, session: &Session) {
        // Where it fails, the next one's does it.
        let _ = if is_broken(Mutant::RecorderUnsynced) {
            Ok(())
        } else {
            self.disk.sync_mapped(&session.flight.memory, FACTS.start)
        };
    }

    /// Tries again to write the batch that the disk refused.
    fn save_again(&mut self, session: &mut Session) -> bool {
        let Some((frame, seal)) = session.unsaved.take() else { return false };
        let account = session.flight.account;
        match self.spool.seal(&frame, seal, account) {
            Ok(_) => {
                session.leave(&seal);
                self.sync_recorder(session);
                true
            }
            Err(_) => {
                session.unsaved = Some((frame, seal));
                false
            }
        }
    }
}
