//! What really happened: every fact of every session in the order of its position, and how each session ended.
//!
//! Owns: that log, and what an unkilled fold makes of it. Refuses: to judge (`checks`, `verdict`).
//! Invariant: nothing here is read from what the engine says of itself but the slots of its ring.

use super::checks;
use super::mutants;
use super::process::FOLDER;
use super::world::{World, with};
use crate::consent::Decision;
use crate::fold::trackers::Trackers;
use crate::fold::{Recovered, State, fold_one, recover_checkpoint};
use crate::nowait::NoWait;
use crate::record::Fact;
use crate::ring::header;
use crate::ring::layout::{self, Word};
use crate::ring::slot::{self, Payload, SLOT_WORDS};
use crate::spool::{self, Seal, Value};
use crate::sync::AtomicU64;
use nowait_wire::{Batch, DropReason, Event, Flags, NameId, Uuid};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// How a session ended whose process died.
#[derive(Clone, Copy, Debug)]
pub(super) struct Death {
    pub(super) started_uptime_ns: u64,
    pub(super) alive_uptime_ns: u64,
    /// Its end was asked for and done.
    pub(super) is_clean: bool,
    /// Its recorder was ready.
    pub(super) is_ready: bool,
}

/// One session.
pub(super) struct Log {
    pub(super) id: Uuid,
    pub(super) pid: usize,
    pub(super) words: &'static [AtomicU64],
    pub(super) is_on_heap: bool,
    /// By position; `None` where a thread is parked.
    pub(super) facts: Vec<Option<Payload>>,
    pub(super) death: Option<Death>,
    pub(super) is_quarantined: bool,
    /// The version of the rules that folded it.
    rules: u16,
    /// How many facts the last checkpoint of the dead process knew of.
    checkpoint: u64,
    /// The version of the rules of the recovery that sealed the end of it first.
    recovered_by: Option<u16>,
    /// Whether others made it again, with the same id: a recovery was killed in the moment before it noted what it had sealed,
    /// and an app update came. Whichever the collector has first is what happened.
    pub(super) is_recovered_by_two: bool,
    pub(super) harm: Option<Harm>,
    /// Of its recorder, those in which a bit turned over.
    harmed_slots: BTreeSet<usize>,
}

/// What happened to a session, or to a batch of it, that may cost more than a kill does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    PowerCut,
    /// In this word of its recorder.
    BitOfRecorder(usize),
    /// Two in one slot: that may look like the slot of a thread that was killed while it wrote, whom nobody promised anything.
    BitsOfOneSlot,
    BitOfBatch,
    /// A process wiped it that could not map what they share, after a refusal that the file never got: it may have been told
    /// so before or after any other decision, and what may have been recorded before a refusal goes.
    Wiped,
}

impl Log {
    pub(super) fn generation(&self) -> Option<u64> {
        layout::number(layout::load(self.words, Word::Generation))
    }

    fn scan(&mut self) {
        let slots = layout::slots(self.words, layout::FACTS);
        loop {
            let position = self.facts.len() as u64;
            let Some(payload) = slot::read(&slots[position as usize % slots.len()], position) else { return };
            self.facts.push(Some(payload));
        }
    }

    /// Whether a fact says when on the clocks of the world it was.
    pub(super) fn has_tick(&self) -> bool {
        let facts = self.facts.iter().flatten();
        facts.filter_map(Fact::from_words).any(|fact| matches!(fact, Fact::Tick { .. }))
    }

    /// The facts that were appended.
    pub(super) fn appended(&self) -> u64 {
        self.facts.iter().flatten().count() as u64
    }

