//! Text on a terminal: as wide as it is, with colours where it shows some, and pictures where it has their characters.
//!
//! Owns: which words are coloured, and whether characters are more than ASCII. Refuses: what is said (see `nowait_report::text`).
//! Invariant: without a terminal, or with `NO_COLOR`, the text is printed as it is; colours say nothing that the words do not.

use super::print;
use crate::error::Error;
use console::{Style, Term};
use nowait_report::text::{WIDTH_MAX, with_blocks, with_width};

/// The narrowest and the widest text: tables cut their first column to fit, and longer lines are hard to follow.
const WIDTHS: std::ops::RangeInclusive<usize> = 80..=200;

/// Words that are a finding, where a table or a verdict says one.
const WORSE: [&str; 5] = ["slower", "SLOWER", "broken", "BROKEN", "DOES NOT BALANCE"];
const BETTER: [&str; 4] = ["faster", "FASTER", "kept", "KEPT"];

/// Prints what `make` gives for this terminal.
pub(super) fn print_text(make: impl FnOnce() -> String) -> Result<(), Error> {
    let terminal = Term::stdout();
    let columns = terminal.size_checked().map(|(_, columns)| usize::from(columns));
    let width = columns.map_or(WIDTH_MAX, |columns| columns.clamp(*WIDTHS.start(), *WIDTHS.end()));
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"].map(|name| std::env::var(name).unwrap_or_default());
    let text = with_blocks(is_utf8(&variables), || with_width(width, make));
    if console::colors_enabled() { print(&painted(&text)) } else { print(&text) }
}

/// Whether the first of these that says anything, as POSIX has it, says so: `C.UTF-8`, `en_GB.utf8`.
fn is_utf8(variables: &[String]) -> bool {
    let locale = variables.iter().find(|locale| !locale.is_empty());
    locale.is_some_and(|locale| ["utf-8", "utf8"].iter().any(|name| locale.to_lowercase().ends_with(name)))
}

fn painted(text: &str) -> String {
    let [bold, bad, good] = [Style::new().bold(), Style::new().red().bold(), Style::new().green()]
        .map(|style| style.force_styling(true));
    let line = |line: &str| {
        let title = line.split("   ").next().filter(|title| is_title(title));
        let (title, rest) = line.split_at(title.map_or(0, str::len));
        let mut cells: Vec<String> = Vec::new();
        // Columns lie two blanks apart.
        for cell in rest.split("  ") {
            let word = cell.trim();
            let style = if WORSE.contains(&word) {
                Some(&bad)
            } else if BETTER.contains(&word) {
                Some(&good)
            } else {
                None
            };
            cells.push(style.map_or_else(
                || cell.to_owned(),
                |style| cell.replacen(word, &style.apply_to(word).to_string(), 1),
            ));
        }
        let title = if title.is_empty() { String::new() } else { bold.apply_to(title).to_string() };
        title + &cells.join("  ")
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Whether a line begins a section: words in capitals.
fn is_title(text: &str) -> bool {
    text.len() >= 3 && text.chars().all(|c| c.is_ascii_uppercase() || c == ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_says_which_characters_there_are() {
        let is_utf8 = |all: [&str; 3]| is_utf8(&all.map(str::to_owned));
        assert!(is_utf8(["", "", "zh_CN.UTF-8"]) && is_utf8(["C.utf8", "C", "C"]));
        assert!(!is_utf8(["C", "", "en_GB.UTF-8"]) && !is_utf8(["", "", ""]) && !is_utf8(["", "POSIX", ""]));
    }

    #[test]
    fn colours_are_all_that_is_added() {
        let text = "VERDICT   SLOWER   (1 slower)\n\nWHY   the figures\nname  kind  slower  3 ms\nslower way  tap  kept\n";
        let painted = painted(text);
        assert_eq!(console::strip_ansi_codes(&painted), text);
        let bad = "\u{1b}[31m\u{1b}[1m";
        assert!(
            painted.contains(&format!("{bad}SLOWER")) && painted.contains(&format!("{bad}slower")),
            "{painted:?}"
        );
        assert_eq!(painted.matches(bad).count(), 2, "no part of a name: {painted:?}");
        assert!(painted.starts_with("\u{1b}[1mVERDICT") && painted.contains("\u{1b}[32mkept"), "{painted:?}");
    }
}
