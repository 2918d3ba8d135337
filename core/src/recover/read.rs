//! What a recorder file says, folded on to its end.
//!
//! Owns: from words to events. Refuses: files, and to write anything; the same words always say the same.
//! Invariant: damage costs what it touches and nothing else, and no words make it panic.

use super::previous;
use crate::fold::{self, Progress, Recovered, State, Waiting};
use crate::limits::{BATCH_EVENTS_MAX, COUNTER_MAX, EVENT_SLOTS};
use crate::record::name;
use crate::ring::account::Account;
use crate::ring::header::{self, Intent};
use crate::ring::layout::{self, Word};
use crate::ring::slot::{self, Payload, SLOT_WORDS};
use crate::sync::{AtomicU64, Mutant, is_broken};
use nowait_wire::limits::EVENTS_MAX;
use nowait_wire::{Anchor, Context, DropReason, Event, Flags, Ledger, Network, Uuid};
use std::io;
use std::ops::Range;

/// What a dead session left.
#[derive(Debug)]
pub(crate) struct Session {
    /// `None` if that part of the file is damaged.
    pub(crate) context: Option<Context>,
    /// How many refusals of the customer came before it; `None` if damaged.
    pub(crate) generation: Option<u64>,
    /// The number of the process that it lived in; `None` if damaged, or of a version that did not write it.
    pub(crate) process: Option<u32>,
    pub(crate) network: Network,
    /// Empty if that part of the file is damaged.
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) texts: Vec<String>,
    /// The batch that its owner was about to seal or send when it died, if any.
    pub(crate) held: Option<(Intent, Vec<Event>)>,
    /// The other events, then its open waits, the trail and its exit: each is a batch, and there is at least one.
    pub(crate) rest: Vec<Waiting>,
    pub(crate) ledger: Ledger,
}

#[cfg(test)]
impl Session {
    /// The other events as if they were one batch.
    pub(crate) fn whole_rest(&self) -> Waiting {
        let mut whole = Waiting { first: self.rest[0].first, ..Waiting::default() };
        for batch in &self.rest {
            whole.next = batch.next;
            whole.corrupt += batch.corrupt;
            whole.events.extend(&batch.events);
        }
        whole
    }
}

