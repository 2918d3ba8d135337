//! What arrives, what found no room, and what was set apart, as tables.

use super::{Cell, Column, Row, Section, name, number, text};
use crate::arrivals::Arrivals;

const MINUTE_MS: u64 = 60_000;

/// The tables; none of who reported where no batch is kept.
#[must_use]
pub fn of_arrivals(arrivals: &Arrivals) -> Vec<Section> {
    vec![reporting(arrivals), room(arrivals), set_apart(arrivals)]
}

fn reporting(arrivals: &Arrivals) -> Section {
    const COLUMNS: &[Column] = &[text("span"), number("installs"), number("sessions")];
    let mut section = Section::of_nowait("arrivals", COLUMNS);
    let Some(latest) = arrivals.latest_unix_ms else { return section };
    section.n = Some(arrivals.asked_unix_ms.saturating_sub(latest) / MINUTE_MS);
    let count = |n: Option<u64>| n.map_or(Cell::None, Cell::Count);
    section.rows = (arrivals.spans.iter())
        .map(|of| Row::of(vec![Cell::Word("span", of.span.as_str()), count(of.installs), count(of.sessions)]))
        .collect();
    section
}

fn room(arrivals: &Arrivals) -> Section {
    const COLUMNS: &[Column] = &[text("what"), number("used"), number("most"), text("room")];
    let mut section = Section::of_nowait("room", COLUMNS);
    section.rows = (arrivals.room.iter())
        .map(|of| {
            let fits = Cell::Word("room", if of.is_beyond { "beyond" } else { "within" });
            let what = Cell::Word("counted", of.what.as_str());
            Row::of(vec![what, Cell::Count(of.used), Cell::Count(of.most), fits])
        })
        .collect();
    section
}

fn set_apart(arrivals: &Arrivals) -> Section {
    const COLUMNS: &[Column] = &[text("table"), number("rows"), text("why")];
    let mut section = Section::of_nowait("set_apart", COLUMNS);
    section.rows = (arrivals.set_apart.iter())
        .map(|of| Row::of(vec![name(&of.table), Cell::Count(of.count), name(&of.why)]))
        .collect();
    section
}

/// What a collector did not take since it was started, by how it answered: the most first, nothing of which there was none.
#[must_use]
pub fn of_refused(endings: &[(&'static str, u64)]) -> Section {
    const COLUMNS: &[Column] = &[text("answer"), number("batches")];
    let mut endings: Vec<_> = endings.iter().filter(|(_, n)| *n > 0).collect();
    endings.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let mut section = Section::of_nowait("not_taken", COLUMNS);
    section.rows = (endings.into_iter())
        .map(|(ending, n)| Row::of(vec![Cell::Word("not_taken", ending), Cell::Count(*n)]))
        .collect();
    section
}
