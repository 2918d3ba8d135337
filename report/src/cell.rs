//! The cell: all that reports keep of the events of one kind, one name and one slice.
//!
//! Owns: [`CellKey`], [`Cell`] and its binary form, which a store keeps as a rollup.
//! Refuses: time (a store decides which hour a cell is of) and budgets, which may change after the fact.
//! Invariant: merging cells gives what adding all their events to one cell gives, in any order.

use crate::bytes::{Reader, put};
use crate::error::Error;
use crate::histogram::Histogram;
use crate::limits::{CELL_BYTES_MAX, SPAN_PLAUSIBLE_NS_MAX, WAIT_PLAUSIBLE_NS_MAX};
use nowait_wire::{Context, Event, Kind, Os, Outcome};
use std::collections::BTreeMap;

/// The version that [`Cell::to_bytes`] writes first; it and all before it are read.
const BYTES_VERSION: u8 = 5;

/// Outcomes in version 1, which did not know `died`: the others, in the same order.
const OUTCOMES_IN_VERSION_1: usize = 7;

/// The last version without the times of waits that were given up.
const VERSION_WITHOUT_GIVEN_UP: u8 = 2;

/// The last version whose histograms are not packed.
const VERSION_UNPACKED: u8 = 3;

/// The last version that kept the times of waits that died among the unanswered ones.
const VERSION_WITHOUT_DIED: u8 = 4;

/// How many outcomes there are.
pub const OUTCOMES: usize = Outcome::ALL.len();

/// What a customer can say: 1 to 5.
pub const RATINGS: usize = 5;

/// How many numbers a cell sums beside its histograms.
const TALLIES: usize = 6;

/// What a cell is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellKey {
    /// The kind of its events.
    pub kind: Kind,
    /// Their name, as text.
    pub name: String,
    /// The release that recorded them.
    pub app_version: String,
    /// The operating system family.
    pub os: Os,
}

impl CellKey {
    /// The key of events of this kind and name in a batch with this context.
    #[must_use]
    pub fn new(kind: Kind, name: &str, context: &Context) -> CellKey {
        CellKey { kind, name: name.to_owned(), app_version: context.app_version.clone(), os: context.os }
    }
}

/// Counts, latencies and sums of the events of one [`CellKey`].
///
/// `interrupted` and `already_animating` events are counted and add no time; that of `abandoned` ones is no latency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    done: Histogram,
    failed: Histogram,
    unanswered: Histogram,
    died: Histogram,
    given_up: Histogram,
    part: Histogram,
    outcomes: [u64; OUTCOMES],
    tallies: [u64; TALLIES],
}

/// What a cell of kind `frames` sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameSums {
    /// Frames drawn.
    pub frames: u64,
    /// Frames that were presented after their deadline.
    pub slow: u64,
    /// Frames that took longer than 700 ms (Android vitals).
    pub frozen: u64,
    /// How long the frozen frames took together, in milliseconds.
    pub frozen_ms: u64,
}

impl Cell {
    /// An empty cell.
    #[must_use]
    pub fn new() -> Cell {
        Cell::default()
    }

    /// Whether events of this kind belong into cells. Exits, breadcrumbs, lifecycle changes and the frame-time
    /// classes are read from the batches themselves.
    #[must_use]
    pub const fn takes(kind: Kind) -> bool {
        !matches!(kind, Kind::Exit | Kind::Breadcrumb | Kind::Lifecycle | Kind::FrameTimes)
    }

    /// Whether somebody can have waited for so long, by kind, and so for its parts, which are in microseconds; or have rated so.
    #[must_use]
    pub fn believes(event: &Event) -> bool {
        let most_ns = match event.kind {
            Kind::Launch
            | Kind::Screen
            | Kind::Tap
            | Kind::Settled
            | Kind::Request
            | Kind::Hang
            | Kind::RageTap => WAIT_PLAUSIBLE_NS_MAX,
            _ => SPAN_PLAUSIBLE_NS_MAX,
        };
        if event.kind == Kind::Rating && !(1..=RATINGS as u64).contains(&event.a) {
            return false;
        }
        let part_us = match event.kind {
            Kind::Screen | Kind::Tap => event.a,
            Kind::Journey | Kind::Step => event.a.max(event.b),
            _ => 0,
        };
        event.duration_ns <= most_ns && part_us <= most_ns / 1_000
    }

    /// Adds one event. All events of a cell must be of one kind. One that nobody can have waited ([`Cell::believes`]) is passed over.
    pub fn add(&mut self, event: &Event) {
        self.add_growing(event);
    }

