//! What customers say of the bank elsewhere: by indicator, touchpoint, product, release and channel.

use super::indicators::{missing, name_of_indicator};
use super::{About, Cell, Change, Column, Row, Section, number, share, text};
use crate::feedback::{Ahead, IndicatorOpinion, Listening, NamedOpinion, Opinion, TouchpointOpinion};

/// The touchpoints of the shipped dictionary, whose names are words.
const SHIPPED: [&str; 11] = [
    "launch",
    "login",
    "transfer",
    "payment",
    "accounts",
    "cards",
    "investing",
    "loans",
    "opening",
    "service",
    "branch",
];

/// What is counted together has a word, too.
const OTHER: &str = "(other)";

/// Everything that customers say; none where nobody said anything.
#[must_use]
pub fn of_listening(of: &Listening) -> Vec<Section> {
    let releases = named("said_releases", "release", &of.releases, |name| match name {
        "" => Cell::Word("said", "no_release"),
        OTHER => Cell::Word("said", "other"),
        name => Cell::Text(name.to_owned()),
    });
    let channels = named("said_channels", "channel", &of.channels, other_or_text);
    let products = named("said_products", "product", &of.products, |name| match name {
        "" => Cell::Word("said", "own"),
        name => other_or_text(name),
    });
    let products = Section { n: Some(of.unheard), ..products };
    let all = [products, indicators(&of.indicators), touchpoints(&of.touchpoints), releases, channels];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

fn told(key: &'static str, columns: &'static [Column], rows: Vec<Row>) -> Section {
    Section { about: About::Bank, rows, ..Section::new(key, columns) }
}

/// A table of one opinion a row, whose first column is this one.
fn named(key: &'static str, first: &'static str, of: &[NamedOpinion], name: fn(&str) -> Cell) -> Section {
    const fn columns(first: &'static str) -> [Column; 5] {
        [text(first), number("said"), number("praise"), text("range"), number("stars")]
    }
    const RELEASES: &[Column] = &columns("release");
    const CHANNELS: &[Column] = &columns("channel");
    const PRODUCTS: &[Column] = &columns("product");
    let columns = match first {
        "release" => RELEASES,
        "channel" => CHANNELS,
        _ => PRODUCTS,
    };
    let row =
        |of: &NamedOpinion| Row::of(std::iter::once(name(&of.name)).chain(opinion(&of.opinion)).collect());
    told(key, columns, of.iter().map(row).collect())
}

fn indicators(indicators: &[IndicatorOpinion]) -> Section {
    const COLUMNS: &[Column] = &[
        text("indicator"),
        number("said"),
        number("praise"),
        text("range"),
        number("stars"),
        number("said_others"),
        number("praise_others"),
        number("ahead"),
        text("interval"),
        text("standing"),
    ];
    let rows = indicators.iter().flat_map(|of| {
        let name = name_of_indicator(&of.name, of.label.as_deref());
        let cells = std::iter::once(name).chain(opinion(&of.own)).chain(beside(&of.others, &of.ahead));
        let part = |of: &NamedOpinion| {
            let name = name_of_touchpoint(&of.name, of.label.as_deref());
            let empty = std::iter::repeat_n(Cell::Text(String::new()), 5);
            let cells = std::iter::once(name).chain(opinion(&of.opinion)).chain(empty);
            Row { is_part: true, ..Row::of(cells.collect()) }
        };
        std::iter::once(Row::of(cells.collect())).chain(of.touchpoints.iter().map(part))
    });
    told("said_indicators", COLUMNS, rows.collect())
}

fn touchpoints(touchpoints: &[TouchpointOpinion]) -> Section {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        number("said"),
        number("complaints"),
        number("praise"),
        text("range"),
        number("stars"),
        number("praise_others"),
        number("ahead"),
        text("interval"),
    ];
    let row = |of: &TouchpointOpinion| {
        let [said, rest @ ..] = opinion(&of.own);
        let [_, theirs, ahead, interval, _] = beside(&of.others, &of.ahead);
        let first = [name_of_touchpoint(&of.name, of.label.as_deref()), said, Cell::Count(of.own.negative)];
        let cells = first.into_iter().chain(rest).chain([theirs, ahead, interval]);
        Row { touchpoint: of.touchpoint.clone(), ..Row::of(cells.collect()) }
    };
    told("said_touchpoints", COLUMNS, touchpoints.iter().map(row).collect())
}

