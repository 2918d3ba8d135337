//! What must hold at the end of a schedule: every event is where it belongs, once, and the accounts say so.
//!
//! Owns: those rules. Refuses: rules of a moment (`checks`).
//! Invariant: what is compared is what happened (`truth`) and what the collector has, never two words of the engine.

use super::network::POISON;
use super::truth::{Harm, Log, Told};
use super::world::{World, must, with};
use crate::consent::Consent;
use crate::record::Fact;
use crate::ring::account::{Account, Folded};
use crate::ring::flight::Recorded;
use crate::ring::layout::Word;
use crate::ring::slot::Payload;
use nowait_wire::{Batch, DropReason, Event, Kind, Ledger, RefuseReason, Uuid};
use std::collections::{BTreeMap, BTreeSet};

/// In `b` of every measured event but those that carry poison.
pub(super) const MEASURED: u64 = 77;

/// The number of a measured event.
pub(super) fn number_of(event: &Event) -> Option<u64> {
    (event.kind == Kind::Action && (event.b == MEASURED || event.b == POISON)).then_some(event.a)
}

/// The number of a measured event in a payload.
pub(super) fn number_in(payload: &Payload) -> Option<u64> {
    match Fact::from_words(payload) {
        Some(Fact::Measured(event)) => number_of(&event),
        _ => None,
    }
}

/// What the collector has of one session.
struct Delivered<'a> {
    log: &'a Log,
    batches: Vec<&'a Batch>,
    /// The latest account.
    ledger: Option<&'a Ledger>,
    /// Whether facts found no room, so that an unkilled fold may differ.
    has_refusals: bool,
}

impl Delivered<'_> {
    fn is_complete(&self) -> bool {
        !self.log.is_quarantined && !self.log.is_on_heap
    }

    /// It died without an end that was asked for.
    fn is_killed(&self) -> bool {
        self.log.death.is_some_and(|death| death.is_ready && !death.is_clean)
    }

    fn events(&self) -> usize {
        self.batches.iter().map(|batch| batch.events.len()).sum()
    }
}

/// Judges the whole schedule.
pub(super) fn all() {
    with(|world| {
        installs_are_distinct(world);
        nothing_is_stored_twice(world);
        let Some(decision) = world.file_decision() else { return };
        match decision.consent {
            Consent::Refused => nothing_is_left(world, "a refusal wipes everything"),
            Consent::Pending => {}
            Consent::Granted => {
                nothing_is_left(world, "everything drains");
                let drops = accounts(world, decision.generation);
                for delivered in of_generation(world, decision.generation) {
                    session(world, &delivered, drops);
                }
                kept_is_found(world);
            }
        }
        let named = format!("{:?}", decision.consent);
        world.stats.count("ends", &named);
    });
}

fn nothing_is_left(world: &World, rule: &'static str) {
    let mut left: Vec<_> = world.files_of_the_dead().into_iter().collect();
    if rule.starts_with("a refusal") {
        left.extend(world.files("quarantine", ".ring").into_iter().map(|(path, _)| path));
    }
    must(left.is_empty(), rule, || format!("left: {left:?}"));
}

/// Which generation a session is of.
fn generations(world: &World) -> BTreeMap<Uuid, u64> {
    world.truth.sessions.iter().filter_map(|log| Some((log.id, log.generation()?))).collect()
}

fn installs_are_distinct(world: &World) {
    let generations = generations(world);
    let mut installs: BTreeMap<u64, BTreeSet<Uuid>> = BTreeMap::new();
    for batch in world.network.stored.values() {
        let install = batch.context.install;
        must(!install.is_nil(), "every batch has an install id", || batch.id.to_string());
        if let Some(generation) = generations.get(&batch.id.session) {
            installs.entry(*generation).or_default().insert(install);
        }
    }
    let all: usize = installs.values().map(BTreeSet::len).sum();
    let distinct: BTreeSet<&Uuid> = installs.values().flatten().collect();
    must(all == distinct.len(), "install ids differ between generations", || format!("{installs:?}"));
    let is_equal = installs.values().all(|ids| ids.len() == 1);
    let may_differ = world.truth.had_trouble || world.truth.has_lost_words;
    must(is_equal || may_differ, "install ids are equal within a generation", || format!("{installs:?}"));
}

