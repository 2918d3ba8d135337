//! JMH: `-rf json`.
//!
//! Owns: its fields. Refuses: its score and error, and secondary metrics, which are of profilers.
//! Invariant: iterations of all forks, one fork behind the other.

use super::json::At;
use crate::error::Error;
use crate::lab::run::RunFile;
use crate::lab::units::unit;
use nowait_report::{Better, Measured, Metric};

pub(super) fn read(whole: &At<'_>, file: &mut RunFile) -> Result<(), Error> {
    for benchmark in whole.list()? {
        let mut name = short(benchmark.field("benchmark")?.text()?).to_owned();
        if let Some(params) = benchmark.maybe("params") {
            let params: Vec<String> = params
                .fields()?
                .into_iter()
                .map(|(key, value)| Ok(format!("{key}={}", value.text()?)))
                .collect::<Result<_, Error>>()?;
            name.push_str(&format!("[{}]", params.join(",")));
        }
        if let Some(jdk) = benchmark.maybe_text("jdkVersion")? {
            file.add_mode(format!("JDK {jdk}"));
        }
        let mode = benchmark.field("mode")?.text()?;
        let better = if mode == "thrpt" { Better::More } else { Better::Less };
        let primary = benchmark.field("primaryMetric")?;
        let (unit, factor) = unit(primary.field("scoreUnit")?.text()?);
        let values = match primary.maybe("rawData") {
            Some(raw) => raw.numbers_within()?,
            None => from_histograms(&primary.field("rawDataHistogram")?)?,
        };
        let values = values.into_iter().map(|value| Measured::of(value * factor));
        file.add(&format!("{name} {mode}"), &Metric { unit, better }, values)?;
    }
    Ok(())
}

/// The class and the method, without packages.
fn short(name: &str) -> &str {
    let class = name.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
    &name[class..]
}

/// Values of the mode `sample`: by fork and iteration, pairs of a value and how often it was met.
fn from_histograms(forks: &At<'_>) -> Result<Vec<f64>, Error> {
    let mut values = Vec::new();
    for pair in forks
        .items()
        .flat_map(|fork| fork.items().collect::<Vec<_>>())
        .flat_map(|iteration| iteration.items().collect::<Vec<_>>())
    {
        let numbers = pair.numbers()?;
        let [value, times] = numbers.as_slice() else {
            return Err(pair.wrong("it is no pair of a value and how often it was met"));
        };
        let times = *times as usize;
        if values.len().saturating_add(times) > crate::limits::LAB_VALUES_MAX {
            return Err(pair.wrong("there are too many values"));
        }
        values.extend(std::iter::repeat_n(*value, times));
    }
    Ok(values)
}