/// How many, the share of praise with its interval, the mean of the stars.
fn opinion(of: &Opinion) -> [Cell; 4] {
    let range = match (of.low, of.high) {
        (Some(low), Some(high)) => {
            Cell::Range { low: Box::new(Cell::Share(low)), high: Box::new(Cell::Share(high)) }
        }
        _ => missing(of.polar()),
    };
    [Cell::Count(of.n), share(of.praise_share), range, of.stars_mean.map_or(Cell::None, Cell::Score)]
}

/// The others, and how far the own product is from them.
fn beside(others: &Opinion, ahead: &Ahead) -> [Cell; 5] {
    let points = |of: Option<f64>| of.map(Change::Points);
    let interval = match (points(ahead.low), points(ahead.high)) {
        (None, None) => Cell::None,
        (low, high) => Cell::Interval { low, high },
    };
    [
        Cell::Count(others.n),
        share(others.praise_share),
        points(ahead.points).map_or(Cell::None, Cell::Change),
        interval,
        Cell::Word("standing", ahead.standing.as_str()),
    ]
}

fn other_or_text(name: &str) -> Cell {
    if name == OTHER { Cell::Word("said", "other") } else { Cell::Text(name.to_owned()) }
}

/// What a touchpoint of the dictionary is called: by the bank, else by us, else its name.
fn name_of_touchpoint(name: &str, label: Option<&str>) -> Cell {
    match (label, SHIPPED.into_iter().find(|shipped| *shipped == name)) {
        (Some(label), _) => Cell::Text(label.to_owned()),
        (None, Some(shipped)) => Cell::Word("said_of", shipped),
        (None, None) => Cell::Text(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budgets;
    use crate::feedback::{Feedback, FeedbackKey, Polarity, Tally};

    #[test]
    fn every_shipped_touchpoint_has_a_word() {
        let shipped = Budgets::default();
        let names: Vec<&str> = shipped
            .listening()
            .iter()
            .filter(|topic| topic.is_place())
            .map(|topic| topic.name.as_str())
            .collect();
        assert_eq!(names, SHIPPED);
    }

    #[test]
    fn every_row_has_a_cell_for_each_column_and_a_touchpoint_leads_to_its_waits() {
        let mut feedback = Feedback::default();
        for (product, touchpoint, indicator) in [
            ("", "", ""),
            ("", "transfer", ""),
            ("", "", "tasks_in_time"),
            ("", "transfer", "tasks_in_time"),
            ("B", "", ""),
        ] {
            let [product, touchpoint, indicator] = [product, touchpoint, indicator].map(str::to_owned);
            let key = FeedbackKey { product, touchpoint, indicator, ..FeedbackKey::default() };
            feedback.add(key, &Tally::one(Some(1), Polarity::Negative));
        }
        let budgets = Budgets::parse(crate::feedback::EXAMPLE_LISTENING).unwrap();
        let sections = of_listening(&Listening::new(&feedback, &budgets));
        let keys: Vec<&str> = sections.iter().map(|section| section.key).collect();
        assert_eq!(
            keys,
            ["said_products", "said_indicators", "said_touchpoints", "said_releases", "said_channels"]
        );
        for section in &sections {
            for row in &section.rows {
                assert_eq!(row.cells.len(), section.columns.len(), "{}", section.key);
            }
        }
        let touchpoints = sections.iter().find(|section| section.key == "said_touchpoints").unwrap();
        assert_eq!(touchpoints.rows.first().unwrap().touchpoint.as_deref(), Some("journey:transfer"));
        assert!(of_listening(&Listening::default()).is_empty());
    }
}
