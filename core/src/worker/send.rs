//! One exchange with the collector.
//!
//! Owns: which batch goes next, and what is done with the answer. Refuses: the meaning of an answer (`upload::policy`).
//! Invariant: a batch of a generation that was refused is never sent.

use super::session::ACCOUNT_ONLY;
use super::{Sent, Worker, nanoseconds};
use crate::batch;
use crate::limits::{PROBE_INTERVAL, UPLOAD_TIMEOUT};
use crate::remote;
use crate::ring::account::Counter;
use crate::ring::header::Intent;
use crate::spool::{Entry, Seal, Value};
use crate::sync::{Mutant, is_broken, step, uuid};
use crate::upload::conditions::{self, Place};
use crate::upload::policy::{self, Next};
use crate::upload::retry::Retry;
use crate::upload::{Cancel, Parcel};
use nowait_wire::{BatchId, DropReason, Ledger};
use std::io;
use std::sync::Arc;
use std::time::Duration;

impl Worker {
    /// Sends the oldest batch, if it may be sent now.
    pub(super) fn send_one(&mut self) -> Sent {
        if self.is_switched_off() {
            return self.probe();
        }
        let Some(entries) = self.waiting_batches() else { return Sent::Later };
        let has_unsaved = self.session.as_ref().is_some_and(|session| session.unsaved.is_some());
        if entries.is_empty() && !has_unsaved {
            if self.remote().is_some_and(|remote| remote.sampled_per_mille == 0) {
                // No session will have a receipt that says otherwise.
                self.probe();
            }
            return Sent::NothingLeft;
        }
        let bytes = entries.iter().map(|entry| entry.bytes).sum();
        if !self.may_send(bytes) {
            return Sent::Later;
        }
        // One process of the app at a time: so it is not sent twice, and the server's word counts for all.
        let lock = match self.spool.upload_lock() {
            Ok(Some(lock)) => Some(lock),
            Ok(None) => return Sent::Busy,
            // Where there is no disk, nobody shares it.
            Err(_) => None,
        };
        // Again: whoever had the lock until now may have been told to wait.
        if !self.may_send(bytes) {
            return Sent::Later;
        }
        let sent = if has_unsaved { self.send_unsaved() } else { self.send_first(&entries) };
        drop(lock);
        sent
    }

    /// The batches of the spool, oldest first; none where the disk does not say, which is where it keeps none of ours.
    fn waiting_batches(&mut self) -> Option<Vec<Entry>> {
        let account = self.session.as_ref()?.account();
        Some(self.spool.entries(account).unwrap_or_default())
    }

    /// Whether the spool has a batch for the next turn.
    pub(super) fn has_waiting_batches(&mut self) -> bool {
        self.waiting_batches().is_some_and(|entries| !entries.is_empty())
    }

    /// Whether customer, server and host let us send now.
    fn may_send(&self, spool_bytes: u64) -> bool {
        let (Some(session), Some(started)) = (&self.session, self.engine.started()) else { return false };
        let place = if session.is_in_background() {
            Place::Background { is_run_over: self.is_run_over }
        } else {
            Place::InFront
        };
        let (told, is_flush) = (self.engine.conditions(), !self.flushes.is_empty());
        self.shared.consent().allows(session.generation())
            && self.retry_wait().is_zero()
            && conditions::may_send(told, place, spool_bytes, is_flush, started.config.hold)
    }

    /// How long the server, or the back-off, asks to wait.
    pub(super) fn retry_wait(&self) -> Duration {
        let clock = &self.engine.recorder.clock;
        let Some(retry) = Retry::from_words(self.shared.retry()) else { return Duration::ZERO };
        let (boot_ns, wall_unix_ms) = (clock.boot_ns(), clock.wall_unix_ms());
        if retry.is_of_another_boot(boot_ns) {
            self.shared.set_retry(retry.continued(boot_ns, wall_unix_ms).to_words());
        }
        retry.remaining(boot_ns, wall_unix_ms)
    }

