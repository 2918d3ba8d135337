//! What must hold at every moment: who may send, what a decision is worth, what the disk holds, how often things happen.
//!
//! Owns: those rules, each under one name. Refuses: what can only be said at the end (`verdict`).
//! Invariant: a rule stands on the [`truth`](super::truth), not on what the engine says.

use super::network::Wait;
use super::process::FOLDER;
use super::truth::{self, Log};
use super::verdict;
use super::world::{STACK_MAX, World, must, with};
use crate::consent::Consent;
use crate::consent::Decision;
use crate::limits::{PENDING_FILES_MAX, QUARANTINE_FILES_MAX, SPOOL_BYTES_MAX, SPOOL_FILES_MAX};
use crate::recover::ring_path;
use crate::ring::account::{Account, Folded};
use crate::ring::layout::{self, Word};
use crate::spool::Seal;
use nowait_wire::{Batch, DropReason, Network};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const HOUR_NS: u64 = 3_600_000_000_000;

/// Bytes of a batch that a process seals while another one does: over the cap for a moment.
const BATCH_BYTES: u64 = 64 * 1024;

/// An exchange begins.
pub(super) fn exchange_begins(pid: usize, batch: &Batch) {
    // A session that began in this very turn is known from here on.
    truth::look(pid);
    with(|world| {
        let process = &world.processes[pid];
        let decision = world.file_decision();
        let log = world.truth.session(batch.id.session);
        let generation = log.map(|log| log.generation());
        // A decision that was not synced may be gone, and the numbers after it come again.
        let is_synced =
            |its: u64| log.is_some_and(|log| log.harm.is_some()) && its >= world.truth.synced_generation;
        if process.is_mapped() {
            let granted = decision.filter(|decision| decision.consent == Consent::Granted);
            must(granted.is_some(), "nothing is sent after a refusal", || {
                format!("{:?}: {decision:?}", batch.id)
            });
            let present = granted.map(|decision| decision.generation);
            must(
                // One that died before it had a generation has no events.
                generation.is_none_or(|its| {
                    its == present || its.is_some_and(is_synced) || (its.is_none() && batch.events.is_empty())
                }),
                "nothing of a refused generation is sent",
                || format!("{:?} of generation {generation:?} in {present:?}", batch.id),
            );
        } else {
            let own = process.own_decision;
            // Whoever decided later may have decided in another process.
            let is_refused = own == Some((world.truth.decisions, Consent::Refused));
            must(!is_refused, "nothing is sent after a refusal", || {
                format!("{:?} by process {pid}, which was told so itself", batch.id)
            });
        }
        let is_known = generation.is_some();
        must(is_known || batch.events.is_empty(), "every event is of a session", || {
            format!("{:?}", batch.id)
        });
        let conditions = process.nowait.engine.conditions();
        // Told in the middle of the turn, it holds for the next.
        let is_new = process.conditions != conditions;
        must(is_new || conditions.network != Network::Offline, "nothing is tried offline", || {
            format!("{:?}", batch.id)
        });
        let whose = if process.is_mapped() { None } else { Some(pid) };
        let noted = world.network.noted.get(&whose).copied();
        let is_over = |wait: Wait| wait.boot != world.boots || wait.until_boot_ns <= world.boot_ns();
        must(noted.is_none_or(is_over) || world.truth.had_trouble, "the server's word is kept", || {
            format!("now {}, asked to wait until {noted:?}", world.boot_ns())
        });
        attempts_are_bounded(world);
    });
}

/// The back-off grows, so that there is a bound for an hour as there is for ten minutes. Each exchange that settles something
/// begins it anew, and so may a death before it is noted.
fn attempts_are_bounded(world: &mut World) {
    let now = world.boot_ns();
    let deaths = world.processes.len() as u64;
    for (since_ns, most) in [(HOUR_NS, 40), (HOUR_NS / 6, 14)] {
        let ago = now.saturating_sub(since_ns);
        let recent = |times: &[u64]| times.iter().filter(|at| **at > ago).count() as u64;
        let (failed, settled) = (recent(&world.network.failed_at), recent(&world.network.settled_at));
        if since_ns == HOUR_NS {
            world.stats.worst("failed exchanges in an hour", failed);
        }
        must(
            failed <= most + 4 * settled + 2 * deaths || world.truth.had_trouble,
            "attempts are bounded",
            || format!("{failed} failed and {settled} settled in {} minutes", since_ns / (HOUR_NS / 60)),
        );
    }
}

