//! The sections of a report as tables on a terminal, and what is no table: its head, and what led to the latest exits.

use super::safe::safe_lines;
use super::table::{Table, cut, width_max};
use super::trend::trend;
use super::units::{self, NONE, bytes, count, duration, quantity, share, signed, signed_quantity, within};
use crate::daily::Daily;
use crate::detail::Detail;
use crate::journey_map::JourneyMap;
use crate::report::{Exit, Report, Scope};
use crate::section::{
    About, Cell, Change, Row, Section, of_daily, of_detail, of_journey, of_service, of_session, sections,
};
use crate::service::Service;
use crate::session::Timeline;
use crate::words::Language;
use crate::zone::Zone;
use nowait_wire::ExitCause;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Touchpoints whose releases and systems are shown below them: the ones that matter most.
const BROKEN_DOWN_MAX: usize = 5;

/// Trails that a terminal shows: enough to see a pattern; the page and the JSON have the others.
const TRAILS_MAX: usize = 5;

/// What stands where nobody waited.
const NO_WAITS: &str = "No waits in this span. Is the app sending, and is the span right?";

/// A whole report.
#[must_use]
pub fn report(report: &Report) -> String {
    let mut out = head(report);
    let sections = sections(report);
    if sections.iter().all(|section| section.about == About::NoWait) {
        out.push_str(NO_WAITS);
        out.push_str("\n\n");
    }
    for of in &sections {
        out.push_str(&section(of));
        if of.key == "exits" {
            out.push_str(&latest_exits(report));
        }
    }
    // A report may come from another machine: nothing of it passes only because it is no name.
    safe_lines(out.trim_end()).into_owned() + "\n"
}

/// A touchpoint in detail.
#[must_use]
pub fn detail(detail: &Detail) -> String {
    let head = head_of("NoWait touchpoint", &detail.scope, &detail.uncounted);
    let sections: String = of_detail(detail).iter().map(section).collect();
    safe_lines((head + "\n\n" + &sections).trim_end()).into_owned() + "\n"
}

/// Touchpoints from day to day.
#[must_use]
pub fn daily(daily: &Daily) -> String {
    let head = head_of("NoWait day by day", &daily.scope, &daily.uncounted);
    let sections: String = of_daily(daily).iter().map(section).collect();
    let told = if sections.is_empty() { NO_WAITS } else { &sections };
    safe_lines((head + "\n\n" + told).trim_end()).into_owned() + "\n"
}

/// A month of service.
#[must_use]
pub fn service(service: &Service) -> String {
    let head = head_of(
        &format!("NoWait service, {}", service.month),
        &service.report.scope,
        &service.report.uncounted,
    );
    let sections: String = of_service(service).iter().map(section).collect();
    safe_lines((head + "\n\n" + &sections).trim_end()).into_owned() + "\n"
}

/// A journey, step by step and across channels.
#[must_use]
pub fn journey(map: &JourneyMap) -> String {
    let head = head_of("NoWait journey", &map.scope, &map.uncounted);
    let sections: String = of_journey(map).iter().map(section).collect();
    safe_lines((head + "\n" + &map.label + "\n\n" + &sections).trim_end()).into_owned() + "\n"
}

/// A session, event by event.
#[must_use]
pub fn timeline(timeline: &Timeline) -> String {
    let head = format!("NoWait session {}   {}\n\n", timeline.session, timeline.zone);
    let sections: String = of_session(timeline).iter().map(section).collect();
    safe_lines((head + &sections).trim_end()).into_owned() + "\n"
}

/// From when until when, on the clock of its zone.
#[must_use]
pub fn span(scope: &Scope) -> String {
    let moment = |unix_ms: u64| scope.zone.moment(unix_ms);
    format!("{} to {} {}", moment(scope.from_unix_ms), moment(scope.until_unix_ms), scope.zone)
}

/// What figures are of, and what is not in them.
fn head_of(what: &str, scope: &Scope, uncounted: &BTreeMap<String, u64>) -> String {
    let mut line = what.to_owned();
    if scope.until_unix_ms > 0 {
        let _ = write!(line, "   {}", span(scope));
    }
    for (column, value) in &scope.filters {
        let _ = write!(line, "   {column} {value}");
    }
    let mut head = cut(&line, width_max());
    for (what, n) in uncounted {
        let _ = write!(head, "\nnot counted: {} {what}", count(*n));
    }
    head
}

fn head(report: &Report) -> String {
    let mut head = head_of("NoWait report", &report.scope, &report.uncounted);
    if !report.left_out.is_empty() {
        let sections = report.left_out.iter().map(|(section, n)| format!("{} {section}", count(*n)));
        let sections = sections.collect::<Vec<_>>().join(", ");
        head.push('\n');
        head.push_str(&cut(&format!("not listed here (see --page): {sections}"), width_max()));
    }
    head.push_str("\n\n");
    head
}

/// A section as a table under its title.
#[must_use]
pub fn section(section: &Section) -> String {
    let (title, note) = title(section, Language::En);
    let heads = section.columns.iter().map(|column| {
        let word = word("column", column.key, Language::En);
        if column.is_text { format!("<{word}") } else { word }
    });
    let items: Vec<&[Row]> = section.items().collect();
    let mut table = Table::of(&format!("{}   {note}", title.to_uppercase()), heads.collect());
    if section.columns.first().is_some_and(|column| column.key == "metric") {
        table = table.whose_ends_matter();
    }
    table
        .fill(&items, |at, rows| {
            let shown = if at < BROKEN_DOWN_MAX { rows.len() } else { 1 };
            rows.iter().take(shown).map(|row| line(row, section.is_ranked.then_some(at + 1))).collect()
        })
        .render()
}

