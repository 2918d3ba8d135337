//! Plain aligned columns.
//!
//! Owns: widths, alignment and cutting what is too long. Refuses: what the cells say.
//! Invariant: no line is wider than [`width_max`].

use super::safe::safe_char;
use super::units::count;
use std::cell::Cell;
use std::fmt::Write as _;

/// The widest line where nobody says another, in characters: fits beside a second terminal on a usual screen.
pub const WIDTH_MAX: usize = 110;

thread_local! {
    static WIDTH: Cell<usize> = const { Cell::new(WIDTH_MAX) };
}

/// Makes texts whose widest line is this, in characters.
pub fn with_width<T>(width: usize, make: impl FnOnce() -> T) -> T {
    let before = WIDTH.replace(width);
    let made = make();
    WIDTH.set(before);
    made
}

/// The widest line of what is being made.
pub(crate) fn width_max() -> usize {
    WIDTH.get()
}

/// Rows shown of one table; the JSON has all.
pub(crate) const ROWS_MAX: usize = 30;

/// Between two columns.
const GAP: &str = "  ";

/// The least width that the first column keeps.
const FIRST_MIN: usize = 12;

/// A title, its remark, and columns: the first is text and gives way when a line gets too long, those whose header
/// begins with `<` are text, all others are numbers, set to the right.
pub(crate) struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    skipped: usize,
    /// Whether the first column says most at its end, so that its beginning gives way.
    ends_matter: bool,
}

impl Table {
    pub(crate) fn new(title: &str, columns: &[&'static str]) -> Table {
        Table::of(title, columns.iter().map(|head| (*head).to_owned()).collect())
    }

    /// The same where the heads are made.
    pub(crate) fn of(title: &str, columns: Vec<String>) -> Table {
        Table { title: title.to_owned(), columns, rows: Vec::new(), skipped: 0, ends_matter: false }
    }

    /// Of names that end with what tells them apart, as those of metrics do.
    pub(crate) fn whose_ends_matter(mut self) -> Table {
        self.ends_matter = true;
        self
    }

    /// Fills the table with the first [`ROWS_MAX`] items, each giving one line or more.
    pub(crate) fn fill<T>(mut self, items: &[T], lines: impl Fn(usize, &T) -> Vec<Vec<String>>) -> Table {
        for (at, item) in items.iter().enumerate().take(ROWS_MAX) {
            self.rows.extend(lines(at, item));
        }
        self.skipped = items.len().saturating_sub(ROWS_MAX);
        self
    }

    /// The lines with an empty one behind; nothing at all if there are no rows.
    pub(crate) fn render(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths = self.widths();
        let mut out = format!("{}\n", cut(&self.title, width_max()));
        let headers: Vec<&str> = self.columns.iter().map(|header| header.trim_start_matches('<')).collect();
        self.line(&mut out, &widths, &headers);
        for row in &self.rows {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            self.line(&mut out, &widths, &cells);
        }
        if self.skipped > 0 {
            let _ = writeln!(out, "… and {} more", count(self.skipped as u64));
        }
        out.push('\n');
        out
    }

    /// The width of every column: its widest cell, and for the first what the others leave.
    fn widths(&self) -> Vec<usize> {
        let width = |at: usize| {
            let header =
                self.columns.get(at).map_or(0, |header| header.trim_start_matches('<').chars().count());
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            cells.fold(header, usize::max)
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let others: usize = widths.iter().skip(1).map(|width| width + GAP.len()).sum();
        if let Some(first) = widths.first_mut() {
            *first = (*first).min(width_max().saturating_sub(others).max(FIRST_MIN));
        }
        widths
    }

    fn line(&self, out: &mut String, widths: &[usize], cells: &[&str]) {
        let mut line = String::new();
        for (at, (width, cell)) in widths.iter().zip(cells).enumerate() {
            let text = at == 0 || self.columns.get(at).is_some_and(|header| header.starts_with('<'));
            let cell = if at == 0 && self.ends_matter { end(cell, *width) } else { cut(cell, *width) };
            if at > 0 {
                line.push_str(GAP);
            }
            let _ = if text { write!(line, "{cell:<width$}") } else { write!(line, "{cell:>width$}") };
        }
        out.push_str(&cut(line.trim_end(), width_max()));
        out.push('\n');
    }
}

/// The text, or `…` and its end, as [`cut`].
fn end(text: &str, width: usize) -> String {
    let left_out = text.chars().count().saturating_sub(width);
    if left_out == 0 {
        return cut(text, width);
    }
    std::iter::once('…').chain(text.chars().skip(left_out + 1).map(safe_char)).collect()
}

/// The text, or its beginning and `…`, within `width` characters; what nobody would see is marked, line breaks included.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.chars().map(safe_char).collect();
    }
    text.chars().take(width.saturating_sub(1)).map(safe_char).chain(['…']).collect()
}
