//! The noise of a place where benchmarks run, as text.

use super::safe::safe_lines;
use super::table::Table;
use super::units::{NONE, change, count, signed_quantity};
use super::words::value;
use crate::aa::{CHANGES, MetricNoise, Noise};
use crate::metric::Axis;
use crate::verdict::Subject;

/// All metrics.
#[must_use]
pub fn noise(noise: &Noise) -> String {
    let columns = ["metric", "runs", "values", "median", "floor", "runs for 3 %", "5 %", "10 %"];
    let mut out = "NoWait aa   one build against itself\n\n".to_owned();
    let table = Table::new("NOISE   what nobody can see with as many runs on each side", &columns);
    out.push_str(&table.whose_ends_matter().fill(&noise.metrics, |_, metric| vec![row(metric)]).render());
    out.push_str(&format!(
        "{} of {} pairs of halves were called slower or faster; 5 of 100 are promised at most.\n\
         floor: the change of p50 that 95 of 100 pairs stay below. runs for: how many runs a side bring it to that change.\n",
        count(noise.false_verdicts),
        count(noise.halvings)
    ));
    safe_lines(&out).into_owned()
}

fn row(metric: &MetricNoise) -> Vec<String> {
    let Subject::Values { metric: of, compared_by } = &metric.subject else { return Vec::new() };
    let floor = metric.floor.map_or_else(
        || NONE.to_owned(),
        |floor| match compared_by {
            Axis::Ratio => change(1.0 + floor),
            Axis::Difference => signed_quantity(&of.unit, floor),
        },
    );
    let runs_for = |at: usize| metric.runs_for.and_then(|runs| runs.get(at).copied());
    let runs_for = (0..CHANGES.len()).map(|at| runs_for(at).map_or_else(|| NONE.to_owned(), count));
    [metric.name.clone(), count(metric.runs), count(metric.values), value(&of.unit, metric.median), floor]
        .into_iter()
        .chain(runs_for)
        .collect()
}
