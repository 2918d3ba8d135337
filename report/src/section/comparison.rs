//! What changed between two releases, or two builds of a benchmark.
//!
//! Invariant: whoever tells a figure of a comparison tells it by [`Told`].

use super::{About, Cell, Change, Column, Row, Section, condition, number, text};
use crate::metric::{Axis, Unit};
use crate::verdict::{
    Comparison, Drift, Figure, FigureChange, MixChange, NotJudged, Subject, TouchpointChange, Verdict,
};
use nowait_wire::Kind;

/// A figure of a comparison as cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What it is called.
    pub figure: Cell,
    /// BASE.
    pub base: Cell,
    /// HEAD with BASE's customers.
    pub head: Cell,
    /// HEAD as it is.
    pub head_as_is: Cell,
    /// How much it changed.
    pub change: Cell,
    /// Within which bounds.
    pub interval: Cell,
}

impl Told {
    /// A figure of this touchpoint.
    #[must_use]
    pub fn of(touchpoint: &TouchpointChange, of: &FigureChange) -> Told {
        let subject = &touchpoint.subject;
        let value = |value: f64| match (of.figure, subject) {
            (Figure::P50 | Figure::P75 | Figure::P95 | Figure::Longer, Subject::Values { metric, .. }) => {
                Cell::Quantity { unit: metric.unit.clone(), value }
            }
            (figure, _) => value_of_waits(figure, value),
        };
        let change = |change: f64| match (of.figure, subject) {
            (Figure::InTime | Figure::Unanswered, _) => Change::Points(change),
            (Figure::Longer, _) => Change::Chance(change),
            (_, Subject::Values { metric, compared_by: Axis::Difference }) => {
                Change::Difference { unit: metric.unit.clone(), value: change }
            }
            _ => Change::Ratio(change),
        };
        let (low, high) = (of.low.map(change), of.high.map(change));
        let is_bounded = low.is_some() || high.is_some();
        Told {
            figure: Cell::Word(group(subject), key(of.figure)),
            base: value(of.base),
            head: value(of.head),
            head_as_is: of.head_as_is.map_or(Cell::None, value),
            change: Cell::Change(change(of.change)),
            interval: if is_bounded { Cell::Interval { low, high } } else { Cell::None },
        }
    }
}

/// What a figure of waits is called.
#[must_use]
pub fn figure_of_waits(figure: Figure) -> Cell {
    Cell::Word("figure", key(figure))
}

/// A figure of waits: nanoseconds, or a share.
#[must_use]
pub fn value_of_waits(figure: Figure, value: f64) -> Cell {
    match figure {
        Figure::InTime | Figure::Unanswered => Cell::Share(value),
        Figure::P50 | Figure::P75 | Figure::P95 | Figure::Longer => Cell::DurationNs(value.round() as u64),
    }
}

fn group(subject: &Subject) -> &'static str {
    match subject {
        Subject::Waits { .. } => "figure",
        Subject::Values { .. } => "figure_of_values",
    }
}

fn key(figure: Figure) -> &'static str {
    match figure {
        Figure::P50 => "p50",
        Figure::P75 => "p75",
        Figure::P95 => "p95",
        Figure::Longer => "longer",
        Figure::InTime => "in_time",
        Figure::Unanswered => "unanswered",
    }
}

/// What is said of a touchpoint or a figure.
#[must_use]
pub fn verdict(verdict: Verdict) -> Cell {
    let key = match verdict {
        Verdict::Slower => "slower",
        Verdict::Faster => "faster",
        Verdict::Equivalent => "equivalent",
        Verdict::NoEvidence => "no_evidence",
        Verdict::TooFewSamples => "too_few_samples",
    };
    Cell::Word("verdict", key)
}

