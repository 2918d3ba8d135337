//! The worker: the one thread that folds, seals, recovers and sends, a turn at a time, and sleeps in between.
//!
//! A turn does at most one exchange with the collector, then drains the ring and looks at the customer's decision again, so
//! that neither waits for a slow network. Between turns the worker sleeps until the next thing that is due, or until a thread
//! wakes it.
//!
//! Owns: all input and output, and the order of things after recording. Refuses: rules (the fold has them), the meaning of an
//! answer (`upload::policy`).
//! Invariant: no exchange begins without the customer's agreement, read from the shared file just before.

mod send;
mod session;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;

use crate::consent::Consent;
use crate::disk::Disk;
use crate::engine::{Command, Engine, Flushed};
use crate::limits::{BUSY_PAUSE, UNREADABLE_PAUSE, UPLOAD_PAUSE, UPLOAD_TIMEOUT};
use crate::recover::{self, Adopted};
use crate::remote;
use crate::ring::account::Counter;
use crate::shared::{Shared, Start, StartVerdict};
use crate::spool::Spool;
use crate::sync::{Mutant, is_broken, step};
use crate::upload::Upload;
use crossbeam::channel::{Receiver, Sender};
use nowait_wire::RemoteConfig;
use session::Session;
use std::cell::OnceCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// A flush that somebody waits for.
#[derive(Debug)]
struct Flush {
    until_ns: u64,
    done: Sender<Flushed>,
}

/// What became of an attempt to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// Nothing waits on the device.
    NothingLeft,
    /// A batch is gone, one way or the other; there may be more.
    Progress,
    /// Another process of the app is at it.
    Busy,
    /// Not now: the server, the network, the host or the customer says so.
    Later,
}

/// Everything after the ring.
pub(crate) struct Worker {
    engine: &'static Engine,
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    upload: Box<dyn Upload>,
    session: Option<Session>,
    spool: Spool,
    flushes: Vec<Flush>,
    /// Whether the session is to end.
    is_closing: bool,
    /// Whether the SDK stays off: its starts died, or there were too many sessions.
    is_off: bool,
    /// The generation of the refusal that this process has wiped after. Another process may have agreed since and recorded,
    /// so that the next refusal has something to wipe again.
    wiped_for: Option<u64>,
    /// The start, whose marker stands until the first turn is over.
    start: Option<Start>,
    /// Whether all that dead processes left is sealed.
    is_recovered: bool,
    /// Before this uptime what dead processes left is not tried again.
    recover_at_ns: u64,
    /// Whether everything is to be sealed and sent now: a flush, or a trip to the background.
    is_urgent: bool,
    /// Whether, since the app went to the background, the spool was empty once or an exchange failed.
    is_run_over: bool,
    /// When a NoWait that was switched off asks again, in uptime nanoseconds.
    probe_at_ns: u64,
    /// State of a xorshift generator: jitter needs spread, not secrecy.
    random: u64,
}

impl Worker {
    /// Takes over the customer's decision and opens the flight recorder. Takes what a disk takes: never on an app's thread.
    pub(crate) fn open(
        engine: &'static Engine,
        disk: Arc<dyn Disk>,
        shared: Shared,
        upload: Box<dyn Upload>,
    ) -> Option<Worker> {
        let started = engine.started()?;
        let folder = &started.config.folder;
        let shared = Arc::new(shared);
        engine.recorder.share(Arc::clone(&shared));
        step("decision taken over");
        let start = shared.begin_start(started.config.release_hash());
        step("start begun");
        let mut worker = Worker {
            engine,
            spool: Spool::new(Arc::clone(&disk), folder, started.session, recover::is_noted),
            disk,
            shared,
            upload,
            session: None,
            flushes: Vec::new(),
            is_closing: false,
            is_off: start.verdict() == StartVerdict::Off,
            wiped_for: None,
            start: Some(start),
            is_recovered: false,
            recover_at_ns: 0,
            is_urgent: false,
            is_run_over: false,
            probe_at_ns: 0,
            random: started.session.as_u64_pair().0 | 1,
        };
        if worker.is_off {
            worker.engine.recorder.set_on(false);
            worker.engine.standing.set_off();
        } else {
            worker.follow_decision();
            worker.tell_failed_starts();
        }
        Some(worker)
    }

    fn now_ns(&self) -> u64 {
        self.engine.recorder.clock.uptime_ns()
    }

