//! What customers say, as text.

use super::safe::safe_lines;
use super::sections::section;
use crate::feedback::{EXAMPLE_FEEDBACK, Listening};
use crate::rated::Explained;
use crate::section::{of_explained, of_listening};

/// What customers say; how to begin where nothing was imported yet.
#[must_use]
pub fn listening(of: &Listening, rated: &Explained) -> String {
    let ratings: String = of_explained(rated).iter().map(section).collect();
    let mut text: String = of_listening(of).iter().map(section).collect();
    if text.is_empty() {
        text = format!(
            "No review was imported in this span. Save what customers say as CSV, and run `nowait import feedback FILE`:\n\n{EXAMPLE_FEEDBACK}\n"
        );
    }
    safe_lines((text + &ratings).trim_end()).into_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budgets;
    use crate::feedback::{Feedback, FeedbackKey, Polarity, Tally};
    use crate::rated::Rated;
    use crate::report::Scope;
    use crate::text::WIDTH_MAX;
    use std::collections::BTreeMap;

    fn rated() -> Explained {
        Rated::new(0..1, &Budgets::default()).explained(Scope::default(), BTreeMap::new())
    }

    #[test]
    fn who_imported_nothing_is_told_what_a_file_is() {
        let text = listening(&Listening::default(), &rated());
        assert!(
            text.contains("nowait import feedback FILE") && text.contains("time,rating,text,version,channel")
        );
    }

    #[test]
    fn every_table_fits_into_a_terminal() {
        let mut feedback = Feedback::default();
        for (product, touchpoint, indicator) in
            [("", "", ""), ("", "opening", ""), ("", "", "requests_answered"), ("B", "", "")]
        {
            let [product, touchpoint, indicator] = [product, touchpoint, indicator].map(str::to_owned);
            let key = FeedbackKey { product, touchpoint, indicator, ..FeedbackKey::default() };
            (0..60).for_each(|_| feedback.add(key.clone(), &Tally::one(Some(1), Polarity::Negative)));
        }
        let text = listening(&Listening::new(&feedback, &Budgets::default()), &rated());
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH_MAX), "{text}");
        assert!(text.contains("Opening an account") && text.contains("Requests answered"), "{text}");
    }
}