fn nothing_is_stored_twice(world: &World) {
    let mut seen = BTreeSet::new();
    for batch in world.network.stored.values() {
        for number in batch.events.iter().filter_map(number_of) {
            must(seen.insert(number), "nothing is stored twice", || {
                format!("number {number} in {}", batch.id)
            });
        }
    }
}

fn of_generation(world: &World, generation: u64) -> Vec<Delivered<'_>> {
    let logs = world.truth.sessions.iter().filter(|log| log.generation() == Some(generation));
    logs.map(|log| {
        let batches: Vec<&Batch> =
            world.network.stored.values().filter(|batch| batch.id.session == log.id).collect();
        let latest = |ledger: &&Ledger| (ledger.facts.appended(), ledger.produced, ledger.dropped_total());
        // What is refused was seen all the same; and where nothing is left but accounts, an account goes.
        let refused = world.network.rejected.values();
        let evicted = world.truth.given_up.iter().filter(|given_up| given_up.is_account);
        let others = refused.chain(evicted.map(|given_up| &given_up.batch));
        let others = others.filter(|batch| batch.id.session == log.id);
        let ledger = batches.iter().copied().chain(others).map(|batch| &batch.ledger).max_by_key(latest);
        let has_refusals = Account::new(log.words).refusals().iter().any(|count| *count > 0);
        Delivered { log, batches, ledger, has_refusals }
    })
    .collect()
}