    /// The same, and says by how many bytes its memory grew: by 128 with each octave in which it gets its first duration.
    pub fn add_growing(&mut self, event: &Event) -> usize {
        if !Cell::believes(event) {
            return 0;
        }
        if let Some(count) = self.outcomes.get_mut(event.outcome as usize) {
            *count = count.saturating_add(1);
        }
        let of_wait = match event.outcome {
            Outcome::Done => self.done.record_grown(event.duration_ns),
            Outcome::Failed => self.failed.record_grown(event.duration_ns),
            Outcome::NoResponse | Outcome::TimedOut => self.unanswered.record_grown(event.duration_ns),
            Outcome::Died => self.died.record_grown(event.duration_ns),
            Outcome::Abandoned => self.given_up.record_grown(waited_ns(event)),
            Outcome::Interrupted | Outcome::AlreadyAnimating => 0,
        };
        of_wait + self.add_part(event)
    }

    /// Adds what the event tells beside its duration, and says by how many bytes the memory grew.
    fn add_part(&mut self, event: &Event) -> usize {
        let part_ns = event.a.saturating_mul(1_000);
        match event.kind {
            Kind::Screen if event.a > 0 && event.outcome != Outcome::Interrupted => {
                return self.part.record_grown(part_ns);
            }
            Kind::Tap if event.outcome.is_latency() => return self.part.record_grown(part_ns),
            Kind::Journey | Kind::Step if event.outcome.is_latency() => {
                self.tally(0, event.b);
                return self.part.record_grown(part_ns);
            }
            Kind::Frames => {
                self.tally(0, event.a & 0xffff_ffff);
                self.tally(1, event.a >> 32);
                self.tally(2, event.b & 0xffff_ffff);
                self.tally(3, event.b >> 32);
            }
            Kind::Request => self.tally((event.a / 100) as usize, 1),
            Kind::RageTap => self.tally(0, event.a),
            Kind::Rating => self.tally((event.a as usize).wrapping_sub(1), 1),
            _ => {}
        }
        0
    }

    fn tally(&mut self, at: usize, n: u64) {
        if let Some(sum) = self.tallies.get_mut(at) {
            *sum = sum.saturating_add(n);
        }
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Cell) {
        self.done.merge(&other.done);
        self.failed.merge(&other.failed);
        self.unanswered.merge(&other.unanswered);
        self.died.merge(&other.died);
        self.given_up.merge(&other.given_up);
        self.part.merge(&other.part);
        for (mine, theirs) in self.outcomes.iter_mut().zip(other.outcomes) {
            *mine = mine.saturating_add(theirs);
        }
        for (mine, theirs) in self.tallies.iter_mut().zip(other.tallies) {
            *mine = mine.saturating_add(theirs);
        }
    }

    /// Durations of the events that were `done`.
    #[must_use]
    pub fn done(&self) -> &Histogram {
        &self.done
    }

    /// Durations of the events that `failed`.
    #[must_use]
    pub fn failed(&self) -> &Histogram {
        &self.failed
    }

    /// Durations of the events that had `no_response` or `timed_out`: as long as somebody waited, not a latency. In cells of before
    /// these were told apart, those that `died` are among them wherever there were both.
    #[must_use]
    pub fn unanswered(&self) -> &Histogram {
        &self.unanswered
    }

    /// Durations of the events that `died`: as long as somebody waited until the process ended, not a latency.
    #[must_use]
    pub fn died(&self) -> &Histogram {
        &self.died
    }

    /// How long somebody had waited who `abandoned` a wait: no latency. Of a journey or a step, the time the app had made the
    /// customer wait. Empty in cells of before it was told.
    #[must_use]
    pub fn given_up(&self) -> &Histogram {
        &self.given_up
    }

    /// The part of each event that its value `a` tells: of a screen the time to initial display, of a tap the time
    /// until its handler ran, of a journey or a step the time the app made the customer wait. Empty for other kinds.
    #[must_use]
    pub fn part(&self) -> &Histogram {
        &self.part
    }

    /// All latencies: `done` and `failed` together.
    #[must_use]
    pub fn latency(&self) -> Histogram {
        let mut all = self.done.clone();
        all.merge(&self.failed);
        all
    }

    /// Events by outcome, in the order of [`Outcome::ALL`].
    #[must_use]
    pub fn outcomes(&self) -> &[u64; OUTCOMES] {
        &self.outcomes
    }

    /// Events with this outcome.
    #[must_use]
    pub fn outcome(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(outcome as usize).copied().unwrap_or(0)
    }

    /// All events.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.outcomes.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Of a cell of kind `frames`: its sums.
    #[must_use]
    pub fn frames(&self) -> FrameSums {
        let [frames, slow, frozen, frozen_ms, ..] = self.tallies;
        FrameSums { frames, slow, frozen, frozen_ms }
    }

