//! Bytes per event of the same sessions in several formats, all deflated alike.
//!
//! Owns: the sessions and the deflating. Refuses: the formats themselves.
//! Invariant: the sessions are those of `nowait_wire::testing`, the same in every run.

use crate::formats;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use nowait_wire::{Batch, testing};
use serde::Serialize;
use std::error::Error;
use std::io::Write as _;

/// Events of one session: a usual one (design, table of numbers).
pub(crate) const SESSION_EVENTS: usize = 500;

/// Events of a short one, which most are.
pub(crate) const SHORT_EVENTS: usize = 50;

/// Sessions whose mean is reported.
pub(crate) const SESSIONS: u64 = 20;

/// One format's cost.
#[derive(Debug, Serialize)]
pub(crate) struct Size {
    pub(crate) format: &'static str,
    pub(crate) crate_name: &'static str,
    /// Before compression; none for NoWait, whose frame is only ever made compressed.
    pub(crate) plain_bytes_per_event: Option<f64>,
    pub(crate) deflated_bytes_per_event: f64,
    pub(crate) keeps: &'static str,
}

/// A session's bytes: plain (where there is a plain form) and deflated.
type Lengths = (Option<usize>, usize);

/// The table of formats.
pub(crate) fn measure() -> Result<Vec<Size>, Box<dyn Error>> {
    let sessions: Vec<Batch> = (0..SESSIONS).map(|seed| testing::session(seed, SESSION_EVENTS)).collect();
    let short: Vec<Batch> = (0..SESSIONS).map(|seed| testing::session(seed, SHORT_EVENTS)).collect();
    let rounded: Vec<Batch> = sessions.iter().map(nowait_wire::quantise).collect();
    const EXACT: &str = "nanoseconds";
    const ROUNDED: &str = "starts to 1 ms, durations to 0.2 %";
    Ok(vec![
        size("NoWait batch", "nowait-wire", ROUNDED, &sessions, nowait)?,
        size("NoWait batch, short session", "nowait-wire", ROUNDED, &short, nowait)?,
        size("OTLP spans", "opentelemetry-proto", EXACT, &sessions, |batch| deflated(&formats::otlp(batch)))?,
        size("OTLP spans, times rounded as NoWait's", "opentelemetry-proto", ROUNDED, &rounded, |batch| {
            deflated(&formats::otlp(batch))
        })?,
        size("Sentry breadcrumbs, JSON", "sentry-core", EXACT, &sessions, |batch| {
            deflated(&formats::sentry(batch)?)
        })?,
        size(
            "Datadog-like events, JSON",
            "",
            "starts to 1 ms, durations in nanoseconds",
            &sessions,
            |batch| deflated(&formats::rum(batch)),
        )?,
    ])
}

fn size(
    format: &'static str,
    crate_name: &'static str,
    keeps: &'static str,
    sessions: &[Batch],
    lengths: impl Fn(&Batch) -> Result<Lengths, Box<dyn Error>>,
) -> Result<Size, Box<dyn Error>> {
    let mut total = (Some(0), 0);
    for session in sessions {
        let (plain, deflated) = lengths(session)?;
        total = (total.0.zip(plain).map(|(sum, plain)| sum + plain), total.1 + deflated);
    }
    let events = sessions.iter().map(|session| session.events.len()).sum::<usize>() as f64;
    Ok(Size {
        format,
        crate_name,
        plain_bytes_per_event: total.0.map(|bytes| bytes as f64 / events),
        deflated_bytes_per_event: total.1 as f64 / events,
        keeps,
    })
}

/// The whole frame as it is sent: header, checks and deflated columns.
fn nowait(batch: &Batch) -> Result<Lengths, Box<dyn Error>> {
    let frame = nowait_wire::encode(batch)?;
    let arrived = nowait_wire::decode(&frame)?;
    if arrived.events != nowait_wire::quantise(batch).events {
        return Err("a session did not arrive as it was sent".into());
    }
    Ok((None, frame.len()))
}

/// Raw deflate at its best level, as NoWait's own frame uses it.
fn deflated(plain: &[u8]) -> Result<Lengths, Box<dyn Error>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    Ok((Some(plain.len()), encoder.finish()?.len()))
}
