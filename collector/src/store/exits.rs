//! Abnormal exits, read from the batches that hold them.
//!
//! Owns: joining an exit with its trail. Refuses: rollups.
//! Invariant: the trail of an exit is the breadcrumbs of its own batch: the device seals them together. A batch has at most
//! [`EXITS_PER_BATCH_MAX`] exits with [`CRUMBS_LISTED_MAX`] breadcrumbs each, whatever its sender wrote into it.

use super::intake::Placement;
use super::writer::number;
use super::{Query, read};
use crate::error::Error;
use crate::limits::EXITS_PER_BATCH_MAX;
use nowait_report::limits::CRUMBS_LISTED_MAX;
use nowait_report::{Crumb, Exit};
use nowait_wire::{Batch, Event, ExitReason, Kind};
use rusqlite::{Connection, params};

const WITH_EXITS: &str = "SELECT frame, uptime_zero_unix_ms, received_unix_ms FROM batches \
    WHERE tenant = ?1 AND exits > 0 AND (?2 IS NULL OR app_version = ?2) AND (?3 IS NULL OR os = ?3) \
    AND ended_unix_ms >= ?4";

/// The exits whose last sign of life lies in the span of the query.
pub(super) fn exits(conn: &Connection, tenant: i64, query: &Query) -> Result<Vec<Exit>, Error> {
    let mut select = conn.prepare_cached(WITH_EXITS)?;
    let mut rows = select.query(params![
        tenant,
        query.app_version,
        query.os.map(|os| os as u8),
        number(query.from_unix_ms())
    ])?;
    let span = query.from_unix_ms()..query.until_unix_ms();
    let mut exits = Vec::new();
    while let Some(row) = rows.next()? {
        let batch = read::batch(row, 0)?;
        let placement = Placement::stored(&batch, row.get(1)?, row.get(2)?);
        let found = batch.events.iter().filter(|event| event.kind == Kind::Exit).take(EXITS_PER_BATCH_MAX);
        exits.extend(
            found
                .filter_map(|event| exit(&batch, event, &placement))
                .filter(|exit| span.contains(&exit.ended_unix_ms)),
        );
    }
    Ok(exits)
}

/// `None` for a reason that this program does not know.
fn exit(batch: &Batch, event: &Event, placement: &Placement) -> Option<Exit> {
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
