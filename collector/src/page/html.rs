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

/// A section with a heading, a sentence and a table of [`PAGE_ROWS_MAX`] rows; nothing at all if there are no rows. Columns
/// whose head begins with `<` hold words, the others numbers.
pub(super) fn table(heading: &str, sentence: &str, columns: &[&str], rows: &[Vec<String>]) -> Markup {
    let more = rows.len().saturating_sub(PAGE_ROWS_MAX) as u64;
    table_of((heading, sentence), columns, rows.iter().take(PAGE_ROWS_MAX), more)
}

/// The same where the caller has chosen the rows, and left out so many things.
pub(super) fn table_of<'a>(
    (heading, sentence): (&str, &str),
    columns: &[&str],
    rows: impl ExactSizeIterator<Item = &'a Vec<String>>,
    more: u64,
) -> Markup {
    let words: Vec<Option<&str>> =
        columns.iter().map(|head| head.starts_with('<').then_some("words")).collect();
    html! {
        @if rows.len() > 0 {
            section {
                h2 { (Shown(heading)) }
                p { (Shown(sentence)) }
                div class="wide" {
                    table {
                        thead {
                            tr {
                                @for (head, class) in columns.iter().zip(&words) {
                                    th scope="col" class=[class] { (head.trim_start_matches('<')) }
                                }
                            }
                        }
                        tbody {
                            @for row in rows {
                                tr {
                                    @for (cell, class) in row.iter().zip(&words) {
                                        td class=[class] { (Shown(cell)) }
                                    }
                                }
                            }
                        }
                    }
                }
                @if more > 0 {
                    p { "… and " (count(more)) " more" }
                }
            }
        }
    }
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