    /// The events that an unkilled fold makes of the facts, and then those of the death, if it died. Where other rules went
    /// on from the last checkpoint, they began anew there, and what was open died.
    pub(super) fn events(&self) -> (Vec<Event>, Vec<Event>) {
        let is_anew = self.recovered_by.is_some_and(|rules| rules != self.rules);
        let checkpoint = if is_anew { self.checkpoint as usize } else { 0 };
        let (before, after) = self.facts.split_at(checkpoint.min(self.facts.len()));
        let (mut state, mut events, mut ending) = (State::default(), Vec::new(), Vec::new());
        let mut fold = |state: &mut State, facts: &[Option<Payload>]| {
            for payload in facts.iter().flatten() {
                fold_one(state, Some(payload), &mut |_, event| events.push(event));
            }
        };
        mutants::unbroken(|| {
            fold(&mut state, before);
            let open = state.open_waits();
            state.trackers = Trackers::default();
            fold(&mut state, after);
            if let Some(death) = self.death.filter(|death| death.is_ready && !death.is_clean) {
                ending.extend(open);
                state.die(death.started_uptime_ns, death.alive_uptime_ns, &mut |_, event| ending.push(event));
            }
        });
        (events, ending)
    }
}

/// An event with its texts, as it arrives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    pub(super) name: String,
    screen: String,
    kind: u8,
    outcome: u8,
    flags: u16,
    started_uptime_ns: u64,
    duration_ns: u64,
    numbers: [u64; 3],
}

impl Told {
    fn new(event: &Event, text: impl Fn(NameId) -> String) -> Told {
        let event = nowait_wire::quantise_event(event);
        Told {
            name: text(event.name),
            screen: text(event.screen),
            kind: event.kind as u8,
            outcome: event.outcome as u8,
            // Whether a recovery made it is all that may differ.
            flags: event.flags.0 & !Flags::RECOVERED.0,
            started_uptime_ns: event.started_uptime_ns,
            duration_ns: event.duration_ns,
            numbers: [event.journey, event.a, event.b],
        }
    }

    /// Of a fold in this process.
    pub(super) fn of_fold(event: &Event, nowait: NoWait) -> Told {
        Told::new(event, |id| nowait.engine.recorder.names.text(id).unwrap_or_default())
    }

    /// Of a batch.
    pub(super) fn of_batch(event: &Event, batch: &Batch) -> Told {
        Told::new(event, |id| batch.names.get(id.0 as usize).cloned().unwrap_or_default())
    }
}

/// A batch that was given up.
pub(super) struct GivenUp {
    pub(super) batch: Batch,
    /// Whether nothing was worth more.
    pub(super) is_account: bool,
    /// Whose account has it, and for which reason.
    pub(super) counted: Option<(Uuid, DropReason)>,
}

/// All of it.
#[derive(Default)]
pub(super) struct Truth {
    /// Decisions so far.
    pub(super) decisions: u64,
    /// Numbers of measured events so far.
    pub(super) numbers: u64,
    pub(super) sessions: Vec<Log>,
    /// Whether the disk was in any trouble.
    pub(super) had_trouble: bool,
    /// The decision and the remote configuration that the file had when it was looked at last.
    pub(super) last_generation: u64,
    pub(super) last_remote: u32,
    pub(super) given_up: Vec<GivenUp>,
    /// Batches that were sealed so far, and which of them each file was.
    sealed: u64,
    sealed_as: BTreeMap<PathBuf, u64>,
    /// The file that each process sealed last.
    sealed_last: BTreeMap<usize, PathBuf>,
    /// How many were sealed when each process listed the spool last.
    listed: BTreeMap<usize, u64>,
    /// Batches in which a bit has turned over, as they were.
    damaged: BTreeMap<PathBuf, (Seal, Batch)>,
    /// Whether the shared file lost words: to a power cut, or to a bit that turned over.
    pub(super) has_lost_words: bool,
    /// The last generation that was synced before a power cut.
    pub(super) synced_generation: u64,
}

impl Truth {
    pub(super) fn session(&self, id: Uuid) -> Option<&Log> {
        self.sessions.iter().find(|log| log.id == id)
    }

    /// The files that this process has sealed, the last one first.
    pub(super) fn sealed_by(&self, pid: usize) -> impl Iterator<Item = &PathBuf> {
        self.sealed_last.get(&pid).into_iter()
    }