/// Reads a recorder file of this layout or the one before; `None` if it is of any other. `sealed_to` is the first event that
/// is in no batch of the spool, as far as the spool knows; `give_up` finishes what its owner died giving up.
///
/// # Errors
/// Those of `give_up`: the account is not known then.
pub(crate) fn read(
    session: Uuid,
    words: &[u64],
    sealed_to: u64,
    give_up: &dyn Fn(Account<'_>) -> io::Result<()>,
) -> io::Result<Option<Session>> {
    match plain(words, Word::Magic) {
        // 0: its owner died before it was ready, or the first page is lost; the other parts speak for themselves.
        layout::MAGIC | 0 => read_this(words, sealed_to, give_up).map(Some),
        // One bit makes our version the one before; the length of the file tells them apart.
        previous::MAGIC if words.len() == layout::WORDS => read_this(words, sealed_to, give_up).map(Some),
        previous::MAGIC => previous::read(session, words, sealed_to, give_up).map(Some),
        _ => Ok(None),
    }
}

fn read_this(
    words: &[u64],
    spool_sealed_to: u64,
    give_up: &dyn Fn(Account<'_>) -> io::Result<()>,
) -> io::Result<Session> {
    let header = header_words(words);
    let account = Account::new(&header);
    give_up(account)?;
    let intent = header::read_intent(words);
    let mut found = Found::new(words, spool_sealed_to);
    let made = found.state.progress.events;
    found.fold_on(words);
    let context = header::read_context(words);
    let is_clean = plain(words, Word::Footer) == layout::CLEAN_END;
    let is_used = plain(words, Word::Magic) == layout::MAGIC || context.is_some() || !found.events.is_empty();
    if is_used && !is_clean {
        let moment = |word| layout::uptime_ns(plain(words, word));
        found.end(moment(Word::StartedUptimeMs), moment(Word::AliveUptimeMs), &account);
    }
    let Found { state, events, sealed_to, .. } = found;
    let next = state.progress.events;
    let folded = state.progress.counted(next);
    let intent = intent.filter(|intent| intent.next > sealed_to && intent.next <= next);
    let held_to = intent.as_ref().map_or(sealed_to, |intent| intent.next);
    let held = waiting(&events, sealed_to..held_to);
    let mut rest: Vec<Waiting> =
        batches(held_to, made, next).map(|numbers| waiting(&events, numbers)).collect();
    for event in rest.iter_mut().flat_map(|batch| &mut batch.events) {
        event.flags = event.flags.with(Flags::RECOVERED);
    }
    let corrupt = rest.iter().fold(held.corrupt, |sum, batch| sum.saturating_add(batch.corrupt));
    account.dropped(DropReason::Corrupt, corrupt);
    Ok(Session {
        context: context.map(|(_, context)| context),
        generation: checked(words, Word::Generation),
        process: checked(words, Word::Process).and_then(|process| u32::try_from(process).ok()),
        network: Network::from_u8(plain(words, Word::Network) as u8).unwrap_or(Network::Unknown),
        anchors: state.progress.anchors,
        texts: name::recover(words.get(layout::NAMES).unwrap_or_default()),
        held: intent.map(|intent| (intent, held.events)),
        rest,
        ledger: account.ledger_with_cost(folded),
    })
}

/// What the fold found.
struct Found {
    state: State,
    /// By number.
    events: Vec<(u64, Event)>,
    /// The first event that is in no batch.
    sealed_to: u64,
    /// Waits that were open under other rules than ours.
    open: Vec<Event>,
}

impl Found {
    /// What the last checkpoint vouches for. Of the spool it is known that events before `spool_sealed_to` are in a batch.
    fn new(words: &[u64], spool_sealed_to: u64) -> Found {
        let mut events = fold::recover_events(slots(words, layout::EVENTS));
        // Where the word is damaged: what is sealed has left the area.
        let first = checked(words, Word::SealedTo).or(events.first().map(|(number, _)| *number));
        let sealed_to = first.unwrap_or_default().max(spool_sealed_to);
        let sealed_to = if is_broken(Mutant::SealedTwice) { 0 } else { sealed_to };
        let folded_to = checked(words, Word::FoldedTo);
        let is_latest = |progress: &Progress| {
            folded_to.is_none_or(|position| progress.position >= position)
                || facts(words, progress.position).first().is_some_and(|first| first.0 == progress.position)
        };
        let (state, open) = match fold::recover_checkpoint(words) {
            Recovered::Ours(state) if is_latest(&state.progress) => (*state, Vec::new()),
            Recovered::OtherRules { progress, open } if is_latest(&progress) => {
                (State { progress: *progress, ..State::default() }, open)
            }
            // Nothing was folded yet; or the latest copy is damaged, and what was open then is not known.
            Recovered::Ours(state) => (past(words, state.progress, &events, sealed_to), Vec::new()),
            Recovered::OtherRules { progress, .. } => {
                (past(words, *progress, &events, sealed_to), Vec::new())
            }
            Recovered::Nothing => (past(words, Progress::default(), &events, sealed_to), Vec::new()),
        };
        // What lies behind the checkpoint is folded once more; what is sealed is somewhere else.
        events.retain(|(number, _)| (sealed_to..state.progress.events).contains(number));
        // Nothing says what is sealed, and nothing is left of it: all that was made.
        let sealed_to = if first.is_none() { sealed_to.max(state.progress.events) } else { sealed_to };
        Found { state, events, sealed_to, open }
    }

    /// Folds the facts that the checkpoint does not know of.
    fn fold_on(&mut self, words: &[u64]) {
        let Found { state, events, .. } = self;
        let from = if is_broken(Mutant::FoldedTwice) { 0 } else { state.progress.position };
        for (position, payload) in facts(words, from) {
            // A position that is missing was reserved and never committed: nobody was promised it.
            state.progress.position = position;
            fold::fold_one(state, payload.as_ref(), &mut |number, event| events.push((number, event)));
        }
    }

    /// Ends the session where its process died.
    fn end(&mut self, started_uptime_ns: u64, alive_uptime_ns: u64, account: &Account<'_>) {
        let Found { state, events, open, .. } = self;
        state.note_refusals(account.refusals().iter().fold(0, |sum, count| sum.saturating_add(*count)));
        for event in open.drain(..) {
            events.push((state.progress.events, event));
            state.progress.events += 1;
        }
        state.die(started_uptime_ns, alive_uptime_ns, &mut |number, event| events.push((number, event)));
    }
}

/// A state that folded as far as the header says, whatever it knew.
fn past(words: &[u64], progress: Progress, events: &[(u64, Event)], sealed_to: u64) -> State {
    let folded_to = checked(words, Word::FoldedTo);
    let made = checked(words, Word::EventsMade);
    // No more than these, whatever is sealed: a recovery that died has sealed events that it made itself, and those are
    // made again now.
    let all_made = || events.last().map_or(0, |(number, _)| number + 1).max(sealed_to);
    let there = facts_there(words);
    let (position, events) = match (folded_to, made) {
        // No checkpoint was done: what lies in the area is made again of the same facts, under the same numbers.
        (Some(0), _) | (_, Some(0)) => (folded_to.unwrap_or(there.start), 0),
        (Some(position), made) => (position, made.unwrap_or_else(all_made)),
        (None, None) if events.is_empty() && sealed_to == 0 => (there.start, 0),
        // Nobody knows which facts these events are of, and none may become an event twice: the facts are given up.
        (None, made) => (there.end, made.unwrap_or_else(all_made)),
    };
    State { progress: progress.moved_to(position, events), ..State::default() }
}

/// The ranges of numbers in which the events from `first` to `next` are sealed, of which those before `made` lie in the file.
///
/// What this recovery made itself is one batch, the last, with what is left of the others: it is there whole or not at all. A
/// recovery that is killed between two batches may be followed by an app update, under whose rules the same facts make other
/// events under these numbers. (Only a storm of touches makes more than a batch can hold, and is cut there.)
fn batches(first: u64, made: u64, next: u64) -> impl Iterator<Item = Range<u64>> {
    let most = BATCH_EVENTS_MAX as u64;
    // No more than there is room for, whatever damage makes of the numbers.
    let in_file = made.saturating_sub(first).min(EVENT_SLOTS as u64);
    let last = first.saturating_add(in_file.saturating_sub(1) / most * most);
    let mut starts: Vec<u64> = (first..last).step_by(BATCH_EVENTS_MAX).chain([last]).collect();
    starts.extend(last.checked_add(EVENTS_MAX as u64).filter(|cut| *cut < next));
    let ends: Vec<u64> = starts.iter().skip(1).copied().chain([next]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| start..end)
}

/// The events with these numbers.
fn waiting(events: &[(u64, Event)], numbers: Range<u64>) -> Waiting {
    let there = events.iter().filter(|(number, _)| numbers.contains(number));
    let events: Vec<Event> = there.map(|(_, event)| *event).collect();
    let corrupt = (numbers.end.saturating_sub(numbers.start)).saturating_sub(events.len() as u64);
    Waiting { first: numbers.start, next: numbers.end, events, corrupt }
}

/// Every fact from this position on, in the order of positions: its payload, or `None` where it cannot be read.
fn facts(words: &[u64], from: u64) -> Vec<(u64, Option<Payload>)> {
    let slots = slots(words, layout::FACTS);
    let capacity = (layout::FACTS.len() / SLOT_WORDS) as u64;
    // Slots are released below this word alone. Of a commit word that is 0 above it, the thread was killed, or it is damaged.
    let released_to = checked(words, Word::FoldedTo).unwrap_or(u64::MAX);
    let mut facts: Vec<(u64, Option<Payload>)> = Vec::new();
    for (index, slot) in (0..).zip(slots) {
        // Where its own position is not to be believed, its place says which of two laps it is in.
        let lap = from.saturating_sub(index).div_ceil(capacity);
        let in_its_place = lap.saturating_mul(capacity).saturating_add(index);
        let found = match slot::recover(slot) {
            slot::Recovered::Empty if in_its_place < released_to => None,
            slot::Recovered::Empty => {
                slot::recover_at(slot, in_its_place).map(|payload| (in_its_place, Some(payload)))
            }
            slot::Recovered::Whole { position, payload } if position % capacity == index => {
                Some((position, Some(payload)))
            }
            slot::Recovered::Whole { .. } | slot::Recovered::Corrupt => {
                Some((in_its_place, slot::recover_at(slot, in_its_place)))
            }
        };
        facts.extend(found.filter(|(position, _)| *position >= from));
    }
    facts.sort_unstable_by_key(|(position, _)| *position);
    facts
}

/// The positions from the oldest fact that can be read to the latest.
fn facts_there(words: &[u64]) -> Range<u64> {
    let whole = slots(words, layout::FACTS).iter().filter_map(|slot| match slot::recover(slot) {
        slot::Recovered::Whole { position, .. } => Some(position),
        _ => None,
    });
    let both = |there: Range<u64>, other: Range<u64>| there.start.min(other.start)..there.end.max(other.end);
    whole.map(|position| position..position.saturating_add(1)).reduce(both).unwrap_or_default()
}

/// How many events of a file are in no batch, as far as a file that is not read can say.
pub(super) fn unsealed_events(words: &[u64], sealed_to: u64) -> u64 {
    let events = fold::recover_events(slots(words, layout::EVENTS));
    events.iter().filter(|(number, _)| *number >= sealed_to).count() as u64
}

fn plain(words: &[u64], word: Word) -> u64 {
    words.get(word as usize).copied().unwrap_or_default()
}

/// How many facts a dead session had folded, as far as its header says.
#[cfg(all(test, shuttle))]
pub(crate) fn folded_to(words: &[u64]) -> u64 {
    checked(words, Word::FoldedTo).unwrap_or_default()
}

fn checked(words: &[u64], word: Word) -> Option<u64> {
    layout::number(plain(words, word))
}

/// The header as an account reads it. A counter that no session can reach is damage and reads as 0.
pub(super) fn header_words(words: &[u64]) -> Vec<AtomicU64> {
    let counters = Word::Counters as usize..layout::CONTEXT.start;
    let plausible = |(index, word): (usize, &u64)| {
        if counters.contains(&index) && *word > COUNTER_MAX { 0 } else { *word }
    };
    words.iter().enumerate().take(layout::NAMES.start).map(plausible).map(AtomicU64::new).collect()
}

/// The whole slots in this range, even of a file that was cut short.
pub(super) fn slots(words: &[u64], range: Range<usize>) -> &[[u64; SLOT_WORDS]] {
    let end = range.end.min(words.len());
    words.get(range.start.min(end)..end).unwrap_or_default().as_chunks().0
}
