//! hyperfine: `--export-json`.
//!
//! Owns: its fields. Refuses: its mean, and user and system times, of which it keeps means alone.
//! Invariant: a run that ended with another exit code than 0 is a failure, and no fast run.

use super::json::At;
use crate::error::Error;
use crate::lab::run::RunFile;
use nowait_report::{Better, Measured, Metric, Unit};

pub(super) fn read(whole: &At<'_>, file: &mut RunFile) -> Result<(), Error> {
    let results = whole.field("results")?.list()?;
    if results.is_empty() {
        return Err(Error::input("results: it is an empty list: no command ran"));
    }
    for result in results {
        let command = result.field("command")?.text()?;
        let times = result.field("times")?.numbers()?;
        let codes: Vec<At<'_>> =
            result.maybe("exit_codes").map(|codes| codes.list()).transpose()?.unwrap_or_default();
        if !codes.is_empty() && codes.len() != times.len() {
            return Err(result.wrong(&format!(
                "there are {} times and {} exit codes",
                times.len(),
                codes.len()
            )));
        }
        // A run that was killed has no code.
        let has_failed =
            |at: usize| codes.get(at).is_some_and(|code| code.number().map_or(true, |code| code != 0.0));
        let seconds = Metric { unit: Unit::Nanoseconds, better: Better::Less };
        let measured = |(at, time): (usize, f64)| Measured { value: time * 1e9, has_failed: has_failed(at) };
        file.add(command, &seconds, times.into_iter().enumerate().map(measured))?;
        if let Some(memory) = result.maybe("memory_usage_byte") {
            let bytes = Metric { unit: Unit::Bytes, better: Better::Less };
            let measured = |(at, value)| Measured { value, has_failed: has_failed(at) };
            file.add(
                &format!("{command} memory"),
                &bytes,
                memory.numbers()?.into_iter().enumerate().map(measured),
            )?;
        }
    }
    Ok(())
}
