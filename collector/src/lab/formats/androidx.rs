//! androidx Macrobenchmark and Microbenchmark: `<package>-benchmarkData.json`, of every generation since 2021.
//!
//! Owns: its fields. Refuses: its percentiles, which are interpolated (type 7) and of runs that are kept beside them.
//! Invariant: `metrics` have a value a run, `sampledMetrics` a list a run; both are taken as they are.

use super::json::At;
use crate::error::Error;
use crate::lab::run::{Device, RunFile};
use crate::lab::units::unit_of_name;
use nowait_report::{Better, Measured, Metric};

/// Parts of a build's fingerprint, device or model by which an emulator is known.
const EMULATORS: [&str; 5] = ["emulator", "emu64", "sdk_gphone", "generic", "goldfish"];

pub(super) fn read(whole: &At<'_>, file: &mut RunFile) -> Result<(), Error> {
    let context = whole.field("context")?;
    if let Some(build) = context.maybe("build") {
        file.add_device(device(&build)?);
    }
    if let Some(mode) = context.maybe_text("compilationMode")? {
        file.add_mode(format!("compiled {mode}"));
    }
    let benchmarks = whole.field("benchmarks")?.list()?;
    if benchmarks.is_empty() {
        return Err(Error::input("benchmarks: it is an empty list: no benchmark ran"));
    }
    for benchmark in benchmarks {
        read_benchmark(&benchmark, file)?;
    }
    Ok(())
}

fn device(build: &At<'_>) -> Result<Device, Error> {
    let text = |name| Ok::<_, Error>(build.maybe_text(name)?.unwrap_or_default());
    let [brand, model, device, fingerprint] =
        [text("brand")?, text("model")?, text("device")?, text("fingerprint")?];
    let sdk = build
        .maybe("version")
        .and_then(|version| version.maybe("sdk"))
        .map(|sdk| sdk.number())
        .transpose()?;
    let sdk = sdk.map_or_else(String::new, |sdk| format!(", API {sdk}"));
    let of_emulator = |text: &str| EMULATORS.iter().any(|known| text.to_ascii_lowercase().contains(known));
    let is_emulator = [model, device, fingerprint].into_iter().any(of_emulator);
    Ok(Device { what: format!("{brand} {model}{sdk}").trim().to_owned(), is_id: false, is_emulator })
}

fn read_benchmark(benchmark: &At<'_>, file: &mut RunFile) -> Result<(), Error> {
    let class = benchmark.maybe_text("className")?.unwrap_or_default();
    let class = class.rsplit('.').next().unwrap_or_default();
    let name = benchmark.field("name")?.text()?;
    // Values of parameters are in the name already.
    let benchmark_name = if class.is_empty() { name.to_owned() } else { format!("{class}.{name}") };
    let mut metrics = Vec::new();
    for field in ["metrics", "sampledMetrics"] {
        if let Some(found) = benchmark.maybe(field) {
            metrics.extend(found.fields()?);
        }
    }
    if metrics.is_empty() {
        return Err(benchmark.wrong(&format!("{name} has no metrics: it ran and measured nothing")));
    }
    for (metric, at) in metrics {
        let (unit, factor) = unit_of_name(metric);
        // How many frames there were is neither good nor bad.
        let is_of_frames = metric.to_ascii_lowercase().ends_with("framecount");
        let better = if is_of_frames { Better::Neither } else { Better::Less };
        let values = at.field("runs")?.numbers_within()?;
        let values = values.into_iter().map(|value| Measured::of(value * factor));
        file.add(&format!("{benchmark_name} {metric}"), &Metric { unit, better }, values)?;
    }
    for output in benchmark.maybe("profilerOutputs").iter().flat_map(At::items) {
        file.date_from(output.maybe_text("filename")?.unwrap_or_default());
    }
    Ok(())
}
