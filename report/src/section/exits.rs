//! Processes that ended without a word, by where they died and of what.

use super::{Cell, Column, Section, name, number, text};
use crate::report::Report;
use nowait_wire::ExitCause;

/// The groups; what led to the latest exits is no table (see [`crate::report::Exits::latest`]).
pub(super) fn groups(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("how"),
        text("cause"),
        text("release"),
        text("system"),
        number("exits"),
        text("last_breadcrumb"),
    ];
    let exits = &report.exits;
    let section = Section { n: Some(exits.count), ..Section::new("exits", COLUMNS) };
    section.of(report, &exits.groups, |group| {
        vec![
            Cell::Word("exit", group.reason.as_str()),
            cause(group.cause),
            name(&group.app_version),
            Cell::Text(group.os.to_string()),
            Cell::Count(group.count),
            name(&group.last_crumb),
        ]
    })
}

/// What ended a process, where somebody knows.
pub(super) fn cause(cause: ExitCause) -> Cell {
    if cause == ExitCause::Unknown { Cell::None } else { Cell::Word("cause", cause.as_str()) }
}