/// The SDK stays off in this process.
pub(super) fn is_off_for_a_reason(world: &mut World, pid: usize) {
    world.stats.count("starts", "switched off");
    let release = world.processes[pid].release;
    let died = world.processes.iter().filter(|other| other.release == release && other.is_doomed).count();
    must(died >= 2, "only starts that died switch a release off", || {
        format!("{died} of release {release} died")
    });
}

/// The transport has asked whether to break off.
pub(super) fn cancelled_after_refusal(pid: usize, is_cancelled: bool) {
    with(|world| {
        let is_refused = world.file_decision().is_some_and(|decision| decision.consent == Consent::Refused);
        let is_mapped = world.processes[pid].is_mapped();
        must(is_cancelled || !is_refused || !is_mapped, "a refusal cancels what is in flight", || {
            format!("process {pid}")
        });
    });
}

/// A decision was taken, and nobody else decided meanwhile.
pub(super) fn decision_is_kept(before: Option<Decision>, consent: Consent) {
    with(|world| {
        let after = world.file_decision();
        let is_taken = after.is_some_and(|after| after.consent == consent);
        let generation = |decision: Option<Decision>| decision.map_or(0, |decision| decision.generation);
        let raises =
            consent == Consent::Refused && before.is_some_and(|before| before.consent != Consent::Refused);
        must(
            is_taken && generation(after) >= generation(before) + u64::from(raises),
            "a decision stands when the call returns",
            || format!("{consent:?}: {before:?} became {after:?}"),
        );
    });
}

/// A flush says that nothing is left.
pub(super) fn flush_left_nothing(pid: usize, generation: u64, numbers: &[u64], files: &BTreeSet<PathBuf>) {
    with(|world| {
        let present = world.file_decision();
        let is_same = present
            .is_some_and(|present| present.consent == Consent::Granted && present.generation == generation);
        if !is_same || !world.processes[pid].is_mapped() {
            return;
        }
        let left =
            files.iter().find(|path| world.disk.peek(path, 0).is_some() && world.is_of(path, generation));
        must(left.is_none(), "a flush that is complete leaves nothing", || {
            format!("process {pid} leaves {left:?}")
        });
        if world.truth.given_up.is_empty() && world.network.rejected.is_empty() {
            delivered_or_counted(world, pid, generation, numbers);
        }
    });
}

/// These numbers of a process, whose flush is complete, are delivered, or its account says that there was no room for them:
/// where all that was sealed is worth more, what comes is given up and never in a file. Nothing of it is left, which is all
/// that the flush says.
fn delivered_or_counted(world: &World, pid: usize, generation: u64, numbers: &[u64]) {
    let stored = world.stored_numbers();
    let is_its = |log: &&Log| log.pid == pid && log.generation() == Some(generation);
    for log in world.truth.sessions.iter().filter(is_its) {
        let own: BTreeSet<u64> = log.facts.iter().flatten().filter_map(verdict::number_in).collect();
        let lost: Vec<&u64> =
            numbers.iter().filter(|number| own.contains(number) && !stored.contains(number)).collect();
        let ledger = Account::new(log.words).ledger(Folded::default());
        let counted = ledger.dropped[DropReason::SpoolEvicted as usize];
        must(lost.len() as u64 <= counted, "a flush that is complete leaves nothing", || {
            format!("process {pid}: numbers {lost:?} are not delivered, {counted} events are counted")
        });
    }
}