/// Both lines of the account, over all sessions of a generation; how many events were dropped.
fn accounts(world: &World, generation: u64) -> u64 {
    let sessions = of_generation(world, generation);
    let sum = |of: &dyn Fn(&Delivered<'_>) -> u64| sessions.iter().map(of).sum::<u64>();
    // What a session counted whose memory died with it is in no batch any more.
    let dropped = sum(&|delivered| {
        let counted = Account::new(delivered.log.words).ledger(Folded::default());
        let told = delivered.ledger.map_or(0, Ledger::dropped_total);
        if delivered.log.is_on_heap { counted.dropped_total() } else { told }
    });
    let produced = sum(&|delivered| delivered.ledger.map_or(0, |ledger| ledger.produced));
    let stored = sum(&|delivered| delivered.events() as u64);
    // A batch of which only the receipt was lost may have been given up later.
    let given_up = world.truth.given_up.iter().map(|given_up| &given_up.batch);
    let is_of_these = |batch: &&Batch| sessions.iter().any(|one| one.log.id == batch.id.session);
    let both = given_up.filter(is_of_these).filter(|batch| world.network.stored.contains_key(&batch.id));
    let both: u64 = both.map(|batch| batch.events.len() as u64).sum();
    // A damaged batch may not say any more that it was refused, and is counted all the same.
    let damaged = world.truth.given_up.iter().filter(|one| {
        let is_counted = |by: Uuid| sessions.iter().any(|session| session.log.id == by);
        one.counted.is_some_and(|(by, reason)| reason == DropReason::SpoolCorrupt && is_counted(by))
    });
    let refused = damaged.map(|one| &one.batch).filter(|batch| !is_of_these(batch));
    let refused: u64 = refused.map(|batch| batch.events.len() as u64).sum();
    // What was refused of a session on the heap may have died with it before it was counted.
    let has_heap = sessions.iter().any(|one| one.log.is_on_heap);
    let is_known = !has_heap || (dropped == 0 && world.network.rejected.is_empty());
    let is_known = is_known && sessions.iter().all(|delivered| delivered.log.harm.is_none());
    must(
        !is_known || produced + both + refused == stored + dropped,
        "produced = delivered + dropped",
        || {
            let each: Vec<String> = sessions.iter().map(describe).collect();
            format!("{produced} = {stored} + {dropped} - {both}\n{}", each.join("\n"))
        },
    );
    dropped
}

fn describe(delivered: &Delivered<'_>) -> String {
    let (events, ending) = delivered.log.events();
    format!(
        "session {} of process {}: {} facts, {} events and {} of its end, {} delivered in {:?}, death {:?}, heap {}, account {:?}",
        delivered.log.id,
        delivered.log.pid,
        delivered.log.appended(),
        events.len(),
        ending.len(),
        delivered.events(),
        delivered.batches.iter().map(|batch| (batch.id.first, batch.events.len())).collect::<Vec<_>>(),
        delivered.log.death,
        delivered.log.is_on_heap,
        delivered.ledger.map(|ledger| (ledger.produced, ledger.dropped, &ledger.facts)),
    )
}

fn session(world: &World, delivered: &Delivered<'_>, drops: u64) {
    let log = delivered.log;
    if let Some(harm) = log.harm {
        return harmed(delivered, harm, drops);
    }
    given_up_is_counted(world, delivered);
    let nowait = world.processes[log.pid].nowait;
    let (events, ending) = log.events();
    let told: Vec<Told> = events.iter().chain(&ending).map(|event| Told::of_fold(event, nowait)).collect();
    let stored: Vec<Told> = delivered
        .batches
        .iter()
        .flat_map(|batch| batch.events.iter().map(|event| Told::of_batch(event, batch)))
        .collect();
    if !delivered.has_refusals {
        same_events(delivered, &told, &stored);
        same_numbers(world, delivered, &events, &ending);
    }
    if delivered.is_complete() && drops == 0 && !delivered.has_refusals {
        must(told.len() == stored.len(), "what was kept is delivered, or counted", || {
            format!("{} events, {} delivered\n{}", told.len(), stored.len(), describe(delivered))
        });
    }
    if delivered.is_complete() {
        exits(delivered, drops);
        ledger_is_exact(world, delivered, told.len() as u64);
    }
}

/// Of a session whose recorder, or one of whose batches, is damaged: what is delivered did happen, and what is missing is
/// counted. After a power cut nobody may know of what is missing.
fn harmed(delivered: &Delivered<'_>, harm: Harm, drops: u64) {
    let log = delivered.log;
    let recorded: BTreeSet<u64> = log.facts.iter().flatten().filter_map(number_in).collect();
    let events = || delivered.batches.iter().flat_map(|batch| &batch.events);
    let stored: BTreeSet<u64> = events().filter_map(number_of).collect();
    let made_up = stored.difference(&recorded).next();
    must(made_up.is_none(), "what is delivered was recorded", || {
        format!("{made_up:?} was not, {harm:?}\n{}", describe(delivered))
    });
    let exits = events().filter(|event| event.kind == Kind::Exit).count();
    // What a recovery noted in the recorder may be lost with the power: it tells once more how the session ended.
    let exits_max = if harm == Harm::PowerCut { 2 } else { 1 };
    must(exits <= exits_max, "a killed session has one exit", || {
        format!("{exits}, {harm:?}\n{}", describe(delivered))
    });
    let Harm::BitOfRecorder(word) = harm else { return };
    let is_silent = word == Word::Generation as usize || log.is_quarantined || drops > 0;
    let counted = delivered.ledger.map_or(0, |ledger| {
        ledger.dropped[DropReason::Corrupt as usize] + ledger.facts.refused[RefuseReason::Corrupt as usize]
    });
    must(is_silent || counted > 0 || stored.len() == recorded.len(), "what damage takes is counted", || {
        format!("{} of {}, {harm:?}\n{}", stored.len(), recorded.len(), describe(delivered))
    });
}

/// Damaged batches that this session found and gave up stand in its account.
fn given_up_is_counted(world: &World, delivered: &Delivered<'_>) {
    let reason = DropReason::SpoolCorrupt;
    let own = world.truth.given_up.iter().filter(|one| one.counted == Some((delivered.log.id, reason)));
    let events: u64 = own.map(|one| one.batch.events.len() as u64).sum();
    let counted = delivered.ledger.map_or(0, |ledger| ledger.dropped[reason as usize]);
    must(counted == events || !delivered.is_complete(), "what damage takes is counted", || {
        format!("{events} events of damaged batches\n{}", describe(delivered))
    });
}

/// What is delivered is what an unkilled fold makes.
fn same_events(delivered: &Delivered<'_>, told: &[Told], stored: &[Told]) {
    let mut left: BTreeMap<&Told, i64> = BTreeMap::new();
    for event in told {
        *left.entry(event).or_default() += 1;
    }
    for event in stored {
        let count = left.entry(event).or_default();
        *count -= 1;
        must(*count >= 0, "a killed and recovered log gives the events of an unkilled one", || {
            format!("{event:?} is made by a recovery alone\n{}", describe(delivered))
        });
    }
}

/// Every batch that was not split holds the events of its numbers.
fn same_numbers(world: &World, delivered: &Delivered<'_>, events: &[Event], ending: &[Event]) {
    let nowait = world.processes[delivered.log.pid].nowait;
    let is_whole = !world.network.rejected.keys().any(|id| id.session == delivered.log.id);
    for batch in delivered.batches.iter().filter(|batch| is_whole && !batch.events.is_empty()) {
        let all = events.iter().chain(ending).skip(batch.id.first as usize);
        let mut expected: Vec<&Event> = all.take(batch.events.len()).collect();
        expected.sort_by_key(|event| event.started_uptime_ns);
        let expected: Vec<Told> = expected.into_iter().map(|event| Told::of_fold(event, nowait)).collect();
        let found: Vec<Told> = batch.events.iter().map(|event| Told::of_batch(event, batch)).collect();
        must(expected == found, "the same events have the same numbers", || {
            let first = expected.iter().zip(&found).find(|(one, other)| one != other);
            format!("batch {}: {first:?}\n{}", batch.id, describe(delivered))
        });
    }
}

fn exits(delivered: &Delivered<'_>, drops: u64) {
    let events = delivered.batches.iter().flat_map(|batch| &batch.events);
    let exits = events.filter(|event| event.kind == Kind::Exit).count();
    let expected = usize::from(delivered.is_killed());
    must(exits == expected || (drops > 0 && exits < expected), "a killed session has one exit", || {
        format!("{exits} exits\n{}", describe(delivered))
    });
}

fn ledger_is_exact(world: &World, delivered: &Delivered<'_>, told: u64) {
    let Some(ledger) = delivered.ledger else {
        return must(told == 0, "a session with events has an account", || describe(delivered));
    };
    let quarantined = ledger.dropped[DropReason::Quarantined as usize];
    if !delivered.has_refusals {
        must(ledger.produced - quarantined == told, "produced is what the fold made", || describe(delivered));
    }
    let log = delivered.log;
    let refused = |reason: RefuseReason| ledger.facts.refused[reason as usize];
    let found_no_room = refused(RefuseReason::RingFull) + refused(RefuseReason::Contended);
    let is_only_session = world.truth.sessions.iter().filter(|other| other.pid == log.pid).count() == 1;
    if is_only_session {
        let process = &world.processes[log.pid];
        let (least, most) = (process.refused, process.refused + process.refused_perhaps);
        must((least..=most).contains(&found_no_room), "every fact that found no room is counted", || {
            format!("{least} to {most} found none\n{}", describe(delivered))
        });
    }
    let folded = ledger.facts.folded;
    let is_exact = folded == log.appended() || (!delivered.is_killed() && folded <= log.appended());
    must(is_exact, "appended = folded + refused", || describe(delivered));
}

/// Every number that was kept lies in a ring.
fn kept_is_found(world: &World) {
    let facts = world.truth.sessions.iter().flat_map(|log| log.facts.iter().flatten());
    let found: BTreeSet<u64> = facts.filter_map(number_in).collect();
    for process in &world.processes {
        for (number, recorded) in &process.numbers {
            must(*recorded != Recorded::Kept || found.contains(number), "what is kept is in a ring", || {
                format!("number {number} of process {}", process.pid)
            });
        }
    }
}
