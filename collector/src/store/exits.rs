//! Abnormal exits, as the batches that hold them tell them.
//!
//! Owns: joining an exit with its trail, which exits are listed, and how groups of them are told. Refuses: rollups.
//! Invariant: the trail of an exit is the breadcrumbs of its own batch: the device seals them together. A batch has at most
//! [`EXITS_PER_BATCH_MAX`] exits with [`CRUMBS_LISTED_MAX`] breadcrumbs each, whatever its sender wrote into it.

use super::batches::{self, Entry};
use super::period::{self, Plan, hour_of};
use super::writer::number;
use crate::error::Error;
use crate::limits::{EXITS_LOOKED_AT_MAX, EXITS_PER_BATCH_MAX};
use nowait_report::limits::{CRUMBS_LISTED_MAX, EXITS_LISTED_MAX};
use nowait_report::{Crumb, Exit, ExitGroup, Exits};
use nowait_wire::{Event, ExitCause, ExitReason, Kind, Os};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// Where a process died, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Ending {
    pub(super) reason: ExitReason,
    pub(super) cause: ExitCause,
}

/// The cause in the number of an ending stands above these bits: what a version of before wrote has none.
const REASON_BITS: u32 = 8;

impl Ending {
    pub(super) fn of(exit: &Exit) -> Ending {
        Ending { reason: exit.reason, cause: exit.cause }
    }

    /// The number in the column `reason` of a group.
    pub(super) fn to_number(self) -> u32 {
        u32::from(self.reason as u8) | u32::from(self.cause as u8) << REASON_BITS
    }

    /// The ending of such a number; `None` for a reason that this program does not know.
    pub(super) fn from_number(number: u32) -> Option<Ending> {
        let reason = ExitReason::from_u8(number as u8)?;
        Some(Ending { reason, cause: ExitCause::of(u64::from(number >> REASON_BITS)) })
    }
}

/// How many there are, by ending, release, system and last breadcrumb.
pub(super) type Groups = BTreeMap<(Ending, String, Os, String), u64>;

/// These groups, and the latest of these exits, as a report tells them.
pub(super) fn told(groups: Groups, latest: &[Exit]) -> Exits {
    let group = |((ending, app_version, os, last_crumb), count): ((Ending, _, _, _), _)| ExitGroup {
        reason: ending.reason,
        cause: ending.cause,
        app_version,
        os,
        last_crumb,
        count,
    };
    Exits::new(groups.into_iter().map(group).collect(), latest)
}

/// The exits of a batch.
pub(super) fn of(entry: &Entry) -> Vec<Exit> {
    let found = entry.batch.events.iter().filter(|event| event.kind == Kind::Exit).take(EXITS_PER_BATCH_MAX);
    found.filter_map(|event| exit(entry, event)).collect()
}

/// `None` for a reason that this program does not know.
fn exit(entry: &Entry, event: &Event) -> Option<Exit> {
    let Entry { batch, placement, .. } = entry;
    let reason = ExitReason::from_u8(u8::try_from(event.a).ok()?)?;
    let ended = event.ended_uptime_ns();
    let crumbs = || batch.events.iter().filter(|event| event.kind == Kind::Breadcrumb);
    let trail = crumbs().skip(crumbs().count().saturating_sub(CRUMBS_LISTED_MAX));
    Some(Exit {
        session: batch.id.session.to_string(),
        app_version: batch.context.app_version.clone(),
        os: batch.context.os,
        device_model: batch.context.device_model.clone(),
        reason,
        cause: ExitCause::of(event.b),
        ended_unix_ms: placement.unix_ms(ended),
        lived_ns: event.duration_ns,
        trail: trail
            .map(|crumb| Crumb {
                name: batch.names.get(crumb.name.0 as usize).cloned().unwrap_or_default(),
                value: crumb.a,
                before_end_ms: placement.between_ms(crumb.started_uptime_ns, ended),
            })
            .collect(),
    })
}

/// Adds the latest exits that a report lists, from the batches that hold them, as far as these are kept, and says how many of
/// those are damaged. `is_meant` is asked with the id of the release and of the batch.
pub(super) fn latest(
    conn: &Connection,
    tenant: i64,
    plan: &Plan,
    listed: &mut Vec<Exit>,
    is_meant: impl Fn(i64, i64) -> Result<bool, Error>,
) -> Result<u64, Error> {
    let select = "SELECT release, batch FROM exits WHERE tenant = ?1 AND ended_unix_ms >= ?2 AND ended_unix_ms < ?3 \
        ORDER BY ended_unix_ms DESC LIMIT ?4";
    let mut select = conn.prepare_cached(select)?;
    let (from, until) = (period::unix_ms(plan.from), period::unix_ms(plan.until));
    let most = number(EXITS_LOOKED_AT_MAX as u64);
    let mut rows = select.query(params![tenant, number(from), number(until), most])?;
    let mut ids: Vec<i64> = Vec::new();
    while ids.len() < EXITS_LISTED_MAX
        && let Some(row) = rows.next()?
    {
        let batch = row.get(1)?;
        if !ids.contains(&batch) && is_meant(row.get(0)?, batch)? {
            ids.push(batch);
        }
    }
    let select = format!("SELECT {} FROM batches WHERE id = ?1", batches::ENTRY);
    let mut select = conn.prepare_cached(&select)?;
    let mut damaged = 0;
    for id in ids {
        let mut rows = select.query([id])?;
        let Some(row) = rows.next()? else { continue };
        match batches::entry(row)? {
            Ok(entry) => listed.extend(of(&entry)),
            Err(_) => damaged += 1,
        }
    }
    listed.retain(|exit| (plan.from..plan.until).contains(&hour_of(exit.ended_unix_ms)));
    Ok(damaged)
}