/// A session has sealed a batch of its own.
pub(super) fn account_knows_of_what_went(world: &World, seal: &Seal, batch: &Batch) {
    let went = world
        .truth
        .given_up
        .iter()
        .filter(|given_up| given_up.counted == Some((seal.session, DropReason::SpoolEvicted)));
    let went: u64 = went.map(|given_up| given_up.batch.events.len() as u64).sum();
    let known = batch.ledger.dropped[DropReason::SpoolEvicted as usize];
    // What could not be written at first has the account of that time, and half of a batch has that of the whole.
    let is_older = world.truth.had_trouble || seal.split;
    must(is_older || known >= went, "an account knows of what went for its batch", || {
        format!("{} knows of {known} of {went} events", batch.id)
    });
}

/// An account is given up for want of room, and these batches stay which were there when that was decided.
pub(super) fn accounts_go_last(world: &World, account: &Seal, others: &[Seal]) {
    let is_split = |seal: &&Seal| {
        seal.split || world.network.rejected.keys().any(|rejected| rejected.session == seal.session)
    };
    let lesser = others.iter().find(|seal| {
        seal.value < account.value
            && seal.generation == account.generation
            && (seal.pending || !account.pending)
            && !is_split(seal)
    });
    must(lesser.is_none() || world.truth.had_trouble, "accounts go last", || {
        format!("{account:?} goes, and {lesser:?} stays")
    });
}

impl World {
    /// Whether a file is of this generation, as far as can be told.
    fn is_of(&self, path: &Path, generation: u64) -> bool {
        if path.extension().is_some_and(|extension| extension == "ring") {
            let session = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            let log = session.and_then(|session| self.truth.session(session));
            return log.is_some_and(|log| log.generation() == Some(generation));
        }
        true
    }

    /// How many of these batches were sealed before the customer had decided.
    fn pending_files(&self, batches: &[(PathBuf, u64)]) -> u64 {
        let seal = |path: &PathBuf| Some(crate::spool::footer(&self.disk.peek(path, u64::MAX)?)?.0);
        batches.iter().filter_map(|(path, _)| seal(path)).filter(|seal| seal.pending).count() as u64
    }

    /// Whether the disk failed, or a power cut brought back what was removed.
    fn is_harmed(&self) -> bool {
        self.truth.had_trouble || self.disk.has_power_cuts
    }

    /// The numbers of measured events that the collector has.
    pub(super) fn stored_numbers(&self) -> BTreeSet<u64> {
        let events = self.network.stored.values().flat_map(|batch| &batch.events);
        events.filter_map(verdict::number_of).collect()
    }
}

/// A process has sealed a batch, and goes on.
pub(super) fn sealed_survives_a_power_cut(world: &World, pid: usize) {
    let lost = world.truth.sealed_by(pid).find(|path| {
        let now = world.disk.peek(path, u64::MAX);
        now.is_some() && now.as_deref() != world.disk.kept(path)
    });
    must(lost.is_none() || world.is_harmed(), "what is sealed survives a power cut", || format!("{lost:?}"));
}

/// A process has had its turn, and this decision stood before it.
pub(super) fn refusal_survives_a_power_cut(pid: usize, before: Option<Decision>) {
    with(|world| {
        let refused = before.filter(|decision| decision.consent == Consent::Refused);
        let is_same = refused.is_some() && world.file_decision() == refused;
        let is_known = world.processes[pid].is_mapped() && !world.is_harmed();
        must(
            !is_same || !is_known || world.synced_decision() == refused,
            "a refusal survives a power cut",
            || format!("process {pid} had its turn, and synced is {:?}", world.synced_decision()),
        );
    });
}

/// A process has had its turn: of what the collector has of its sessions, no power cut makes a batch once more.
pub(super) fn delivered_stays_sealed(pid: usize) {
    with(|world| {
        let is_its = |log: &&Log| log.pid == pid && log.death.is_none() && log.harm.is_none();
        for log in world.truth.sessions.iter().filter(is_its) {
            let kept = world.disk.kept_if_any(&ring_path(Path::new(FOLDER), log.id));
            let Some(kept) = kept.filter(|_| world.disk.has_power_cuts) else { continue };
            let word = kept.as_chunks::<8>().0.get(Word::SealedTo as usize).copied().unwrap_or_default();
            let sealed_to = layout::number(u64::from_ne_bytes(word)).unwrap_or_default();
            let stored = world.network.stored.values().filter(|batch| batch.id.session == log.id);
            let stored = stored.filter(|batch| !batch.events.is_empty());
            let stored = stored.map(|batch| batch.id.first + batch.events.len() as u64).max();
            let is_sealed = stored.unwrap_or_default() <= sealed_to;
            must(
                is_sealed || world.truth.had_trouble,
                "what is delivered stays sealed after a power cut",
                || format!("{} is sealed to {sealed_to}, and delivered to {stored:?}", log.id),
            );
        }
    });
}