    fn at(&mut self, words: &'static [AtomicU64]) -> Option<&mut Log> {
        self.sessions.iter_mut().find(|log| std::ptr::eq(log.words, words))
    }

    /// A thread has this position and is parked.
    pub(super) fn parked(&mut self, words: &'static [AtomicU64], position: u64) {
        if let Some(log) = self.at(words) {
            log.scan();
            assert_eq!(log.facts.len() as u64, position, "every position is known");
            log.facts.push(None);
        }
    }

    /// It has filled it; whether a kill does not lose it.
    pub(super) fn unparked(&mut self, words: &'static [AtomicU64], position: u64, payload: Payload) -> bool {
        self.at(words).is_some_and(|log| {
            match log.facts.get_mut(position as usize) {
                Some(fact) => *fact = Some(payload),
                // It was parked before the session was known here: read like any other.
                None => log.scan(),
            }
            !log.is_on_heap
        })
    }

    fn begun(&mut self, id: Uuid, process: (usize, u16), words: &'static [AtomicU64], is_on_heap: bool) {
        let facts = Vec::new();
        match self.sessions.iter_mut().find(|log| log.id == id) {
            Some(log) if std::ptr::eq(log.words, words) => {}
            // The file could not be had after all, so that it goes on on the heap.
            Some(log) => (log.words, log.is_on_heap, log.facts) = (words, is_on_heap, facts),
            None => {
                let (pid, rules) = process;
                self.sessions.push(Log {
                    id,
                    pid,
                    words,
                    is_on_heap,
                    facts,
                    death: None,
                    is_quarantined: false,
                    rules,
                    checkpoint: 0,
                    recovered_by: None,
                    is_recovered_by_two: false,
                    harm: None,
                    harmed_slots: BTreeSet::new(),
                });
            }
        }
    }
}

/// A process has mapped a file.
pub(super) fn mapped(world: &mut World, pid: usize, path: &Path, words: &'static [AtomicU64]) {
    let session = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
    if let Some(session) = session {
        let rules = world.processes[pid].rules;
        world.truth.begun(session, (pid, rules), words, false);
    }
}

/// A process has listed the spool.
pub(super) fn listed(world: &mut World, pid: usize) {
    world.truth.listed.insert(pid, world.truth.sealed);
}

/// The session whose account this process keeps.
fn account_of(world: &World, pid: usize) -> Option<&Log> {
    let session = world.processes[pid].nowait.engine.recorder.flight()?.session;
    world.truth.session(session)
}

/// A file of the spool: what its footer says, and its batch.
fn sealed_file(world: &World, path: &Path) -> Option<(Seal, Batch)> {
    let bytes = world.disk.peek(path, u64::MAX)?;
    let (seal, _) = spool::footer(&bytes)?;
    Some((seal, nowait_wire::decode(&spool::into_frame(bytes)?).ok()?))
}

/// A process has sealed a batch.
fn sealed(world: &mut World, pid: usize, path: &Path) {
    world.truth.sealed += 1;
    world.truth.sealed_as.insert(path.to_owned(), world.truth.sealed);
    world.truth.sealed_last.insert(pid, path.to_owned());
    let Some((seal, batch)) = sealed_file(world, path) else { return };
    let own = account_of(world, pid).map(|log| log.id);
    if own == Some(seal.session) {
        return checks::account_knows_of_what_went(world, &seal, &batch);
    }
    let rules = world.processes[pid].rules;
    let mut dead = world.truth.sessions.iter_mut().filter(|log| log.id == seal.session && !seal.split);
    if let Some(log) = dead.find(|_| seal.last) {
        // What a recovery makes itself is in its last batch: whoever seals that first decides, also if another makes it again.
        let first = *log.recovered_by.get_or_insert(rules);
        log.is_recovered_by_two |= first != rules;
        let is_own = first == log.rules;
        world.stats.count("recoveries", if is_own { "by its own rules" } else { "by other rules" });
    }
}