fn line(row: &Row, rank: Option<usize>) -> Vec<String> {
    let mut cells: Vec<String> = row.cells.iter().map(|of| cell(of, Language::En)).collect();
    if let Some(first) = cells.first_mut() {
        *first = match rank {
            _ if row.is_part => format!("      {first}"),
            Some(rank) => format!("{rank:>2}  {first}"),
            None => std::mem::take(first),
        };
    }
    cells
}

/// The title of a section and what it says of itself.
#[must_use]
pub fn title(section: &Section, language: Language) -> (String, String) {
    let note = word("section", &format!("{}.note", section.key), language);
    let n = section.n.map(count).unwrap_or_default();
    (word("section", section.key, language), note.replace("{n}", &n))
}

/// A word of ours; its key where there is none.
#[must_use]
pub fn word(group: &str, key: &str, language: Language) -> String {
    language.word(&format!("{group}.{key}")).unwrap_or(key).to_owned()
}

/// What stands in a cell.
#[must_use]
pub fn cell(cell: &Cell, language: Language) -> String {
    match cell {
        Cell::None => NONE.to_owned(),
        Cell::Text(text) | Cell::Day(text) | Cell::Month(text) => text.clone(),
        Cell::Word(group, key) => word(group, key, language),
        Cell::Count(n) => count(*n),
        Cell::DurationNs(ns) => duration(*ns),
        Cell::Trend(values) => trend(values),
        Cell::Share(of) => share(Some(*of)),
        Cell::People { part, whole } => share((*whole > 0).then(|| *part as f64 / *whole as f64)),
        Cell::Apdex { index, is_of_few } => format!("{index:.2}{}", if *is_of_few { "*" } else { "" }),
        Cell::Score(value) => format!("{value:.1}"),
        Cell::Bytes(n) => bytes(*n),
        Cell::Range { low, high } => {
            format!("{} to {}", self::cell(low, language), self::cell(high, language))
        }
        Cell::Within(bucket) => within(Some(*bucket)),
        Cell::Quantity { unit, value } => quantity(unit, *value),
        Cell::Sides(base, head) => format!("{}/{}", count(*base), count(*head)),
        Cell::Change(of) => change(of),
        Cell::Interval { low, high } => interval(low.as_ref(), high.as_ref()),
        Cell::Counts(group, counts) => {
            let each = |(what, n): &(String, u64)| format!("{} {}", word(group, what, language), count(*n));
            counts.iter().map(each).collect::<Vec<_>>().join(", ")
        }
    }
}

fn change(change: &Change) -> String {
    match change {
        Change::Ratio(ratio) => units::change(*ratio),
        Change::Points(points) => signed(points * 100.0, " pp"),
        Change::Score(points) => signed(*points, ""),
        Change::Chance(chance) => share(Some(*chance)),
        Change::Difference { unit, value } => signed_quantity(unit, *value),
    }
}

fn interval(low: Option<&Change>, high: Option<&Change>) -> String {
    let end = |end: Option<&Change>| end.map_or_else(|| NONE.to_owned(), change);
    match (low, high) {
        // One unit is enough for both.
        (Some(Change::Ratio(_)), Some(Change::Ratio(_))) => {
            format!("{} to {}", end(low).trim_end_matches(" %"), end(high))
        }
        _ => format!("{} to {}", end(low), end(high)),
    }
}

/// What led to the latest exits.
fn latest_exits(report: &Report) -> String {
    let mut out = String::new();
    if report.exits.latest.is_empty() {
        return out;
    }
    out.push_str("What led to the latest ones\n");
    for exit in report.exits.latest.iter().take(TRAILS_MAX) {
        let _ = writeln!(out, "{}", cut(&exit_line(exit, &report.scope.zone), width_max()));
        out.push_str(&trail_lines(exit));
    }
    out.push('\n');
    out
}

fn exit_line(exit: &Exit, zone: &Zone) -> String {
    let (ended, lived) = (zone.moment(exit.ended_unix_ms), duration(exit.lived_ns));
    let (reason, session) = (how(exit), &exit.session);
    format!("  {ended}  {reason} after {lived}  {}  {}  {session}", exit.app_version, exit.os)
}

/// Where a process died, and what of where somebody knows.
#[must_use]
pub fn how(exit: &Exit) -> String {
    let word = |group, key| word(group, key, Language::En);
    let reason = word("exit", exit.reason.as_str());
    if exit.cause == ExitCause::Unknown {
        return reason.to_owned();
    }
    format!("{reason} ({})", word("cause", exit.cause.as_str()))
}

/// The breadcrumbs with the time each came before the end, broken into lines.
fn trail_lines(exit: &Exit) -> String {
    const INDENT: &str = "      ";
    let before = |ms: u64| duration(ms.saturating_mul(1_000_000));
    let crumbs = exit.trail.iter().map(|crumb| format!("{} -{} → ", crumb.name, before(crumb.before_end_ms)));
    let (mut out, mut line) = (String::new(), INDENT.to_owned());
    for part in crumbs.chain(["end".to_owned()]) {
        if line.chars().count() + part.chars().count() > width_max() {
            let _ = writeln!(out, "{}", line.trim_end());
            line = INDENT.to_owned();
        }
        line.push_str(&cut(&part, width_max() - INDENT.len()));
    }
    let _ = writeln!(out, "{line}");
    out
}