/// All sections of a comparison that have something to say, in the order in which they are read.
#[must_use]
pub fn of_comparison(comparison: &Comparison) -> Vec<Section> {
    let all = [
        touchpoints(comparison),
        metrics(comparison),
        reasons(comparison),
        as_is(comparison),
        steps(comparison),
        drifts(&comparison.drifts),
        not_judged(&comparison.not_judged),
        mix(&comparison.mix),
    ];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

fn section(key: &'static str, columns: &'static [Column], rows: impl Iterator<Item = Vec<Cell>>) -> Section {
    let rows = rows.map(Row::of).collect();
    Section { about: About::Releases, rows, ..Section::new(key, columns) }
}

fn is_of_waits(touchpoint: &&TouchpointChange) -> bool {
    matches!(touchpoint.subject, Subject::Waits { .. })
}

fn name(name: &str) -> Cell {
    if name.is_empty() { Cell::Word("name", "none") } else { Cell::Text(name.to_owned()) }
}

fn kind(touchpoint: &TouchpointChange) -> Cell {
    Cell::Word("kind", touchpoint.subject.kind())
}

fn touchpoints(comparison: &Comparison) -> Section {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        text("kind"),
        text("verdict"),
        number("n_sides"),
        text("figure"),
        number("base"),
        number("head"),
        number("change"),
        text("interval"),
        number("floor"),
    ];
    let rows = comparison.touchpoints.iter().filter(is_of_waits).map(|touchpoint| {
        let n = Cell::Sides(touchpoint.base.waits, touchpoint.head.waits);
        let mut cells = vec![name(&touchpoint.name), kind(touchpoint), said(touchpoint), n];
        cells.extend(decided(touchpoint));
        cells
    });
    let mut section = section("compared", COLUMNS, rows);
    section.more = comparison.touchpoints_left_out;
    for (row, touchpoint) in section.rows.iter_mut().zip(comparison.touchpoints.iter().filter(is_of_waits)) {
        // Journeys and their steps have a page of their own.
        if let Subject::Waits { kind, .. } = touchpoint.subject
            && !matches!(kind, Kind::Journey | Kind::Step)
        {
            *row = std::mem::take(row).about(kind, &touchpoint.name);
        }
    }
    section
}

/// What benchmarks measured.
fn metrics(comparison: &Comparison) -> Section {
    const COLUMNS: &[Column] = &[
        text("metric"),
        text("verdict"),
        number("values"),
        number("runs"),
        text("figure"),
        number("base"),
        number("head"),
        number("change"),
        text("interval"),
        number("floor"),
    ];
    let metrics = comparison.touchpoints.iter().filter(|touchpoint| !is_of_waits(touchpoint));
    let rows = metrics.map(|metric| {
        let mut cells = vec![
            name(&metric.name),
            said(metric),
            Cell::Sides(metric.base.waits, metric.head.waits),
            Cell::Sides(metric.base.sessions, metric.head.sessions),
        ];
        cells.extend(decided(metric));
        cells
    });
    section("metrics", COLUMNS, rows)
}

/// The verdict, or how many waits or values are missing for one.
fn said(touchpoint: &TouchpointChange) -> Cell {
    match touchpoint.waits_missing {
        0 => verdict(touchpoint.verdict),
        n => Cell::Counts("verdict", vec![("missing".to_owned(), n)]),
    }
}

/// The time that decides first, and the noise floor.
fn decided(touchpoint: &TouchpointChange) -> [Cell; 6] {
    let floor = touchpoint.noise_floor.map_or(Cell::None, |floor| {
        Cell::Change(match &touchpoint.subject {
            Subject::Values { metric, compared_by: Axis::Difference } => {
                Change::Difference { unit: metric.unit.clone(), value: floor }
            }
            _ => Change::Ratio(1.0 + floor),
        })
    });
    match touchpoint.primary().map(|of| Told::of(touchpoint, of)) {
        None => [Cell::None, Cell::None, Cell::None, Cell::None, Cell::None, floor],
        Some(told) => [told.figure, told.base, told.head, told.change, told.interval, floor],
    }
}

/// Each figure of the touchpoints that changed, and what it says.
fn reasons(comparison: &Comparison) -> Section {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        text("kind"),
        text("figure"),
        text("says"),
        number("base"),
        number("head"),
        number("head_as_is"),
        number("change"),
        text("interval"),
    ];
    let has_changed = |of: &&TouchpointChange| matches!(of.verdict, Verdict::Slower | Verdict::Faster);
    let changed = comparison.touchpoints.iter().filter(has_changed);
    let rows = changed.flat_map(|touchpoint| {
        touchpoint.figures.iter().filter(|figure| figure.decides).map(move |figure| {
            let told = Told::of(touchpoint, figure);
            vec![
                name(&touchpoint.name),
                kind(touchpoint),
                told.figure,
                verdict(figure.verdict),
                told.base,
                told.head,
                told.head_as_is,
                told.change,
                told.interval,
            ]
        })
    });
    section("reasons", COLUMNS, rows)
}