/// Whether the recorder of its session is gone, or knows that the batch is sealed: else it must stay.
fn is_noted(world: &World, seal: &Seal) -> bool {
    let path = crate::recover::ring_path(Path::new(FOLDER), seal.session);
    let Some(bytes) = world.disk.peek(&path, 64) else { return true };
    let word = bytes.as_chunks::<8>().0.get(Word::SealedTo as usize);
    word.and_then(|word| layout::number(u64::from_ne_bytes(*word))).is_none_or(|sealed| sealed >= seal.next)
}

/// A process gives a batch up.
fn given_up(world: &mut World, pid: usize, from: &Path, to: &Path) {
    world.stats.count("batches", "given up");
    let before = || world.truth.damaged.get(from).cloned();
    let Some((seal, batch)) = sealed_file(world, to).or_else(before) else { return };
    let counted = account_of(world, pid).and_then(|log| {
        let reason = layout::load(log.words, Word::GiveUpReason).checked_sub(1)?;
        Some((log.id, DropReason::from_u8(reason as u8)?))
    });
    let is_account = seal.value == Value::Account;
    if is_account && counted.is_some_and(|(_, reason)| reason == DropReason::SpoolEvicted) {
        let known = world.truth.listed.get(&pid).copied().unwrap_or_default();
        let is_known = |path: &Path| world.truth.sealed_as.get(path).is_some_and(|number| *number <= known);
        let others = world.files("spool", ".batch").into_iter().map(|(path, _)| path);
        let others = others.filter(|path| path != from && is_known(path));
        let seals = others.filter_map(|path| sealed_file(world, &path)).map(|(seal, _)| seal);
        let seals: Vec<Seal> = seals.filter(|seal| is_noted(world, seal)).collect();
        checks::accounts_go_last(world, &seal, &seals);
    }
    world.truth.given_up.push(GivenUp { batch, is_account, counted });
}

/// A process is about to remove a file.
pub(super) fn removed(world: &mut World, pid: usize, path: &Path) {
    let generation = |decision: Option<Decision>| decision.map_or(0, |decision| decision.generation);
    let process = &world.processes[pid];
    if process.is_mapped() || generation(process.decision()) <= generation(world.file_decision()) {
        return;
    }
    let of_recorder = || path.file_stem()?.to_str()?.parse().ok();
    let session = sealed_file(world, path).map(|(seal, _)| seal.session).or_else(of_recorder);
    for log in world.truth.sessions.iter_mut().filter(|log| Some(log.id) == session) {
        log.harm = log.harm.or(Some(Harm::Wiped));
    }
}

/// A process has renamed a file.
pub(super) fn renamed(world: &mut World, pid: usize, from: &Path, to: &Path) {
    let is_now = |ending: &str| to.extension().is_some_and(|extension| extension == ending);
    if is_now("given-up") {
        given_up(world, pid, from, to);
    } else if is_now("batch") {
        sealed(world, pid, to);
    }
    if to.parent().is_some_and(|folder| folder.ends_with("quarantine")) {
        let session: Option<Uuid> = from.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        world.stats.count("recorders", "quarantined");
        for log in world.truth.sessions.iter_mut().filter(|log| Some(log.id) == session) {
            log.is_quarantined = true;
        }
    }
}

/// Something of this process ran: what it appended is in the ring now.
pub(super) fn look(pid: usize) {
    with(|world| {
        if let Some(flight) = world.processes[pid].nowait.engine.recorder.flight() {
            // One with a file is known since that was mapped.
            let rules = world.processes[pid].rules;
            world.truth.begun(flight.session, (pid, rules), flight.memory.words, true);
        }
        let of_process = |log: &&mut Log| log.pid == pid && log.death.is_none();
        world.truth.sessions.iter_mut().filter(of_process).for_each(Log::scan);
    });
}

/// Whether the recorder says whose it is.
fn is_named(words: &[AtomicU64]) -> bool {
    // Relaxed: one thread does everything here.
    let words: Vec<u64> =
        words.iter().take(layout::NAMES.start).map(|word| word.load(Ordering::Relaxed)).collect();
    header::read_context(&words).is_some()
}

