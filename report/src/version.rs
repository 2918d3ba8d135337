//! The order of releases: 8.9 comes before 8.10.
//!
//! Owns: one comparison. Refuses: judgement of what a version should look like.
//! Invariant: a total order; equal only for equal texts.

use std::cmp::Ordering;

/// A version text that orders its runs of digits as numbers and everything else as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionOrder<'a>(pub &'a str);

/// Cuts the leading run of digits, or of anything else, off `text`.
fn run(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

/// Digits as a number: the longer one without leading zeros is the larger.
fn by_number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then(a.cmp(b))
}

impl Ord for VersionOrder<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.0, other.0);
        while !a.is_empty() && !b.is_empty() {
            let ((first_a, rest_a), (first_b, rest_b)) = (run(a), run(b));
            let digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
            let order = if digits(first_a) && digits(first_b) {
                by_number(first_a, first_b)
            } else {
                first_a.cmp(first_b)
            };
            if order.is_ne() {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        }
        a.len().cmp(&b.len()).then(self.0.cmp(other.0))
    }
}

impl PartialOrd for VersionOrder<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_come_in_their_order() {
        let mut versions =
            ["8.10.0", "8.9.1", "", "8.9", "8.9.1-beta2", "8.9.1-beta10", "10.0", "dev", "8.09"];
        versions.sort_by_key(|version| VersionOrder(version));
        assert_eq!(
            versions,
            ["", "8.09", "8.9", "8.9.1", "8.9.1-beta2", "8.9.1-beta10", "8.10.0", "10.0", "dev"]
        );
    }
}
