//! The sections of a report on the page: each is the table that the terminal shows, too.

use super::html::{Shown, Table};
use crate::limits::{PAGE_BROKEN_DOWN_MAX, PAGE_ROWS_MAX, PAGE_SLICES_MAX};
use maud::{Markup, html};
use nowait_report::Zone;
use nowait_report::report::Exit;
use nowait_report::section::{Cell, Row, Section};
use nowait_report::text::units::{count, duration};
use nowait_report::text::{cell, how, title, word};
use nowait_report::{Language, Report, sections};

pub(super) fn report(report: &Report) -> Markup {
    html! {
        @for of in &sections(report) {
            (section(of, Language::En))
            @if of.key == "exits" {
                @for exit in &report.exits.latest {
                    (trail(exit, &report.scope.zone))
                }
            }
        }
    }
}

/// A section as a table in a language.
pub(super) fn section(section: &Section, language: Language) -> Markup {
    let (title, note) = title(section, language);
    let heads = section.columns.iter().map(|column| (word("column", column.key, language), column.is_text));
    let mut table = Table { title, note, heads: heads.collect(), rows: Vec::new(), more: section.more };
    let unseen = section.items().skip(PAGE_ROWS_MAX).count() as u64;
    table.more = table.more.saturating_add(unseen);
    for (at, rows) in section.items().take(PAGE_ROWS_MAX).enumerate() {
        let parts = if at < PAGE_BROKEN_DOWN_MAX { PAGE_SLICES_MAX } else { 0 };
        table.rows.extend(rows.iter().take(1 + parts).map(|row| cells(row, language)));
        let more = rows.len().saturating_sub(1 + parts);
        if parts > 0 && more > 0 {
            table.rows.push(vec![(format!("· … and {} more", count(more as u64)), None)]);
        }
    }
    table.markup()
}

/// The texts of a row, and what else is known of each.
fn cells(row: &Row, language: Language) -> Vec<(String, Option<String>)> {
    let of = |(at, of): (usize, &Cell)| {
        let text = cell(of, language);
        let text = if at == 0 && row.is_part { format!("· {text}") } else { text };
        let people = match of {
            Cell::People { part, whole } => Some(format!("{} of {}", count(*part), count(*whole))),
            _ => None,
        };
        (text, people)
    };
    row.cells.iter().enumerate().map(of).collect()
}

fn trail(exit: &Exit, zone: &Zone) -> Markup {
    let lived = duration(exit.lived_ns);
    let head = format!(
        "{} {zone}, {} after {lived}, {} on {} {}, session {}",
        zone.moment(exit.ended_unix_ms),
        how(exit),
        exit.app_version,
        exit.os,
        exit.device_model,
        exit.session
    );
    html! {
        details {
            summary { (Shown(&head)) }
            ol {
                @for crumb in &exit.trail {
                    li {
                        (Shown(&crumb.name)) ", "
                        (duration(crumb.before_end_ms.saturating_mul(1_000_000))) " before the end"
                    }
                }
            }
        }
    }
}