/// How many facts the last checkpoint in this memory knows of.
fn checkpoint(words: &[AtomicU64]) -> u64 {
    // Relaxed: one thread does everything here.
    let words: Vec<u64> =
        words.iter().take(layout::FACTS.start).map(|word| word.load(Ordering::Relaxed)).collect();
    match recover_checkpoint(&words) {
        Recovered::Ours(state) => state.progress.position,
        Recovered::OtherRules { progress, .. } => progress.position,
        Recovered::Nothing => 0,
    }
}

/// The power was cut: what follows on the disk is what is left.
pub(super) fn power_was_cut(world: &mut World) {
    for log in &mut world.truth.sessions {
        log.harm = Some(Harm::PowerCut);
    }
    words_are_lost(world);
}

fn words_are_lost(world: &mut World) {
    world.truth.has_lost_words = true;
    world.truth.last_remote = 0;
    world.network.noted.clear();
}

/// A bit is about to turn over in this word of a file.
pub(super) fn damaged(world: &mut World, path: &Path, word: usize) {
    let is = |ending: &str| path.extension().is_some_and(|extension| extension == ending);
    let session = |path: &Path| path.file_stem()?.to_str()?.parse().ok();
    let harmed: Option<(Uuid, Harm)> = if is("ring") {
        session(path).map(|session| (session, Harm::BitOfRecorder(word)))
    } else if is("batch") {
        let sealed = sealed_file(world, path).or_else(|| world.truth.damaged.get(path).cloned());
        sealed.map(|(seal, batch)| {
            world.truth.damaged.insert(path.to_owned(), (seal, batch));
            (seal.session, Harm::BitOfBatch)
        })
    } else {
        words_are_lost(world);
        None
    };
    let Some((session, harm)) = harmed else { return };
    for log in world.truth.sessions.iter_mut().filter(|log| log.id == session) {
        let is_second =
            matches!(harm, Harm::BitOfRecorder(word) if !log.harmed_slots.insert(word / SLOT_WORDS));
        log.harm = match log.harm {
            None | Some(Harm::BitOfRecorder(_)) if is_second => Some(Harm::BitsOfOneSlot),
            before => before.or(Some(harm)),
        };
    }
}

/// A process is dead.
pub(super) fn died(world: &mut World, pid: usize) {
    for log in world.truth.sessions.iter_mut().filter(|log| log.pid == pid && log.death.is_none()) {
        log.scan();
        log.checkpoint = checkpoint(log.words);
        let word = |word| layout::load(log.words, word);
        let moment = |index| layout::uptime_ns(word(index));
        log.death = Some(Death {
            started_uptime_ns: moment(Word::StartedUptimeMs),
            alive_uptime_ns: moment(Word::AliveUptimeMs),
            is_clean: word(Word::Footer) == layout::CLEAN_END,
            is_ready: word(Word::Magic) == layout::MAGIC || is_named(log.words),
        });
    }
}

impl World {
    fn shared_word(&self, index: usize) -> u64 {
        let bytes = self.disk.peek(&Path::new(FOLDER).join("shared"), 16 * 8).unwrap_or_default();
        bytes.as_chunks::<8>().0.get(index).map_or(0, |word| u64::from_ne_bytes(*word))
    }

    /// The customer's decision, as the file has it.
    pub(super) fn file_decision(&self) -> Option<Decision> {
        Decision::from_word(self.shared_word(1))
    }

    /// The customer's decision that a power cut does not take back.
    pub(super) fn synced_decision(&self) -> Option<Decision> {
        let bytes = self.disk.kept(&Path::new(FOLDER).join("shared"))?;
        let words = bytes.as_chunks::<8>().0;
        words.get(1).and_then(|word| Decision::from_word(u64::from_ne_bytes(*word)))
    }

    /// The remote configuration, as the file has it.
    pub(super) fn file_remote(&self) -> Option<nowait_wire::RemoteConfig> {
        crate::remote::unpack(self.shared_word(12))
    }
}
