//! What customers said beside how it had gone.

use super::{About, Cell, Change, Column, Row, Section, number, text};
use crate::limits::RATINGS_COMPARED_MIN;
use crate::rated::{Effect, Explained, Group, Mean, RatedPlace};
use nowait_wire::Kind;

/// The answer, and the ratings by how it had gone; none where nobody rated anything.
#[must_use]
pub fn of_explained(of: &Explained) -> Vec<Section> {
    if of.is_empty() {
        return Vec::new();
    }
    vec![answer(of), groups(&of.groups)]
}

fn answer(of: &Explained) -> Section {
    const COLUMNS: &[Column] = &[
        text("question"),
        text("answer"),
        number("change"),
        text("interval"),
        number("better"),
        number("n"),
        number("worse"),
        number("n_worse"),
    ];
    let row = |is_part: bool, name: Cell, of: &Effect| Row { is_part, ..Row::of(cells(name, of)) };
    let parts = |effect: fn(&RatedPlace) -> &Effect| {
        of.places.iter().map(move |place| {
            let row = row(true, Cell::Text(place.label.clone()), effect(place));
            // A journey has a page of its own.
            if place.kind == Kind::Journey { row } else { row.about(place.kind, &place.name) }
        })
    };
    let word = |key| Cell::Word("explains", key);
    let waiting =
        std::iter::once(row(false, word("waiting"), &of.waiting)).chain(parts(|place| &place.waiting));
    let failing =
        std::iter::once(row(false, word("failing"), &of.failing)).chain(parts(|place| &place.failing));
    let rows = waiting.chain(failing).collect();
    Section { about: About::Bank, n: Some(of.untied), rows, ..Section::new("explained", COLUMNS) }
}

fn cells(name: Cell, of: &Effect) -> Vec<Cell> {
    let stars = |of: Option<f64>| of.map(Change::Score);
    let interval = match (stars(of.low), stars(of.high)) {
        (None, None) => missing(&of.better, &of.worse),
        (low, high) => Cell::Interval { low, high },
    };
    vec![
        name,
        Cell::Word("explains", of.explains.as_str()),
        stars(of.change).map_or(Cell::None, Cell::Change),
        interval,
        mean(&of.better),
        Cell::Count(of.better.n),
        mean(&of.worse),
        Cell::Count(of.worse.n),
    ]
}

/// How many are missing on the side with fewer.
fn missing(better: &Mean, worse: &Mean) -> Cell {
    let fewest = better.n.min(worse.n);
    Cell::Counts("verdict", vec![("missing".to_owned(), RATINGS_COMPARED_MIN.saturating_sub(fewest))])
}

fn mean(of: &Mean) -> Cell {
    of.mean.map_or(Cell::None, Cell::Score)
}

fn groups(groups: &[Group]) -> Section {
    const COLUMNS: &[Column] = &[text("went"), number("n"), number("rating"), text("range")];
    let row = |of: &Group| {
        let Mean { n, low, high, .. } = of.ratings;
        let range = match (low, high) {
            (Some(low), Some(high)) => {
                Cell::Range { low: Box::new(Cell::Score(low)), high: Box::new(Cell::Score(high)) }
            }
            _ => {
                Cell::Counts("verdict", vec![("missing".to_owned(), RATINGS_COMPARED_MIN.saturating_sub(n))])
            }
        };
        Row::of(vec![Cell::Word("went", of.went.as_str()), Cell::Count(n), mean(&of.ratings), range])
    };
    Section { about: About::Bank, rows: groups.iter().map(row).collect(), ..Section::new("rated", COLUMNS) }
}
