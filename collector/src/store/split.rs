//! A touchpoint by the values of one field of the batches.
//!
//! The rollups of segments have the waits of most fields, and the batches have all of them: there are more of these, so that they are
//! decoded only where the rollups do not know every wait.
//!
//! Owns: the fields, and the waits of each value. Refuses: figures, and questions about all touchpoints.
//! Invariant: however many values there are, only [`VALUES_SPLIT_MAX`] stand apart; the others are one. What is told from the
//! rollups is told of as many waits as the touchpoint has.

use super::batches::Entry;
use super::budget::OTHER;
use super::period::Plan;
use super::read::Tenant;
use super::segments::{self, Field};
use super::source::Source;
use super::sqlite::SqliteStore;
use super::waits::{self, Counted, Counts};
use super::{Query, side, slice};
use crate::error::Error;
use crate::limits::VALUES_SPLIT_MAX;
use nowait_report::{Budgets, CHANNEL, Cell, Crowd, Happened, People, Split, channel_of};
use nowait_wire::{Context, Event, Kind, Network, Tier};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fmt;

/// A field of the batches by which a touchpoint is split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// How strong the device is.
    Tier,
    /// The network on which a batch was sealed.
    Network,
    /// The country.
    Country,
    /// The device model.
    Model,
    /// The app's own dimension of this key.
    Dimension(String),
}

impl By {
    /// What a batch with this context has; empty if it does not say.
    fn value(&self, context: &Context) -> String {
        match self {
            By::Tier => context.device_tier.to_string(),
            By::Network => context.network.to_string(),
            By::Country => context.country.clone(),
            By::Model => context.device_model.clone(),
            By::Dimension(key) if key == CHANNEL => channel_of(context).to_owned(),
            By::Dimension(key) => {
                let found = context.dimensions.iter().find(|(known, _)| known == key);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            }
        }
    }
}

impl By {
    /// The segments that are of this field; those of models are not kept.
    fn field(&self) -> Option<Field> {
        match self {
            By::Tier => Some(Field::Tier),
            By::Network => Some(Field::Network),
            By::Country => Some(Field::Country),
            By::Dimension(_) => Some(Field::Dimension),
            By::Model => None,
        }
    }

    /// The value of a segment of this field, as a batch has it; `None` if it is another dimension's.
    fn value_of(&self, segment: &str) -> Option<String> {
        let number = || segment.parse().ok();
        match self {
            By::Tier => number().and_then(Tier::from_u8).map(|tier| tier.to_string()),
            By::Network => number().and_then(Network::from_u8).map(|network| network.to_string()),
            By::Country | By::Model => Some(segment.to_owned()),
            By::Dimension(key) => {
                let (known, value) = segment.split_once('\n')?;
                (known == key).then(|| value.to_owned())
            }
        }
    }
}

/// A kind and a name.
type Place<'p> = (Kind, &'p str);

/// Its word in a question.
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            By::Tier => "tier",
            By::Network => "network",
            By::Country => "country",
            By::Model => "model",
            By::Dimension(key) => key,
        })
    }
}

/// The touchpoint by the values of a field, some of whose waits may be known.
pub(super) fn read(
    store: &SqliteStore,
    tenant: Tenant,
    query: &Query,
    place: Place,
    by: &By,
    known: Option<Known>,
    budgets: &Budgets,
) -> Result<Split, Error> {
    let _turn = store.turn_to_decode(&query.cancel)?;
    let decoded = |ids: &[i64], plan: &Plan| {
        let add = |sum: &mut Sum, entry: &Entry| sum.add(entry, budgets);
        // A damaged one is counted where the touchpoint itself is read.
        let (parts, _) = slice::sums(store, ids, &query.cancel, || Sum::of(place, by, plan), add)?;
        let mut all = Sum::of(place, by, plan);
        parts.into_iter().for_each(|part| all.merge(part));
        Ok::<_, Error>(all.values)
    };
    let mut all = None;
    if let Some(Known { values, behind, plan, count }) = known {
        let values = together(values, decoded(&behind, &plan)?);
        let has_all = values.values().map(|(cell, _)| cell.count()).sum::<u64>() == count;
        all = Some(values).filter(|_| has_all);
    }
    let all = match all {
        Some(all) => all,
        None => {
            let chosen = store.read(&query.cancel, |conn| slice::choose(conn, tenant, query))?;
            together(Values::new(), decoded(&chosen.ids, &chosen.plan)?)
        }
    };
    let (kind, target_ns) = (place.0, budgets.of(place.0, place.1).target_ns);
    let is_known = People::takes(kind);
    let values = all.into_iter().map(|(value, (cell, crowd))| (value, cell, is_known.then_some(crowd)));
    Ok(Split::new(by.to_string(), kind, target_ns, values))
}

