//! What customers say, as text.

use super::safe::safe_lines;
use super::sections::section;
use crate::feedback::{EXAMPLE_FEEDBACK, Listening};
use crate::section::of_listening;

/// What customers say; how to begin where nothing was imported yet.
#[must_use]
pub fn listening(of: &Listening) -> String {
    let text: String = of_listening(of).iter().map(section).collect();
    if text.is_empty() {
        return format!(
            "No review was imported in this span. Save what customers say as CSV, and run `nowait import feedback FILE`:\n\n{EXAMPLE_FEEDBACK}"
        );
    }
    safe_lines(text.trim_end()).into_owned() + "\n"
}
