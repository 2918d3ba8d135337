//! The rows: what is true of both releases, and what has to be said of them.

use crate::world::World;

/// What a row promises, as shares of its runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Promise {
    /// Nothing changed: neither slower nor faster more often than this.
    Same(f64),
    /// HEAD is slower: found at least this often.
    Slower(f64),
    /// HEAD is not faster: said at most this often.
    NotFaster(f64),
    /// The interval of p75 at 95 % holds the truth this often, within two points.
    Covered,
    /// At each of 14 looks at a growing sample.
    SameAtEveryLook(f64),
    /// Shown, as a goal is set for none.
    Shown,
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) base: World,
    pub(crate) head: World,
    pub(crate) promise: Promise,
    /// Whether the short form runs it.
    pub(crate) is_short: bool,
}

fn row(what: &str, base: World, head: World, promise: Promise, is_short: bool) -> Row {
    Row { what: what.to_owned(), base, head, promise, is_short }
}

/// The rows about what comparisons are wrong about elsewhere.
pub(crate) fn rules() -> Vec<Row> {
    let plain = World::default();
    let sessions = |correlation, touchpoints| World { session_max: 50, correlation, touchpoints, ..plain };
    let mut rows = vec![row("A/A, independent, n 500", plain, plain, Promise::Same(0.05), true)];
    for (correlation, touchpoints, is_short) in
        [(0.3, 1, true), (0.6, 1, true), (0.3, 20, false), (0.6, 20, false)]
    {
        let world = sessions(correlation, touchpoints);
        let what =
            format!("A/A, sessions of 1 to 50, correlation {correlation}, {touchpoints} touchpoints, n 500");
        rows.push(row(&what, world, world, Promise::Same(0.05), is_short));
    }
    for (correlation, is_short) in [(0.3, false), (0.6, true)] {
        let world = sessions(correlation, 1);
        let what = format!("the same, correlation {correlation}: p75 within its 95 % interval");
        rows.push(row(&what, world, world, Promise::Covered, is_short));
    }
    let failing = World { failing: 0.04, ..sessions(0.0, 1) };
    rows.push(row(
        "A/A, everything fails in 4 % of sessions, n 500",
        failing,
        failing,
        Promise::Same(0.05),
        true,
    ));
    for (waits, is_short) in [(500, true), (2_000, true), (10_000, false)] {
        let of = |low_end| World { low_end, waits, ..plain };
        let what = format!("low-end devices 30 to 39 %, n {waits}");
        rows.push(row(&what, of(0.30), of(0.39), Promise::Same(0.05), is_short));
    }
    let many = World { waits: 2_000, ..plain };
    let of = |low_end, factor| World { low_end, factor, ..many };
    rows.push(row(
        "+10 % on every tier, low-end devices 60 to 30 %, n 2,000",
        of(0.6, 1.0),
        of(0.3, 1.1),
        Promise::Slower(0.95),
        true,
    ));
    let given_up = World { gives_up: true, ..many };
    rows.push(row("the slowest tenth is given up, n 2,000", many, given_up, Promise::NotFaster(0.0), true));
    let tail = World { tail_factor: 1.5, ..many };
    rows.push(row(
        "the slowest tenth takes 1.5 times as long, n 2,000",
        many,
        tail,
        Promise::Slower(0.95),
        true,
    ));
    let frames = |factor| World { factor, frame_ns: Some(16.7e6), ..many };
    rows.push(row(
        "+10 % in whole frames of 16.7 ms, n 2,000",
        frames(1.0),
        frames(1.1),
        Promise::Slower(0.95),
        true,
    ));
    let looks = World { waits: 1_400, ..plain };
    rows.push(row(
        "A/A, 14 looks at a growing sample, n 100 to 1,400",
        looks,
        looks,
        Promise::SameAtEveryLook(0.05),
        true,
    ));
    rows.extend(changes_found(plain));
    rows.extend(benchmarks());
    rows
}

/// Files of benchmarks: few runs, whose values are alike.
fn benchmarks() -> Vec<Row> {
    let world = |runs: usize, values: usize, touchpoints| World {
        waits: runs * values,
        values_a_run: Some(values),
        touchpoints,
        sigma: 0.05,
        correlation: 0.5,
        ..World::default()
    };
    let mut rows = Vec::new();
    for (runs, values, metrics) in [(2, 10, 1), (3, 10, 1), (3, 10, 10), (5, 35, 1), (10, 10, 10), (20, 1, 1)]
    {
        let world = world(runs, values, metrics);
        let what = format!("A/A, benchmarks: {runs} runs of {values} values, {metrics} metrics");
        rows.push(row(&what, world, world, Promise::Same(0.05), true));
    }
    for (runs, values) in [(3, 10), (5, 35), (10, 10), (20, 1)] {
        let world = world(runs, values, 1);
        let what = format!("+10 %, benchmarks: {runs} runs of {values} values");
        rows.push(row(&what, world, World { factor: 1.1, ..world }, Promise::Shown, false));
    }
    rows
}

/// How often a change of so much has to be found.
fn changes_found(plain: World) -> Vec<Row> {
    let mut rows = Vec::new();
    for (factor, waits, share, is_short) in
        [(1.05, 2_000, 0.45, true), (1.08, 2_000, 0.85, true), (1.05, 10_000, 0.95, false)]
    {
        let world = World { waits, ..plain };
        let what = format!("+{:.0} %, independent, n {waits}", (factor - 1.0) * 100.0);
        rows.push(row(&what, world, World { factor, ..world }, Promise::Slower(share), is_short));
    }
    rows
}

/// The rows that show how much is seen.
pub(crate) fn power() -> Vec<Row> {
    let mut rows = Vec::new();
    for correlation in [0.0, 0.3, 0.6] {
        for waits in [500, 2_000, 10_000] {
            for factor in [1.03, 1.05, 1.08, 1.10] {
                let world = World { waits, correlation, session_max: 50, ..World::default() };
                let what = format!(
                    "+{:.0} %, sessions of 1 to 50, correlation {correlation}, n {waits}",
                    (factor - 1.0) * 100.0
                );
                rows.push(row(&what, world, World { factor, ..world }, Promise::Shown, false));
            }
        }
    }
    rows
}
