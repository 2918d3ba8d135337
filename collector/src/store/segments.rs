//! Rollups of segments: of one tier, one network, one country, one value of a dimension.
//!
//! The rows of a segment lie in the tables of the rollups like those of a tenant, whose id is the negative of the segment's. They
//! are kept by month alone: by day they would take as much as all other rollups, and a question about some days decodes few
//! batches (see `slice`). Waits and people are written once a minute and not once a second: a batch adds to the rows of
//! several segments, and they are large.
//!
//! Comparisons hold devices and networks equal: each tier on each network is a segment too, a stratum, which has cells alone. The
//! cells of a tier are those of its strata, as are those of a network.
//!
//! Owns: the table `segments`, and which segments a batch is in. Refuses: their waits (see `waits`), accounts, exits and what is
//! in no figure (see `rollups`), and questions about more than one segment at once, or of one release of it.
//! Invariant: a segment with an id has in its rows, or in those of its strata, everything of each month from [`Progress::SegmentsFrom`] on, but for the waits
//! of the batches behind [`Progress::SegmentsTo`].

mod waits;

use super::budget::{OTHER, count};
use super::exits::Ending;
use super::fold::Numbered;
use super::progress::Progress;
use crate::ask::Filter;
use crate::error::Error;
use crate::limits::{SEGMENT_SERIES_MAX, SEGMENTS_PER_TENANT_MAX};
use nowait_report::bytes::{Reader, put};
use nowait_report::{CHANNEL, CHANNEL_OF_APP, Exit};
use nowait_wire::{Context, Network, Tier};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
pub(super) use waits::{Waits, catch_up};

/// What a segment is of. The numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Field {
    /// The value is the number of the tier.
    Tier = 0,
    /// The value is the number of the network.
    Network = 1,
    Country = 2,
    /// The value is the key and the value of the dimension, on a line each: no text of a batch has more.
    Dimension = 3,
    /// What came beyond the budget of the tenant: its value is [`OTHER`], and it has no rows. It stays, and no new segment gets an id:
    /// it might have been among these before.
    Beyond = 4,
    /// A tier on a network: the value is both numbers, on a line each. There are few, so that no budget bounds them.
    Stratum = 5,
}

/// What a segment is of, and its value.
pub(super) type Segment = (Field, String);

/// The segments that a batch with this context is in, but for its stratum.
pub(super) fn of_context(context: &Context) -> impl Iterator<Item = Segment> {
    let country = Some(&context.country).filter(|country| !country.is_empty());
    [
        (Field::Tier, (context.device_tier as u8).to_string()),
        (Field::Network, (context.network as u8).to_string()),
    ]
    .into_iter()
    .chain(country.map(|country| (Field::Country, country.clone())))
    .chain(context.dimensions.iter().map(|(key, value)| dimension(key, value)))
}

/// The stratum that a batch with this context is in.
fn stratum(tier: Tier, network: Network) -> Segment {
    (Field::Stratum, format!("{}\n{}", tier as u8, network as u8))
}

/// The segment that has the cells of this one, in what a batch with this context adds to it.
fn counted_in(segment: &Segment, context: &Context) -> Segment {
    match segment.0 {
        Field::Tier | Field::Network => stratum(context.device_tier, context.network),
        Field::Country | Field::Dimension | Field::Beyond | Field::Stratum => segment.clone(),
    }
}

/// The ids of the segments that have the cells of this one.
pub(super) fn counted_by(
    conn: &Connection,
    tenant: i64,
    (id, (field, value)): &(i64, Segment),
) -> Result<Vec<i64>, Error> {
    let strata = |number_of: &dyn Fn(Tier, Network) -> u8| -> Result<Vec<i64>, Error> {
        let all = strata(conn, tenant)?.into_iter();
        let is_meant =
            |(tier, network, _): &(Tier, Network, i64)| number_of(*tier, *network).to_string() == *value;
        Ok(all.filter(is_meant).map(|(.., id)| id).collect())
    };
    match field {
        Field::Tier => strata(&|tier, _| tier as u8),
        Field::Network => strata(&|_, network| network as u8),
        Field::Country | Field::Dimension | Field::Beyond | Field::Stratum => Ok(vec![*id]),
    }
}