    /// Sends the first of these batches that is still there.
    fn send_first(&mut self, entries: &[Entry]) -> Sent {
        let Some(account) = self.session.as_ref().map(|session| session.account()) else {
            return Sent::Later;
        };
        for entry in entries {
            let frame = match self.spool.read(entry) {
                Ok(frame) => frame,
                // Another process has delivered it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    let dropped = self.spool.drop_entry(entry, DropReason::SpoolCorrupt, account);
                    return if dropped.is_ok() { Sent::Progress } else { Sent::Later };
                }
                Err(_) => return Sent::Later,
            };
            step("batch read");
            let Some(next) = self.exchange(&entry.seal, &frame) else { return Sent::Later };
            let spool = &mut self.spool;
            let done = match next {
                Next::Delivered => spool.delivered(entry),
                Next::Split => spool.split(entry, &frame, account),
                Next::DeadLetter => spool.drop_entry(entry, DropReason::Rejected, account),
                Next::Wait(_) | Next::Stop(_) => return Sent::Later,
            };
            step("answer followed");
            if let (Next::Delivered, Some(session)) = (next, &mut self.session) {
                session.has_delivered(&entry.seal);
            }
            return if done.is_ok() { Sent::Progress } else { Sent::Later };
        }
        Sent::Progress
    }

    /// Sends the batch that has no place on the disk.
    fn send_unsaved(&mut self) -> Sent {
        let Some(session) = &mut self.session else { return Sent::Later };
        let Some((frame, seal)) = session.unsaved.take() else { return Sent::Progress };
        let next = self.exchange(&Seal { split: true, ..seal }, &frame);
        let Some(session) = &mut self.session else { return Sent::Later };
        session.unsaved = Some((frame, seal));
        match next {
            Some(Next::Delivered) => {
                session.has_delivered(&seal);
                session.forget_unsaved();
            }
            Some(Next::Split | Next::DeadLetter) => {
                session.account().dropped(DropReason::Rejected, u64::from(seal.events));
                session.forget_unsaved();
            }
            Some(Next::Wait(_) | Next::Stop(_)) | None => return Sent::Later,
        }
        Sent::Progress
    }

    /// One exchange; `None` if the customer's decision forbids it. The server's word is noted for all processes.
    fn exchange(&mut self, seal: &Seal, frame: &[u8]) -> Option<Next> {
        // Read last of all, and once: no exchange begins after a refusal, and one that follows this reading cancels it.
        let decision = self.shared.consent();
        if !decision.allows(seal.generation) && !is_broken(Mutant::ConsentReadEarly) {
            return None;
        }
        let started = self.engine.started()?;
        let clock = &self.engine.recorder.clock;
        let shared = Arc::clone(&self.shared);
        let granted = decision.to_word();
        let parcel = Parcel {
            url: &started.url,
            app_key: &started.config.app_key,
            sent_unix_ms: clock.wall_unix_ms(),
            body: frame,
            timeout: self.exchange_timeout(),
            cancel: Cancel::new(move || shared.consent_word() != granted),
        };
        if let Some(session) = &self.session {
            session.account().count(Counter::SentBytes, frame.len() as u64);
        }
        let answer = self.upload.send(parcel);
        step("exchange answered");
        let failures = Retry::from_words(self.shared.retry()).map_or(0, |retry| retry.failures);
        let decided = policy::decide(&policy::Exchange {
            batch: BatchId { session: seal.session, first: seal.first },
            divisible: seal.events >= 2 && !seal.split,
            answer: answer.as_ref(),
            failures,
            wall_unix_ms: clock.wall_unix_ms(),
            jitter: self.jitter(),
        });
        self.note_retry(decided.next, failures);
        let status = answer.as_ref().map(|answer| answer.status);
        self.engine.standing.exchanged(status, decided.next == Next::Delivered);
        step("retry noted");
        if let Some(config) = decided.config.as_ref().and_then(remote::pack) {
            self.shared.set_remote(config, |old| {
                remote::is_newer(config, old) || is_broken(Mutant::OlderConfigurationTaken)
            });
            // At once: a kill switch is for the app's threads above all.
            self.follow_remote();
        }
        step("answer taken");
        Some(decided.next)
    }

    /// How long this exchange may take.
    fn exchange_timeout(&self) -> Duration {
        let now = self.now_ns();
        let left = self.flushes.iter().map(|flush| flush.until_ns.saturating_sub(now)).max();
        left.map_or(UPLOAD_TIMEOUT, |left| Duration::from_nanos(left).min(UPLOAD_TIMEOUT))
    }

    /// Notes for all processes when to try again.
    fn note_retry(&mut self, next: Next, failures: u32) {
        let clock = &self.engine.recorder.clock;
        let words = match next {
            Next::Wait(wait) | Next::Stop(wait) => {
                let failures =
                    if is_broken(Mutant::BackoffNeverGrows) { 0 } else { failures.saturating_add(1) };
                Retry::after(wait, failures, clock.boot_ns(), clock.wall_unix_ms()).to_words()
            }
            Next::Delivered | Next::Split | Next::DeadLetter => [0; 4],
        };
        if !is_broken(Mutant::RetryUnnoted) {
            self.shared.set_retry(words);
        }
    }

    fn jitter(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// Whether the collector wants nothing at all.
    fn is_switched_off(&self) -> bool {
        self.remote().is_some_and(|remote| !remote.enabled)
    }

    /// How long until a NoWait that was switched off asks again; `None` if it is on.
    pub(super) fn until_probe(&self) -> Option<Duration> {
        self.is_switched_off().then(|| Duration::from_nanos(self.probe_at_ns.saturating_sub(self.now_ns())))
    }

    /// Asks once a day, with a batch that holds nothing, whether NoWait is to stay off.
    fn probe(&mut self) -> Sent {
        let now = self.now_ns();
        if now < self.probe_at_ns {
            return Sent::Later;
        }
        // Also where it cannot be asked now: being off is no reason to try often.
        self.probe_at_ns = now.saturating_add(nanoseconds(PROBE_INTERVAL));
        let Some(session) = self.session.as_ref().filter(|_| self.may_send(0)) else { return Sent::Later };
        let intent = Intent {
            first: ACCOUNT_ONLY,
            next: 0,
            network: self.engine.conditions().network,
            anchors: vec![self.engine.recorder.clock.anchor()],
            ledger: Ledger::default(),
        };
        let id = uuid();
        let batch = batch::make(id, session.context().clone(), intent, Vec::new(), &|_| None);
        let seal = Seal {
            session: id,
            first: ACCOUNT_ONLY,
            next: 0,
            events: 0,
            value: Value::Account,
            last: true,
            split: true,
            generation: session.generation(),
            pending: false,
        };
        if let Ok(frame) = nowait_wire::encode(&batch) {
            // The answer's remote configuration is all that is wanted.
            let _ = self.exchange(&seal, &frame);
        }
        Sent::Later
    }
}