/// What must hold between two steps of the schedule.
pub(super) fn always() {
    with(|world| {
        let decision = world.file_decision();
        let last = world.truth.last_generation;
        if let Some(decision) = decision {
            must(decision.generation >= last, "the generation never goes down", || {
                format!("{last} became {decision:?}")
            });
            world.truth.last_generation = decision.generation;
        }
        let version = world.file_remote().map_or(0, |remote| remote.version);
        let last = world.truth.last_remote;
        let is_lost = version == 0 && world.truth.has_lost_words;
        must(version >= last || is_lost, "the remote configuration only moves on", || {
            format!("{last} became {version}")
        });
        world.truth.last_remote = version;
        disk_is_within_its_caps(world);
        turns_are_bounded(world);
    });
}

fn disk_is_within_its_caps(world: &mut World) {
    let batches = world.files("spool", ".batch");
    let (files, bytes) = (batches.len() as u64, batches.iter().map(|(_, bytes)| bytes).sum::<u64>());
    let processes = world.processes.len() as u64;
    let pending = world.pending_files(&batches);
    let (pending_max, _) = world.flavour.pending_caps.unwrap_or((PENDING_FILES_MAX, 0));
    world.stats.worst("sealed files of a customer who has not decided", pending);
    must(
        // Where several seal at once, each has made room.
        pending <= pending_max as u64 + 2 * STACK_MAX as u64 || world.is_harmed(),
        "the spool of an undecided customer is within its caps",
        || format!("{pending} files of such a customer"),
    );
    let quarantined = world.files("quarantine", ".ring").len();
    world.stats.worst("recorders in quarantine", quarantined as u64);
    must(
        quarantined <= QUARANTINE_FILES_MAX || world.is_harmed(),
        "the quarantine is within its cap",
        || format!("{quarantined} recorders"),
    );
    world.stats.worst("sealed bytes", bytes);
    world.stats.worst("sealed files", files);
    let (files_max, bytes_max) = world.flavour.caps.unwrap_or((SPOOL_FILES_MAX, SPOOL_BYTES_MAX));
    // Where several seal at once, each has made room; and what a disk does not let read is not counted.
    let more = if world.is_harmed() { 8 * processes } else { 2 * STACK_MAX as u64 };
    must(
        bytes <= bytes_max + more * BATCH_BYTES && files <= files_max as u64 + more,
        "the spool is within its caps",
        || format!("{bytes} bytes in {files} files"),
    );
    let all: u64 = world.disk.below(Path::new(FOLDER)).iter().map(|(_, bytes)| bytes).sum();
    world.stats.worst("bytes in the folder", all);
    world.stats.worst("recorder files", world.files("live", ".ring").len() as u64);
}

fn turns_are_bounded(world: &mut World) {
    let now = world.clock.uptime_ns();
    let hour_ago = now.saturating_sub(HOUR_NS);
    let hour_ago_boot = world.boot_ns().saturating_sub(HOUR_NS);
    let exchanges = world.network.failed_at.iter().chain(&world.network.settled_at);
    let exchanges = exchanges.filter(|at| **at > hour_ago_boot).count();
    let mut worst = 0;
    for process in world.processes.iter_mut().filter(|process| process.is_alive) {
        process.turns_at.retain(|at| *at > hour_ago);
        worst = worst.max(process.turns_at.len());
    }
    world.stats.worst("turns of its own in an hour", worst as u64);
    must(worst <= 130 + 3 * exchanges, "wake-ups are bounded", || {
        format!("{worst} turns and {exchanges} exchanges in an hour")
    });
}
