//! Whether all that a section says can be said in every language.

use nowait_report::section::{Cell, Section};
use nowait_report::{Language, text};

/// The keys of these sections that a language has no word for.
pub(crate) fn missing(sections: &[Section]) -> Vec<String> {
    let mut keys = Vec::new();
    for section in sections {
        keys.extend([format!("section.{}", section.key), format!("section.{}.note", section.key)]);
        keys.extend(section.columns.iter().map(|column| format!("column.{}", column.key)));
        for cell in section.rows.iter().flat_map(|row| &row.cells) {
            match cell {
                Cell::Word(group, key) => keys.push(format!("{group}.{key}")),
                Cell::Counts(group, counts) if !group.is_empty() => {
                    keys.extend(counts.iter().map(|(what, _)| format!("{group}.{what}")));
                }
                _ => {}
            }
        }
        assert!(section.rows.iter().all(|row| row.cells.len() == section.columns.len()), "{}", section.key);
        assert!(!text::section(section).is_empty());
    }
    keys.retain(|key| Language::ALL.iter().any(|language| language.word(key).is_none()));
    keys
}
