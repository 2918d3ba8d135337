//! A touchpoint by the values of one field of the batches.
//!
//! Owns: the fields, and the waits of each value. Refuses: figures, and questions about all touchpoints.
//! Invariant: however many values there are, only [`VALUES_SPLIT_MAX`] stand apart; the others are one.

use super::batches::{self, Entry};
use super::budget::OTHER;
use super::period::Plan;
use super::read::Tenant;
use super::sqlite::SqliteStore;
use super::waits::{self, Counted, Counts};
use super::{Query, slice};
use crate::error::Error;
use crate::limits::VALUES_SPLIT_MAX;
use nowait_report::{Budgets, CHANNEL, Cell, Crowd, Happened, People, Split, channel_of};
use nowait_wire::{Context, Event, Kind};
use rusqlite::Connection;
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

/// The touchpoint by the values of a field, from the batches that are kept.
pub(super) fn read(
    store: &SqliteStore,
    tenant: Tenant,
    query: &Query,
    (kind, name): (Kind, &str),
    by: &By,
    budgets: &Budgets,
) -> Result<Split, Error> {
    let _turn = store.turn_to_decode(&query.cancel)?;
    let chosen = store.read(&query.cancel, |conn| slice::choose(conn, tenant, query))?;
    let of_part = |conn: &Connection, ids: &[i64]| {
        let mut sum = Sum::of((kind, name), by, &chosen.plan);
        batches::each(conn, ids, &query.cancel, |entry| {
            // A damaged one is counted where the touchpoint itself is read.
            if let Ok(entry) = entry {
                sum.add(&entry, budgets);
            }
            Ok(())
        })?;
        Ok(sum)
    };
    let mut all = Sum::of((kind, name), by, &chosen.plan);
    store.in_parts(&chosen.ids, &query.cancel, of_part)?.into_iter().for_each(|part| all.merge(part));
    let target_ns = budgets.of(kind, name).target_ns;
    let is_known = People::takes(kind);
    let values = all.values.into_iter().map(|(value, (cell, people))| {
        let mut crowd = Crowd::new();
        crowd.add(&people);
        (value, cell, is_known.then_some(crowd))
    });
    Ok(Split::new(by.to_string(), kind, target_ns, values))
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
