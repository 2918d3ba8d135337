//! Text and tables as markup that cannot be broken by what stands in them.
//!
//! Owns: how texts from outside and tables are shown. Refuses: what the columns mean, and how numbers are written.
//! Invariant: `maud` escapes whatever is no literal of this program's source, and nothing on the page is hidden from its reader.

use crate::limits::PAGE_ROWS_MAX;
use maud::{Markup, Render, html};
use nowait_report::text::safe;
use nowait_report::text::units::count;

/// A text from outside: escaped, and with a mark for what nobody would see.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl Render for Shown<'_> {
    fn render_to(&self, buffer: &mut String) {
        safe(self.0).render_to(buffer);
    }
}

/// A section with a heading, a sentence and a table; nothing at all if there are no rows.
pub(super) struct Table {
    pub(super) title: String,
    pub(super) note: String,
    /// Each with whether its column is of words, not of numbers.
    pub(super) heads: Vec<(String, bool)>,
    /// The texts, and what is told of one to who points at it.
    pub(super) rows: Vec<Vec<(String, Option<String>)>>,
    /// How many rows there are besides these.
    pub(super) more: u64,
}

impl Table {
    pub(super) fn markup(&self) -> Markup {
        let words: Vec<Option<&str>> =
            self.heads.iter().map(|(_, is_text)| is_text.then_some("words")).collect();
        html! {
            @if !self.rows.is_empty() {
                section {
                    h2 { (Shown(&self.title)) }
                    p { (Shown(&self.note)) }
                    div class="wide" {
                        table {
                            thead {
                                tr {
                                    @for ((head, _), class) in self.heads.iter().zip(&words) {
                                        th scope="col" class=[class] { (Shown(head)) }
                                    }
                                }
                            }
                            tbody {
                                @for row in &self.rows {
                                    tr {
                                        @for ((cell, title), class) in row.iter().zip(&words) {
                                            td class=[class] title=[title] { (Shown(cell)) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    @if self.more > 0 {
                        p { "… and " (count(self.more)) " more" }
                    }
                }
            }
        }
    }
}

/// The same of [`PAGE_ROWS_MAX`] rows. Columns whose head begins with `<` hold words, the others numbers.
pub(super) fn table(title: &str, note: &str, columns: &[&str], rows: &[Vec<String>]) -> Markup {
    let head = |head: &&str| (head.trim_start_matches('<').to_owned(), head.starts_with('<'));
    let texts = |row: &Vec<String>| row.iter().map(|cell| (cell.clone(), None)).collect();
    let table = Table {
        title: title.to_owned(),
        note: note.to_owned(),
        heads: columns.iter().map(head).collect(),
        rows: rows.iter().take(PAGE_ROWS_MAX).map(texts).collect(),
        more: rows.len().saturating_sub(PAGE_ROWS_MAX) as u64,
    };
    table.markup()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let evil = "<b onclick=\"x\">&\u{202e}</b>";
        let html = html! { td title=(evil) { (Shown(evil)) } }.into_string();
        let text = "&lt;b onclick=&quot;x&quot;&gt;&amp;";
        assert_eq!(html, format!("<td title=\"{text}\u{202e}&lt;/b&gt;\">{text}\u{fffd}&lt;/b&gt;</td>"));
    }

    #[test]
    fn a_table_without_rows_says_nothing_and_a_long_one_ends() {
        assert_eq!(table("Taps", "", &["n"], &[]).into_string(), "");
        let rows = vec![vec!["1".to_owned(), "x".to_owned()]; 2_000];
        let html = table("Taps", "", &["n", "<name"], &rows).into_string();
        assert!(
            html.contains("<th scope=\"col\">n</th><th scope=\"col\" class=\"words\">name</th>"),
            "{html}"
        );
        assert_eq!(html.matches("<td>1</td><td class=\"words\">x</td>").count(), PAGE_ROWS_MAX);
        assert!(html.contains("… and 1,800 more"), "{html}");
    }
}