    /// One turn. Returns how long the worker may sleep before the next one; `None`: until somebody wakes it.
    pub(crate) fn turn(&mut self) -> Option<Duration> {
        if self.is_off {
            if self.shared.consent().consent == Consent::Refused {
                // All that is done: the customer's word must survive a power cut here as well.
                let _ = self.shared.sync();
            }
            self.answer(Sent::Later);
            return None;
        }
        // Where it fails, the decision holds for this process, and the next turn tries again.
        let _ = self.shared.settle();
        if !self.follow_decision() {
            self.answer(Sent::NothingLeft);
            self.end_start();
            return None;
        }
        self.follow_remote();
        let busy = self.adopt();
        self.fold_and_seal();
        let sent = if busy { Sent::Busy } else { self.send_one() };
        self.is_run_over |= sent == Sent::NothingLeft || sent == Sent::Later;
        self.end_start();
        self.answer(sent);
        Some(self.rest(sent))
    }

    /// Does what the customer decided; whether there is anything to record. The decision may be another process's.
    fn follow_decision(&mut self) -> bool {
        // First: what comes after this may have been agreed to meanwhile.
        let end = self.engine.recorder.early_end();
        let decision = self.shared.consent();
        if decision.consent == Consent::Refused {
            self.engine.recorder.forget_refused(end, decision);
            self.wipe(decision.generation);
            return false;
        }
        if self.session.as_ref().is_some_and(|session| session.generation() == decision.generation) {
            return true;
        }
        self.discard_older();
        // Also while it is closing: what was told since the customer agreed waits in memory for it.
        if !self.is_closed() {
            self.begin_session(decision);
        }
        self.session.is_some()
    }

    /// Removes every event on this disk that this process may remove, once after each refusal.
    fn wipe(&mut self, generation: u64) {
        if self.wiped_for.replace(generation) == Some(generation) {
            return;
        }
        step("refusal seen");
        self.discard_session();
        step("session discarded");
        // The word is in the file already: this is for a power cut, and cannot be made better by trying again now.
        let _ = if is_broken(Mutant::RefusalUnsynced) { Ok(()) } else { self.shared.sync() };
        // What cannot be removed now is refused all the same, and removed by the next start.
        let _ = self.spool.wipe();
        if let Some(started) = self.engine.started() {
            recover::wipe(&*self.disk, &started.config.folder);
        }
        self.is_recovered = false;
    }

    /// Removes what was recorded before a refusal that another decision followed; and what was recorded after a refusal that
    /// a power cut took back, which would be in the way for ever.
    fn discard_older(&mut self) {
        if self.session.is_some() {
            self.discard_session();
            self.is_recovered = false;
        }
        let shared = Arc::clone(&self.shared);
        // What stays is never sent: its generation is not the present one.
        let _ = self.spool.wipe_older(|| shared.consent().generation);
    }

    fn discard_session(&mut self) {
        if let (Some(session), Some(started)) = (self.session.take(), self.engine.started()) {
            // What cannot be removed is wiped by the next start: it carries the generation that was refused.
            let _ = self.disk.remove(&recover::ring_path(&started.config.folder, session.id()));
        }
    }

    /// Does what the collector's remote configuration says.
    fn follow_remote(&mut self) {
        let is_enabled = self.remote().is_none_or(|remote| remote.enabled);
        let is_sampled = self.session.as_ref().is_some_and(|session| session.is_sampled);
        self.engine.standing.set_left_out(self.session.is_some() && !is_sampled);
        if !self.is_closing {
            self.engine.recorder.set_on(is_enabled && is_sampled);
        }
    }

    fn remote(&self) -> Option<RemoteConfig> {
        remote::unpack(self.shared.remote())
    }

    /// How often events are sealed and sent.
    fn flush_interval(&self) -> Duration {
        let own = self.engine.started().map_or(Duration::MAX, |started| started.config.flush_interval);
        remote::flush_interval(self.remote(), own)
    }

