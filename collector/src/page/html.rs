//! Markup that cannot be broken by what stands in it.
//!
//! Owns: escaping and tables. Refuses: what the columns mean, and how numbers are written.
//! Invariant: text that did not come from this program's source is written through [`escape`] only.

/// Appends text so that no browser takes it for markup, in elements and in quoted attributes.
pub(super) fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// Appends an element with escaped text in it.
pub(super) fn element(out: &mut String, tag: &str, text: &str) {
    out.push_str(&format!("<{tag}>"));
    escape(out, text);
    out.push_str(&format!("</{}>", tag.split(' ').next().unwrap_or(tag)));
}

/// A section with a heading, a sentence and a table; nothing at all if the table has no rows. Columns whose head
/// begins with `<` hold words, the others numbers.
pub(super) fn table(out: &mut String, heading: &str, sentence: &str, columns: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    out.push_str("<section>");
    element(out, "h2", heading);
    element(out, "p", sentence);
    out.push_str("<div class=\"wide\"><table><thead><tr>");
    let is_words: Vec<bool> = columns.iter().map(|column| column.starts_with('<')).collect();
    for column in columns {
        let words = column.strip_prefix('<');
        element(
            out,
            if words.is_some() { "th scope=\"col\" class=\"words\"" } else { "th scope=\"col\"" },
            words.unwrap_or(column),
        );
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        out.push_str("<tr>");
        for (cell, is_words) in row.iter().zip(&is_words) {
            element(out, if *is_words { "td class=\"words\"" } else { "td" }, cell);
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div></section>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let mut out = String::new();
        element(&mut out, "td class=\"words\"", "<b onclick='x'>\"&\"</b>");
        assert_eq!(out, "<td class=\"words\">&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/b&gt;</td>");
    }

    #[test]
    fn a_table_without_rows_says_nothing() {
        let mut out = String::new();
        table(&mut out, "Taps", "", &["n"], &[]);
        assert_eq!(out, "");
    }
}