    /// Of a cell of kind `request`: how many had no answer, then 1xx, 2xx, 3xx, 4xx and 5xx.
    #[must_use]
    pub fn statuses(&self) -> [u64; 6] {
        self.tallies
    }

    /// Of a cell of kind `journey` or `step`: the time in the background of the ones that were `done` or `failed`,
    /// in nanoseconds.
    #[must_use]
    pub fn away_ns(&self) -> u64 {
        self.tallies[0].saturating_mul(1_000)
    }

    /// Of a cell of kind `rage_tap`: how many taps the rage taps had.
    #[must_use]
    pub fn taps(&self) -> u64 {
        self.tallies[0]
    }

    /// Of a cell of kind `rating`: how many customers said 1, 2, 3, 4 and 5.
    #[must_use]
    pub fn ratings(&self) -> [u64; RATINGS] {
        let [one, two, three, four, five, _] = self.tallies;
        [one, two, three, four, five]
    }

    /// The compact form for a store, versioned.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![BYTES_VERSION, OUTCOMES as u8, TALLIES as u8];
        for number in self.outcomes.iter().chain(&self.tallies) {
            put(&mut out, *number);
        }
        for histogram in [&self.done, &self.failed, &self.unanswered, &self.part, &self.given_up, &self.died]
        {
            histogram.put(&mut out);
        }
        out
    }

    /// Reads what [`Cell::to_bytes`] wrote, also that of an older program.
    ///
    /// # Errors
    /// [`Error::is_unknown_version`] if a newer program wrote it, [`Error::is_corrupt`] for everything else that
    /// `to_bytes` could not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Cell, Error> {
        if bytes.len() > CELL_BYTES_MAX {
            return Err(Error::corrupt("a cell is too long"));
        }
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        let outcomes = match version {
            1 => OUTCOMES_IN_VERSION_1,
            VERSION_WITHOUT_GIVEN_UP..=BYTES_VERSION => OUTCOMES,
            version => return Err(Error::version(version, BYTES_VERSION)),
        };
        let mut cell = Cell::new();
        if (usize::from(reader.byte()?), usize::from(reader.byte()?)) != (outcomes, TALLIES) {
            return Err(Error::corrupt("a cell has other lists than its version"));
        }
        for number in cell.outcomes.iter_mut().take(outcomes).chain(&mut cell.tallies) {
            *number = reader.number()?;
        }
        let get = if version > VERSION_UNPACKED { Histogram::get } else { Histogram::get_unpacked };
        cell.done = get(&mut reader)?;
        cell.failed = get(&mut reader)?;
        cell.unanswered = get(&mut reader)?;
        cell.part = get(&mut reader)?;
        if version > VERSION_WITHOUT_GIVEN_UP {
            cell.given_up = get(&mut reader)?;
        }
        if version > VERSION_WITHOUT_DIED {
            cell.died = get(&mut reader)?;
        } else if cell.unanswered.count() == cell.outcome(Outcome::Died) {
            // Nothing else is among them.
            cell.died = std::mem::take(&mut cell.unanswered);
        }
        reader.end()?;
        Ok(cell)
    }
}

/// Whether events of this kind tell apart how long the app made the customer wait.
pub(crate) fn tells_waiting(kind: Kind) -> bool {
    matches!(kind, Kind::Journey | Kind::Step)
}

/// How long the app made somebody wait who had an answer or gave up, in nanoseconds.
pub(crate) fn waited_ns(event: &Event) -> u64 {
    if tells_waiting(event.kind) { event.a.saturating_mul(1_000) } else { event.duration_ns }
}

/// Cells by key: what a store hands to a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    by_key: BTreeMap<CellKey, Cell>,
}

impl Cells {
    /// No cells.
    #[must_use]
    pub fn new() -> Cells {
        Cells::default()
    }

    /// Adds what `cell` holds to the cell of this key.
    pub fn merge(&mut self, key: CellKey, cell: &Cell) {
        self.by_key.entry(key).or_default().merge(cell);
    }

    /// Adds one event to the cell of this key; kinds that cells do not take are passed over.
    pub fn add(&mut self, key: CellKey, event: &Event) {
        if Cell::takes(event.kind) {
            self.by_key.entry(key).or_default().add(event);
        }
    }

    /// The cells, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&CellKey, &Cell)> {
        self.by_key.iter()
    }

    /// How many cells there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

impl FromIterator<(CellKey, Cell)> for Cells {
    fn from_iter<I: IntoIterator<Item = (CellKey, Cell)>>(cells: I) -> Cells {
        let mut all = Cells::new();
        for (key, cell) in cells {
            all.merge(key, &cell);
        }
        all
    }
}
