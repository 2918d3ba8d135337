//! One reader for each tool.
//!
//! Owns: which tool a file is of. Refuses: what files mean together.
//! Invariant: a reader takes values as they were measured: no mean, no percentile that the tool made of them.

mod androidx;
mod criterion;
mod csv;
mod gradle_profiler;
mod hyperfine;
mod jmh;
mod json;
mod xcresult;

use super::run::RunFile;
use crate::error::Error;
use json::At;
use serde_json::Value;

/// What is read, for whoever has something else.
const KNOWN: &str = "androidx Macrobenchmark and Microbenchmark JSON, `xcresulttool get test-results metrics`, JMH, hyperfine and Gradle profiler JSON, criterion's sample.json, CSV with a header";

/// Reads a file. `path` is what it is called in errors; `title` is the name of the benchmark where that stands in another file
/// beside it, as criterion's does.
///
/// # Errors
/// [`Error::is_input`], naming the file, the field and what is wrong with it.
pub fn read(path: &str, text: &str, title: Option<&str>) -> Result<RunFile, Error> {
    let file = if text.trim_start().starts_with(['{', '[']) {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Error::input(format!("{path}: it is no JSON: {error}")))?;
        read_json(path, At::whole(&value), title)
    } else if text.contains("Executed 0 tests") {
        Err(Error::input("no test ran (\"Executed 0 tests\"): is the test plan or the filter right?"))
    } else {
        csv::read(path, text)
    };
    let file = file.map_err(|error| error.within(path))?;
    if file.series.iter().all(|series| series.values.is_empty()) {
        return Err(Error::input(format!("{path}: nothing was measured in it: did the benchmark run?")));
    }
    Ok(file)
}

fn read_json(path: &str, whole: At<'_>, title: Option<&str>) -> Result<RunFile, Error> {
    let mut file = RunFile::of(path);
    let first = whole.items().next();
    let has = |name: &str| whole.has(name);
    let first_has = |name: &str| first.as_ref().is_some_and(|first| first.has(name));
    if whole.is_empty_list() {
        return Err(Error::input(
            "it is an empty list: no test measured anything; did the tests run, and do they call measure?",
        ));
    }
    if has("context") && has("benchmarks") {
        androidx::read(&whole, &mut file)?;
    } else if first_has("primaryMetric") {
        jmh::read(&whole, &mut file)?;
    } else if first_has("testRuns") {
        xcresult::read(&whole, &mut file)?;
    } else if has("results") {
        hyperfine::read(&whole, &mut file)?;
    } else if has("scenarios") {
        gradle_profiler::read(&whole, &mut file)?;
    } else if has("iters") && has("times") {
        criterion::read(&whole, title, &mut file)?;
    } else if has("mean") && has("median") {
        return Err(Error::input(
            "these are criterion's estimates, without the values that they are of: name the sample.json beside it, or the folder",
        ));
    } else {
        return Err(Error::input(format!("it is of no tool that is known: {KNOWN}")));
    }
    Ok(file)
}
