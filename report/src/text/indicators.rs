//! Indicators as text.

use super::safe::safe_lines;
use super::sections::section;
use crate::indicator::{Experiences, Trends};
use crate::section::{of_experiences, of_trends};

/// Levels, indicators, dimensions, and the months of a year.
#[must_use]
pub fn indicators(of: &Experiences, trends: &Trends) -> String {
    let sections = of_experiences(of).into_iter().chain(of_trends(trends));
    let text: String = sections.map(|of| section(&of)).collect();
    safe_lines(text.trim_end()).into_owned() + "\n"
}
