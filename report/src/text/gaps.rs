//! Gaps, targets and the map of touchpoints as text.

use super::safe::safe_lines;
use super::sections::section;
use crate::gaps::{EXAMPLE_GAPS, Gaps, Targets};
use crate::life::{EXAMPLE_LIFE, LifeMap};
use crate::section::{of_gaps, of_life, of_targets};

/// The working table and what became of targets; how to begin where the bank said nothing yet.
#[must_use]
pub fn gaps(gaps: &Gaps, targets: &Targets) -> String {
    let sections = of_gaps(gaps).into_iter().chain(of_targets(targets));
    let text: String = sections.map(|of| section(&of)).collect();
    if text.is_empty() {
        return format!(
            "No factor is said yet. Write what matters to your customers into your budgets file:\n\n{EXAMPLE_GAPS}"
        );
    }
    safe_lines(text.trim_end()).into_owned() + "\n"
}

/// The touchpoints over a customer's life; how to begin where the bank placed none yet.
#[must_use]
pub fn life(map: &LifeMap) -> String {
    let text: String = of_life(map).iter().map(section).collect();
    if text.is_empty() {
        return format!(
            "No touchpoint has a place yet. Write where customers meet you into your budgets file:\n\n{EXAMPLE_LIFE}"
        );
    }
    safe_lines(text.trim_end()).into_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budgets;
    use crate::side::Side;
    use crate::text::WIDTH_MAX;

    #[test]
    fn the_worked_example_stands_in_one_line() {
        let found = Gaps::new(&Side::new(), &Budgets::parse(EXAMPLE_GAPS).unwrap());
        let text = gaps(&found, &Targets::default());
        let line = text.lines().find(|line| line.contains("Convenience")).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            words,
            ["1", "Convenience", "-18.0", "5.0", "your", "number", "–", "7.0", "-2.0", "9.0", "10.0", "-5.0"]
        );
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH_MAX), "{text}");
        assert!(text.contains("missing 50"), "{text}");
    }

    #[test]
    fn who_said_nothing_is_told_what_to_write() {
        let text = gaps(&Gaps::default(), &Targets::default());
        assert!(text.contains("[[factor]]") && Budgets::parse(&text[text.find('#').unwrap()..]).is_ok());
    }
}