/// The strata of a tenant, with their ids.
pub(super) fn strata(conn: &Connection, tenant: i64) -> Result<Vec<(Tier, Network, i64)>, Error> {
    let mut select =
        conn.prepare_cached("SELECT value, id FROM segments WHERE tenant = ?1 AND field = ?2")?;
    let mut rows = select.query(params![tenant, Field::Stratum as u8])?;
    let mut strata = Vec::new();
    while let Some(row) = rows.next()? {
        let value: String = row.get(0)?;
        let (tier, network) = value.split_once('\n').unwrap_or_default();
        let tier = tier.parse().ok().and_then(Tier::from_u8);
        if let (Some(tier), Some(network)) = (tier, network.parse().ok().and_then(Network::from_u8)) {
            strata.push((tier, network, row.get(1)?));
        }
    }
    Ok(strata)
}

fn beyond() -> Segment {
    (Field::Beyond, OTHER.to_owned())
}

fn dimension(key: &str, value: &str) -> Segment {
    (Field::Dimension, format!("{key}\n{value}"))
}

/// The segment that a question is about, if it asks for nothing else. That of the app's own channel has none: its batches do not
/// say it.
pub(super) fn of_filter(filter: &Filter) -> Option<Segment> {
    let Filter { version: None, os: None, model: None, tier, network, country, dimensions } = filter else {
        return None;
    };
    let mut asked = (tier.map(|tier| (Field::Tier, (tier as u8).to_string())).into_iter())
        .chain(network.map(|network| (Field::Network, (network as u8).to_string())))
        .chain(country.clone().map(|country| (Field::Country, country)))
        .chain(dimensions.iter().map(|(key, value)| dimension(key, value)));
    let of_app = dimension(CHANNEL, CHANNEL_OF_APP);
    asked.next().filter(|segment| asked.next().is_none() && *segment != of_app)
}

/// The segments of a tenant that are of this field, with their ids; `None` if there are some that have none.
pub(super) fn of_field(
    conn: &Connection,
    tenant: i64,
    field: Field,
) -> Result<Option<Vec<(i64, Segment)>>, Error> {
    if find(conn, tenant, &beyond())?.is_some() {
        return Ok(None);
    }
    let mut select =
        conn.prepare_cached("SELECT id, value FROM segments WHERE tenant = ?1 AND field = ?2")?;
    let rows =
        select.query_map(params![tenant, field as u8], |row| Ok((row.get(0)?, (field, row.get(1)?))))?;
    Ok(Some(rows.collect::<Result<_, _>>()?))
}

/// The id of a segment, if it has one.
pub(super) fn find(conn: &Connection, tenant: i64, segment: &Segment) -> Result<Option<i64>, Error> {
    let select = "SELECT id FROM segments WHERE tenant = ?1 AND field = ?2 AND value = ?3";
    let row = params![tenant, segment.0 as u8, segment.1];
    Ok(conn.prepare_cached(select)?.query_row(row, |row| row.get(0)).optional()?)
}

/// The id of a segment, which gets one if there is room.
fn id(conn: &Connection, tenant: i64, segment: &Segment) -> Result<Option<i64>, Error> {
    if let Some(id) = find(conn, tenant, segment)? {
        return Ok(Some(id));
    }
    if segment.0 == Field::Stratum {
        let has_room = !is_too_wide(conn, tenant)?;
        return has_room.then(|| put_row(conn, tenant, segment)).transpose();
    }
    let beyond = beyond();
    if find(conn, tenant, &beyond)?.is_some() {
        return Ok(None);
    }
    let known = "SELECT count(*) FROM segments WHERE tenant = ?1 AND field <> ?2";
    let known = count(conn, known, &[&tenant, &(Field::Stratum as u8)])?;
    let is_within = known < SEGMENTS_PER_TENANT_MAX;
    let id = put_row(conn, tenant, if is_within { segment } else { &beyond })?;
    Ok(is_within.then_some(id))
}

/// Writes a segment and says its id.
fn put_row(conn: &Connection, tenant: i64, (field, value): &Segment) -> Result<i64, Error> {
    let insert = "INSERT INTO segments (tenant, field, value) VALUES (?1, ?2, ?3)";
    conn.prepare_cached(insert)?.execute(params![tenant, *field as u8, value])?;
    Ok(conn.last_insert_rowid())
}

