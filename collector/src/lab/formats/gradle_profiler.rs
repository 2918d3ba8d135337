//! Gradle profiler: `benchmark.json`.
//!
//! Owns: its fields. Refuses: its statistics. Invariant: warm-ups are no values.

use super::json::At;
use crate::error::Error;
use crate::lab::run::{Device, RunFile};
use crate::lab::units::unit;
use nowait_report::{Better, Measured, Metric};

pub(super) fn read(whole: &At<'_>, file: &mut RunFile) -> Result<(), Error> {
    file.date_from(whole.maybe_text("date")?.unwrap_or_default());
    let system = whole.maybe("environment").map(|at| at.maybe_text("operatingSystem")).transpose()?.flatten();
    if let Some(system) = system {
        file.add_device(Device { what: system.to_owned(), is_id: false, is_emulator: false });
    }
    for scenario in whole.field("scenarios")?.list()? {
        let name = scenario.field("definition")?.field("name")?.text()?;
        let mut metrics: Vec<(&str, Metric, f64)> = Vec::new();
        for sample in scenario.field("samples")?.list()? {
            let (unit, factor) = unit(sample.field("unit")?.text()?);
            metrics.push((sample.field("name")?.text()?, Metric { unit, better: Better::Less }, factor));
        }
        for iteration in scenario.field("iterations")?.list()? {
            if iteration.field("phase")?.text()? != "MEASURE" {
                continue;
            }
            let values = iteration.field("values")?;
            for (sample, metric, factor) in &metrics {
                if let Some(value) = values.maybe(sample) {
                    file.add(&format!("{name} {sample}"), metric, [Measured::of(value.number()? * factor)])?;
                }
            }
        }
    }
    Ok(())
}