    /// Seals what dead processes left, once per session; tries again while the disk refuses. Whether another process is at it
    /// and somebody waits for the end of that.
    fn adopt(&mut self) -> bool {
        if self.is_recovered || self.now_ns() < self.recover_at_ns {
            return false;
        }
        // First, so that a panic in it cannot be repeated at every turn.
        let again = if self.flushes.is_empty() { self.flush_interval() } else { BUSY_PAUSE };
        self.recover_at_ns = self.now_ns().saturating_add(nanoseconds(again));
        let (disk, shared) = (Arc::clone(&self.disk), Arc::clone(&self.shared));
        let Some(folder) = self.engine.started().map(|started| &started.config.folder) else { return false };
        let Some(session) = &self.session else { return false };
        let engine = self.engine;
        let endings = recover::Endings {
            ask: &|| engine.ask_system_exits(),
            shared: &shared,
            now: engine.recorder.clock.anchor(),
            exits: OnceCell::new(),
        };
        let adoption = recover::Adoption {
            disk: &*disk,
            folder,
            spool: &mut self.spool,
            decision: &|| shared.consent(),
            starts_told: &|session, told| shared.end_telling(session, told),
            account: session.account(),
            context: session.context(),
            endings,
        };
        match adoption.run() {
            Adopted::All => self.is_recovered = true,
            Adopted::Busy if !self.flushes.is_empty() => {
                // The next turn asks again: it may come before its time, as a wake-up that was on its way when the flush
                // was taken brings it, and must not take the other process's work for done.
                self.recover_at_ns = 0;
                return true;
            }
            Adopted::Busy => {}
            Adopted::Failed => {}
        }
        false
    }

    /// Takes the start's marker away after the first turn.
    fn end_start(&mut self) {
        if let Some(start) = self.start.take() {
            self.shared.end_start(start);
            step("start ended");
            // For a power cut: a kill loses nothing of it. It is tried again with the next change.
            let _ = self.shared.sync();
        }
    }

    /// Counts, once, the starts that died before this one got through: in a session's file and nowhere else, as a kill would
    /// take the number with it. A later start tells what this one cannot.
    fn tell_failed_starts(&mut self) {
        let (Some(session), Some(started)) = (&self.session, self.engine.started()) else { return };
        if !self.start.as_ref().is_some_and(Start::has_marker) || session.is_on_heap() {
            return;
        }
        if self.shared.are_starts_being_told() {
            // By a start that died over it.
            let is_teller = |session| self.shared.is_told_by(session);
            match recover::starts_told(&*self.disk, &started.config.folder, is_teller) {
                Ok(Some((session, told))) => self.shared.end_telling(session, told),
                Ok(None) => self.shared.forget_telling(),
                Err(_) => return,
            }
        }
        let told = self.shared.begin_telling(session.id());
        if told == 0 {
            return;
        }
        step("failed starts being told");
        session.account().raise(Counter::StartsFailed, told);
        step("failed starts told");
        self.shared.end_telling(session.id(), told);
        step("failed starts known as told");
    }

    /// Whether the SDK stays off in this process.
    #[cfg(all(test, not(any(loom, shuttle))))]
    pub(crate) fn is_off(&self) -> bool {
        self.is_off
    }

    /// Registers a flush.
    pub(crate) fn flush(&mut self, timeout: Duration, done: Sender<Flushed>) {
        let until_ns = self.now_ns().saturating_add(nanoseconds(timeout));
        self.flushes.push(Flush { until_ns, done });
        self.is_urgent = true;
        // What another process may have left behind just now is part of "everything".
        self.is_recovered = false;
        self.recover_at_ns = 0;
    }

    /// Registers the end of the session.
    pub(crate) fn close(&mut self, timeout: Duration, done: Sender<Flushed>) {
        self.engine.recorder.set_on(false);
        self.is_closing = true;
        self.flush(timeout, done);
    }

    /// Answers the flushes that are over: everything is gone, nothing more can be done, or their time is up.
    fn answer(&mut self, sent: Sent) {
        if self.flushes.is_empty() {
            if sent != Sent::Progress {
                self.is_urgent = false;
            }
            return;
        }
        let is_refused = self.shared.consent().consent == Consent::Refused;
        let is_empty =
            self.session.as_ref().is_none_or(Session::is_empty) || is_broken(Mutant::FlushOverEarly);
        let left = if is_refused { Ok(0) } else { self.spool.len() };
        // Where the disk does not say what is on it, something may be.
        let is_known = is_refused || (self.is_recovered && left.is_ok());
        let batches_left = left.unwrap_or(0);
        let complete =
            is_known && (is_refused || (sent == Sent::NothingLeft && is_empty && batches_left == 0));
        // Another process may have sealed something since this turn looked for what is to be sent.
        let has_come = sent == Sent::NothingLeft && batches_left > 0 && self.has_waiting_batches();
        // Where nothing can be sent and something is left, it is not ours to send: trying on would only be busy.
        let is_over = complete || sent == Sent::Later || (sent == Sent::NothingLeft && is_empty && !has_come);
        let now = self.now_ns();
        let (over, left): (Vec<Flush>, Vec<Flush>) =
            self.flushes.drain(..).partition(|flush| is_over || now >= flush.until_ns);
        self.flushes = left;
        if self.is_closed() {
            // Before anybody is told: the process may be gone a moment later.
            self.end();
        }
        for flush in over {
            // The caller may have given up waiting; that is its right.
            let _ = flush.done.send(Flushed { complete, batches_left });
        }
        self.is_urgent = !self.flushes.is_empty();
    }