/// Whether a tenant has more names than any app.
fn is_too_wide(conn: &Connection, tenant: i64) -> Result<bool, Error> {
    Ok(count(conn, "SELECT count(*) FROM series WHERE tenant = ?1", &[&tenant])? > SEGMENT_SERIES_MAX)
}

/// What stands for segments as tenants, by number; `None` for one beyond the budget.
pub(super) fn tenants(
    conn: &Connection,
    numbered: &Numbered<(i64, Field)>,
) -> Result<Vec<Option<i64>>, Error> {
    let of = |((tenant, field), value): &((i64, Field), String)| {
        Ok(id(conn, *tenant, &(*field, value.clone()))?.map(|id| -id))
    };
    numbered.all().iter().map(of).collect()
}

/// Ids of segments as they stand beside a session.
pub(super) fn to_bytes(ids: &[i64]) -> Vec<u8> {
    let mut out = Vec::new();
    ids.iter().for_each(|id| put(&mut out, id.unsigned_abs()));
    out
}

/// Reads what [`to_bytes`] wrote; a session of an older program has none.
pub(super) fn ids(bytes: Option<&[u8]>) -> Result<Vec<i64>, Error> {
    let mut reader = Reader::new(bytes.unwrap_or_default());
    let mut ids = Vec::new();
    while reader.end().is_err() {
        let id = reader.number().ok().and_then(|id| i64::try_from(id).ok());
        ids.push(id.ok_or_else(|| Error::store("the segments of a session are damaged"))?);
    }
    Ok(ids)
}

/// The countries and dimensions (`key:value`) of a tenant that are known by their rollups: their batches may be kept no more.
pub(super) fn values(conn: &Connection, tenant: i64) -> Result<(Vec<String>, Vec<String>), Error> {
    let mut select = conn.prepare_cached("SELECT field, value FROM segments WHERE tenant = ?1")?;
    let mut rows = select.query([tenant])?;
    let (mut countries, mut dimensions) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let (field, value): (u8, String) = (row.get(0)?, row.get(1)?);
        if field == Field::Country as u8 {
            countries.push(value);
        } else if field == Field::Dimension as u8
            && let Some((key, value)) = value.split_once('\n')
        {
            dimensions.push(format!("{key}:{value}"));
        }
    }
    Ok((countries, dimensions))
}

/// Removes segments that have no rows any more.
pub(super) fn remove_unused(conn: &Connection) -> Result<(), Error> {
    conn.execute(
        "DELETE FROM segments WHERE field <> ?1 AND -id NOT IN (SELECT tenant FROM cells UNION SELECT tenant FROM accounts \
        UNION SELECT tenant FROM exit_groups UNION SELECT tenant FROM uncounted)",
        [Field::Beyond as u8],
    )?;
    Ok(())
}

/// The first month that segments have in full.
pub(super) fn first_month(conn: &Connection) -> Result<u32, Error> {
    Ok(u32::try_from(Progress::SegmentsFrom.read(conn)?).unwrap_or(u32::MAX))
}

/// What batches add to segments beside their waits. It is little, and is written with the other rollups.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Segments of a tenant.
    pub(super) numbered: Numbered<(i64, Field)>,
    /// By number of the segment, month, number of the release, ending and last breadcrumb.
    pub(super) exit_groups: HashMap<(u32, u32, u32, Ending, String), u64>,
    /// By number of the segment, month and what it is.
    pub(super) uncounted: HashMap<(u32, u32, &'static str), u64>,
}

impl Beside {
    /// The numbers of the segments that a batch with this context is in.
    pub(super) fn of_batch(&mut self, tenant: i64, context: &Context) -> Vec<u32> {
        of_context(context).map(|(field, value)| self.numbered.number((tenant, field), &value)).collect()
    }

    /// Adds how a process of this release ended.
    pub(super) fn add_exit(&mut self, segments: &[u32], month: u32, release: u32, exit: &Exit) {
        for segment in segments {
            let group = (*segment, month, release, Ending::of(exit), exit.last_crumb().to_owned());
            *self.exit_groups.entry(group).or_default() += 1;
        }
    }

    /// Counts what is in no figure.
    pub(super) fn add_uncounted(&mut self, segments: &[u32], month: u32, what: &'static str) {
        for segment in segments {
            *self.uncounted.entry((*segment, month, what)).or_default() += 1;
        }
    }
}
