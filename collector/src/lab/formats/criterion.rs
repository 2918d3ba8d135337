//! criterion: `new/sample.json`.
//!
//! Owns: its fields. Refuses: `estimates.json`, which has no values. Invariant: a value is the time of one iteration.

use super::json::At;
use crate::error::Error;
use crate::lab::run::RunFile;
use nowait_report::{Better, Measured, Metric, Unit};

pub(super) fn read(whole: &At<'_>, title: Option<&str>, file: &mut RunFile) -> Result<(), Error> {
    let (iters, times) = (whole.field("iters")?, whole.field("times")?);
    let (counts, totals) = (iters.numbers()?, times.numbers()?);
    if counts.len() != totals.len() {
        return Err(iters.wrong(&format!("there are {} of them and {} times", counts.len(), totals.len())));
    }
    if counts.iter().any(|count| *count <= 0.0) {
        return Err(iters.wrong("a sample has no iterations"));
    }
    let values = counts.iter().zip(&totals).map(|(count, total)| Measured::of(total / count));
    let metric = Metric { unit: Unit::Nanoseconds, better: Better::Less };
    // Without the file beside it the folder that holds `new` is its name.
    let folder = || file.path.split(['/', '\\']).rev().skip(1).find(|folder| *folder != "new");
    let name = title.or_else(folder).unwrap_or("benchmark").to_owned();
    file.add(&name, &metric, values)?;
    Ok(())
}