    /// Whether the session was ended and everybody who waited for that has an answer.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closing && self.flushes.is_empty()
    }

    /// How long to sleep after a turn.
    fn rest(&mut self, sent: Sent) -> Duration {
        if !self.flushes.is_empty() {
            // Otherwise another process, or a thread in the middle of a fact, is waited for.
            return if sent == Sent::Progress { Duration::ZERO } else { BUSY_PAUSE };
        }
        let now = self.now_ns();
        let sealed_at_ns = self.session.as_ref().map_or(now, Session::sealed_at_ns);
        let until_seal =
            self.flush_interval().saturating_sub(Duration::from_nanos(now.saturating_sub(sealed_at_ns)));
        if let Some(until_probe) = self.until_probe() {
            return until_probe;
        }
        let until_sent = match sent {
            Sent::Progress => UPLOAD_PAUSE,
            // It sends ours as well; this is for the case that it dies.
            Sent::Busy => UPLOAD_TIMEOUT,
            Sent::Later => Some(self.retry_wait()).filter(|wait| !wait.is_zero()).unwrap_or(Duration::MAX),
            Sent::NothingLeft => Duration::MAX,
        };
        if is_broken(Mutant::WokenByATick) {
            return Duration::from_secs(1);
        }
        until_seal.min(until_sent)
    }

    /// Ends the session for good: its file goes, if everything in it is sealed.
    fn end(&mut self) {
        if let Some(mut session) = self.session.take()
            && session.end()
            && let Some(started) = self.engine.started()
        {
            // What cannot be removed is read and removed at the next start.
            let _ = self.disk.remove(&recover::ring_path(&started.config.folder, session.id()));
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Maps what the processes of the app share.
///
/// # Errors
/// If it cannot be read now: see [`Shared::open`].
pub(crate) fn open_shared(engine: &Engine, disk: &Arc<dyn Disk>) -> io::Result<Shared> {
    let started = engine.started().ok_or(io::ErrorKind::NotFound)?;
    let shared = Shared::open(Arc::clone(disk), &started.config.folder);
    step("shared file mapped");
    shared
}

/// Opens the worker and turns until a shutdown.
pub(crate) fn run(
    engine: &'static Engine,
    disk: Arc<dyn Disk>,
    upload: Box<dyn Upload>,
    commands: &Receiver<Command>,
) {
    engine.recorder.set_worker(std::thread::current());
    let opened = catch_unwind(AssertUnwindSafe(|| {
        loop {
            match open_shared(engine, &disk) {
                Ok(shared) => break Worker::open(engine, disk, shared, upload),
                // Facts and decisions wait in memory until it is known whether the customer has refused.
                Err(_) => std::thread::park_timeout(UNREADABLE_PAUSE),
            }
        }
    }));
    let Ok(Some(mut worker)) = opened else {
        // Our bug: there will be no flight recorder, so nothing more is taken.
        engine.recorder.set_on(false);
        return;
    };
    loop {
        // A panic here is our bug, never the host's problem: count it and go on with the next turn.
        let rest = catch_unwind(AssertUnwindSafe(|| round(&mut worker, commands)));
        if worker.is_closed() {
            return;
        }
        match rest {
            Ok(Some(rest)) => std::thread::park_timeout(rest),
            Ok(None) => std::thread::park(),
            Err(_) => {
                engine.recorder.count(Counter::PanicsCaught, 1);
                std::thread::park_timeout(Duration::from_secs(1));
            }
        }
    }
}

/// What threads asked for, then a turn, which says how long to sleep.
pub(crate) fn round(worker: &mut Worker, commands: &Receiver<Command>) -> Option<Duration> {
    take_commands(worker, commands);
    worker.turn()
}

/// Registers what threads asked for.
pub(crate) fn take_commands(worker: &mut Worker, commands: &Receiver<Command>) {
    while let Ok(command) = commands.try_recv() {
        match command {
            Command::Flush { timeout, done } => worker.flush(timeout, done),
            Command::Shutdown { timeout, done } => worker.close(timeout, done),
        }
    }
}
