//! The counts of one run, from what gungraun prints.
//!
//! Owns: reading the JSON, dividing by the repetitions. Refuses: a run that lacks an operation.
//! Invariant: every count is of the calling thread alone.

use nowait_instructions::{OPERATIONS, Operation};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::BufRead;

/// Instructions per operation, by the operation's id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counts(BTreeMap<String, f64>);

impl Counts {
    /// Instructions of one operation.
    pub(crate) fn of(&self, id: &str) -> Option<f64> {
        self.0.get(id).copied()
    }

    /// Sets one operation's instructions.
    pub(crate) fn set(&mut self, id: &str, instructions: f64) {
        self.0.insert(id.to_owned(), instructions);
    }

    /// The operations that are in both and are further apart than this share.
    pub(crate) fn differing(&self, other: &Counts, tolerance: f64) -> Vec<&'static str> {
        let differs = |operation: &&Operation| {
            let both = self.of(operation.id).zip(other.of(operation.id));
            both.is_some_and(|(one, other)| (one - other).abs() > tolerance * other)
        };
        OPERATIONS.iter().filter(differs).map(|operation| operation.id).collect()
    }
}

/// What a benchmark's line says, as far as it matters here.
#[derive(Deserialize)]
struct Summary {
    function_name: String,
    profiles: Vec<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    metrics: BTreeMap<String, Metric>,
    tool_run: Values<ToolRun>,
}

#[derive(Deserialize)]
struct Metric {
    values: Values<f64>,
}

/// gungraun keeps an older run beside the new one; that one is no matter of ours.
#[derive(Deserialize)]
struct Values<T> {
    new: T,
}

#[derive(Deserialize)]
struct ToolRun {
    thread: Option<u32>,
}

/// Reads a line of JSON for each benchmark.
///
/// # Errors
/// If a line is no such JSON, another thread was counted, or an operation is missing.
pub(crate) fn read(lines: impl BufRead) -> Result<Counts, Box<dyn Error>> {
    let mut counts = Counts::default();
    for line in lines.lines() {
        let summary: Summary = serde_json::from_str(&line?)?;
        let id = summary.function_name;
        let Some(operation) = OPERATIONS.iter().find(|operation| operation.id == id) else {
            return Err(format!("{id} is no operation of the list").into());
        };
        let parts = summary.profiles.iter().flat_map(|profile| &profile.data.parts);
        let mut instructions = 0.0;
        for part in parts {
            let ir = part.metrics.get("Ir").map_or(0.0, |metric| metric.values.new);
            if ir > 0.0 && part.tool_run.new.thread.is_some_and(|thread| thread != 1) {
                return Err(format!("{id} was counted on another thread than the caller's").into());
            }
            instructions += ir;
        }
        counts.set(&id, instructions / f64::from(operation.times));
    }
    match OPERATIONS.iter().find(|operation| counts.of(operation.id).is_none()) {
        Some(missing) => Err(format!("the benchmarks counted no {}", missing.id).into()),
        None => Ok(counts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, threads: &[(u32, u32)]) -> String {
        let part = |(thread, ir): &(u32, u32)| {
            format!(
                r#"{{"metrics":{{"Ir":{{"values":{{"new":{ir},"old":1}}}}}},"tool_run":{{"new":{{"thread":{thread}}}}}}}"#
            )
        };
        let parts: Vec<String> = threads.iter().map(part).collect();
        format!(r#"{{"function_name":"{id}","profiles":[{{"data":{{"parts":[{}]}}}}]}}"#, parts.join(","))
            + "\n"
    }

    fn all() -> String {
        OPERATIONS.iter().map(|operation| line(operation.id, &[(1, operation.times * 3), (2, 0)])).collect()
    }

    #[test]
    fn counts_are_per_operation() {
        let counts = read(all().as_bytes()).expect("every operation is there");
        assert!(OPERATIONS.iter().all(|operation| counts.of(operation.id) == Some(3.0)));
    }

    #[test]
    fn another_thread_an_unknown_name_and_a_gap_are_refused() {
        let worker = all() + &line("record", &[(1, 1), (2, 1)]);
        let unknown = all() + &line("surprise", &[(1, 1)]);
        let gap = line("record", &[(1, 1)]);
        for text in [worker, unknown, gap] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn only_what_is_further_apart_differs() {
        let mut before = Counts::default();
        before.set("record", 100.0);
        before.set("clock", 100.0);
        let mut now = before.clone();
        now.set("record", 100.4);
        now.set("clock", 100.6);
        assert_eq!(now.differing(&before, 0.005), ["clock"]);
    }
}
