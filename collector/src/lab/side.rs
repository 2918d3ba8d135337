//! Files as a side of a comparison.
//!
//! Owns: what a run is: a file, or what a file calls one. Refuses: figures. Invariant: values of one run are never taken as independent.

use super::files;
use super::formats::read;
use super::run::RunFile;
use crate::error::Error;
use crate::limits::{LAB_SERIES_MAX, LAB_VALUES_MAX};
use nowait_report::{Measured, Side, Stratum};
use nowait_wire::{Event, Kind, NameId, Outcome};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file in which criterion says what the benchmark is called.
const TITLE: &str = "benchmark.json";

/// Reads files.
///
/// # Errors
/// The first file that cannot be read or understood, and why.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<RunFile>, Error> {
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let text = files::text(path)?;
        files.push(read(&path.display().to_string(), &text, title(path).as_deref())?);
    }
    Ok(files)
}

/// All runs of some files.
///
/// # Errors
/// [`Error::is_input`] if there are too many metrics or values.
pub fn side(files: &[RunFile]) -> Result<Side, Error> {
    let (mut side, mut values) = (Side::new(), 0_usize);
    for series in files.iter().flat_map(|file| &file.series) {
        values = values.saturating_add(series.values.len());
        if values > LAB_VALUES_MAX {
            return Err(Error::input(format!("there are more than {LAB_VALUES_MAX} values on one side")));
        }
    }
    for file in files {
        let mut waits: BTreeMap<&str, Vec<(Stratum, &str, Event)>> = BTreeMap::new();
        for series in &file.series {
            let run = series.run.as_deref().unwrap_or_default();
            let Some(kind) = series.kind else {
                let called = called(&file.path, run);
                side.add_run(&series.name, &series.metric, &called, &series.values);
                continue;
            };
            let wait = |measured: &Measured| (Stratum::UNKNOWN, series.name.as_str(), event(kind, measured));
            waits.entry(run).or_default().extend(series.values.iter().map(wait));
        }
        waits.into_values().for_each(|waits| side.add_whole_session(waits));
    }
    if side.metrics() > LAB_SERIES_MAX {
        return Err(Error::input(format!("there are more than {LAB_SERIES_MAX} metrics on one side")));
    }
    Ok(side)
}

/// What a run is called: the end of its file's path, and what the file calls it.
fn called(path: &str, run: &str) -> String {
    let start = path.rmatch_indices(['/', '\\']).nth(1).map_or(0, |(at, _)| at + 1);
    format!("{} {run}", &path[start..]).trim_end().to_owned()
}

fn event(kind: Kind, measured: &Measured) -> Event {
    let outcome = if measured.has_failed { Outcome::Failed } else { Outcome::Done };
    Event { duration_ns: measured.value.max(0.0).round() as u64, outcome, ..Event::new(kind, NameId::NONE) }
}

/// What the file beside criterion's values calls the benchmark.
fn title(path: &Path) -> Option<String> {
    if path.file_name()? != "sample.json" {
        return None;
    }
    let text = files::text(&path.with_file_name(TITLE)).ok()?;
    let beside: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(beside.get("full_id").or_else(|| beside.get("title"))?.as_str()?.to_owned())
}