/// How the time that decides first changed where each release has its own customers, and where HEAD has BASE's.
fn as_is(comparison: &Comparison) -> Section {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        text("kind"),
        text("figure"),
        number("change_as_is"),
        text("interval_as_is"),
        number("change"),
        text("interval"),
    ];
    let mut rows = Vec::new();
    for touchpoint in &comparison.touchpoints {
        let (Some(as_is), Subject::Waits { kind: of, .. }) = (touchpoint.as_is, &touchpoint.subject) else {
            continue;
        };
        let Some(told) = touchpoint.figure(as_is.figure).map(|figure| Told::of(touchpoint, figure)) else {
            continue;
        };
        let (low, high) = (as_is.low.map(Change::Ratio), as_is.high.map(Change::Ratio));
        let is_bounded = low.is_some() || high.is_some();
        let row = Row::of(vec![
            name(&touchpoint.name),
            kind(touchpoint),
            told.figure,
            Cell::Change(Change::Ratio(as_is.change)),
            if is_bounded { Cell::Interval { low, high } } else { Cell::None },
            told.change,
            told.interval,
        ]);
        rows.push(row.about(*of, &touchpoint.name));
    }
    Section { about: About::Releases, rows, ..Section::new("as_is", COLUMNS) }
}

/// The touchpoints of which p75 says little, as their times come in steps.
fn steps(comparison: &Comparison) -> Section {
    const COLUMNS: &[Column] = &[text("touchpoint"), text("kind"), number("steps_of")];
    let rows = comparison.touchpoints.iter().filter_map(|touchpoint| {
        let steps = Cell::DurationNs(touchpoint.steps_ns?.round() as u64);
        Some(vec![name(&touchpoint.name), kind(touchpoint), steps])
    });
    section("in_steps", COLUMNS, rows)
}

/// The runs whose values are not of one state of the machine.
fn drifts(drifts: &[Drift]) -> Section {
    const COLUMNS: &[Column] = &[
        text("metric"),
        text("side"),
        text("run"),
        number("first_half"),
        number("second_half"),
        number("autocorrelation"),
    ];
    let rows = drifts.iter().map(|drift| {
        let value = |value: f64| Cell::Quantity { unit: drift.unit.clone(), value };
        let side = match drift.of {
            crate::verdict::Release::Base => "base",
            crate::verdict::Release::Head => "head",
        };
        vec![
            name(&drift.name),
            Cell::Word("column", side),
            Cell::Text(drift.run.clone()),
            value(drift.first),
            value(drift.second),
            Cell::Quantity { unit: Unit::Other(String::new()), value: drift.autocorrelation },
        ]
    });
    section("drifts", COLUMNS, rows)
}

/// What benchmarks measured and nobody can judge by.
fn not_judged(of: &[NotJudged]) -> Section {
    const COLUMNS: &[Column] = &[text("metric"), number("base"), number("head"), text("why")];
    let rows = of.iter().map(|of| {
        let [base, head] = [of.base, of.head]
            .map(|middle| middle.map_or(Cell::None, |value| Cell::Quantity { unit: of.unit.clone(), value }));
        vec![name(&of.name), base, head, Cell::Word("not_judged", of.reason.as_str())]
    });
    section("not_judged", COLUMNS, rows)
}

/// Where the customers of both releases differ.
fn mix(changes: &[MixChange]) -> Section {
    const COLUMNS: &[Column] = &[text("field"), text("value"), number("base"), number("head")];
    let rows = changes.iter().map(|of| {
        let words = [condition::field(&of.field), condition::value(&of.field, &of.value)];
        words.into_iter().chain([of.base_share, of.head_share].map(Cell::Share)).collect()
    });
    section("mix", COLUMNS, rows)
}
