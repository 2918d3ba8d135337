//! `xcrun xcresulttool get test-results metrics`, of Xcode 16.3 and later.
//!
//! Owns: its fields. Refuses: baselines: the other side is what a run is compared with.
//! Invariant: no name of a device is kept; it is often a person's.

use super::json::At;
use crate::error::Error;
use crate::lab::run::{Device, RunFile};
use crate::lab::units::unit;
use nowait_report::{Better, Measured, Metric};

pub(super) fn read(whole: &At<'_>, file: &mut RunFile) -> Result<(), Error> {
    for test in whole.list()? {
        let name = test.field("testIdentifier")?.text()?;
        for run in test.field("testRuns")?.list()? {
            if let Some(id) =
                run.maybe("device").map(|device| device.maybe_text("deviceId")).transpose()?.flatten()
            {
                file.add_device(Device { what: id.to_owned(), is_id: true, is_emulator: false });
            }
            let configuration = run.maybe("testPlanConfiguration");
            if let Some(name) =
                configuration.map(|at| at.maybe_text("configurationName")).transpose()?.flatten()
            {
                file.add_mode(format!("test plan configuration {name}"));
            }
            for metric in run.maybe("metrics").iter().flat_map(At::items) {
                read_metric(name, &metric, file)?;
            }
        }
    }
    Ok(())
}

fn read_metric(test: &str, metric: &At<'_>, file: &mut RunFile) -> Result<(), Error> {
    let shown = metric.field("displayName")?.text()?;
    let identifier = metric.maybe_text("identifier")?.unwrap_or_default();
    // The same launch has two identifiers, by the version of the system; those of hitches hold the name of the target.
    let name = if identifier.ends_with("AppLaunch.duration") { "AppLaunch duration" } else { shown };
    let (unit, factor) = unit(metric.field("unitOfMeasurement")?.text()?);
    let better = match metric.maybe_text("polarity")? {
        None | Some("prefers smaller") => Better::Less,
        Some("prefers larger") => Better::More,
        Some(_) => Better::Neither,
    };
    let values = metric.field("measurements")?.numbers()?;
    file.add(
        &format!("{test} {name}"),
        &Metric { unit, better },
        values.into_iter().map(|value| Measured::of(value * factor)),
    )?;
    Ok(())
}