/// By value, the waits and who had them.
type Values = BTreeMap<String, (Cell, Crowd)>;

/// What the rollups have, and what came behind it.
fn together(mut values: Values, behind: Counted<String, (Cell, People)>) -> Values {
    for (value, (cell, people)) in behind {
        let is_apart = values.len() < VALUES_SPLIT_MAX || values.contains_key(&value);
        let (my_cell, crowd) = values.entry(if is_apart { value } else { OTHER.to_owned() }).or_default();
        my_cell.merge(&cell);
        crowd.add(&people);
    }
    values
}

/// What the rollups of segments have.
pub(super) struct Known {
    values: Values,
    /// The batches that are in none of them yet.
    behind: Vec<i64>,
    plan: Plan,
    /// The waits of the touchpoint, with those of the batches behind.
    count: u64,
}

/// Reads what the rollups have, if they can have all of so many waits.
pub(super) fn of_segments(
    source: &Source,
    conn: &Connection,
    tenant: Tenant,
    query: &Query,
    place: Place,
    by: &By,
    count: u64,
) -> Result<Option<Known>, Error> {
    let Some(field) = by.field().filter(|_| query.filter.is_empty()) else { return Ok(None) };
    if !source.has_segments()? {
        return Ok(None);
    }
    let Some(segments) = segments::of_field(conn, tenant.id, field)? else { return Ok(None) };
    let mut values = Values::new();
    for segment in &segments {
        query.cancel.check()?;
        if let Some(value) = by.value_of(&segment.1.1) {
            let found = source.of_segment(segment, place)?;
            if found.0.count() > 0 {
                values.insert(value, found);
            }
        }
    }
    let behind = side::behind(conn, tenant, &slice::contexts(conn, tenant, &query.filter)?)?;
    let is_within = values.len() <= VALUES_SPLIT_MAX;
    Ok(is_within.then(|| Known { values, behind, plan: source.plan.clone(), count }))
}

/// The waits of some batches, by value.
struct Sum<'p> {
    place: (Kind, &'p str),
    by: &'p By,
    plan: &'p Plan,
    values: Counted<String, (Cell, People)>,
    /// That of the batch that is being added.
    value: String,
}

impl<'p> Sum<'p> {
    fn of(place: (Kind, &'p str), by: &'p By, plan: &'p Plan) -> Sum<'p> {
        Sum { place, by, plan, values: Counted::default(), value: String::new() }
    }

    fn add(&mut self, entry: &Entry, budgets: &Budgets) {
        self.value = self.by.value(&entry.batch.context);
        waits::walk(entry, budgets, self);
    }

    fn place_of(&mut self, value: String) -> usize {
        let is_apart = self.values.len() < VALUES_SPLIT_MAX || self.values.contains_key(&value);
        waits::place_of(&mut self.values, if is_apart { value } else { OTHER.to_owned() })
    }

    fn merge(&mut self, other: Sum) {
        for (value, (cell, people)) in other.values {
            let place = self.place_of(value);
            if let Some((_, (my_cell, my_people))) = self.values.get_index_mut(place) {
                my_cell.merge(&cell);
                my_people.merge(&people);
            }
        }
    }
}

impl Counts for Sum<'_> {
    fn place(&mut self, hour: u32, kind: Kind, name: &str) -> Option<usize> {
        let is_meant = (kind, name) == self.place && (self.plan.from..self.plan.until).contains(&hour);
        is_meant.then(|| self.place_of(self.value.clone()))
    }

    fn add(&mut self, place: usize, event: &Event) {
        if let Some((_, (cell, _))) = self.values.get_index_mut(place) {
            cell.add(event);
        }
    }

    fn add_implausible(&mut self, _: u32) {}

    fn add_install(&mut self, place: usize, install: u128, happened: Happened) {
        if let Some((_, (_, people))) = self.values.get_index_mut(place) {
            people.add(install, happened);
        }
    }
}
