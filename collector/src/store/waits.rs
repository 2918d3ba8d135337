//! The waits of a batch, one after another, and where each is counted.
//!
//! Owns: which hour a wait is of, and what is no wait that anybody can have waited. Refuses: cells (see `fold` and `slice`).
//! Invariant: the place of a wait is looked up once a batch, kind, name and hour, so that a wait costs little more than its cell.

use super::batches::Entry;
use super::period::hour_of;
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use nowait_report::{Budgets, Cell, Happened, People};
use nowait_wire::{Event, Kind};
use std::hash::Hash;

/// Waits that cannot be true.
pub(super) const IMPLAUSIBLE_WAITS: &str = "implausible waits";

/// The numbers of kinds are below this one.
const KINDS: usize = match Kind::ALL.last() {
    Some(last) => *last as usize + 1,
    None => 0,
};

/// Who counts waits.
pub(super) trait Counts {
    /// Where the waits of this hour, kind and name are counted; `None` where nobody asks for them.
    fn place(&mut self, hour: u32, kind: Kind, name: &str) -> Option<usize>;
    /// Counts a wait.
    fn add(&mut self, place: usize, event: &Event);
    /// Counts what is no wait.
    fn add_implausible(&mut self, hour: u32);
    /// Counts the install of the batch, to which this happened.
    fn add_install(&mut self, place: usize, install: u128, happened: Happened);
}

/// What is counted under a key that is looked up for each wait. Strangers choose the names behind some keys, so that the hash has
/// a seed of its own in each process; that of the standard library takes a twentieth of ingest.
pub(super) type Counted<K, V> = IndexMap<K, V, RandomState>;

/// The place of a key, which is made if nothing was counted there yet.
pub(super) fn place_of<K: Eq + Hash, V: Default>(counted: &mut Counted<K, V>, key: K) -> usize {
    let entry = counted.entry(key);
    let place = entry.index();
    entry.or_default();
    place
}

/// What was met so far of one kind and name.
struct Met {
    hour: u32,
    place: Option<usize>,
    target_ns: u64,
    happened: Happened,
}

/// Hands over every wait of a batch. Those beyond their target are too long by these budgets.
pub(super) fn walk(entry: &Entry, budgets: &Budgets, counts: &mut impl Counts) {
    let Entry { batch, placement, .. } = entry;
    // Of an install without an id nobody knows whether it was here before.
    let install = Some(batch.context.install.as_u128()).filter(|install| *install != 0);
    let mut met: Vec<Met> = Vec::new();
    // By name and kind, the number in `met`, counted from 1. A name that a batch does not have is one more.
    let mut numbers = vec![0_u16; (batch.names.len() + 1) * KINDS];
    for event in batch.events.iter().filter(|event| Cell::takes(event.kind)) {
        let hour = hour_of(placement.unix_ms(event.started_uptime_ns));
        if !Cell::believes(event) {
            counts.add_implausible(hour);
            continue;
        }
        let name = (event.name.0 as usize).min(batch.names.len());
        let text = || batch.names.get(name).map_or("", String::as_str);
        let Some(number) = numbers.get_mut(name * KINDS + event.kind as usize) else { continue };
        if *number == 0 {
            let (place, target_ns) =
                (counts.place(hour, event.kind, text()), budgets.of(event.kind, text()).target_ns);
            met.push(Met { hour, place, target_ns, happened: Happened::default() });
            *number = u16::try_from(met.len()).unwrap_or(u16::MAX);
        }
        let Some(met) = met.get_mut(usize::from(*number) - 1) else { continue };
        if met.hour != hour {
            met.leave(install, counts);
            (met.hour, met.place) = (hour, counts.place(hour, event.kind, text()));
        }
        let Some(place) = met.place else { continue };
        counts.add(place, event);
        if People::takes(event.kind) {
            met.happened = met.happened.and(Happened::of(event, met.target_ns));
        }
    }
    met.iter_mut().for_each(|met| met.leave(install, counts));
}

impl Met {
    /// Counts the install in the place that is left.
    fn leave(&mut self, install: Option<u128>, counts: &mut impl Counts) {
        let happened = std::mem::take(&mut self.happened);
        if let (Some(place), Some(install)) = (self.place, install)
            && happened != Happened::default()
        {
            counts.add_install(place, install, happened);
        }
    }
}
