//! Processes that ended without a word, by how they died.

use super::{Cell, Column, Section, name, number, text};
use crate::report::Report;

/// The groups; what led to the latest exits is no table (see [`crate::report::Exits::latest`]).
pub(super) fn groups(report: &Report) -> Section {
    const COLUMNS: &[Column] =
        &[text("how"), text("release"), text("system"), number("exits"), text("last_breadcrumb")];
    let exits = &report.exits;
    let section = Section { n: Some(exits.count), ..Section::new("exits", COLUMNS) };
    section.of(report, &exits.groups, |group| {
        vec![
            Cell::Word("exit", group.reason.as_str()),
            name(&group.app_version),
            Cell::Text(group.os.to_string()),
            Cell::Count(group.count),
            name(&group.last_crumb),
        ]
    })
}
