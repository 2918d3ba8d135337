//! What one session did.
//!
//! Owns: its events in the order in which they began, each on the wall clock. Refuses: who it was.
//! Invariant: however long a session is, no more of it is handed out than [`SESSION_EVENTS_MAX`].

use super::batches::{self, Entry};
use super::read;
use crate::error::Error;
use crate::limits::SESSION_EVENTS_MAX;
use nowait_report::report::REPORT_VERSION;
use nowait_report::{Happening, Timeline, Zone};
use nowait_wire::{Event, Kind, Uuid};
use rusqlite::Connection;

/// The session of this id.
pub(super) fn read(conn: &Connection, tenant: &str, session: Uuid, zone: &Zone) -> Result<Timeline, Error> {
    let none = || {
        Error::no_data(format!(
            "there is no session {session}: it never came, or its batches are kept no more (`nowait serve --keep`)"
        ))
    };
    let tenant = read::tenant(conn, tenant)?.ok_or_else(none)?;
    let entries = batches::of_session(conn, tenant.id, session)?;
    let first = entries.first().ok_or_else(none)?;
    let context = &first.batch.context;
    let mut events: Vec<Happening> = entries.iter().flat_map(happenings).collect();
    // The spool may have sent what came later first.
    events.sort_by_key(|event| event.started_unix_ms);
    let left_out = events.len().saturating_sub(SESSION_EVENTS_MAX);
    events.drain(..left_out);
    let dimensions = context.dimensions.iter().map(|(key, value)| (key.clone(), value.clone()));
    Ok(Timeline {
        report_version: REPORT_VERSION,
        session: session.to_string(),
        zone: zone.clone(),
        app_version: context.app_version.clone(),
        os: context.os,
        os_version: context.os_version.clone(),
        device_model: context.device_model.clone(),
        device_tier: context.device_tier,
        network: context.network,
        country: context.country.clone(),
        dimensions: dimensions.collect(),
        events,
        left_out: left_out as u64,
    })
}

/// The events of a batch that somebody can read: a histogram of frame times is not one.
fn happenings(entry: &Entry) -> impl Iterator<Item = Happening> + '_ {
    let text =
        |name: nowait_wire::NameId| entry.batch.names.get(name.0 as usize).cloned().unwrap_or_default();
    let told = entry.batch.events.iter().filter(|event| event.kind != Kind::FrameTimes);
    told.map(move |event: &Event| Happening {
        started_unix_ms: entry.placement.unix_ms(event.started_uptime_ns),
        duration_ns: event.duration_ns,
        kind: event.kind,
        name: text(event.name),
        screen: text(event.screen),
        outcome: event.outcome,
        a: event.a,
    })
}
